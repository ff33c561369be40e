"""Running a gateway as a program: where it listens, what it serves, until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable, Container, Sequence
from contextlib import suppress

from gatewright.gateways.connection import GatewayConnection
from gatewright.gateways.service import Service
from gatewright.sockets import Access, Address, InheritedAddress, listen_all, parse
from gatewright.worker.contract import Peer
from gatewright.worker.program import serve

__all__ = ["run_gateway"]

# Seconds after which a connection is accepted although nothing came on it.
_DEFER = 10

# How many connections are accepted in a row: SCGI has one for each request, and web servers ask for many at a time.
_BATCH = 16


def run_gateway(
    connection: type[GatewayConnection],
    service: Service,
    bind: Sequence[str],
    *,
    backlog: int = 1024,
    access: Access | None = None,
    grace: float = 30.0,
    allowed: Container[str] | None = None,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        connection: the protocol.
        service: what is served.
        bind: addresses; none for the sockets that this process was started with.
        backlog: how many connections the system may keep waiting.
        access: who may connect to Unix sockets.
        grace: seconds that requests in flight have to end in, once stopped.
        allowed: the IP addresses that may connect; None for all.
        ready: called with one line when connections are accepted; None to log it.

    Raises:
        ConfigurationError: it cannot listen there, or there is nowhere to listen.
    """

    def connect(sock: socket.socket, peer: Peer) -> GatewayConnection:
        return connection(sock, peer, service)

    addresses = [parse(text) for text in bind]
    listeners = listen_all(addresses, backlog, access)
    for listener in listeners:
        _defer(listener.socket)
    options = {} if ready is None else {"ready": ready}
    serve(
        connect,
        listeners,
        protocol=connection.protocol,
        threads=service.threads,
        max_connections=service.connections,
        grace=grace,
        allowed=allowed,
        # Of listeners that it did not open itself it does not know who else has them.
        batch=1 if service.multiprocess or not _are_own(addresses) else _BATCH,
        **options,
    )


def _are_own(addresses: Sequence[Address]) -> bool:
    """Whether this process opens all listeners itself; with no address it inherits them."""
    return bool(addresses) and not any(isinstance(address, InheritedAddress) for address in addresses)


def _defer(listener: socket.socket) -> None:
    """Have a TCP connection wait in the kernel until its first bytes are there: web servers speak first.

    Linux has this; elsewhere the worker finds out by asking.
    """
    option: int | None = getattr(socket, "TCP_DEFER_ACCEPT", None)
    if option is not None and listener.family in {socket.AF_INET, socket.AF_INET6}:
        with suppress(OSError):
            listener.setsockopt(socket.IPPROTO_TCP, option, _DEFER)
