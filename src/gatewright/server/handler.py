"""The handler of the server: one call of an application, answered in HTTP/1.1."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Protocol

from gatewright.handlers import (
    EnvironMixin,
    ErrorPageMixin,
    HandlerContract,
    OriginServerMixin,
    ResponseMixin,
    SendfileMixin,
)
from gatewright.server.encoder import CHUNKED_LINE, CONNECTION_LINE, LAST_CHUNK, encode_chunk
from gatewright.spec.grammar import WITHOUT_CONTENT
from gatewright.types import ErrorStream, InputStream, WSGIEnvironment

__all__ = ["Exchange", "HTTPHandler", "HTTPMixin"]

# Bytes of a body up to which copying it behind its head is cheaper than sending two pieces.
_JOINED = 32_768

# What must not be overridden for a response to take the short way.
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

# What must not be overridden for the environ to be right as the connection made it.
_VARIABLES = frozenset({"get_scheme", "get_stderr", "get_stdin"})


class Exchange(Protocol):
    """A request, and the way back to its client: what a handler asks of its connection."""

    environ: WSGIEnvironment
    """The variables of the request, ``wsgi.*`` among them; the handler's to change."""
    is_modern: bool
    """Whether the client speaks HTTP/1.1."""
    keeps_alive: bool
    """Whether the connection stays open after the response; the handler sets it to False if it cannot."""
    server_software: str
    """What the Server field says; empty for none."""

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


class HTTPMixin(OriginServerMixin, ResponseMixin):
    """The transport of an HTTP/1.1 connection, and how a response is framed on it (RFC 9112 sections 6 and 9).

    Args:
        exchange: the request to answer.
    """

    http_version = "1.1"
    os_environ: dict[str, str] = {}  # noqa: RUF012  # empty and never written to: environ is the connection's

    is_usual: bool = True
    """Whether a class overrides nothing that lies between the application and the connection, so that the usual
    response may take the short way.  Found out for each subclass."""

    takes_environ: bool = True
    """Whether a class overrides nothing that environ is made of.  Found out likewise."""

    is_whole: bool = False
    """Whether the response has reached its end; if not, only the end of the connection tells the client."""

    is_delimited: bool = True
    """Whether a response that ends before it is whole looks like that to the client; if not, its end would."""

    _chunks: bool = False
    _framing: str | None = None
    _held: bytes = b""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        if self.server_software is None:
            self.server_software: str | None = exchange.server_software

    def __init_subclass__(cls) -> None:
        """Find out whether the short ways are open for the class."""
        super().__init_subclass__()
        cls.is_usual = all(getattr(cls, name) is getattr(HTTPMixin, name) for name in _STEPS)
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
        environ = self.exchange.environ
        self.environ: WSGIEnvironment = environ
        self.add_cgi_vars()
        if not self.takes_environ:
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

    def finish_response(self) -> None:
        """Send the body, and close; a body that is one block takes the short way, together with the head."""
        names = self.field_names
        result: Any = self.result  # whatever the application returned
        kind: object = type(result)  # pyright: ignore[reportUnknownVariableType]  # of what is Any it is that
        if names is None or kind is not list or len(result) != 1 or self.headers_sent or not self.is_usual:
            super().finish_response()
            return
        body = result[0]
        if (
            type(body) is not bytes
            or ("content-length" in names and self._declared_length(names) != len(body))
            or self.status_code in WITHOUT_CONTENT
            or self.environ["REQUEST_METHOD"] == "HEAD"
        ):
            super().finish_response()
            return
        self._send_whole(names, body)

    def _send_whole(self, names: list[str], body: bytes) -> None:
        """Send head and body at once, or have them sent: nobody waits for a client that takes its time."""
        exchange, size = self.exchange, len(body)
        lines = "" if "content-length" in names else f"Content-Length: {size}\r\n"
        if not exchange.is_reusable():
            exchange.keeps_alive = False
        lines += CONNECTION_LINE[exchange.is_modern, exchange.keeps_alive]
        head = f"{OriginServerMixin.preamble(self, names)}{self.field_lines}{lines}\r\n".encode("latin-1")
        self.headers_sent: bool = True
        self.bytes_sent: int = size
        try:
            if size <= _JOINED:
                exchange.send_last(head + body, b"")
            else:
                exchange.send_last(head, body)
        except (ConnectionError, TimeoutError):
            self.client_gone = True
            raise
        self.is_whole = True
        self.close()

    def send_headers(self) -> None:
        """Send the head; from then on the body is framed as the head says.

        A subclass may write a head of its own.  Nothing is known of how it frames the body, so the connection ends with
        it.
        """
        super().send_headers()
        self._chunks = self._framing == CHUNKED_LINE
        if self._framing is None:
            self.exchange.keeps_alive = self.is_delimited = False

    def preamble(self, names: Container[str]) -> str:
        """Return the status line, Date and Server, and the fields that frame the response."""
        exchange = self.exchange
        # After 1xx the client waits for another response (RFC 9110 section 15.2), which would be the next request's.
        keeps_alive = exchange.keeps_alive and exchange.is_reusable() and self.status_code >= 200
        framing = ""
        if self.sends_content and "content-length" not in names:
            if exchange.is_modern:
                framing = CHUNKED_LINE
            else:
                keeps_alive = self.is_delimited = False
        self._framing = framing
        exchange.keeps_alive = keeps_alive
        return super().preamble(names) + framing + CONNECTION_LINE[exchange.is_modern, keeps_alive]

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
            self.exchange.log_response(self.status_code, self.bytes_sent)
        finally:
            super().close()


class HTTPHandler(HTTPMixin, ErrorPageMixin, SendfileMixin, EnvironMixin, HandlerContract):
    """Runs one call of an application for a connection of the server."""
