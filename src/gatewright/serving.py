"""What ``gatewright serve`` starts: a program for each protocol, which says where it serves and when it has stopped."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TextIO, TypeAlias

from attrs import asdict, fields_dict, frozen

from gatewright import sockets
from gatewright.errors import ConfigurationError
from gatewright.loading import load
from gatewright.server.settings import Settings

if TYPE_CHECKING:
    from gatewright.types import WSGIApplication

__all__ = ["FOR_GATEWAYS", "GatewayOptions", "Program", "logged_to_console", "prepare"]

Program: TypeAlias = Callable[[str, bool], int]
"""Serves the application of this name, checked or not, until SIGTERM or SIGINT; returns the exit status."""


@frozen(kw_only=True)
class GatewayOptions:
    """What only FastCGI and SCGI have; None where the command line says nothing.

    Attributes:
        script_name: where the application is mounted.
        allow: the IP addresses that may connect, with commas between them.
    """

    script_name: str | None = None
    allow: str | None = None


FOR_GATEWAYS: Final = frozenset(
    {"bind", "socket_mode", "socket_owner", "backlog", "threads", "connections", "graceful_timeout"}
)
"""The settings that FastCGI and SCGI have as well."""


def prepare(protocol: Literal["http", "fastcgi", "scgi"], settings: Settings, options: GatewayOptions) -> Program:
    """Return the program for a protocol.

    Raises:
        ConfigurationError: if an option makes no sense, by itself or for the protocol.  So does the program, if it
            cannot listen, or if there is no such application.
    """
    return _prepare_http(settings, options) if protocol == "http" else _prepare_gateway(protocol, settings, options)


@contextmanager
def logged_to_console(settings: Settings) -> Generator[None]:
    """Have the log written to standard error, and the access log to standard output with nothing added to its lines."""
    told = logging.StreamHandler()
    told.setFormatter(logging.Formatter("%(asctime)s [%(process)d] %(message)s"))
    with _written(logging.getLogger("gatewright"), told):
        if settings.access_log == "off":
            yield
            return
        with _written(logging.getLogger("gatewright.access"), _AccessLog(sys.stdout)):
            yield


class _AccessLog(logging.StreamHandler[TextIO]):
    """Tells once a minute that it cannot be written (a full disk), where logging has a traceback for each line."""

    _silent_until = 0.0

    def handleError(self, record: logging.LogRecord) -> None:
        if time.monotonic() >= self._silent_until:
            self._silent_until = time.monotonic() + 60
            logging.getLogger("gatewright").error("lines of the access log are lost: %s", sys.exception())


@contextmanager
def _written(logger: logging.Logger, handler: logging.Handler) -> Generator[None]:
    before = logger.handlers, logger.propagate, logger.level
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.handlers, logger.propagate, level = before
        logger.setLevel(level)


def _wrap(application: WSGIApplication, *, check: bool) -> WSGIApplication:
    """Prepare an application that was just imported; what it imports may have silenced all loggers that there were.

    :func:`logging.config.dictConfig` does so unless it is told not to.
    """
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and f"{name}.".startswith("gatewright."):
            logger.disabled = False
    if not check:
        return application
    from gatewright.validate import validator

    return validator(application)


def _prepare_gateway(protocol: Literal["fastcgi", "scgi"], settings: Settings, options: GatewayOptions) -> Program:
    from gatewright.gateways import fastcgi, scgi

    for name, value in asdict(settings).items():
        if name not in FOR_GATEWAYS and value != fields_dict(Settings)[name].default:
            raise ConfigurationError(
                f"{name} is {value!r}, but --protocol {protocol} has no such setting; leave it out"
            )
    run = partial(
        {"fastcgi": fastcgi.run, "scgi": scgi.run}[protocol],
        threads=settings.threads,
        max_connections=settings.connections,
        backlog=settings.backlog,
        access=settings.access,
        grace=settings.graceful_timeout,
        script_name=options.script_name,
        allowed=None if options.allow is None else sockets.parse_peers(options.allow),
    )

    def serve(target: str, check: bool) -> int:
        application = _wrap(load(target), check=check)
        run(application, *settings.bind, ready=lambda where: _tell(f"{target} by {where}"))
        _say("Stopped")
        return 0

    return serve


def _prepare_http(settings: Settings, options: GatewayOptions) -> Program:
    for name, value in asdict(options).items():
        if value is not None:
            raise ConfigurationError(f"--{name.replace('_', '-')} is for --protocol fastcgi and scgi")
    return partial(_serve_http, settings)


def _serve_http(settings: Settings, target: str, check: bool) -> int:
    from gatewright.server import serve

    share = f"{_number(settings.workers, 'worker')} of {_number(settings.threads, 'thread')}"
    # Where lines of the access log go, there is to be nothing else: programs read them.
    stream = sys.stdout if settings.access_log == "off" else sys.stderr
    status = serve(
        target,
        settings,
        ready=lambda where: _tell(f"{target} on {where} with {share}", stream),
        wrap=partial(_wrap, check=check),
    )
    if status == 0:
        _say("Stopped", stream)
    return status


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _tell(what: str, stream: TextIO | None = None) -> None:
    _say(f"Serving {what} (Ctrl-C stops it)", stream)


def _say(line: str, stream: TextIO | None = None) -> None:
    """Print a line; that it cannot be written, on a full disk, is no reason not to serve."""
    with suppress(OSError):
        print(line, file=stream, flush=True)
