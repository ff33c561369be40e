"""One connection: its requests read strictly, each handed to the application with one body and no more."""

from __future__ import annotations

import io
import socket
import socketserver
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from gatewright.body import RequestBody, open_body, store
from gatewright.errors import RequestError
from gatewright.simple_server.request_head import MAX_LINE, RequestHead, read_request_head, read_request_line
from gatewright.simple_server.server import WSGIServer
from gatewright.simple_server.server_handler import ServerHandler, server_version
from gatewright.spec.framing import NO_BODY
from gatewright.spec.request_line import Target
from gatewright.types import ErrorStream, InputStream, WSGIEnvironment

__all__ = ["WSGIRequestHandler"]

# How much of an unread body is skipped to keep a connection, in bytes.
DRAIN_LIMIT = 1_048_576

# How long (seconds) and how much (bytes) is read from a connection that closes before the request was read.  Without it
# the system answers the rest with a reset, which destroys the response on its way (RFC 9112 section 9.6).
LINGER_TIME = 1.0
LINGER_LIMIT = 16_777_216

_NOT_FIELDS = frozenset({"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH", "HTTP_PROXY"})

# Not on Windows.
_FORKING: type | None = getattr(socketserver, "ForkingMixIn", None)


class WSGIRequestHandler(BaseHTTPRequestHandler):
    """Serves the requests of one connection: one, or, with ``protocol_version = "HTTP/1.1"``, one after the other.

    Override :meth:`get_environ`, :meth:`get_stderr`, :meth:`handle`, or what
    :class:`~http.server.BaseHTTPRequestHandler` lets you override: ``log_message``, ``address_string``, ``timeout``
    (seconds; none by default) and so on.
    """

    server: WSGIServer  # pyright: ignore[reportIncompatibleVariableOverride]  # no other can be the base's either
    server_version: str = server_version
    raw_requestline: bytes
    rfile: io.BufferedIOBase

    gateway_handler_class: type[ServerHandler] = ServerHandler
    """What runs the application: set it in a subclass to serve with a handler of your own (cpython#84877)."""

    max_chunked_length: int = 1_073_741_824
    """How many bytes a chunked body may have: it is stored in a temporary file before the application is called."""

    request_head: RequestHead | None = None
    """The head of the current request, checked; None before the first one."""

    expects_more: bool = False
    """Whether the client will take the connection for open after the response, unless that says otherwise."""

    _unread = False

    def handle_one_request(self) -> None:
        """Read one request, run the application, and leave the connection at the next request or to be closed."""
        try:
            self.raw_requestline = self.rfile.readline(MAX_LINE + 1)
            if self.parse_request():
                self._run_application()
        except (ConnectionError, TimeoutError) as lost:
            self.log_error("connection lost: %r", lost)
            self.close_connection = True

    def parse_request(self) -> bool:
        """Read and check the head whose first line is ``raw_requestline``, then let http.server take it in.

        Subclasses with a loop of their own call this too, so all strictness is here.

        Returns:
            True if there is a request to answer: ``command``, ``path``, ``request_version``, ``headers`` and
            :attr:`request_head` are set.  False if it was answered with an error, or there is none; the connection
            closes then (``close_connection``).
        """
        self.command: str = ""
        self.requestline: str = ""
        self.request_version: str = self.protocol_version
        self.close_connection: bool = True
        try:
            self.raw_requestline = read_request_line(self.raw_requestline, self.rfile)
            if not self.raw_requestline:
                return False
            self.requestline = self.raw_requestline.decode("latin-1").rstrip("\r\n")
            head = read_request_head(self.raw_requestline, self.rfile)
        except RequestError as refusal:
            self._unread = True
            self.send_error(refusal.code, refusal.message)
            return False
        self.request_head = head
        if not self._parse_checked(head):
            self._unread = True
            return False
        # http.server makes "//x" "/x", against redirects that use it unseen (cpython#87389).  An application must see
        # what was asked for, or it checks one path and its proxy another.
        self.path: str = head.line.target
        self._unread = head.framing != NO_BODY
        if "close" in _options(self.headers.get_all("Connection", [])):
            self.close_connection = True
        self.expects_more = not self.close_connection
        if head.framing.chunked:
            # A subclass may hand out the chunks undecoded, and then nobody knows where they end.
            self.close_connection = True
        return True

    def _parse_checked(self, head: RequestHead) -> bool:
        """Have http.server parse what was read already; it may answer ``Expect: 100-continue`` while it does."""
        # It would take these two bytes for white space.
        self.raw_requestline = self.raw_requestline.replace(b"\x85", b"%85").replace(b"\xa0", b"%A0")
        connection, self.rfile = self.rfile, io.BytesIO(head.field_lines + b"\r\n")
        try:
            return super().parse_request()
        finally:
            self.rfile = connection

    def _run_application(self) -> None:
        """Give the application exactly one body, and tell afterwards what may happen to the connection."""
        framing = self.request_head.framing if self.request_head else NO_BODY
        body, environ = open_body(self.rfile, framing), self.get_environ()
        # The stream ends where the body ends, so an application may read it without a Content-Length.
        environ["wsgi.input_terminated"] = True
        if framing.chunked:
            self._run_with_chunked(body, environ)
        else:
            self._run_with(body, environ)
            if body.failure is not None:
                # The handler does not: there may be nobody left to answer.
                self.log_error("code %d, message %s", body.failure.code, body.failure.message)
        self._unread = not (body.is_at_end() if self.close_connection else body.drain(DRAIN_LIMIT))
        self.close_connection = self.close_connection or self._unread

    def _run_with_chunked(self, body: RequestBody, environ: WSGIEnvironment) -> None:
        """Decode the body whole before, and tell its length, as RFC 9112 section 7.1.3 does.

        Many frameworks take a request without Content-Length for one without a body, and those that look at
        Transfer-Encoding instead would decode what is decoded already.
        """
        try:
            stored, length = store(body, self.max_chunked_length)
        except RequestError as refusal:
            self.send_error(refusal.code, refusal.message)
            return
        with stored:
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            environ["CONTENT_LENGTH"] = str(length)
            self._run_with(stored, environ)

    def _run_with(self, body: InputStream, environ: WSGIEnvironment) -> None:
        application = self.server.get_app()
        if application is None:
            self.send_error(503, "This server has no application")
            return
        handler = self.gateway_handler_class(
            body,
            self.wfile,
            self.get_stderr(),
            environ,
            multithread=isinstance(self.server, socketserver.ThreadingMixIn),
            multiprocess=_FORKING is not None and isinstance(self.server, _FORKING),
        )
        handler.request_handler = self
        if self.protocol_version >= "HTTP/1.1":
            handler.http_version = "1.1"
            handler.says_close = True
        handler.run(application)
        if handler.client_gone:
            self.close_connection = True

    def get_environ(self) -> WSGIEnvironment:
        """Return a new environ: the server's :attr:`~WSGIServer.base_environ` and the variables of the current request.

        A field whose name has an underscore is left out, since ``X_Real`` and ``X-Real`` would be one variable, and so
        is ``Proxy``, whose variable programs take for their proxy's address ("httpoxy").
        """
        environ = self.server.base_environ.copy()
        target = self._target()
        environ["SERVER_PROTOCOL"] = self.request_version
        environ["SERVER_SOFTWARE"] = self.server_version
        environ["REQUEST_METHOD"] = self.command
        environ["PATH_INFO"] = unquote(target.path, "iso-8859-1")
        environ["QUERY_STRING"] = target.query
        environ["REMOTE_ADDR"] = self.client_address[0]
        environ["CONTENT_TYPE"] = self.headers.get("Content-Type", "")
        environ["CONTENT_LENGTH"] = self.headers.get("Content-Length", "")
        for name, value in self.headers.items():
            key = "HTTP_" + name.upper().replace("-", "_")
            if "_" in name or key in _NOT_FIELDS:
                continue
            joiner = "; " if key == "HTTP_COOKIE" else ","  # RFC 6265 section 5.4, RFC 9110 section 5.3
            environ[key] = environ[key] + joiner + value.strip(" \t") if key in environ else value.strip(" \t")
        if target.authority is not None:
            environ["HTTP_HOST"] = target.authority  # RFC 9112 section 3.2.2: whatever the Host field says
        return environ

    def _target(self) -> Target:
        """Take ``path`` as it is if a subclass changed it."""
        head = self.request_head
        if head is not None and self.path == head.line.target:
            return head.target
        path, _, query = self.path.partition("?")
        return Target(path, query)

    def get_stderr(self) -> ErrorStream:
        """Return ``wsgi.errors``: standard error."""
        return sys.stderr

    def finish(self) -> None:
        """Close the connection so that the response arrives whole even if the request was not read to its end."""
        if self._unread:
            self._linger()
        super().finish()

    def _linger(self) -> None:
        """Say that nothing more comes, then read what the client still sends, within bounds."""
        deadline, left = time.monotonic() + LINGER_TIME, LINGER_LIMIT
        with suppress(OSError, ValueError, AttributeError):  # tests of wsgiref's users pass stand-ins for sockets
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and (seconds := deadline - time.monotonic()) > 0:
                self.connection.settimeout(seconds)
                received = len(self.connection.recv(65_536))
                left = left - received if received else 0


def _options(values: list[str]) -> set[str]:
    """Return the options of Connection fields (RFC 9110 section 7.6.1)."""
    return {option.strip(" \t").lower() for value in values for option in value.split(",")}
