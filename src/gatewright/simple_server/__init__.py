"""A WSGI server in the shape of :mod:`wsgiref.simple_server`: :mod:`http.server` underneath, one application, typed.

It is for development, tests and small tools, as its model is.  Every name and override point of the model is here.
What is different is what was reported against the model: requests whose head or framing is malformed or ambiguous are
refused before the application is called; ``wsgi.input`` ends where the body ends, chunked or not; what is left of a
body is never taken for the next request; and no client can end the server or fill its log with tracebacks.

An application is served like this::

    with make_server("127.0.0.1", 8000, demo_app) as server:
        server.serve_forever()
"""

from __future__ import annotations

from typing import TypeVar, overload

from gatewright.simple_server.request_handler import WSGIRequestHandler
from gatewright.simple_server.server import ThreadingWSGIServer, WSGIServer
from gatewright.simple_server.server_handler import ServerHandler, server_version, software_version, sys_version
from gatewright.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = [
    "ServerHandler",
    "ThreadingWSGIServer",
    "WSGIRequestHandler",
    "WSGIServer",
    "demo_app",
    "make_server",
    "server_version",
    "software_version",
    "sys_version",
]

__version__ = server_version.removeprefix("WSGIServer/")

_Server = TypeVar("_Server", bound=WSGIServer)


def demo_app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer every request with "Hello world!" and its environ, one variable a line; HEAD without a body (rule A42)."""
    lines = ["Hello world!", "", *(f"{key} = {value!r}" for key, value in sorted(environ.items())), ""]
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else ["\n".join(lines).encode("utf-8")]


@overload
def make_server(
    host: str, port: int, app: WSGIApplication, *, handler_class: type[WSGIRequestHandler] = ...
) -> WSGIServer: ...
@overload
def make_server(
    host: str,
    port: int,
    app: WSGIApplication,
    server_class: type[_Server],
    handler_class: type[WSGIRequestHandler] = ...,
) -> _Server: ...
def make_server(
    host: str,
    port: int,
    app: WSGIApplication,
    server_class: type[WSGIServer] = WSGIServer,
    handler_class: type[WSGIRequestHandler] = WSGIRequestHandler,
) -> WSGIServer:
    """Return a server that listens, and serves ``app`` once its ``serve_forever()`` or ``handle_request()`` is called.

    Args:
        host: name or address, IPv4 or IPv6; "" for every IPv4 interface; ``unix:PATH`` for a Unix socket.
        port: 0 for any that is free (see ``server_port``); of no meaning with ``unix:PATH``.
        app: the WSGI application.
        server_class: what to make; :class:`ThreadingWSGIServer` serves many connections at a time.
        handler_class: what handles each connection.

    Raises:
        OSError, ConfigurationError: as :class:`WSGIServer`.
    """
    address = host.removeprefix("unix:") if host.startswith("unix:") else (host, port)
    server = server_class(address, handler_class)
    server.set_app(app)
    return server
