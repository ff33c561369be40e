"""Serving an application: in this process, or as a program of its own."""

from __future__ import annotations

import fcntl
import logging
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from socket import socket
from contextlib import suppress
from typing import Final, Self

from gatewright.loading import load
from gatewright.server.connection import HTTPConnection
from gatewright.server.handler import HTTPHandler
from gatewright.server.service import Service
from gatewright.server.settings import Settings
from gatewright.server.supervisor import Supervisor
from gatewright.server.worker_process import Reports
from gatewright.sockets import Access, Address, Listener, UnixAddress, identity, inherited, listen_all, parse
from gatewright.types import WSGIApplication
from gatewright.worker.contract import Connection, Peer
from gatewright.worker.program import serve as serve_as_program
from gatewright.worker.worker import Worker

__all__ = ["Server", "serve"]

_LOG = logging.getLogger("gatewright.server")

_SUPERSEDES: Final = "GATEWRIGHT_SUPERSEDES"
"""The variable by which a program that was started anew knows the process that it takes over from."""

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
        settings = settings or Settings(bind=("127.0.0.1:0",))
        listeners = _listen(settings)
        self.addresses: list[Address] = [listener.address for listener in listeners]
        """Where it listens, with the ports that were found."""
        service = Service(application, settings, handler_class)
        self._worker = Worker(
            listeners,
            _connector(service),
            threads=settings.threads,
            max_connections=settings.connections,
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
) -> int:
    """Serve as a program: a supervisor and its workers, until SIGTERM or SIGINT.

    What signals do is said at :class:`~gatewright.server.supervisor.Supervisor`.

    Args:
        application: what to serve, or its name as ``MODULE:APP`` or ``MODULE:FACTORY()``.  A name is imported by each
            worker, so that SIGHUP brings in changed code.
        settings: see there.
        handler_class: runs the calls.
        ready: called once with a line that says where, when all workers accept connections.

    Returns:
        The exit status for the program: 0 after it was stopped; 1 or 2 if the application could not be started.

    Raises:
        ConfigurationError: it cannot listen there.
    """
    settings = settings or Settings()
    listeners = _listen(settings)

    def work(sockets: Sequence[Listener], reports: Reports) -> None:
        found = load(application) if isinstance(application, str) else application
        service = Service(found, settings, handler_class, _Quota(settings, reports.tired).spend)
        serve_as_program(
            _connector(service),
            sockets,
            protocol="HTTP",
            threads=settings.threads,
            max_connections=settings.connections,
            grace=settings.graceful_timeout,
            ready=lambda _: reports.ready(),
        )

    supervisor = Supervisor(
        listeners, work, workers=settings.workers, grace=settings.graceful_timeout, upgrade=lambda: _upgrade(listeners)
    )

    def report() -> None:
        ready(", ".join(str(listener.address) for listener in listeners))
        _relieve_predecessor()

    try:
        return supervisor.run(report)
    finally:
        for listener in listeners:
            if supervisor.is_superseded:
                listener.socket.close()
            else:
                listener.close()


def _listen(settings: Settings) -> list[Listener]:
    access = Access(mode=int(settings.socket_mode, 8))
    if _is_successor():  # whatever the settings say: it is the same sockets that are to be served on
        return [_owned(listener) for listener in inherited()]
    if not settings.bind and (found := inherited()):
        return found
    return listen_all([parse(text) for text in settings.bind or (_DEFAULT,)], settings.backlog, access)


def _owned(listener: Listener) -> Listener:
    """Let the file of a Unix socket be removed at the end; nobody else is there to do it."""
    address = listener.address
    own = identity(address.path) if isinstance(address, UnixAddress) else None
    return Listener(listener.socket, address, own)


def _is_successor() -> bool:
    return os.environ.get(_SUPERSEDES) == str(os.getppid())


def _connector(service: Service) -> Callable[[socket, Peer], Connection]:
    def connect(sock: socket, peer: Peer) -> HTTPConnection:
        return HTTPConnection(sock, peer, service)

    return connect


class _Quota:
    """How many requests a worker serves before it asks to be replaced."""

    def __init__(self, settings: Settings, spent: Callable[[], object]) -> None:
        jitter = random.randint(0, settings.max_requests_jitter)  # noqa: S311  # nothing secret
        self._left = settings.max_requests + jitter if settings.max_requests else -1
        self._spent = spent

    def spend(self) -> None:
        """Count one request; a race of threads may miscount, which harms nobody."""
        self._left -= 1
        if self._left == 0:
            self._spent()


def _upgrade(listeners: Sequence[Listener]) -> int:
    """Start this program anew, with the sockets in the way of systemd (sd_listen_fds(3))."""
    own = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        above = 3 + len(listeners)  # the copies may not lie where they are to be copied to
        copies = [fcntl.fcntl(listener.socket, fcntl.F_DUPFD, above) for listener in listeners]
        for place, copy in enumerate(copies, start=3):
            os.dup2(copy, place)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(copies)))
        os.environ[_SUPERSEDES] = str(own)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # the program that runs already
    finally:
        os._exit(71)  # EX_OSERR of sysexits.h


def _relieve_predecessor() -> None:
    """Stop the program that started this one anew, now that connections are accepted here."""
    if _is_successor():
        with suppress(ProcessLookupError):
            os.kill(os.getppid(), signal.SIGTERM)
    os.environ.pop(_SUPERSEDES, None)
