"""The servers: a listening socket, its name, and the application."""

from __future__ import annotations

import socket
import socketserver
import sys
from contextlib import suppress
from http.server import HTTPServer
from typing import TypeAlias, cast

from gatewright import sockets
from gatewright.errors import ConfigurationError
from gatewright.types import WSGIApplication, WSGIEnvironment

_Peer: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

__all__ = ["ThreadingWSGIServer", "WSGIServer"]


class WSGIServer(HTTPServer):
    """An HTTP server for one WSGI application, one request at a time.

    Args:
        server_address: ``(host, port)``, an IPv6 host included, or the path of a Unix socket.  Port 0 finds a free one.
        RequestHandlerClass: a subclass of :class:`WSGIRequestHandler`.
        bind_and_activate: whether to bind and listen at once.

    Raises:
        OSError: if the address cannot be bound.
        ConfigurationError: if it is the path of a Unix socket in use, or of a file that is no socket.
    """

    application: WSGIApplication | None = None
    base_environ: WSGIEnvironment
    """What is the same in the environ of all requests."""

    _socket_file: tuple[int, int, int] | None = None

    def __init__(
        self,
        server_address: tuple[str, int] | str,
        RequestHandlerClass: type[socketserver.BaseRequestHandler],  # noqa: N803  # socketserver's name
        bind_and_activate: bool = True,
    ) -> None:
        if self.address_family == socket.AF_INET:
            # Unless a subclass or instance chose another family, as those do that worked round the stdlib.
            self.address_family: int = _family_of(server_address)
        address = cast("tuple[str, int]", server_address)  # see _path_of()
        super().__init__(address, RequestHandlerClass, bind_and_activate)

    def server_bind(self) -> None:
        """Bind, then store ``server_name`` and ``server_port`` and call :meth:`setup_environ`.

        The name is the host that was asked for, or this machine's own where that was a wildcard.  It is not looked up
        in the DNS, which can hang for half a minute (cpython#106505, cpython#100374).
        """
        asked = self.server_address
        path = _path_of(asked)
        if path is not None:
            sockets.clear_stale(path)
        super(HTTPServer, self).server_bind()
        if path is not None:
            self._socket_file = sockets.identity(path)
            self.server_name: str = "localhost"
            self.server_port: int = 80
        else:
            host = str(asked[0])
            self.server_name = (socket.gethostname() or "localhost") if host in sockets.WILDCARDS else host
            self.server_port = self.server_address[1]
        self.setup_environ()

    def setup_environ(self) -> None:
        """Make :attr:`base_environ`; called when the server is bound.  Extend it to add variables."""
        name = self.server_name or "localhost"  # rule S15: never empty
        self.base_environ = {
            "SERVER_NAME": f"[{name}]" if ":" in name else name,  # RFC 3875 section 4.1.14
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SERVER_PORT": str(self.server_port),
            "REMOTE_HOST": "",
            "CONTENT_LENGTH": "",
            "SCRIPT_NAME": "",
        }

    def get_app(self) -> WSGIApplication | None:
        """Return the application, or None if none was set."""
        return self.application

    def set_app(self, application: WSGIApplication | None) -> None:
        """Set the application that is called from now on."""
        self.application = application

    def get_request(self) -> tuple[socket.socket, _Peer]:
        """Accept a connection.  A client on a Unix socket has the address ``("", 0)``."""
        request, client_address = self.socket.accept()
        if isinstance(client_address, (str, bytes)):
            return request, ("", 0)
        # A response is several writes; without this, each waits for the client to confirm the one before.
        with suppress(OSError):  # the client may be gone again
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return request, client_address

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Print a traceback of what went wrong outside the application, unless the client just went away."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            with suppress(OSError, ValueError):  # standard error may be closed; that must not end the server
                super().handle_error(request, client_address)

    def server_close(self) -> None:
        """Close the listening socket, and remove its file if it is a Unix socket."""
        super().server_close()
        path = _path_of(self.server_address)
        if path is not None:
            sockets.remove(path, self._socket_file)


def _path_of(address: object) -> str | None:
    """Return the path of a Unix socket: typeshed declares the address of a TCPServer without it."""
    return address if isinstance(address, str) else None


def _family_of(address: tuple[str, int] | str) -> int:
    """Leave a name that cannot be resolved to bind(), whose error callers know."""
    if isinstance(address, str):
        return sockets.family_of(sockets.UnixAddress(address))
    try:
        return sockets.family_of(sockets.TCPAddress(*address[:2]))
    except ConfigurationError:
        return socket.AF_INET


class ThreadingWSGIServer(socketserver.ThreadingMixIn, WSGIServer):
    """A :class:`WSGIServer` with a thread for each connection; threads still running do not delay its end."""

    daemon_threads = True
