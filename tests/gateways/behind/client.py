"""An HTTP client that says what it is told to, byte by byte, and sees how the answer ends."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TypeAlias

from attrs import frozen

from behind.harness import TIMEOUT, Place

Body: TypeAlias = bytes | Iterable[bytes]


@frozen
class Answer:
    """A response.

    Attributes:
        status: its status code.
        fields: its header fields, as they came.
        body: as much of its body as came.
        whole: whether it came to an end, as far as can be seen.
    """

    status: int
    fields: list[tuple[str, str]]
    body: bytes
    whole: bool

    def values(self, name: str) -> list[str]:
        """Return the values of the fields of this name."""
        return [value for field, value in self.fields if field.lower() == name.lower()]


def connect(place: Place) -> socket.socket:
    """Connect to the web server."""
    return socket.create_connection(("127.0.0.1", place.port), TIMEOUT)


def head(target: str, method: str = "GET", *lines: str) -> bytes:
    """Return the head of a request; the connection is for this request only."""
    request = (f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *lines, "", "")
    return "\r\n".join(request).encode("latin-1")


def chunked(blocks: Iterable[bytes]) -> Iterable[bytes]:
    """Encode a body whose length is not told."""
    for block in blocks:
        yield b"%x\r\n%b\r\n" % (len(block), block)
    yield b"0\r\n\r\n"


@contextmanager
def asked(place: Place, request: bytes, body: Iterable[bytes] = (), method: str = "GET") -> Generator[HTTPResponse]:
    """Send a request, and yield the response when its head is there."""
    with connect(place) as connection:
        connection.sendall(request)
        for block in body:
            connection.sendall(block)
        response = HTTPResponse(connection, method=method)
        response.begin()
        try:
            yield response
        finally:
            response.close()


def ask(place: Place, target: str, method: str = "GET", body: Body | None = None, *lines: str) -> Answer:
    """Make a request; a body that is not bytes is sent in chunks."""
    if isinstance(body, bytes):
        lines, body = (*lines, f"Content-Length: {len(body)}"), (body,)
    elif body is not None:
        lines, body = (*lines, "Transfer-Encoding: chunked"), chunked(body)
    with asked(place, head(target, method, *lines), body or (), method) as response:
        content, whole = bytearray(), True
        try:
            while block := response.read1():
                content += block
            whole = not response.length  # read1() tells of missing chunks, not of missing bytes
        except (HTTPException, ConnectionError):
            whole = False
        return Answer(response.status, response.getheaders(), bytes(content), whole)


def raw(place: Place, request: bytes) -> tuple[bytes, bytes]:
    """Make a request, and return head and body of the answer as they come, to the end of the connection."""
    with connect(place) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    before, _, after = answer.partition(b"\r\n\r\n")
    return before, after


class Pipe:
    """A named pipe between a test and the application, held open so that neither waits for the other to open it."""

    def __init__(self, path: Path) -> None:
        """Make the pipe."""
        os.mkfifo(path)
        path.chmod(0o666)
        self.name = path.name
        self.descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.received = b""

    def release(self) -> None:
        """Let the application go on."""
        os.write(self.descriptor, b"1")

    def line(self) -> str:
        """Return the next line from the application, or "" if there is none in time."""
        while b"\n" not in self.received:
            ready, _, _ = select.select([self.descriptor], [], [], TIMEOUT)
            if not ready:
                return ""
            self.received += os.read(self.descriptor, 1024)
        line, _, self.received = self.received.partition(b"\n")
        return line.decode("ascii")

    def close(self) -> None:
        """Let nobody wait any longer."""
        os.close(self.descriptor)
