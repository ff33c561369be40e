"""What stands between the request handler and the application: one application call."""

from __future__ import annotations

import sys
from platform import python_implementation
from typing import TYPE_CHECKING, Final

from gatewright.handlers import SimpleHandler
from gatewright.spec.grammar import WITHOUT_CONTENT

if TYPE_CHECKING:
    from gatewright.simple_server.request_handler import WSGIRequestHandler

__all__ = ["ServerHandler", "server_version", "software_version", "sys_version"]

# wsgiref's, not gatewright's: it is the Server field that clients and tests know.
server_version: Final = "WSGIServer/0.2"
sys_version: Final[str] = python_implementation() + "/" + sys.version.split()[0]
software_version: Final[str] = server_version + " " + sys_version


class ServerHandler(SimpleHandler):
    """Runs the application for one request of a :class:`WSGIRequestHandler`.

    It logs the request when the response is complete, and decides whether the connection may be kept (RFC 9112 section
    9.3).
    """

    server_software: str | None = software_version

    # Not the process environment, which the stdlib shows to every application: it holds secrets (bpo-7250).
    os_environ: dict[str, str] = {}  # noqa: RUF012  # documented as a plain attribute

    request_handler: WSGIRequestHandler
    """Where the request came from: for its log, and to say that its connection must close."""

    says_close: bool = False
    """Whether a response says ``Connection: close`` to a client that asked for it, as RFC 9112 section 9.6 advises; off
    for subclasses of the request handler that keep connections in their own way, as Django's does."""

    def close(self) -> None:
        """Log the request, then close as every handler does."""
        try:
            if self.bytes_left:
                # The client waits for the rest; only the end of the connection tells it that there is none.
                self.request_handler.close_connection = True
            self.request_handler.log_request(self.status.split(" ", 1)[0] if self.status else "-", self.bytes_sent)
        finally:
            super().close()

    def cleanup_headers(self) -> None:
        """Add a Connection field where HTTP/1.1 needs one to say whether the connection stays open."""
        super().cleanup_headers()
        request, headers = self.request_handler, self.headers
        assert headers is not None  # or super() had raised
        without_content = self.environ.get("REQUEST_METHOD") == "HEAD" or self.status_code in WITHOUT_CONTENT
        if "Content-Length" not in headers and not without_content:
            # Then the response ends where the connection ends.
            request.close_connection = True
        if self.http_version < "1.1":
            return
        if request.close_connection and (request.expects_more or self.says_close):
            headers["Connection"] = "close"
        elif request.expects_more and request.request_version == "HTTP/1.0":
            headers["Connection"] = "keep-alive"

    def handle_error(self) -> None:
        """Deal with the error as every handler does; the connection closes.

        A response that was cut short is logged as well: :meth:`close` is not called after it.
        """
        self.request_handler.close_connection = True
        super().handle_error()
        if self.headers_sent and self.status:
            self.request_handler.log_request(self.status.split(" ", 1)[0], self.bytes_sent)
