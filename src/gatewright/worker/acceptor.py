"""Accepting connections: one at a time, from whom it is allowed, and only while there is room."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Callable, Collection, Container, Sequence
from contextlib import suppress
from time import monotonic

from gatewright.sockets import Listener
from gatewright.worker.contract import Peer
from gatewright.worker.poller import Poller

__all__ = ["Acceptor"]

_LOG = logging.getLogger("gatewright.worker")

# What accept() says of the one connection that it was about to return (accept(2), "Error handling"): others may come.
_PASSING = frozenset(
    getattr(errno, name)
    for name in (
        *("EAGAIN", "ECONNABORTED", "EHOSTDOWN", "EHOSTUNREACH", "EINTR", "ENETDOWN", "ENETUNREACH", "ENONET"),
        *("ENOPROTOOPT", "EOPNOTSUPP", "EPERM", "EPROTO", "EWOULDBLOCK"),
    )
    if hasattr(errno, name)  # not every system has them all
)

# Seconds until a lack of room is told again: each connection that ends makes room for one, and then there is none.
_QUIET = 60.0


class Acceptor:
    """The listening sockets of a worker; used by the thread that owns the loop.

    Args:
        listeners: theirs is the worker's from now on.
        poller: of the worker.
        allowed: the IP addresses that may connect; None for all.
        batch: how many connections may be accepted in a row; one where other processes want their share.
    """

    def __init__(
        self, listeners: Sequence[Listener], poller: Poller, allowed: Container[str] | None, batch: int = 1
    ) -> None:
        self.batch: int = batch
        self._listeners = {listener.socket.fileno(): listener for listener in listeners}
        self._families = {number: int(listener.socket.family) for number, listener in self._listeners.items()}
        self._poller = poller
        self._allowed = allowed
        self.watching: bool = False
        """Whether connections are accepted."""
        self._quiet_until = 0.0
        for listener in listeners:
            _prepare(listener.socket)

    @property
    def descriptors(self) -> Collection[int]:
        """Those of the listening sockets, until they are closed."""
        return self._listeners.keys()

    def watch(self) -> None:
        """Accept from now on, again if it was paused."""
        if not self.watching:
            self.watching = True
            for descriptor in self._listeners:
                self._poller.add_shared(descriptor)

    def pause(self) -> None:
        """Leave connections in the backlog until :meth:`watch`."""
        if self.watching:
            self.watching = False
            for descriptor in self._listeners:
                self._poller.remove(descriptor)

    def close(self) -> None:
        """Close the listening sockets for good."""
        self.pause()
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()

    def accept(self, descriptor: int) -> tuple[socket.socket, Peer] | None:
        """Return a connection and who made it, or None if there is none.

        If the process or the machine has no room for another
        connection (EMFILE and the like), that is logged, once a minute at most, and accepting pauses.
        """
        listener = self._listeners.get(descriptor)
        if listener is None:
            return None
        try:
            sock, peer = accept(listener.socket, self._families[descriptor])
        except OSError as failure:
            if failure.errno not in _PASSING:
                self._fail(listener, failure)
            return None
        sock.setblocking(False)
        return (sock, peer) if self._allowed is None or self._is_allowed(sock, peer, self._allowed) else None

    def _fail(self, listener: Listener, failure: OSError) -> None:
        now = monotonic()
        if now >= self._quiet_until:
            _LOG.error("cannot accept connections on %s for now: %s", listener.address, failure.strerror or failure)
            self._quiet_until = now + _QUIET
        self.pause()

    @staticmethod
    def _is_allowed(sock: socket.socket, peer: Peer, allowed: Container[str]) -> bool:
        """A client that is not on the list is refused; so is one on a Unix socket, which has no address (FastCGI 3.2).

        On a socket for both versions of IP, an IPv4 address is ::ffff: and what it usually is (RFC 4291, 2.5.5.2).
        """
        host = peer[0].removeprefix("::ffff:") if isinstance(peer, tuple) else "a Unix socket"
        if host in allowed:
            return True
        _LOG.warning("refused a connection from %s, which is not an allowed address", host)
        sock.close()
        return False


def accept(listener: socket.socket, family: int) -> tuple[socket.socket, Peer]:
    """Accept one connection, in half the time of ``listener.accept()``, which SCGI would pay for at each request.

    What takes its time there is asking the listener for its family and type, as enumerations.

    Args:
        listener: accepts streams.
        family: its own.

    Raises:
        OSError: there is no connection, or no room for one.
    """
    # Documented nowhere, and yet what accept() is made of; where it is missing there is accept().
    quick: Callable[[], tuple[int, Peer]] | None = getattr(listener, "_accept", None)
    if quick is None:
        return listener.accept()
    descriptor, peer = quick()
    try:
        return socket.socket(family, socket.SOCK_STREAM, 0, descriptor), peer
    except OSError:
        os.close(descriptor)
        raise


def _prepare(listener: socket.socket) -> None:
    """Set what its connections inherit: an answer in several pieces goes out without waiting for the client."""
    listener.setblocking(False)
    if listener.family in {socket.AF_INET, socket.AF_INET6}:
        with suppress(OSError):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
