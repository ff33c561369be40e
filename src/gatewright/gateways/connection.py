"""What the connections of FastCGI and SCGI share: a socket that never blocks, waiting in a call, and a clean end."""

from __future__ import annotations

import logging
import math
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from struct import pack
from typing import ClassVar

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.service import Service
from gatewright.worker.contract import Interest, Peer, Turn
from gatewright.worker.waiting import wait

__all__ = ["GatewayConnection"]

_LOG = logging.getLogger("gatewright.gateways")

# How much one system call receives at most: beyond this, making room for it costs more than the calls that it saves.
RECEIVE = 65_536

# How many buffers one system call sends at most (IOV_MAX of Linux, macOS and the BSDs).
_MOST_BUFFERS = 1024

# How long (seconds) and how much (bytes) is read from a web server that sends on although it was answered.  Without it
# the system would answer with a reset, which destroys the response on its way.
LINGER_TIME = 5.0
LINGER_LIMIT = 16_777_216


class GatewayConnection:
    """A connection of a web server.  A protocol brings :meth:`received`, :attr:`idle` and what it needs of the rest.

    Args:
        sock: non-blocking; the connection's own from now on.
        peer: who made the connection.
        service: what is served; an attribute.
    """

    protocol: ClassVar[str]
    """The name of the protocol, for the log."""

    idle: bool
    """Whether no byte of a request was received that is not answered."""
    draining: bool
    """Whether the connection is to end when no request is on its way."""
    deadline: float
    """When to give up, by :func:`time.monotonic`."""

    def __init__(self, sock: socket.socket, peer: Peer, service: Service) -> None:
        self.socket = sock
        self._peer = peer
        self.service = service
        self.idle = True
        self.draining = False
        self.deadline = math.inf
        self._turn: Turn | None = None
        self._linger_left = 0
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
            return self._discard(data)
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

    def close(self) -> None:
        """Close the socket."""
        descriptor = self.socket.detach()  # socket.close() is three calls in Python, and SCGI pays for each
        if descriptor >= 0:
            os.close(descriptor)

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
        self.deadline = math.inf if timeout is None else time.monotonic() + timeout

    def receive(self, timeout: float) -> bytes:
        """Return what comes next, ``b""`` at the end of the connection; to be called inside a call of the application.

        Raises:
            TimeoutError: nothing came for this many seconds.
            ConnectionError: the connection broke.
        """
        deadline = 0.0
        while True:
            try:
                return self.socket.recv(RECEIVE)
            except BlockingIOError:
                deadline = deadline or time.monotonic() + timeout
                self._wait(Interest.READ, deadline)

    def send(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Send all of this, waiting where the web server takes its time.

        Raises:
            TimeoutError: it took nothing for ``write_timeout``.
            ConnectionError: the connection broke.
        """
        if len(buffers) == 1:
            try:
                sent = self.socket.send(buffers[0])
            except BlockingIOError:
                sent = 0
            if sent < len(buffers[0]):
                self._send_rest(buffers, sent)
            return
        for start in range(0, len(buffers), _MOST_BUFFERS):
            part = buffers[start : start + _MOST_BUFFERS]
            try:
                sent = self.socket.sendmsg(part)
            except BlockingIOError:
                sent = 0
            if sent < sum(map(len, part)):
                self._send_rest(part, sent)

    def _send_rest(self, buffers: Sequence[bytes | memoryview], sent: int) -> None:
        timeout = self.service.limits.write_timeout
        for buffer in buffers:
            view = memoryview(buffer)[sent:]
            sent = max(0, sent - len(buffer))
            while view:
                try:
                    view = view[self.socket.send(view) :]
                except BlockingIOError:
                    self._wait(Interest.WRITE, time.monotonic() + timeout)

    def _wait(self, interest: Interest, deadline: float) -> None:
        turn = self._turn
        if turn is not None and not turn.overtaken:
            turn.hand_over()
        wait(self.socket, interest, deadline)

    def linger(self) -> Interest:
        """End the connection so that what was sent arrives, although not all was read that the web server sends."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        self._linger_left = LINGER_LIMIT
        self.deadline = time.monotonic() + LINGER_TIME
        return Interest.READ

    def _discard(self, data: bytes) -> Interest:
        self._linger_left -= len(data)
        return Interest.READ if data and self._linger_left > 0 else Interest.CLOSE

    def reset(self) -> Interest:
        """End the connection in a way that tells the web server that the response is not whole.

        Over TCP it sees a reset.  On a Unix socket there is no such thing, and it sees the end.
        """
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
        return Interest.CLOSE
