"""Servers in threads, and a client that sends bytes as they are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from gatewright.simple_server import WSGIRequestHandler, WSGIServer, make_server
from gatewright.types import StartResponse, WSGIApplication, WSGIEnvironment

TIMEOUT = 20
"""Seconds after which a client gives up; no test waits that long unless it fails."""


class Recorder:
    """An application that remembers the environ and the body of every call, and answers with the body."""

    def __init__(self) -> None:
        self.environs: list[WSGIEnvironment] = []
        self.bodies: list[bytes] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        self.environs.append(environ.copy())
        self.bodies.append(environ["wsgi.input"].read())
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return [self.bodies[-1]]

    @property
    def environ(self) -> WSGIEnvironment:
        """The environ of the only call."""
        (environ,) = self.environs
        return environ


class Running:
    """A server that is serving."""

    def __init__(self, server: WSGIServer) -> None:
        self.server = server

    def connect(self) -> socket.socket:
        """Return a connection to the server."""
        client = socket.socket(self.server.address_family)
        client.settimeout(TIMEOUT)
        client.connect(self.server.server_address)
        return client

    def talk(self, request: bytes, *, cut: bool = False) -> bytes:
        """Send bytes on a new connection and return all that comes back until the server closes it.

        Args:
            request: the bytes.
            cut: whether to end the sending direction after them.
        """
        with self.connect() as client:
            client.sendall(request)
            if cut:
                client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b""))


Serve = Callable[..., Running]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that are stopped after the test."""
    with ExitStack() as servers:

        def start(
            application: WSGIApplication,
            server_class: type[WSGIServer] = WSGIServer,
            handler_class: type[WSGIRequestHandler] = WSGIRequestHandler,
            host: str = "127.0.0.1",
        ) -> Running:
            server = servers.enter_context(make_server(host, 0, application, server_class, handler_class))
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            servers.callback(thread.join, TIMEOUT)
            servers.callback(server.shutdown)
            return Running(server)

        yield start


@pytest.fixture
def recorder() -> Recorder:
    """Return an application that remembers its calls."""
    return Recorder()
