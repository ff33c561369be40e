"""Who comes in: connections up to the cap, and one more is told to come back later."""

from __future__ import annotations

import socket

from gatewright.errors import RequestError
from gatewright.server.connection import HTTPConnection
from gatewright.server.refusal import refusal_page
from gatewright.server.service import Service
from gatewright.worker.contract import Connection, Interest, Peer, Turn
from gatewright.worker.stream import RECEIVE, Stream

__all__ = ["REFUSED_AT_ONCE", "Entrance"]

REFUSED_AT_ONCE = 256
"""Connections that are being refused at a time; beyond them, clients wait in the backlog."""


class Entrance:
    """Makes the connections of a worker; used by the thread that owns the loop.

    Args:
        service: what is served; its settings say how many connections there may be.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._inside = 0

    def connect(self, sock: socket.socket, peer: Peer) -> Connection:
        """Make a connection, or one that is refused if there are as many as there may be."""
        settings = self._service.settings
        if self._inside >= settings.connections:
            return FullConnection(sock, settings.write_timeout)
        connection = HTTPConnection(sock, peer, self._service, self._leave)
        self._inside += 1
        return connection

    def _leave(self) -> None:
        self._inside -= 1


class FullConnection(Stream):
    """A connection that is answered 503 whatever it asks for (RFC 9110 section 15.6.4)."""

    def on_ready(self, turn: Turn) -> Interest:
        """Refuse at once, then wait for the client to have read it."""
        if self.is_lingering:
            try:
                return self.discard(self.socket.recv(RECEIVE))
            except BlockingIOError:
                return Interest.READ
        self.send_some([refusal_page(RequestError(503, "too many connections; try again later"))])
        return self.linger()

    def on_deadline(self) -> Interest:
        """Wait no longer for the client."""
        return Interest.CLOSE

    def drain(self) -> Interest:
        """Go on: it ends soon, and without loss."""
        return Interest.READ if self.is_lingering else Interest.WRITE
