"""What a protocol implements, and what the worker gives it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from enum import Enum
from typing import Protocol, TypeAlias

__all__ = ["Connect", "Connection", "Interest", "Peer", "Turn"]

Peer: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | str | bytes
"""Who connected, as :meth:`socket.socket.accept` says: IPv4, IPv6, or what a Unix socket has instead of an address."""


class Interest(Enum):
    """What a connection waits for next."""

    READ = "read"
    """For something to read."""
    WRITE = "write"
    """For room to write."""
    THREAD = "thread"
    """For a thread: to be called again, whatever the socket is like, when the owner of the loop is not alone."""
    CLOSE = "close"
    """For nothing: it has ended."""


class Turn(Protocol):
    """One thread's time as the owner of the loop, as connections see it."""

    @property
    def now(self) -> float:
        """:func:`time.monotonic`, read when the loop woke: precise enough for deadlines, and free."""
        ...

    @property
    def overtaken(self) -> bool:
        """Whether another thread has taken over the loop because the current call lasts long."""
        ...

    @property
    def is_alone(self) -> bool:
        """Whether all other threads are in calls that last: nobody would take over the loop from another one.

        What is known to last may wait for a thread then (:attr:`Interest.THREAD`), so that it does not stall the rest.
        """
        ...

    def hand_over(self) -> None:
        """Let another thread take over the loop at once, if one is free: what comes next is known to last long.

        Nothing is lost by not calling it: the loop is taken over anyway from a call that lasts.
        """
        ...


class Connection(Protocol):
    """One connection of a protocol.

    One thread at a time calls its methods, though not always the same one, so it needs no locks.  No method but
    :meth:`on_ready` may wait for anything.  An exception of any method ends the connection, with a line in the log
    unless it is a ConnectionError or TimeoutError; ends that are to be expected belong to the protocol.
    """

    socket: socket.socket
    """Non-blocking (time-out 0), for good: with a time-out Python would make one more system call for each operation.
    The worker polls it; only :meth:`close` closes it."""

    deadline: float
    """When :meth:`on_deadline` is to be called unless something happens before, by :func:`time.monotonic`;
    ``math.inf`` for never.  It is looked at about once a second, so set it as often as you like.  It does not count
    while :meth:`on_ready` runs."""

    def on_ready(self, turn: Turn) -> Interest:
        """Do what can be done: the socket is ready for what was last asked for.

        It is first called when the connection has just been accepted, since most clients send at once; then, and after
        an error of the peer, there may be nothing to be had from the socket.

        The application is called here, as soon as the protocol has enough of the request, and so is whatever it calls:
        reading the body, writing.  There, and only there, it may wait
        (:func:`~gatewright.worker.wait`): if it lasts, another thread takes over the loop, and this connection
        is not polled until the method has returned, so nobody else touches it.

        Returns:
            What to wait for.  READ only if nothing that was already read could be dealt with now; WRITE in order to be
            called again soon; THREAD only while the turn is alone; CLOSE if the connection has ended.
        """
        ...

    def on_deadline(self) -> Interest:
        """Deal with a deadline that has passed: close, or set another deadline and go on."""
        ...

    def drain(self) -> Interest:
        """The worker stops: end the connection as soon as no request is on its way.

        Called once, and after :meth:`on_ready` if that was running.  A request of which the first byte was read has
        begun.  Connections that last longer than the worker's grace are closed without more ado.

        Returns:
            CLOSE if no request has begun; else what the connection waits for, and from :meth:`on_ready`, after the
            response, CLOSE.
        """
        ...

    def close(self) -> None:
        """Close the socket and whatever else there is; called once, at the end, whatever the reason."""
        ...


Connect: TypeAlias = Callable[[socket.socket, Peer], Connection]
"""Makes the connection for a socket that was accepted.  The socket is its own from then on; if it raises, closed."""
