"""A soak: a million requests of many kinds, and what memory they leave in the worker that served them.

It needs Linux.  The requests differ in their fields, bodies and framing; some are refused, some make the application
fail, and some clients leave in the middle.  Every answer is looked at.  The worker's memory is printed at intervals; it
is to be flat after the first of them.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

HERE = Path(__file__).resolve().parent
TIMEOUT = 60.0
BATCH = 32  # requests that are sent together
END = b"that is all\n"

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer in as many ways as there are paths."""
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise LookupError("on purpose")
    if path == "/exit":
        sys.exit(1)
    if path == "/cut":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "10")])
        return [b"short"]
    if path == "/blocks":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([b"a block\n"] * 3)
    if path == "/unread":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x\n"]
    body = (
        END if path == "/end" else b"%d bytes\n" % sum(map(len, iter(lambda: environ["wsgi.input"].read(65_536), b"")))
    )
    if path == "/memory":
        gc.collect()
        body = b"%d\n" % sys.getallocatedblocks()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Request", environ.get("HTTP_X_REQUEST", ""))])
    return [body]


@frozen
class Step:
    """What a client does once.

    Attributes:
        data: what it sends.
        statuses: of the answers, in their order.
        ends: whether the server ends the connection after that.
        leaves: whether the client does, without reading.
    """

    data: bytes
    statuses: tuple[int, ...] = (200,)
    ends: bool = False
    leaves: bool = False


def _head(line: bytes, number: int, *fields: bytes) -> bytes:
    usual = (b"Host: example.com", b"User-Agent: soak", b"X-Request: %d" % number, b"Cookie: id=%x" % (number * 7919))
    return b"\r\n".join([line + b" HTTP/1.1", *usual, *fields, b"", b""])


def _post(path: bytes, number: int, size: int, *fields: bytes) -> bytes:
    return _head(b"POST " + path, number, b"Content-Length: %d" % size, *fields) + b"x" * size


