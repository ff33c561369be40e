"""The processes of the server: starts workers, replaces those that die, and passes on what signals ask for.

The supervisor does nothing else, so that nothing can happen to it: it imports no application and has one thread.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from attrs import define

from gatewright.server.worker_process import Child, Work, start_child
from gatewright.sockets import Listener

__all__ = ["Supervisor"]

_LOG = logging.getLogger("gatewright.server")

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD)

# Seconds that a worker has beyond the grace before it is killed: its own clock began a little later.
_MERCY = 2.0

# Seconds between attempts to start a worker that does not become ready: at first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@define(eq=False)
class Slot:
    """One of the workers that there are to be, whichever process it is at the time.

    Attributes:
        child: the process, or None while there is none.
        successor: the process that is to take its place, and is not ready yet.
        stale: whether it is to be replaced.
        pause: seconds to wait after the next failure to start.
        retry_at: when to start the next process, by :func:`time.monotonic`.
    """

    child: Child | None = None
    successor: Child | None = None
    stale: bool = False
    pause: float = _FIRST_PAUSE
    retry_at: float = 0.0


class Supervisor:
    """Keeps workers going until it is told to stop.

    ======== ======================================================================================
    SIGTERM  stop: workers finish the requests in flight, within the grace; again: stop at once
    SIGINT   likewise
    SIGHUP   replace the workers one by one: each is stopped when its successor is ready
    SIGUSR2  start the program anew on the same sockets, and stop when the new one is ready
    ======== ======================================================================================

    Args:
        listeners: shared by all workers; not closed here.
        work: what a worker does; called in the child.
        workers: how many there are to be.
        grace: seconds that requests in flight have, when a worker is told to stop.
        upgrade: starts the program anew and returns the number of its process; None if it cannot be.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        work: Work,
        *,
        workers: int,
        grace: float,
        upgrade: Callable[[], int] | None = None,
    ) -> None:
        self._listeners = listeners
        self._work = work
        self._grace = grace
        self._upgrade = upgrade
        self._slots = [Slot() for _ in range(workers)]
        self._leaving: list[Child] = []
        self._stopping = False
        self._status = 0
        self._started = False
        self._upgraded: int | None = None
        self._ready: Callable[[], object] = lambda: None
        self._life_out, self._life_in = os.pipe()

    @property
    def is_superseded(self) -> bool:
        """Whether another program goes on with the sockets, so that their files must stay."""
        return self._upgraded is not None

    def run(self, ready: Callable[[], object]) -> int:
        """Supervise until stopped.

        Args:
            ready: called once, when every worker is ready.

        Returns:
            The exit status of the program: 0, or 1 if no worker could be started to begin with.
        """
        self._ready = ready
        with _signals() as heard:
            while not (self._stopping and not self._children()):
                self._look_after(time.monotonic())
                self._sleep(heard)
                for number in _received(heard):
                    self._heed(signal.Signals(number))
                self._bury()
        os.close(self._life_in)
        os.close(self._life_out)
        return self._status

    def _children(self) -> list[Child]:
        current = [child for slot in self._slots for child in (slot.child, slot.successor) if child is not None]
        return current + self._leaving

    def _sleep(self, heard: socket.socket) -> None:
        """Until something happens, or something is due."""
        poll = select.poll()
        poll.register(heard, select.POLLIN)
        for child in self._children():
            if child.reports is not None:
                poll.register(child.reports, select.POLLIN)
        due = [slot.retry_at for slot in self._slots if slot.child is None and not self._stopping]
        due += [child.kill_at for child in self._children() if child.kill_at is not None]
        left = max(0.0, min(due) - time.monotonic()) * 1000 + 1 if due else None
        for descriptor, _ in poll.poll(left):
            for child in self._children():
                if child.reports == descriptor:
                    self._hear(child)

    # What workers say.

    def _hear(self, child: Child) -> None:
        for word in child.read_reports():
            if word == Child.READY:
                self._welcome(child)
            elif word == Child.TIRED:
                for slot in self._slots:
                    slot.stale = slot.stale or slot.child is child

    def _welcome(self, child: Child) -> None:
        child.ready = True
        for slot in self._slots:
            if slot.successor is child:
                if slot.child is not None:
                    self._dismiss(slot.child)
                slot.child, slot.successor, slot.stale = child, None, False
            if slot.child is child:
                slot.pause = _FIRST_PAUSE
        if not self._started and all(slot.child is not None and slot.child.ready for slot in self._slots):
            self._started = True
            self._ready()

    def _dismiss(self, child: Child) -> None:
        """Have a worker finish what it is at; it is killed if it does not in time."""
        child.kill_at = time.monotonic() + self._grace + _MERCY
        child.signal(signal.SIGTERM)
        self._leaving.append(child)

    # What is to be done.

    def _look_after(self, now: float) -> None:
        for child in self._children():
            if child.kill_at is not None and child.kill_at <= now:
                _LOG.error("worker %d did not stop in time and was killed: its requests are lost", child.pid)
                child.kill_at = None
                child.signal(signal.SIGKILL)
        if self._stopping:
            return
        for slot in self._slots:
            if slot.child is None and slot.retry_at <= now:
                slot.child = self._start()
        if any(slot.successor is not None for slot in self._slots):
            return  # one by one
        for slot in self._slots:
            if slot.stale and slot.child is not None and slot.child.ready:
                slot.successor = self._start()
                return

    def _start(self) -> Child:
        return start_child(self._work, self._listeners, (self._life_out, self._life_in))

    def _bury(self) -> None:
        """Deal with the workers that have ended."""
        for child in self._children():
            status = child.collect()
            if status is not None:
                self._mourn(child, status)
        if self._upgraded is not None:
            self._collect_upgrade(self._upgraded)

    def _mourn(self, child: Child, status: int) -> None:
        expected = child in self._leaving
        if expected:
            self._leaving.remove(child)
        for slot in self._slots:
            if slot.successor is child:
                slot.successor, slot.stale = None, False
                _LOG.error("worker %d %s before it was ready; the old one stays", child.pid, _fate(status))
                return
            if slot.child is child:
                slot.child = None
                if not self._stopping:
                    self._replace(slot, child, status)
                return

    def _replace(self, slot: Slot, child: Child, status: int) -> None:
        if child.ready:
            _LOG.error("worker %d %s and is replaced", child.pid, _fate(status))
            return
        if not self._started:
            self._status = status if 0 < status < 128 else 1
            self._stop(signal.SIGTERM)
            return
        _LOG.error("worker %d %s before it was ready; next attempt in %g s", child.pid, _fate(status), slot.pause)
        slot.retry_at = time.monotonic() + slot.pause
        slot.pause = min(2 * slot.pause, _LONGEST_PAUSE)

    # What signals ask for.

    def _heed(self, number: signal.Signals) -> None:
        if number in {signal.SIGTERM, signal.SIGINT}:
            self._stop(signal.SIGKILL if self._stopping else signal.SIGTERM)
        elif number == signal.SIGHUP and not self._stopping:
            _LOG.info("replacing the workers")
            for slot in self._slots:
                slot.stale = True
        elif number == signal.SIGUSR2 and not self._stopping:
            self._begin_upgrade()

    def _stop(self, number: signal.Signals) -> None:
        self._stopping = True
        for child in self._children():
            if child.kill_at is None:
                child.kill_at = time.monotonic() + self._grace + _MERCY
            child.signal(number)

    def _begin_upgrade(self) -> None:
        if self._upgrade is None or self._upgraded is not None:
            _LOG.error("cannot start the program anew: %s", "it is being done" if self._upgraded else "not possible here")
            return
        self._upgraded = self._upgrade()
        _LOG.info("started the program anew as process %d", self._upgraded)

    def _collect_upgrade(self, pid: int) -> None:
        with suppress(ChildProcessError):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                _LOG.error("process %d %s before it took over", pid, _fate(os.waitstatus_to_exitcode(status)))
                self._upgraded = None


def _fate(status: int) -> str:
    """Say how a process ended.

    Args:
        status: as :func:`os.waitstatus_to_exitcode` gives it.
    """
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


@contextmanager
def _signals() -> Generator[socket.socket]:
    """Yield a socket on which the number of each signal arrives as a byte, in order."""
    heard, told = socket.socketpair()
    heard.setblocking(False)
    told.setblocking(False)
    before = {number: signal.signal(number, _note) for number in _SIGNALS}
    descriptor = signal.set_wakeup_fd(told.fileno())
    try:
        yield heard
    finally:
        signal.set_wakeup_fd(descriptor)
        for number, handler in before.items():
            signal.signal(number, handler)
        heard.close()
        told.close()


def _note(_number: int, _frame: FrameType | None) -> None:
    """Nothing: the wake-up descriptor tells."""


def _received(heard: socket.socket) -> bytes:
    try:
        return heard.recv(256)
    except BlockingIOError:
        return b""
