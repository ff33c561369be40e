"""Accepting: whom, how many, and what if there is no room."""

from __future__ import annotations

import errno
import logging
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from gatewright.sockets import TCPAddress, UnixAddress
from gatewright.worker import acceptor
from gatewright.worker.contract import Peer
from gatewright.worker.loop import Loop
from gatewright.worker.turn import Ownership

if TYPE_CHECKING:
    from tests.worker.conftest import Door, Run


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages in the log that are at least warnings."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


class TestAllowed:
    @pytest.mark.parametrize("host, allowed", [("127.0.0.1", {"127.0.0.1"}), ("::1", {"::1", "127.0.0.1"})])
    def test_listed(self, run: Run, host: str, allowed: set[str]) -> None:
        """Who is on the list is served."""
        assert run(address=TCPAddress(host, 0), allowed=allowed).client().ask(b"hello") == b"hello"

    def test_not_listed(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        """Who is not is refused, with one line in the log."""
        running = run(allowed={"127.0.0.2", "::1"})
        assert running.client().hear() == b""
        assert warnings(caplog) == ["refused a connection from 127.0.0.1, which is not an allowed address"]

    def test_unix_socket(
        self, run: Run, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who has no address cannot be on the list."""
        monkeypatch.chdir(tmp_path)
        assert run(address=UnixAddress("s"), allowed={"127.0.0.1"}).client().hear() == b""
        assert warnings(caplog) == ["refused a connection from a Unix socket, which is not an allowed address"]

    def test_ipv4_over_ipv6(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """An IPv4 address is on the list even if the socket shows it as one of IPv6."""

        def accept_mapped(listener: socket.socket, _family: int) -> tuple[socket.socket, tuple[str, int, int, int]]:
            sock, (host, port) = listener.accept()
            return sock, (f"::ffff:{host}", port, 0, 0)

        monkeypatch.setattr(acceptor, "accept", accept_mapped)
        assert run(allowed={"127.0.0.1"}).client().ask(b"hello") == b"hello"


@pytest.mark.parametrize("batch", [1, 3])
def test_accepted_in_a_row(run: Run, door: Door, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """Each time that the poller tells of a listener, so many connections are accepted and no more."""
    steps: list[str] = []
    accept = acceptor.accept
    attend = Loop._attend  # pyright: ignore[reportPrivateUsage]  # where the loop turns to a listener

    def note_accept(listener: socket.socket, family: int) -> tuple[socket.socket, Peer]:
        steps.append("a")
        return accept(listener, family)

    def note_attend(loop: Loop, descriptor: int, turn: Ownership) -> bool:
        steps.append(" ")
        return attend(loop, descriptor, turn)

    running = run(door, threads=1, batch=batch)
    first = running.client()
    first.say(b"wait")
    assert door.entered()
    clients = [running.client() for _ in range(7)]  # they wait in the backlog
    monkeypatch.setattr(acceptor, "accept", note_accept)
    monkeypatch.setattr(Loop, "_attend", note_attend)
    door.open.set()
    assert [client.ask(b"hello") for client in clients] == [b"hello"] * 7
    assert max(map(len, "".join(steps).split())) == batch


class TestRoom:
    @pytest.mark.parametrize("threads", [1, 2])
    def test_cap(self, run: Run, threads: int) -> None:
        """Over the cap, connections wait until another one ends; none is lost."""
        running = run(max_connections=2, threads=threads)
        first, second, third = (running.client() for _ in range(3))
        assert [first.ask(b"1"), second.ask(b"2")] == [b"1", b"2"]
        third.say(b"3")
        third.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            third.socket.recv(1)
        third.socket.settimeout(20)
        first.close()
        assert third.socket.recv(2) == b"3\n"

    def test_calls_count(self, run: Run, door: Door) -> None:
        """A connection whose call was overtaken counts as well."""
        running = run(door, max_connections=2, threads=3)
        slow, fast, waiting = (running.client() for _ in range(3))
        slow.say(b"wait")
        assert door.entered()
        assert fast.ask(b"other") == b"other"
        waiting.say(b"later")
        assert fast.ask(b"again") == b"again"
        door.open.set()
        assert slow.hear() == b"wait"
        slow.close()
        assert waiting.hear() == b"later"


class Documented:
    """A listener of a Python that has no other way to accept than the documented one."""

    def __init__(self, listener: socket.socket) -> None:
        self.accept = listener.accept


@pytest.mark.parametrize("documented", [False, True])
def test_accept(*, documented: bool) -> None:
    """What is accepted is a socket of the listener's family and type, whichever way Python has."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        asked = cast("socket.socket", Documented(listener)) if documented else listener
        sock, peer = acceptor.accept(asked, listener.family)
        with sock:
            assert (sock.family, sock.type, peer) == (listener.family, listener.type, client.getsockname())


class Failing:
    """What accept() does: each error once, then the real thing."""

    def __init__(self, *numbers: int) -> None:
        self.errors = [OSError(number, "so it is") for number in numbers]

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand for accept() from now on."""

        def accept(listener: socket.socket, _family: int) -> tuple[socket.socket, object]:
            if self.errors:
                raise self.errors.pop(0)
            return listener.accept()

        monkeypatch.setattr(acceptor, "accept", accept)


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EAGAIN, errno.EPROTO, errno.ENETDOWN])
def test_error_of_one_connection(
    run: Run, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """An error that is one connection's is no reason to pause, or to say anything (case 61)."""
    Failing(number).install(monkeypatch)
    running = run(tick=1000.0)
    assert (running.client().ask(b"hello"), warnings(caplog)) == (b"hello", [])


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINVAL])
def test_error_of_the_machine(
    run: Run, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Accepting pauses while there is no room, with one line in the log, and goes on by itself."""
    Failing(number, number, number).install(monkeypatch)
    running = run(tick=0.01)
    assert running.client().ask(b"hello") == b"hello"
    assert warnings(caplog) == [f"cannot accept connections on {running.address} for now: so it is"]


SERVER = """
import resource, sys, logging
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
from gatewright.sockets import TCPAddress, listen
from gatewright.worker import Worker, Interest
logging.basicConfig(format="%(message)s")

class Echo:
    deadline = float("inf")
    def __init__(self, sock, peer):
        self.socket = sock
    def on_ready(self, turn):
        try:
            data = self.socket.recv(100)
        except BlockingIOError:
            return Interest.READ
        self.socket.sendall(data)
        return Interest.READ if data else Interest.CLOSE
    def close(self):
        self.socket.close()

listener = listen(TCPAddress("127.0.0.1", 0))
print(listener.address.port, flush=True)
Worker([listener], Echo, threads=2, tick=0.01).run()
"""


def test_no_descriptors_left() -> None:
    """A process that runs out of descriptors serves whom it can, then the others, and logs one line (case 61)."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        alarm = threading.Timer(60, process.kill)
        alarm.start()
        try:
            address = ("127.0.0.1", int(process.stdout.readline()))
            clients = [socket.create_connection(address, 20) for _ in range(60)]
            told = process.stderr.readline()  # before anyone leaves: one who does makes room for another
            served = serve_all(clients)
        finally:
            alarm.cancel()
            process.kill()
        assert (served, told[-1:], process.stderr.read()) == (60, "\n", "")


def serve_all(clients: list[socket.socket]) -> int:
    """Have every client served and leave; return how many were."""
    served = 0
    for client in clients:
        client.sendall(b"x")
        served += client.recv(1) == b"x"
        client.close()
    return served
