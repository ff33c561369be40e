"""The processes of the server: starts workers, replaces those that die, and passes on what signals ask for.

The supervisor does nothing else, so that nothing can happen to it: it imports no application and has one thread.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from attrs import define

from gatewright.server.signals import hearing
from gatewright.server.worker_process import Child, Work, start_child
from gatewright.sockets import Listener

__all__ = ["Supervisor"]

_LOG = logging.getLogger("gatewright.server")

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD)

# signal.set_wakeup_fd() gives a byte for each signal: its number.
_AT_ONCE = 256

# Seconds that a worker has beyond the grace before it is killed: its own clock began a little later, and if all its
# threads are in calls it takes some seconds to give them up.
_MERCY = 4.0

# Seconds between attempts to start a worker that soon ends: at first, and at most.  One that has lived longer than that
# is replaced at once.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@define(eq=False)
class Slot:
    """One of the workers that there are to be, whichever process it is at the time.

    Attributes:
        child: the process, or None while there is none.
        successor: the process that is to take its place, and is not ready yet.
        stale: whether it is to be replaced by one that is not started yet.
        pause: seconds to wait when the process ends before it has lived as long.
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
        self._reloading = False
        self._upgraded: int | None = None
        self._private: tuple[int, ...] = ()
        self._ready: Callable[[], object] = lambda: None
        self._life, self._life_in = os.pipe()
        self._heard = -1

    @property
    def is_superseded(self) -> bool:
        """Whether another program goes on with the sockets, so that their files must stay."""
        return self._upgraded is not None

    def run(self, ready: Callable[[], object]) -> int:
        """Supervise until stopped; to be called once, and on the main thread.

        Args:
            ready: called once, when every worker is ready.

        Returns:
            The exit status of the program: 0, or that of the first worker if it could not be started to begin with.
        """
        self._ready = ready
        try:
            with hearing(_SIGNALS) as (self._heard, told):
                self._private = (self._life_in, self._heard, told)
                while not (self._stopping and not self._children()):
                    now = time.monotonic()
                    self._look_after(now)
                    self._sleep(now)
                    self._bury()
        finally:
            os.close(self._life_in)  # workers that there still are, if this was not to be, end of it
            os.close(self._life)
        return self._status

    def _children(self) -> list[Child]:
        current = [child for slot in self._slots for child in (slot.child, slot.successor) if child is not None]
        return current + self._leaving

    def _sleep(self, now: float) -> None:
        """Until something happens, which is dealt with, or something is due.

        What was due already and was not done (one by one) waits for what happens.
        """
        speakers = {child.reports: child for child in self._children() if child.reports is not None}
        poll = select.poll()
        for descriptor in (self._heard, *speakers):
            poll.register(descriptor, select.POLLIN)
        due = [child.kill_at for child in self._children() if child.kill_at is not None]
        if not self._stopping:
            due += [slot.retry_at for slot in self._slots if slot.retry_at > now]
        left = max(0.0, min(due) - time.monotonic()) * 1000 + 1 if due else None
        for descriptor, _ in poll.poll(left):
            if descriptor in speakers:
                self._hear(speakers[descriptor])
            else:
                for number in os.read(self._heard, _AT_ONCE):
                    self._heed(signal.Signals(number))

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
                slot.child, slot.successor = child, None
        if not self._started and all(slot.child is not None and slot.child.ready for slot in self._slots):
            self._started = True
            self._ready()
        if self._reloading and not any(slot.stale or slot.successor for slot in self._slots):
            self._reloading = False
            _LOG.info("the workers are replaced")

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
                slot.child = self._start(slot)
            first = self._slots[0].child
            if not self._started and (first is None or not first.ready):
                return  # if the application cannot be started, the first worker says it for all
        if any(slot.successor is not None for slot in self._slots):
            return  # one by one
        for slot in self._slots:
            if slot.stale and slot.child is not None and slot.child.ready:
                if slot.retry_at <= now:
                    slot.successor = self._start(slot)
                    slot.stale = slot.successor is None
                return

    def _start(self, slot: Slot) -> Child | None:
        """Start a process, or have it be tried again later."""
        private = [child.reports for child in self._children() if child.reports is not None]
        try:
            child = start_child(self._work, self._listeners, self._life, [*private, *self._private])
        except OSError as failure:
            _LOG.error("cannot start a worker: %s; next attempt in %g s", failure, slot.pause)
            self._put_off(slot)
            return None
        slot.retry_at = 0.0
        return child

    def _put_off(self, slot: Slot) -> None:
        slot.retry_at = time.monotonic() + slot.pause
        slot.pause = min(2 * slot.pause, _LONGEST_PAUSE)

    def _bury(self) -> None:
        """Deal with the processes that have ended."""
        for child in self._children():
            status = child.collect()
            if status is not None:
                self._mourn(child, status)
        if self._upgraded is not None:
            self._collect_upgrade(self._upgraded)

    def _mourn(self, child: Child, status: int) -> None:
        if child in self._leaving:
            self._leaving.remove(child)
        for slot in self._slots:
            if slot.successor is child:
                slot.successor = None
                for other in self._slots:
                    other.stale = False
                self._reloading = False
                _LOG.error("worker %d %s before it was ready; the old ones stay", child.pid, _fate(status))
            elif slot.child is child:
                slot.child, slot.successor = slot.successor, None
                if not self._stopping:
                    self._replace(slot, child, status)

    def _replace(self, slot: Slot, child: Child, status: int) -> None:
        if not (child.ready or self._started):
            self._status = status if 0 < status < 128 else 1
            self._stop(signal.SIGTERM)
        elif time.monotonic() - child.began > slot.pause:
            slot.retry_at, slot.pause = 0.0, _FIRST_PAUSE
            _LOG.error("worker %d %s and is replaced", child.pid, _fate(status))
        else:
            _LOG.error("worker %d %s at once; next attempt in %g s", child.pid, _fate(status), slot.pause)
            self._put_off(slot)

    # What signals ask for.

    def _heed(self, number: signal.Signals) -> None:
        if number in {signal.SIGTERM, signal.SIGINT}:
            self._stop(signal.SIGKILL if self._stopping else signal.SIGTERM)
        elif number == signal.SIGHUP and not self._stopping:
            _LOG.info("replacing the workers")
            self._reloading = True
            for slot in self._slots:
                slot.stale = True
        elif number == signal.SIGUSR2 and not self._stopping:
            self._begin_upgrade()

    def _stop(self, number: signal.Signals) -> None:
        if self._upgraded is not None and not self._stopping:
            _LOG.info("process %d takes over", self._upgraded)
        self._stopping = True
        for child in self._children():
            if child.kill_at is None:
                child.kill_at = time.monotonic() + self._grace + _MERCY
            child.signal(number)

    def _begin_upgrade(self) -> None:
        if self._upgrade is None or self._upgraded is not None:
            _LOG.error("cannot start the program anew: %s", "it is being done" if self._upgraded else "unknown how")
            return
        try:
            self._upgraded = self._upgrade()
        except OSError as failure:
            _LOG.error("cannot start the program anew: %s", failure)
            return
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
