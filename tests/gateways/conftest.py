"""A connection of a gateway, served as a worker serves it, with the test at the other end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from gatewright.gateways.connection import GatewayConnection
from gatewright.gateways.service import Service
from gatewright.worker.contract import Interest
from gatewright.worker.waiting import wait

TIMEOUT = 20.0  # seconds, for what never takes as long unless it is broken


class Turn:
    """A turn that nobody takes over."""

    now = 0.0
    overtaken = False
    is_alone = False
    handed_over = 0

    def hand_over(self) -> None:
        self.handed_over += 1


class Served:
    """A connection that a thread serves until it ends; ``client`` is the web server's end of it."""

    def __init__(
        self, kind: type[GatewayConnection], service: Service, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        self.client, sock = pair
        self.client.settimeout(TIMEOUT)
        sock.setblocking(False)
        self.turn = Turn()
        self.connection = kind(sock, "", service)
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        try:
            while True:
                wait(self.connection.socket, Interest.READ)
                if self.connection.on_ready(self.turn) is Interest.CLOSE:
                    break
        except BaseException as failure:  # noqa: BLE001  # the test looks at it
            self.failure = failure
        self.connection.close()

    def send(self, data: bytes) -> None:
        """Send as the web server."""
        self.client.sendall(data)

    def receive_all(self) -> bytes:
        """Return what comes until the connection ends."""
        parts = iter(lambda: self.client.recv(65_536), b"")
        return b"".join(parts)

    def join(self) -> None:
        """Wait until the connection has ended."""
        self.thread.join(TIMEOUT)
        assert not self.thread.is_alive()


class Serve(Protocol):
    def __call__(self, kind: type[GatewayConnection], service: Service, *, tcp: bool = ...) -> Served: ...


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


@pytest.fixture
def serve_connection() -> Iterator[Serve]:
    """Serve a connection of a kind; all of them have ended when the test has."""
    with ExitStack() as stack:

        def serve(kind: type[GatewayConnection], service: Service, *, tcp: bool = False) -> Served:
            served = Served(kind, service, tcp_pair() if tcp else socket.socketpair())
            stack.callback(served.join)
            stack.callback(served.client.close)
            return served

        yield serve
