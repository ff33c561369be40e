"""A worker's process: how it is started, what it and its supervisor tell each other, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import ClassVar, TypeAlias

from attrs import define

from gatewright.errors import ConfigurationError
from gatewright.sockets import Listener

__all__ = ["Child", "Reports", "Work", "start_child"]

_LOG = logging.getLogger("gatewright.server")


@define(eq=False)
class Child:
    """A worker's process, as its supervisor sees it.

    Attributes:
        pid: its number.
        reports: the descriptor on which it says how it is; None once it has ended.
        ready: whether it has said that it accepts connections.
        kill_at: when to kill it, by :func:`time.monotonic`; None for never.
    """

    READY: ClassVar[int] = ord("r")
    TIRED: ClassVar[int] = ord("t")

    pid: int
    reports: int | None
    ready: bool = False
    kill_at: float | None = None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still is."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def read_reports(self) -> bytes:
        """Return what it has said since; there must be something."""
        if self.reports is None:
            return b""
        words = os.read(self.reports, 64)
        if not words:
            os.close(self.reports)
            self.reports = None
        return words

    def collect(self) -> int | None:
        """Return its exit status, negative for a signal, if it has ended; it is gone from then on."""
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        if not ended:
            return None
        if self.reports is not None:
            os.close(self.reports)
            self.reports = None
        return os.waitstatus_to_exitcode(status)


class Reports:
    """What a worker tells its supervisor.

    Args:
        descriptor: the writing end of a pipe.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def ready(self) -> None:
        """It accepts connections."""
        self._say(Child.READY)

    def tired(self) -> None:
        """It is to be replaced, when there is a successor."""
        self._say(Child.TIRED)

    def _say(self, word: int) -> None:
        with suppress(BrokenPipeError):  # the supervisor has ended, which is noticed elsewhere
            os.write(self._descriptor, bytes([word]))


Work: TypeAlias = Callable[[Sequence[Listener], Reports], None]
"""What a worker does, until SIGTERM: with the sockets to accept connections on, and whom to tell."""


def start_child(work: Work, listeners: Sequence[Listener], life: tuple[int, int]) -> Child:
    """Start a process that works.

    Args:
        work: called in the process; when it returns, the process ends with status 0.
        listeners: what it accepts connections on; the files of Unix sockets stay the supervisor's.
        life: a pipe of which the supervisor alone keeps the writing end open: when it closes, the supervisor has ended
            however it may have come to that, and so does the worker.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    status = 70  # EX_SOFTWARE of sysexits.h
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGHUP, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.close(reading)
        os.close(life[1])
        threading.Thread(target=_follow, args=(life[0],), name="gatewright-life", daemon=True).start()
        work([Listener(listener.socket, listener.address) for listener in listeners], Reports(writing))
        status = 0
    except ConfigurationError as mistake:
        print("gatewright:", " ".join(str(mistake).split()), file=sys.stderr)
        status = 2
    except BaseException:
        _LOG.exception("worker %d failed", os.getpid())
    finally:
        with suppress(Exception):
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)  # not through sys.exit(): the supervisor's stack is above


def _follow(life: int) -> None:
    """End the worker gracefully when the supervisor is no more."""
    with suppress(OSError):
        os.read(life, 1)
        os.kill(os.getpid(), signal.SIGTERM)
