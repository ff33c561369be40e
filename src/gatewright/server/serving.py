"""Serving an application: in this process, or as a program of its own."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import Final, Self

from attrs import evolve

from gatewright.loading import load
from gatewright.server.entrance import REFUSED_AT_ONCE, Entrance
from gatewright.server.handler import HTTPHandler
from gatewright.server.service import Service
from gatewright.server.settings import Settings
from gatewright.server.succession import Predecessor, start_successor
from gatewright.server.supervisor import Supervisor
from gatewright.server.worker_process import Reports
from gatewright.sockets import Address, Listener, inherited, listen_all, parse
from gatewright.types import WSGIApplication
from gatewright.worker.program import serve as serve_as_program
from gatewright.worker.worker import Worker

__all__ = ["Server", "serve"]

_LOG = logging.getLogger("gatewright.server")

_DEFAULT: Final = "127.0.0.1:8000"


class Server:
    """The server inside a program: one process, no signals, on threads of the caller's choice.

    It listens from its making; connections wait until it runs.  As a context manager it is started, and stopped at the
    end.

    Args:
        application: what to serve.
        settings: see there; ``workers`` and what belongs to it count for nothing here.
        handler_class: runs the calls.

    Raises:
        ConfigurationError: it cannot listen there.
    """

    def __init__(
        self,
        application: WSGIApplication,
        settings: Settings | None = None,
        *,
        handler_class: type[HTTPHandler] = HTTPHandler,
    ) -> None:
        settings = evolve(settings or Settings(bind=("127.0.0.1:0",)), workers=1)
        listeners = _listen(settings)
        self.addresses: list[Address] = [listener.address for listener in listeners]
        """Where it listens, with the ports that were found."""
        service = Service(application, settings, handler_class)
        self._worker = Worker(
            listeners,
            Entrance(service).connect,
            threads=service.threads,
            max_connections=_room(settings),
            grace=settings.graceful_timeout,
        )
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Serve on this thread until :meth:`stop` is called on another."""
        self._worker.run()

    def start(self) -> None:
        """Serve on a new thread.

        Raises:
            RuntimeError: it was started before; a server runs once.
        """
        if self._thread is not None:
            raise RuntimeError("a server can be started only once")
        self._thread = threading.Thread(target=self._worker.run, name="gatewright-server")
        self._thread.start()

    def stop(self) -> None:
        """Stop gracefully, and wait for the end if it was :meth:`start` that began it."""
        self._worker.stop()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


def serve(
    application: WSGIApplication | str,
    settings: Settings | None = None,
    *,
    handler_class: type[HTTPHandler] = HTTPHandler,
    ready: Callable[[str], object] = _LOG.info,
    wrap: Callable[[WSGIApplication], WSGIApplication] | None = None,
) -> int:
    """Serve as a program: a supervisor and its workers, until SIGTERM or SIGINT.

    What signals do is said at :class:`~gatewright.server.supervisor.Supervisor`.

    Args:
        application: what to serve, or its name as ``MODULE:APP`` or ``MODULE:FACTORY()``.  A name is imported by each
            worker, so that SIGHUP brings in changed code.
        settings: see there.
        handler_class: runs the calls.
        ready: called once with a line that says where, when all workers accept connections.
        wrap: called in each worker with the application, when it is loaded; what it returns is served.

    Returns:
        The exit status for the program: 0 after it was stopped; 1 or 2 if the application could not be started.

    Raises:
        ConfigurationError: it cannot listen there.
    """
    settings = settings or Settings()
    predecessor = Predecessor()
    listeners = predecessor.listeners() if predecessor else _listen(settings)

    def work(sockets: Sequence[Listener], reports: Reports) -> None:
        found = load(application) if isinstance(application, str) else application
        count = _Quota(settings, reports.tired).spend
        service = Service(wrap(found) if wrap else found, settings, handler_class, count)
        serve_as_program(
            Entrance(service).connect,
            sockets,
            protocol="HTTP",
            threads=service.threads,
            max_connections=_room(settings),
            grace=settings.graceful_timeout,
            ready=lambda _: reports.ready(),
        )

    supervisor = Supervisor(
        listeners,
        work,
        workers=settings.workers,
        grace=settings.graceful_timeout,
        upgrade=lambda: start_successor(listeners),
    )

    def report() -> None:
        ready(", ".join(str(listener.address) for listener in listeners))
        predecessor.relieve()

    try:
        return supervisor.run(report)
    finally:
        for listener in listeners:
            if supervisor.is_superseded or predecessor:
                listener.socket.close()
            else:
                listener.close()


def _listen(settings: Settings) -> list[Listener]:
    if not settings.bind and (found := inherited()):
        return found
    return listen_all([parse(text) for text in settings.bind or (_DEFAULT,)], settings.backlog, settings.access)


def _room(settings: Settings) -> int:
    """Return how many connections a worker holds: those that are served, and those that are refused."""
    return settings.connections + REFUSED_AT_ONCE


class _Quota:
    """How many requests a worker serves before it asks to be replaced."""

    def __init__(self, settings: Settings, spent: Callable[[], object]) -> None:
        jitter = random.randint(0, settings.max_requests_jitter)  # noqa: S311  # nothing secret
        self._left = settings.max_requests + jitter if settings.max_requests else -1
        self._spent = spent

    def spend(self) -> None:
        """Count one request; a race of threads may miscount, which harms nobody."""
        self._left = left = self._left - 1
        if left == 0:
            self._spent()
