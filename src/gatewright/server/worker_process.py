"""A worker's process: how it is started, what it and its supervisor tell each other, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import ClassVar, Final, NoReturn, TypeAlias

from attrs import define, field

from gatewright.errors import ConfigurationError
from gatewright.sockets import Listener

__all__ = ["Child", "Reports", "Work", "start_child"]

_LOG = logging.getLogger("gatewright.server")

# What a worker does about signals.  The supervisor passes on what Ctrl-C asks for: a terminal sends SIGINT to both, and
# the worker would take the two for an order to stop at once.
_DISPOSITIONS: Final = {
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGCHLD: signal.SIG_DFL,
    signal.SIGINT: signal.SIG_IGN,
    signal.SIGHUP: signal.SIG_IGN,
    signal.SIGUSR2: signal.SIG_IGN,
}


@define(eq=False)
class Child:
    """A worker's process, as its supervisor sees it.

    Attributes:
        pid: its number.
        reports: the descriptor on which it says how it is; None once it has ended.
        ready: whether it has said that it accepts connections.
        began: when it was started, by :func:`time.monotonic`.
        kill_at: when to kill it, likewise; None for never.
    """

    READY: ClassVar[int] = ord("r")
    TIRED: ClassVar[int] = ord("t")

    pid: int
    reports: int | None
    ready: bool = False
    began: float = field(factory=time.monotonic)
    kill_at: float | None = None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nobody else can have its number before :meth:`collect`."""
        os.kill(self.pid, number)

    def read_reports(self) -> bytes:
        """Return what it has said since; there must be something."""
        if self.reports is None:
            return b""
        words = os.read(self.reports, 64)
        if not words:
            self._close_reports()
        return words

    def collect(self) -> int | None:
        """Return its exit status, negative for a signal, if it has ended; it is gone from then on."""
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        if not ended:
            return None
        self._close_reports()
        return os.waitstatus_to_exitcode(status)

    def _close_reports(self) -> None:
        if self.reports is not None:
            os.close(self.reports)
            self.reports = None


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


def start_child(work: Work, listeners: Sequence[Listener], life: int, private: Collection[int]) -> Child:
    """Start a process that works.

    Args:
        work: called in the process; when it returns, the process ends with status 0.
        listeners: what it accepts connections on; the files of Unix sockets stay the supervisor's.
        life: the reading end of a pipe of which the supervisor alone has the writing end: when that closes, the
            supervisor has ended, however it may have come to that, and so does the worker.
        private: descriptors of the supervisor, which are closed in the worker; that writing end is among them.

    Raises:
        OSError: there can be no new process now.
    """
    _flush()
    reading, writing = os.pipe()
    # A signal between fork() and what the child does about signals would go to the supervisor's handlers, in the child.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _DISPOSITIONS)
    pid = -1
    try:
        pid = os.fork()
        if not pid:
            _work(work, listeners, life, Reports(writing), lambda: _be_child(mask, [reading, *private]))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(writing)
        if pid < 0:
            os.close(reading)
    return Child(pid, reading)


def _be_child(mask: Collection[int], private: Collection[int]) -> None:
    signal.set_wakeup_fd(-1)
    for number, disposition in _DISPOSITIONS.items():
        signal.signal(number, disposition)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    for descriptor in private:
        os.close(descriptor)


def _work(
    work: Work, listeners: Sequence[Listener], life: int, reports: Reports, prepare: Callable[[], None]
) -> NoReturn:
    """Work, and end the process: not through sys.exit(), for the supervisor's stack is above."""
    status = 70  # EX_SOFTWARE of sysexits.h
    try:
        prepare()
        threading.Thread(target=_follow, args=(life,), name="gatewright-life", daemon=True).start()
        work([Listener(listener.socket, listener.address) for listener in listeners], reports)
        status = 0
    except ConfigurationError as mistake:
        sys.stderr.write(f"gatewright: {' '.join(str(mistake).split())}\n")
        status = 2
    except BaseException:  # noqa: BLE001  # whatever it is, this process ends here
        _LOG.exception("worker %d failed", os.getpid())
    finally:
        with suppress(Exception):
            logging.shutdown()
            _flush()
        os._exit(status)


def _flush() -> None:
    """Write out what would be written twice if a forked process inherited it; a daemon may have closed the streams."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()


def _follow(life: int) -> None:
    """End the worker gracefully when the supervisor is no more."""
    with suppress(OSError):
        os.read(life, 1)
        os.kill(os.getpid(), signal.SIGTERM)
