"""What all connections of a worker share: the application, and how it is served."""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen

from gatewright.server.access_log import LogLine, combined, json_line
from gatewright.server.handler import HTTPHandler
from gatewright.server.limits import Limits
from gatewright.server.settings import Settings
from gatewright.types import WSGIApplication

__all__ = ["Service"]

_LOG_LINES: dict[str, LogLine | None] = {"off": None, "combined": combined, "json": json_line}


@frozen
class Service:
    """An application, and how it is served.

    Attributes:
        application: called for each request.
        settings: see there.
        handler_class: runs the calls; a subclass of :class:`~gatewright.server.handler.HTTPHandler`.
        count: called for each request that is served, or None.
    """

    application: WSGIApplication
    settings: Settings = field(factory=Settings)
    handler_class: type[HTTPHandler] = HTTPHandler
    count: Callable[[], object] | None = None
    limits: Limits = field(init=False)
    log_line: LogLine | None = field(init=False)

    @limits.default
    def _limits(self) -> Limits:
        settings = self.settings
        return Limits(
            request_line=settings.request_line,
            fields=settings.header_count,
            all_fields=settings.header_size,
            body=settings.body_size,
            underscores=settings.underscores,
        )

    @log_line.default
    def _log_line(self) -> LogLine | None:
        return _LOG_LINES[self.settings.access_log]
