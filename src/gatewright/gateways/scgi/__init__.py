"""SCGI: a codec without I/O (``decoder``), a handler composed of mixins, and :func:`run`."""

from __future__ import annotations

from collections.abc import Callable, Container

from gatewright.gateways.limits import Limits
from gatewright.gateways.running import run_gateway
from gatewright.gateways.scgi.connection import SCGIConnection, SCGIHandler
from gatewright.gateways.scgi.decoder import Request, decode, encode
from gatewright.gateways.service import Service
from gatewright.sockets import Access
from gatewright.types import WSGIApplication

__all__ = ["Request", "SCGIConnection", "SCGIHandler", "decode", "encode", "run"]


def run(
    application: WSGIApplication,
    *bind: str,
    threads: int = 8,
    script_name: str | None = None,
    limits: Limits | None = None,
    max_connections: int = 1000,
    multiprocess: bool = False,
    backlog: int = 1024,
    access: Access | None = None,
    grace: float = 30.0,
    allowed: Container[str] | None = None,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Serve an application to a web server by SCGI until SIGTERM or SIGINT.

    Requests in flight may end then; at the second signal they may not.  On a thread other than the main one no signals
    are heeded.

    Args:
        application: the WSGI application.
        *bind: where to listen: ``HOST:PORT``, ``[IPv6]:PORT`` or ``unix:PATH``.  Without any, on the sockets that this
            process was started with: systemd's, or standard input.
        threads: how many calls of the application may go on at a time.
        script_name: where the application is mounted (``"/app"``, or ``""`` for the root), if the web server does not
            send ``SCRIPT_NAME`` and ``PATH_INFO`` right; None to believe it.
        limits: bounds of what the web server may ask.
        max_connections: how many connections to hold; more wait in the backlog.
        multiprocess: ``wsgi.multiprocess``: whether other processes serve the same application.
        backlog: how many connections the system may keep waiting.
        access: mode and owner of Unix sockets.
        grace: how many seconds requests in flight have to end in, once stopped.
        allowed: the IP addresses that may connect; None for all.
        ready: called with one line when connections are accepted; logs it if not given.

    Raises:
        ConfigurationError: it cannot listen there, or there is nowhere to listen, or a number is out of range.
    """
    service = Service(
        application=application,
        limits=limits or Limits(),
        script_name=script_name,
        threads=threads,
        connections=max_connections,
        multiprocess=multiprocess,
    )
    run_gateway(
        SCGIConnection, service, bind, backlog=backlog, access=access, grace=grace, allowed=allowed, ready=ready
    )
