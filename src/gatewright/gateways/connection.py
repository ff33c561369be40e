"""What the connections of FastCGI and SCGI share: receiving, what is idle, and what is told of a web server's fault."""

from __future__ import annotations

import logging
import math
import socket
import time
from typing import ClassVar

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.service import Service
from gatewright.worker.contract import Interest, Peer, Turn
from gatewright.worker.stream import RECEIVE, Stream

__all__ = ["GatewayConnection"]

_LOG = logging.getLogger("gatewright.gateways")


class GatewayConnection(Stream):
    """A connection of a web server.  A protocol brings :meth:`received`, :attr:`idle` and what it needs of the rest.

    Args:
        sock: non-blocking; the connection's own from now on.
        peer: who made the connection.
        service: what is served; an attribute.
    """

    __slots__ = ("_peer", "draining", "idle", "service")

    protocol: ClassVar[str]
    """The name of the protocol, for the log."""

    idle: bool
    """Whether no byte of a request was received that is not answered."""
    draining: bool
    """Whether the connection is to end when no request is on its way."""

    def __init__(self, sock: socket.socket, peer: Peer, service: Service) -> None:
        super().__init__(sock, service.limits.write_timeout)
        self._peer = peer
        self.service: Service = service
        self.idle = True
        self.draining = False
        if service.limits.idle_timeout is not None:
            self.expect_request()

    def received(self, data: bytes) -> Interest:
        """Deal with bytes that were received, at least one.

        Raises:
            MalformedRequest: they are not of the protocol.
        """
        raise NotImplementedError

    # What the worker calls.

    def on_ready(self, turn: Turn) -> Interest:
        """Receive, and deal with what came."""
        try:
            data = self.socket.recv(RECEIVE)
        except BlockingIOError:
            return Interest.READ
        if self._linger_left:
            return self.discard(data)
        if not data:
            return Interest.CLOSE
        self._turn = turn
        try:
            return self.received(data)
        except MalformedRequest as error:
            self.report(error)
            return Interest.CLOSE

    def on_deadline(self) -> Interest:
        """Give up; say so if a request was on its way."""
        if not (self.idle or self._linger_left):
            self.report("the web server stopped sending in the middle of a request")
        return Interest.CLOSE

    def drain(self) -> Interest:
        """Close now if no request is on its way, else after it."""
        self.draining = True
        return Interest.CLOSE if self.idle else Interest.READ

    # What protocols use.

    def report(self, error: object) -> None:
        """Write one line about the web server's fault to the log."""
        peer = self._peer
        origin = f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else "a Unix socket"
        _LOG.warning("%s connection from %s ended: %s", self.protocol, origin, error)

    def await_more(self, timeout: float | None) -> Interest:
        """Go on when more has come of a request that has begun.

        Args:
            timeout: seconds until the web server is given up; None to leave the deadline as it is.
        """
        self.idle = False
        if timeout is not None:
            self.deadline = time.monotonic() + timeout
        return Interest.READ

    def expect_request(self) -> None:
        """Set the deadline of a connection that nothing has begun on."""
        timeout = self.service.limits.idle_timeout
        self.deadline: float = math.inf if timeout is None else time.monotonic() + timeout
