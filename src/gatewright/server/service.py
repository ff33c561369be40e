"""What all connections of a worker share: the application, and how it is served."""

from __future__ import annotations

from collections.abc import Callable

from attrs import Factory, field, frozen

from gatewright.server.access_log import LogLine, combined, json_line
from gatewright.server.handler import HTTPHandler
from gatewright.server.limits import Limits
from gatewright.server.settings import Settings
from gatewright.server.slow_paths import SlowPaths
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
        slow_paths: what is known of calls that last.
        threads: of a worker: those for calls that last, and one that serves the others meanwhile.
    """

    application: WSGIApplication
    settings: Settings = field(factory=Settings)
    handler_class: type[HTTPHandler] = HTTPHandler
    count: Callable[[], object] | None = None
    slow_paths: SlowPaths = field(init=False, factory=SlowPaths)
    threads: int = field(init=False, default=Factory(lambda self: _threads(self.settings), takes_self=True))
    limits: Limits = field(init=False, default=Factory(lambda self: _limits(self.settings), takes_self=True))
    log_line: LogLine | None = field(
        init=False, default=Factory(lambda self: _LOG_LINES[self.settings.access_log], takes_self=True)
    )


def _threads(settings: Settings) -> int:
    return settings.threads + 1 if settings.threads > 1 else 1


def _limits(settings: Settings) -> Limits:
    return Limits(
        request_line=settings.request_line,
        field_line=settings.field_size,
        fields=settings.header_count,
        all_fields=settings.header_size,
        body=settings.body_size,
        underscores=settings.underscores,
        eight_bit_targets=settings.raw_targets == "take",
    )
