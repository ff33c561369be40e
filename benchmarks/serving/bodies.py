"""Bodies of 100 MB, up and down: how fast, and how much memory the server takes for them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

from attrs import frozen

from serving.memory import forget_peak, peak, resident
from serving.servers import Running

SIZE = 100_000_000
PIECE = bytes(1_000_000)
CHUNK = b"%x\r\n%b\r\n" % (len(PIECE), PIECE)
TIME = 20  # seconds that a transfer may take, or any part of it

TRANSFERS = {
    "upload": f"POST /read/ HTTP/1.1\r\nContent-Length: {SIZE}",
    "chunked upload": "POST /read/ HTTP/1.1\r\nTransfer-Encoding: chunked",
    "download of a file": "GET /file/ HTTP/1.1",
    "download of an iterable": f"GET /iter/?{SIZE} HTTP/1.1",
}
"""The first lines of the requests, by the names of the transfers."""


@frozen(kw_only=True)
class Transfer:
    """What bodies of 100 MB took.

    Attributes:
        speed: MB per second, the best of some.
        growth: by how many KiB the peak of memory was above what the server had before the first.
        error: what went wrong, if it did.
    """

    speed: float = 0
    growth: int = 0
    error: str = ""


def large_file(folder: str) -> None:
    """Write what is downloaded."""
    with Path(folder, "large").open("wb") as file:
        file.writelines(PIECE for _ in range(SIZE // len(PIECE)))


def body(name: str) -> Iterator[bytes]:
    """Yield what is sent after the head."""
    if "upload" in name:
        block = CHUNK if "chunked" in name else PIECE
        for _ in range(SIZE // len(PIECE)):
            yield block
        if "chunked" in name:
            yield b"0\r\n\r\n"


def receive(client: socket.socket, end: float) -> tuple[bytes, int]:
    """Return a response's beginning, and how many bytes there were after its head."""
    buffer = bytearray(1_000_000)
    start = b""
    while b"\r\n\r\n" not in start:
        data = client.recv(65_536)
        if not data:
            return start, 0
        start += data
    top, _, rest = start.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: *(\d+)", top, re.IGNORECASE)
    total = int(length[1]) if length else SIZE
    received = len(rest)
    while received < total and (count := client.recv_into(buffer)):
        received += count
        if len(start) < 1_000:  # enough to hold all of a short answer
            start += buffer[:count]
        if perf_counter() > end:
            raise TimeoutError("timed out")
    return start, received


def transfer(port: int, name: str) -> float:
    """Make one request, and return how many seconds it took.

    Raises:
        OSError: the connection broke, or it took too long.
        ValueError: the answer was not what it should be.
    """
    begin = perf_counter()
    with closing(socket.create_connection(("127.0.0.1", port), TIME)) as client:
        client.sendall(f"{TRANSFERS[name]}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        for block in body(name):
            client.sendall(block)
            if perf_counter() > begin + TIME:
                raise TimeoutError("timed out")
        start, received = receive(client, begin + TIME)
    taken = perf_counter() - begin
    if not start.startswith(b"HTTP/1.1 200 "):
        raise ValueError(start.partition(b"\r\n")[0].decode("latin-1") or "no answer")
    if "upload" in name and not start.endswith(b"\r\n%d" % SIZE):
        answer = start.rpartition(b"\r\n")[2].decode("latin-1")
        raise ValueError(f"the application read {answer or 'no'} bytes")
    if "download" in name and received < SIZE:
        raise ValueError(f"{received} bytes came")
    return taken


def measure_transfer(running: Running, name: str, times: int) -> Transfer:
    """Measure one server, which has just been started."""
    before = resident(running.pid)
    forget_peak(running.pid)
    try:
        seconds = min(transfer(running.port, name) for _ in range(times))
    except (OSError, ValueError) as error:
        return Transfer(error=str(error) or type(error).__name__, growth=peak(running.pid) - before)
    return Transfer(speed=SIZE / seconds / 1e6, growth=peak(running.pid) - before)
