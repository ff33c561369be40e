"""The handler of the server: one call of an application, answered in HTTP/1.1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gatewright.handlers import (
    EnvironMixin,
    ErrorPageMixin,
    HandlerContract,
    OriginServerMixin,
    SendfileMixin,
)
from gatewright.handlers.origin_server import date_line
from gatewright.handlers.whole_response import WholeResponseMixin
from gatewright.server.encoder import CHUNKED_LINE, CONNECTION_LINE, LAST_CHUNK, encode_chunk
from gatewright.spec.checks.response import DATE, LENGTH, SERVER
from gatewright.types import ErrorStream, InputStream, WSGIEnvironment

__all__ = ["Exchange", "HTTPHandler", "HTTPMixin"]

# Bytes of a body up to which copying it behind its head is cheaper than sending two pieces.
_JOINED = 32_768

# What must not be overridden for the environ to be right as the connection made it.
_VARIABLES = frozenset({"add_cgi_vars", "get_scheme", "get_stderr", "get_stdin"})


class Exchange(Protocol):
    """A request, and the way back to its client: what a handler asks of its connection."""

    environ: WSGIEnvironment
    """The variables of the request, ``wsgi.*`` among them; the handler's to change."""
    is_modern: bool
    """Whether the client speaks HTTP/1.1."""
    keeps_alive: bool
    """Whether the connection stays open after the response; the handler sets it to False if it cannot."""
    server_line: str
    """The Server field, or nothing."""
    has_body: bool
    """Whether the request's body comes while the application runs; if not, :meth:`is_reusable` need not be asked."""
    is_logged: bool
    """Whether there is an access log; if not, :meth:`log_response` need not be called."""

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


