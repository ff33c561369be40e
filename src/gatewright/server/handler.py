"""The handler of the server: one call of an application, answered in HTTP/1.1."""

from __future__ import annotations

from collections.abc import Container
from time import time
from typing import Protocol

from gatewright.handlers import (
    EnvironMixin,
    ErrorPageMixin,
    HandlerContract,
    OriginServerMixin,
    ResponseMixin,
    SendfileMixin,
)
from gatewright.headers import Headers
from gatewright.server.encoder import LAST_CHUNK, CommonFields, encode_chunk, frame_response, status_code
from gatewright.server.head import CHUNKED
from gatewright.server.response_fields import UNKNOWN, Fields, encode_fields
from gatewright.spec.grammar import WITHOUT_CONTENT
from gatewright.types import ErrorStream, HeaderList, InputStream, OptExcInfo, Write, WSGIEnvironment

__all__ = ["Exchange", "HTTPHandler", "HTTPMixin"]

_JOINED = 32_768
"""Bytes of a body up to which copying it behind its head is cheaper than sending two pieces."""


_STEPS = frozenset(
    {
        "_flush",
        "_write",
        "cleanup_headers",
        "finish_content",
        "finish_response",
        "headers_class",
        "preamble",
        "send_headers",
        "send_preamble",
        "set_content_length",
        "start_response",
        "write",
    }
)
"""What must not be overridden for a response to take the short way."""


class Exchange(Protocol):
    """A request, and the way back to its client: what a handler asks of its connection."""

    environ: WSGIEnvironment
    """The variables of the request, ``wsgi.*`` among them; the handler's to change."""
    is_modern: bool
    """Whether the client speaks HTTP/1.1."""
    keeps_alive: bool
    """Whether the connection stays open after the response; the handler sets it to False if it cannot."""
    common: CommonFields
    """Date and Server."""

    def send(self, data: bytes) -> None:
        """Send bytes, and wait while the client does not take them.

        Raises:
            TimeoutError: it took none in time.
            ConnectionError: it is gone.
        """
        ...

    def send_last(self, head: bytes, body: bytes) -> None:
        """Send the last bytes of a response; what the client does not take at once is sent without waiting for it."""
        ...

    def descriptor(self) -> int:
        """Return the descriptor of the socket."""
        ...

    def wait_until_writable(self) -> None:
        """Wait until the client takes more; raises as :meth:`send` does."""
        ...

    def is_reusable(self) -> bool:
        """Whether the connection could carry another request, as far as this request's body is concerned."""
        ...

    def log_response(self, status: int, size: int) -> None:
        """Write the line of the access log, if there is one."""
        ...


