"""Memory of all processes of a server: what idle connections take, and by how much its peak grows."""

from __future__ import annotations

import select
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from attrs import frozen
from processes import tree

from serving.servers import Running
from serving.wrk import head

IDLE = 2_000


def proportional(pid: int) -> int:
    """Return the KiB that the processes take, each page divided by how many share it."""
    return sum(field_of(f"/proc/{number}/smaps_rollup", "Pss") for number in tree(pid))


def resident(pid: int) -> int:
    """Return the KiB that the processes have in memory."""
    return sum(field_of(f"/proc/{number}/status", "VmRSS") for number in tree(pid))


def peak(pid: int) -> int:
    """Return the most KiB that the processes had in memory since :func:`forget_peak`."""
    return sum(field_of(f"/proc/{number}/status", "VmHWM") for number in tree(pid))


def forget_peak(pid: int) -> None:
    """Have the peak begin from what is in memory now."""
    for number in tree(pid):
        Path(f"/proc/{number}/clear_refs").write_text("5", "ascii")


def field_of(path: str, name: str) -> int:
    """Return a number of a file of the kernel's."""
    lines = Path(path).read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@frozen(kw_only=True)
class Idle:
    """What idle connections take.

    Attributes:
        before: KiB that the server took without them.
        growth: KiB that it took more with them.
        open: how many there were; those that the server closed are not among them.
    """

    before: int
    growth: int
    open: int

    @property
    def per_thousand(self) -> float | None:
        """MB for 1,000 connections."""
        return self.growth * 1.024 / self.open if self.open else None


def ask(port: int) -> socket.socket:
    """Return a connection on which a browser's request was answered."""
    client = socket.create_connection(("127.0.0.1", port), 5)
    client.sendall(head("/item/1", "sessionid=6vk2w; csrftoken=5Wb2yZ", "5f0c2b8e").encode())
    received = b""
    while not received.endswith(b"Hello, world!\n"):
        data = client.recv(65_536)
        if not data:
            break
        received += data
    return client


def measure_idle(running: Running) -> Idle:
    """Measure one server that has just been started."""
    with ExitStack() as stack:
        for _ in range(10):
            ask(running.port).close()
        time.sleep(0.5)
        before = proportional(running.pid)
        clients: list[socket.socket] = []
        with suppress(OSError):  # a server that takes no more is measured with those that it took
            clients.extend(stack.enter_context(ask(running.port)) for _ in range(IDLE))
        time.sleep(0.5)
        growth = proportional(running.pid) - before
        poller = select.poll()
        for client in clients:
            poller.register(client, select.POLLIN)
        return Idle(before=before, growth=growth, open=len(clients) - len(poller.poll(0)))