class HTTPMixin(OriginServerMixin, WholeResponseMixin):
    """The transport of an HTTP/1.1 connection, and how a response is framed on it (RFC 9112 sections 6 and 9).

    Args:
        exchange: the request to answer.
    """

    # See NO_FIELDS in handlers/contract.py for the reason.
    __slots__ = (
        *("_chunks", "_framing", "_headers", "_held", "bytes_left", "bytes_sent", "client_gone", "closed_result"),
        *("environ", "exchange", "field_length", "field_lines", "field_marks", "fields", "headers_sent"),
        *("is_delimited", "is_whole", "length_computed", "response_started", "result", "sends_content", "status"),
        "status_code",
    )

    http_version = "1.1"
    os_environ: dict[str, str] = {}  # noqa: RUF012  # empty and never written to: environ is the connection's

    takes_environ: bool = True
    """Whether a class overrides nothing that environ is made of.  Found out for each subclass."""

    is_whole: bool
    """Whether the response has reached its end; if not, only the end of the connection tells the client."""

    headers_sent: bool
    response_started: bool
    client_gone: bool
    bytes_sent: int
    status_code: int
    _framing: str | None

    is_delimited: bool
    """Whether a response that ends before it is whole looks like that to the client; if not, its end would."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._chunks = self.is_whole = self.headers_sent = self.response_started = self.client_gone = False
        self.is_delimited = True
        self.result: Iterable[bytes] | None = None
        self.closed_result: Iterable[bytes] | None = None
        self.status: str | None = None
        self.field_marks: int | None = None
        self.bytes_left: int | None = None
        self._headers = self._framing = None
        self.bytes_sent = self.status_code = 0
        self._held = b""

    def renew(self) -> bool:
        """Become as new, for the next request of the exchange, if the response went the short way; else return False.

        It takes a third of what it takes to make a new one.  It holds nothing of the call then.
        """
        if not self.headers_sent:  # close() has said so: it was another way
            return False
        self.is_whole = self.headers_sent = self.response_started = False
        self.result = self.closed_result = self.status = self.field_marks = None
        self.bytes_sent = 0
        del self.environ, self.fields, self.field_lines  # none has them before its call
        return True

    def __init_subclass__(cls) -> None:
        """Find out whether environ may be taken as it is."""
        super().__init_subclass__()
        cls.takes_environ = all(getattr(cls, name) is getattr(HTTPMixin, name) for name in _VARIABLES)

    # The hooks of a transport.

    def get_stdin(self) -> InputStream:
        """Return the request's body."""
        body: InputStream = self.exchange.environ["wsgi.input"]
        return body

    def get_stderr(self) -> ErrorStream:
        """Return ``wsgi.errors``."""
        errors: ErrorStream = self.exchange.environ["wsgi.errors"]
        return errors

    def get_scheme(self) -> str:
        """Return ``wsgi.url_scheme``."""
        scheme: str = self.exchange.environ["wsgi.url_scheme"]
        return scheme

    def setup_environ(self) -> None:
        """Take the environ that the connection made; :meth:`add_cgi_vars` may change it."""
        self.environ: WSGIEnvironment = self.exchange.environ
        if not self.takes_environ:
            self.add_cgi_vars()
            environ = self.environ
            environ["wsgi.input"] = self.get_stdin()
            environ["wsgi.errors"] = self.get_stderr()
            environ["wsgi.url_scheme"] = self.get_scheme()

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

    def send_whole(self, marks: int, lines: str, body: bytes) -> None:
        """Send head and body at once, or have them sent: nobody waits for a client that takes its time."""
        exchange = self.exchange
        if exchange.has_body and not exchange.is_reusable():
            exchange.keeps_alive = False
        if not (exchange.keeps_alive and exchange.is_modern):
            lines += CONNECTION_LINE[exchange.is_modern, exchange.keeps_alive]
        date = "" if marks > LENGTH and marks & DATE else date_line()
        server = exchange.server_line if self.server_software is None else self.server_line()
        if marks > LENGTH and marks & SERVER:
            server = ""
        head = f"HTTP/{self.http_version} {self.status}\r\n{date}{server}{lines}\r\n".encode("latin-1")
        if len(body) <= _JOINED:
            exchange.send_last(head + body, b"")
        else:
            exchange.send_last(head, body)
        self.is_whole = True
        if self.closes_plainly and exchange.is_logged:
            exchange.log_response(self.status_code, len(body))

    def send_headers(self) -> None:
        """Send the head; from then on the body is framed as the head says.

        A subclass may write a head of its own.  Nothing is known of how it frames the body, so the connection ends with
        it.
        """
        super().send_headers()
        self._chunks = self._framing == CHUNKED_LINE
        if self._framing is None:
            self.exchange.keeps_alive = self.is_delimited = False

    def server_line(self) -> str:
        """Return the class's Server field, or the one of the settings."""
        return self.exchange.server_line if self.server_software is None else super().server_line()

    def preamble(self, marks: int) -> str:
        """Return the status line, Date and Server, and the fields that frame the response."""
        exchange = self.exchange
        # After 1xx the client waits for another response (RFC 9110 section 15.2), which would be the next request's.
        keeps_alive = exchange.keeps_alive and exchange.is_reusable() and self.status_code >= 200
        framing = ""
        if self.sends_content and not marks & LENGTH:
            if exchange.is_modern:
                framing = CHUNKED_LINE
            else:
                keeps_alive = self.is_delimited = False
        self._framing = framing
        exchange.keeps_alive = keeps_alive
        return super().preamble(marks) + framing + CONNECTION_LINE[exchange.is_modern, keeps_alive]

    def sendfile(self) -> bool:
        """Send the file past Python, unless it has to be chunked because its head went out without its length."""
        return not self._chunks and super().sendfile()

    def wait_for_sink(self, sink: int) -> None:
        """Wait for the client, but not for ever, and let others be served meanwhile."""
        del sink  # it is the connection's
        self.exchange.wait_until_writable()

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
            if self.exchange.is_logged:
                self.exchange.log_response(self.status_code, self.bytes_sent)
        finally:
            super().close()


class HTTPHandler(HTTPMixin, ErrorPageMixin, SendfileMixin, EnvironMixin, HandlerContract):
    """Runs one call of an application for a connection of the server."""

    __slots__ = ()