class HTTPMixin(ResponseMixin):
    """The transport of an HTTP/1.1 connection, and how a response is framed on it (RFC 9112 sections 6 and 9).

    Args:
        exchange: the request to answer.
    """

    http_version = "1.1"
    os_environ: dict[str, str] = {}  # noqa: RUF012  # empty and never written to: environ is the connection's

    is_usual: bool = True
    """Whether a class overrides nothing that lies between the application and the connection, so that the usual
    response may take the short way.  Found out for each subclass."""

    is_whole: bool = False
    """Whether the response has reached its end; if not, only the end of the connection tells the client."""

    _fields: Fields | None = None
    _chunks: bool = False
    _held: bytes = b""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def __init_subclass__(cls) -> None:
        """Find out whether the short way is open for the class."""
        super().__init_subclass__()
        cls.is_usual = all(getattr(cls, name) is getattr(HTTPMixin, name) for name in _STEPS)

    # The hooks of a transport.

    def get_stdin(self) -> InputStream:
        """Return the request's body."""
        body: InputStream = self.exchange.environ["wsgi.input"]
        return body

    def get_stderr(self) -> ErrorStream:
        """Return ``wsgi.errors``."""
        errors: ErrorStream = self.exchange.environ["wsgi.errors"]
        return errors

    def setup_environ(self) -> None:
        """Take the environ that the connection made; :meth:`add_cgi_vars` may change it."""
        self.environ = self.exchange.environ
        self.add_cgi_vars()

    def add_cgi_vars(self) -> None:
        """Do nothing: the environ is complete.  Override it to add variables or to change them."""

    def _write(self, data: bytes) -> None:
        """Hold bytes, framed if they belong to a chunked body, until :meth:`_flush`."""
        if self._chunks:
            data = encode_chunk(data)
        self._held = self._held + data if self._held else data

    def _flush(self) -> None:
        data, self._held = self._held, b""
        if data:
            self.exchange.send(data)

    def get_output_descriptor(self) -> int:
        """Return the descriptor of the connection, after all that was written went out."""
        self._flush()
        return self.exchange.descriptor()

    # The course of a response.

    def start_response(self, status: str, headers: HeaderList, exc_info: OptExcInfo | None = None) -> Write:
        """Take the status and headers, the usual ones without further ado; see the method that this one extends."""
        if exc_info or self.response_started or not self.is_usual:
            self._fields = None
            return super().start_response(status, headers, exc_info)
        self.response_started = True
        self.status_code = status_code(status)
        self._fields = encode_fields(headers)
        self.status = status
        self.headers = Headers.from_checked(headers[:])
        return self.write

    def finish_response(self) -> None:
        """Send the body, and close; a body that is one block, together with the head."""
        fields, result = self._fields, self.result
        if fields is None or type(result) is not list or len(result) != 1 or self.headers_sent:
            super().finish_response()
            return
        body = result[0]
        size = len(body)
        if (
            type(body) is not bytes
            or fields[1] not in (size, UNKNOWN)
            or self.status_code in WITHOUT_CONTENT
            or self.environ["REQUEST_METHOD"] == "HEAD"
        ):
            super().finish_response()
            return
        self._send_whole(fields, body)

    def _send_whole(self, fields: Fields, body: bytes) -> None:
        exchange, size = self.exchange, len(body)
        text, length, has_date, has_server = fields
        if exchange.keeps_alive and not exchange.is_reusable():
            exchange.keeps_alive = False
        own = exchange.common.lines(time(), with_date=not has_date, with_server=not has_server)
        framing = "" if length == size else f"\r\nContent-Length: {size}"
        if not (exchange.keeps_alive and exchange.is_modern):
            framing += "\r\nConnection: keep-alive" if exchange.keeps_alive else "\r\nConnection: close"
        head = f"HTTP/1.1 {self.status}{text}{own}{framing}\r\n\r\n".encode("latin-1")
        self.headers_sent, self.bytes_sent, self.is_whole = True, size, True
        try:
            if size <= _JOINED:
                exchange.send_last(head + body, b"")
            else:
                exchange.send_last(head, body)
        except (ConnectionError, TimeoutError):
            self.client_gone = True
            raise
        self.close()

    def send_headers(self) -> None:
        """Send the head; from then on the body is framed as the head says."""
        super().send_headers()
        self._chunks = self._chunks_follow and self.sends_content

    _chunks_follow: bool = False

    def preamble(self, names: Container[str]) -> str:
        """Return the status line, Date and Server, and the fields that frame the response."""
        exchange = self.exchange
        if exchange.keeps_alive and not exchange.is_reusable():
            exchange.keeps_alive = False
        declared = "content-length" in names
        length = self.bytes_left if declared and self.bytes_left is not None else UNKNOWN
        method = self.environ.get("REQUEST_METHOD", "GET")
        lines, framing, exchange.keeps_alive = frame_response(
            self.status_code,
            method,
            length,
            declared=declared,
            modern=exchange.is_modern,
            keep_alive=exchange.keeps_alive,
        )
        self._chunks_follow = framing == CHUNKED
        own = exchange.common.lines(time(), with_date="date" not in names, with_server="server" not in names)
        return f"HTTP/1.1 {self.status}{own}{lines}\r\n"

    def finish_content(self) -> None:
        """Send what is missing of head and body; a body that is shorter than it said ends the connection."""
        super().finish_content()
        if self._chunks:
            self._chunks = False
            self._deliver(LAST_CHUNK)
        self.is_whole = not self.bytes_left

    def close(self) -> None:
        """Write the access log, then end the call as every handler does."""
        try:
            self.exchange.log_response(self.status_code, self.bytes_sent)
        finally:
            super().close()


class HTTPHandler(HTTPMixin, ErrorPageMixin, SendfileMixin, EnvironMixin, OriginServerMixin, HandlerContract):
    """Runs one call of an application for a connection of the server."""
