"""What a gateway serves: the application and all that is the same for each of its calls."""

from __future__ import annotations

from attrs import Factory, field, frozen

from gatewright.gateways.limits import Limits
from gatewright.types import WSGIApplication

__all__ = ["Service"]


@frozen(kw_only=True)
class Service:
    """What all connections of a gateway serve, and how.

    Attributes:
        application: the WSGI application.
        limits: what may be asked of the gateway.
        script_name: where the application is mounted, or None to believe the web server.
        threads: how many calls of the application may go on at a time.
        connections: how many connections may be open at a time.
        multiprocess: whether other processes serve the same application.
    """

    application: WSGIApplication
    limits: Limits = field(factory=Limits)
    script_name: str | None = None
    threads: int = 1
    connections: int = 1000
    multiprocess: bool = False
    multithread: bool = field(init=False, default=Factory(lambda self: self.threads > 1, takes_self=True))
