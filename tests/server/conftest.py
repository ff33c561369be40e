"""Connections and servers that have ended when the test has."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from http_client import Client, Served, small_buffers, tcp_pair

from gatewright.server import HTTPHandler, Server, Settings
from gatewright.server.connection import HTTPConnection
from gatewright.server.service import Service
from gatewright.types import WSGIApplication


class Talk(Client):
    """A client, and the connection that serves it."""

    served: Served

    @property
    def connection(self) -> HTTPConnection:
        return self.served.connection

    def join(self) -> None:
        """Wait until the server's end has closed."""
        self.served.join()


@pytest.fixture
def talk() -> Iterator[Callable[..., Talk]]:
    """Connect to an application, without a worker between: ``talk(application, small=True, **settings)``.

    What is to be ``sent`` before any time of the server's runs out is there when the server begins.
    """
    with ExitStack() as stack:

        def connect(
            application: WSGIApplication,
            handler_class: type[HTTPHandler] = HTTPHandler,
            *,
            small: bool = False,
            sent: bytes = b"",
            **settings: Any,
        ) -> Talk:
            ours, theirs = tcp_pair()
            ours.sendall(sent)
            if small:
                small_buffers(ours)
                small_buffers(theirs)
            theirs.setblocking(False)
            service = Service(application, Settings(**settings), handler_class)
            client = Talk(ours)
            client.served = Served(HTTPConnection(theirs, ("127.0.0.1", 50_000), service))
            stack.callback(client.join)
            stack.callback(client.close)
            return client

        yield connect


class Live:
    """A server that runs."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self.server = server
        self._stack = stack

    def connect(self) -> Client:
        """Return a new client that is gone when the test ends."""
        address: Any = self.server.addresses[0]
        sock = socket.create_connection((address.host, address.port))
        return self._stack.enter_context(Client(sock))


@pytest.fixture
def live() -> Iterator[Callable[..., Live]]:
    """Run a server: ``live(application, handler_class=…, **settings)``."""
    with ExitStack() as stack:

        def run(application: WSGIApplication, handler_class: type[HTTPHandler] = HTTPHandler, **settings: Any) -> Live:
            options: dict[str, Any] = {"bind": ("127.0.0.1:0",), "threads": 2, "graceful_timeout": 5.0, **settings}
            server = Server(application, Settings(**options), handler_class=handler_class)
            stack.enter_context(server)
            return Live(server, stack)

        yield run
