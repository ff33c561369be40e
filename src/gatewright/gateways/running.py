"""Running a gateway as a program: where it listens, what it serves, until it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from socket import socket

from gatewright.gateways.connection import GatewayConnection, Service
from gatewright.sockets import Access, listen_all, parse
from gatewright.worker.contract import Peer
from gatewright.worker.program import serve

__all__ = ["run_gateway"]


def run_gateway(
    connection: type[GatewayConnection],
    service: Service,
    bind: Sequence[str],
    *,
    backlog: int,
    access: Access | None,
    grace: float,
    allowed: Container[str] | None,
    ready: Callable[[str], object] | None,
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

    def connect(sock: socket, peer: Peer) -> GatewayConnection:
        return connection(sock, peer, service)

    options = {} if ready is None else {"ready": ready}
    serve(
        connect,
        listen_all([parse(text) for text in bind], backlog, access),
        protocol=connection.protocol,
        threads=service.threads,
        max_connections=service.connections,
        grace=grace,
        allowed=allowed,
        **options,
    )
