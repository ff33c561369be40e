"""The handler that answers a FastCGI request, and the two streams that it hands to the application."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from io import RawIOBase
from typing import TYPE_CHECKING, Final

from typing_extensions import Buffer

from gatewright.gateways.fastcgi import records
from gatewright.gateways.fastcgi.events import end_request
from gatewright.gateways.fastcgi.records import HEADER, record, stream
from gatewright.gateways.handler import GatewayHandler

if TYPE_CHECKING:
    from gatewright.gateways.fastcgi.connection import FastCGIConnection
    from gatewright.gateways.fastcgi.request import Request

__all__ = ["FastCGIHandler"]

# How many characters of wsgi.errors are held before they are sent.
_LOG_HOLD = 8_192


class ErrorLog:
    """``wsgi.errors``: text for the web server's log, in records STDERR.

    What is written travels with the next part of the response or at a ``flush()``.  Any character may be written: the
    log is UTF-8, and what UTF-8 has no bytes for is escaped.
    """

    __slots__ = ("_connection", "_request", "_size", "_texts")

    def __init__(self, connection: FastCGIConnection, request: Request) -> None:
        self._connection = connection
        self._request = request
        self._texts: list[str] = []
        self._size = 0

    def write(self, text: str, /) -> int:
        """Take some text, and return how many characters that is."""
        self._texts.append(text)
        self._size += len(text)
        if self._size > _LOG_HOLD:
            self.flush()
        return len(text)

    def writelines(self, texts: Iterable[str], /) -> None:
        """Take some texts."""
        for text in texts:
            self.write(text)

    def flush(self) -> None:
        """Send what was written, if the web server still listens; a log is no reason to fail."""
        with suppress(ConnectionError, TimeoutError):
            self._connection.send_for(self._request, self.take())

    def take(self) -> list[bytes | memoryview]:
        """Return the records for what was written since."""
        texts = self._texts
        if not texts:
            return []
        self._texts, self._size = [], 0
        return stream(records.STDERR, self._request.id, ["".join(texts).encode("utf-8", "backslashreplace")])


class StdinStream(RawIOBase):
    """The stream STDIN of a request, as a raw stream."""

    def __init__(self, connection: FastCGIConnection, request: Request) -> None:
        super().__init__()
        self._connection = connection
        self._request = request
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill the buffer with what there is, waiting if there is nothing; 0 at the end of the stream.

        Raises:
            ClientDisconnected: the request was aborted, or the connection broke.
        """
        view = memoryview(buffer).cast("B")
        if not self._held:
            self._held = memoryview(self._connection.take(self._request))
        count = min(len(view), len(self._held))
        view[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


class FastCGIHandler(GatewayHandler):
    """Runs an application for one request of a FastCGI connection."""

    __slots__ = ("begun", "connection", "log", "request")

    connection: FastCGIConnection
    request: Request
    log: ErrorLog
    begun: bool
    """Whether a part of the response was sent."""

    def get_stderr(self) -> ErrorLog:
        """Return the log of the web server."""
        return self.log

    def send(self, blocks: list[bytes]) -> None:
        """Send the blocks in records STDOUT, after what was written to the log."""
        connection, request = self.connection, self.request
        connection.look(request, poll=self.begun)
        self.begun = True
        connection.send_for(request, [*self.log.take(), *stream(records.STDOUT, request.id, blocks)])

    def is_cut_short(self) -> bool:
        """Whether a response began that will never be whole."""
        return not self.completed and self.headers_sent

    def ending(self) -> list[bytes | memoryview]:
        """Return the records for what is held, the end of the streams, and the end of the request."""
        request = self.request
        status = 0 if self.completed and not self.failed else 1
        ends = _end(request.id, status) if request.id != 1 or status else _END
        logged = self.log.take()
        if not logged and self.held_size <= records.BLOCK:
            if not self.held_size:
                return [ends]
            header = HEADER.pack(1, records.STDOUT, request.id, self.held_size, 0)
            return [b"".join((header, *self.held, ends))]
        return [*logged, *stream(records.STDOUT, request.id, self.held), ends]


def _end(request_id: int, status: int) -> bytes:
    return record(records.STDOUT, request_id, b"") + end_request(request_id, status)


_END: Final = _end(1, 0)
