"""A worker as a whole program: it says what it serves and where, heeds signals, and returns when it was stopped."""

from __future__ import annotations

from collections.abc import Container, Sequence

from gatewright.sockets import Listener
from gatewright.worker.contract import Connect

__all__ = ["serve"]


def serve(
    connect: Connect,
    listeners: Sequence[Listener],
    *,
    protocol: str,
    threads: int = 1,
    max_connections: int = 1000,
    grace: float = 30.0,
    allowed: Container[str] | None = None,
) -> None:
    """Serve connections until SIGTERM or SIGINT (at once at the second), then close the listeners.

    Args:
        connect: makes the connections.
        listeners: where to accept them.
        protocol: its name, for the line in the log: "FastCGI".
        threads: how many calls of the application may go on at a time.
        max_connections: how many connections to hold; more wait in the backlog.
        grace: how many seconds requests in flight have to end in, once stopped.
        allowed: the IP addresses that may connect; None for all.
    """
    raise NotImplementedError
