"""An HTTP client that sends whatever bytes it is told to, and the server's end of its connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Self

from attrs import frozen

from gatewright.server.connection import HTTPConnection
from gatewright.worker.contract import Interest
from gatewright.worker.waiting import wait

TIMEOUT = 20.0  # seconds, for what never takes as long unless it is broken


@frozen
class Response:
    """A response, read strictly: what is cut short is an EOFError.

    Attributes:
        status: the number.
        fields: by name in lower case.
        body: without framing.
    """

    status: int
    fields: Mapping[str, str]
    body: bytes


class Client:
    """One connection to a server."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(TIMEOUT)
        self.socket = sock
        self._file = sock.makefile("rb")

    def send(self, *pieces: bytes) -> None:
        """Send bytes."""
        for piece in pieces:
            self.socket.sendall(piece)

    def head(self) -> tuple[int, dict[str, str]]:
        """Read the head of a response."""
        lines = list(iter(self._line, ""))
        version, status, _ = lines[0].split(" ", 2)
        assert version == "HTTP/1.1"
        pairs = [line.split(": ", 1) for line in lines[1:]]
        fields = {name.lower(): value for name, value in pairs}
        assert len(fields) == len(pairs), "a field is there twice"
        return int(status), fields

    def response(self, method: str = "GET") -> Response:
        """Read a response to a request with this method."""
        status, fields = self.head()
        return Response(status, fields, self._body(method, status, fields))

    def _body(self, method: str, status: int, fields: dict[str, str]) -> bytes:
        if method == "HEAD" or status < 200 or status in {204, 304}:
            return b""
        if "transfer-encoding" in fields:
            assert fields["transfer-encoding"] == "chunked"
            assert "content-length" not in fields
            return b"".join(iter(self._chunk, b""))
        if "content-length" in fields:
            return self._exactly(int(fields["content-length"]))
        assert fields.get("connection") == "close"
        return self.rest()

    def _chunk(self) -> bytes:
        size = int(self._line(), 16)
        data = self._exactly(size)
        assert self._exactly(2) == b"\r\n"
        return data

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise EOFError(data)
        return data

    def _line(self) -> str:
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError(line)
        return line[:-2].decode("latin-1")

    def rest(self) -> bytes:
        """Read until the server ends the connection; a ConnectionResetError if it says that something is missing."""
        return self._file.read()

    def stop_sending(self) -> None:
        """End what is sent; the server sees the end."""
        with suppress(OSError):  # the server was faster
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Leave."""
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()


class Turn:
    """A turn that nobody takes over."""

    now = 0.0
    overtaken = False
    is_alone = False

    def hand_over(self) -> None:
        """Nobody is there to take it."""


class Served:
    """A connection that a thread serves as a worker does, but for its deadlines: they are kept to the millisecond."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, interest = self.connection, Interest.READ
        try:
            while interest is not Interest.CLOSE:
                try:
                    wait(connection.socket, interest, connection.deadline)
                except TimeoutError:
                    interest = connection.on_deadline()
                else:
                    interest = connection.on_ready(Turn())
        except BaseException as failure:  # noqa: BLE001  # the test looks at it
            self.failure = failure
        connection.close()

    def join(self) -> None:
        """Wait until the connection has ended."""
        self.thread.join(TIMEOUT)
        assert not self.thread.is_alive()


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


def small_buffers(sock: socket.socket) -> None:
    """Have a socket hold little, so that whoever sends to it soon has to wait."""
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, 4096)


class Recorder:
    """An application that answers with what it was given, and remembers it.

    Attributes:
        environs: of the calls, each with the body under "body".
    """

    def __init__(self) -> None:
        self.environs: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object], /) -> Iterable[bytes]:
        body = b"".join(iter(lambda: environ["wsgi.input"].read(65_536), b""))
        self.environs.append({**environ, "body": body})
        answer = environ["PATH_INFO"].encode("latin-1") + b" " + body
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
        return [answer]


def reset(sock: socket.socket) -> None:
    """Leave as a client does that crashes: the server sees a reset."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