def _chunked(path: bytes, number: int, sizes: Sequence[int]) -> bytes:
    chunks = b"".join(b"%x\r\n%b\r\n" % (size, b"x" * size) for size in sizes)
    return _head(b"POST " + path, number, b"Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n"


def step(number: int) -> Step:
    """Return what is done as the step of this number: a plain GET in half the cases."""
    if number % 2:
        return Step(_head(b"GET /path/%d?q=%d" % (number % 1000, number), number))
    other = number // 2
    if other % 50 == 1:
        return _RARE[other // 50 % len(_RARE)](number)
    return _USUAL[other % len(_USUAL)](number)


USUAL: dict[str, Callable[[int], Step]] = {
    "get": lambda _: Step(_head(b"GET /", 1)),
    "form": lambda n: Step(_post(b"/form", n, n % 2000)),
    "chunked": lambda n: Step(_chunked(b"/form", n, [n % 100 + 1, 7])),
    "head": lambda n: Step(_head(b"HEAD /", n)),
    "long": lambda n: Step(_head(b"GET /%25%e2%82%ac/" + b"a" * (n % 200), n, b"X-Long: " + b"y" * (n % 3000))),
    "blocks": lambda n: Step(_head(b"GET /blocks", n)),
    "invented field": lambda n: Step(_head(b"GET /", n, b"X-Name-%d: invented" % n)),
    "unread": lambda n: Step(_post(b"/unread", n, 500)),
}
"""What is done every other time."""

RARE: dict[str, Callable[[int], Step]] = {
    "raise": lambda n: Step(_head(b"GET /raise", n), (500,)),
    "exit": lambda n: Step(_head(b"GET /exit", n), (500,)),
    "cut": lambda n: Step(_head(b"GET /cut", n), (200,), ends=True),
    "stored": lambda n: Step(_chunked(b"/form", n, [60_000] * 6)),
    "streamed": lambda n: Step(_post(b"/form", n, 200_000)),
    "expect": lambda n: Step(_post(b"/form", n, 10, b"Expect: 100-continue")),
    "close": lambda n: Step(_head(b"GET /", n, b"Connection: close"), ends=True),
    "malformed": lambda n: Step(_head(b"GET /", n, b"No colon"), (400,), ends=True),
    "too large": lambda n: Step(_head(b"GET /", n, b"X: " + b"y" * 20_000), (431,), ends=True),
    "malformed chunk": lambda n: Step(
        _head(b"POST /", n, b"Transfer-Encoding: chunked") + b"5\r\nhelloX", (400,), ends=True
    ),
    "half a head": lambda n: Step(_head(b"GET /", n)[:-20], (), leaves=True),
    "half a body": lambda n: Step(_post(b"/form", n, 5000)[:-100], (), leaves=True),
    "half a streamed body": lambda n: Step(_post(b"/form", n, 100_000)[:-100], (), leaves=True),
    "half a stored body": lambda n: Step(_chunked(b"/form", n, [60_000] * 6)[:-100], (), leaves=True),
    "unread answer": lambda n: Step(_head(b"GET /", n), (), leaves=True),
}
"""What is done less often, each in its turn."""

_USUAL, _RARE = list(USUAL.values()), list(RARE.values())


class Soak:
    """A client that takes step after step, many at a time, on connections that last as long as they can.

    Args:
        address: of the server.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._sock: socket.socket | None = None
        self.requests = 0
        """How many were sent, in whole or in part."""

    def run(self, start: int, count: int) -> None:
        """Take the steps of these numbers."""
        self.take(step(number) for number in range(start, start + count))

    def take(self, steps: Iterable[Step]) -> None:
        """Take steps.

        Raises:
            AssertionError: an answer is not as it is to be.
        """
        waiting: list[Step] = []
        for taken in steps:
            waiting.append(taken)
            if taken.ends or taken.leaves or len(waiting) == BATCH:
                self._send(waiting)
                waiting = []
        self._send(waiting)

    def memory(self) -> int:
        """Return how many blocks of memory the worker's Python has."""
        answer = self._exchange([Step(_head(b"GET /memory", 0))])
        return int(answer.partition(b"\r\n\r\n")[2].split(b"\n")[0])

    def close(self) -> None:
        """Leave."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _send(self, steps: Sequence[Step]) -> None:
        if steps and steps[-1].leaves:
            if steps[:-1]:
                self._exchange(steps[:-1])
            self._connected().sendall(steps[-1].data)
            self.requests += 1
            self.close()
        elif steps:
            self._exchange(steps)

    def _exchange(self, steps: Sequence[Step]) -> bytes:
        expected = [status for taken in steps for status in taken.statuses]
        data = b"".join(taken.data for taken in steps)
        self.requests += len(steps)
        sock = self._connected()
        if steps[-1].ends:
            sock.sendall(data)
            answer = b"".join(iter(lambda: sock.recv(262_144), b""))
            self.close()
        else:
            self.requests += 1
            expected.append(200)
            sock.sendall(data + _head(b"GET /end", 0))
            answer = _read_to_the_end(sock)
        found = [int(status) for status in _STATUS.findall(answer)]
        assert found == expected, (found, expected)
        return answer

    def _connected(self) -> socket.socket:
        if self._sock is None:
            self._sock = socket.create_connection(self._address, TIMEOUT)
        return self._sock


def _read_to_the_end(sock: socket.socket) -> bytes:
    answer = bytearray()
    while not answer.endswith(END):
        data = sock.recv(262_144)
        assert data, bytes(answer[-200:])
        answer += data
    return bytes(answer)


def resident(pid: int) -> int:
    """Return how many KiB of memory a process has that are in use."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@contextmanager
def served(target: str, *options: str, folder: Path = HERE) -> Generator[tuple[tuple[str, int], int]]:
    """Serve an application by one worker of the command; yield its address and the number of the worker's process."""
    command = [sys.executable, "-m", "gatewright", "serve", target, "--bind", "127.0.0.1:0", *options]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as supervisor:
        try:
            assert supervisor.stdout is not None
            found = re.search(r"http://([\d.]+):(\d+)", supervisor.stdout.readline())
            assert found is not None
            children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text()
            yield (found[1], int(found[2])), int(children)
        finally:
            supervisor.terminate()


def main() -> None:
    """Soak, and say what it costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    part = options.requests // 20
    with served("soak:application", "--threads", str(options.threads)) as (address, worker):
        soak, began = Soak(address), time.monotonic()
        print(f"{'requests':>9} {'resident KiB':>12} {'Python blocks':>13} {'descriptors':>11} {'seconds':>7}")
        for number in range(21):
            row = (soak.requests, resident(worker), soak.memory(), len(os.listdir(f"/proc/{worker}/fd")))
            print("{:>9} {:>12} {:>13} {:>11}".format(*row), f"{time.monotonic() - began:7.1f}", flush=True)
            if number < 20:
                soak.run(number * part, part)
        soak.close()


if __name__ == "__main__":
    main()
