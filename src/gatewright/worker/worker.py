"""A worker: one process's loop and threads, to be run on a thread of the caller's choice."""

from __future__ import annotations

import threading
import time
from collections.abc import Container, Sequence
from functools import partial

from gatewright.errors import ConfigurationError
from gatewright.sockets import Listener
from gatewright.worker.acceptor import Acceptor
from gatewright.worker.contract import Connect
from gatewright.worker.crew import Crew
from gatewright.worker.forks import told_of_forks
from gatewright.worker.loop import Limits, Loop
from gatewright.worker.patience import LONG, Patience
from gatewright.worker.poller import make_poller
from gatewright.worker.timer import make_timer
from gatewright.worker.turn import Ownership

__all__ = ["Worker"]

_LEAVE = 1.0  # seconds that threads have to notice that the worker has ended


class Worker:
    """Serves connections with an event loop and threads, for as long as :meth:`run` runs; then it is spent.

    With one thread, applications run inline, on the thread that called :meth:`run`.  With more, they run on threads of
    the worker's own; the loop is taken over from a call that lasts, so that it does not stall the others.  If all
    threads are in calls that last, requests wait.  A connection that waits for its client needs no thread.

    Not for Windows.

    Args:
        listeners: where to accept connections; the worker closes them, as soon as it is stopped.
        connect: makes the connections.
        threads: how many calls may go on at a time.
        max_connections: how many connections to hold; more wait in the backlog.
        grace: how many seconds requests in flight have to end in, once stopped.
        allowed: the IP addresses that may connect; None for all.
        patience: how many seconds a call may last before another thread takes over the loop.
        tick: every how many seconds the deadlines of connections are looked at.
        batch: how many connections to accept in a row.  More than one spares the work between them, but where other
            processes accept on the same listeners, the first to wake would take nearly all.

    Raises:
        ConfigurationError: if a number is too small.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        connect: Connect,
        *,
        threads: int = 1,
        max_connections: int = 1000,
        grace: float = 30.0,
        allowed: Container[str] | None = None,
        patience: float = LONG,
        tick: float = 1.0,
        batch: int = 1,
    ) -> None:
        for name, number, least in (
            ("threads", threads, 1),
            ("connections", max_connections, 1),
            ("seconds of grace", grace, 0),
        ):
            if number < least:
                raise ConfigurationError(f"the number of {name} is {number}, and has to be {least} at least")
        poller = make_poller()
        limits = Limits(max_connections, grace, tick, threads)
        self._loop = Loop(connect, Acceptor(listeners, poller, allowed, batch), poller, limits)
        self._threads = threads
        self._patience = Patience(patience)

    def run(self) -> None:
        """Serve until stopped; when it returns, listeners and connections are closed.

        Calls of the application that outlast the grace go on, on their threads, which do not keep the process alive.

        Raises:
            BaseException: whatever ended the loop before its time, KeyboardInterrupt among it.
        """
        if self._threads == 1:
            self._run_inline()
        else:
            self._run_crew()

    def stop(self) -> None:
        """Stop gracefully: accept nothing, close idle connections, let requests in flight end, within the grace.

        It may be called on any thread, in a signal handler, and more than once.
        """
        self._loop.stop()

    def abort(self) -> None:
        """Stop at once; it may be called wherever :meth:`stop` may."""
        self._loop.abort()

    def _run_inline(self) -> None:
        turn = Ownership(None, self._patience)
        try:
            with told_of_forks(partial(self._loop.leave_to_parent, turn)):
                self._loop.run(turn)
        finally:
            self._loop.finished = True
            self._loop.close()

    def _run_crew(self) -> None:
        timer = make_timer()
        crew = Crew(self._loop, timer, self._patience)
        threads = [
            threading.Thread(target=crew.serve, args=(turn,), name=f"gatewright-{number}", daemon=True)
            for number, turn in enumerate([crew.first] + [None] * (self._threads - 1), start=1)
        ]
        try:
            with told_of_forks(crew.leave_to_parent):
                for thread in threads:
                    thread.start()
                # Not for ever: it must end even if all threads stay in their calls.
                while not crew.ended.wait(0.5):
                    if self._loop.is_overdue(_LEAVE):
                        crew.report_lost()
                        break
        finally:
            self._loop.finished = True
            self._loop.wake()
            timer.set(0)
            if _are_over(threads):
                self._loop.close()
                timer.close()
        if crew.failure is not None:
            raise crew.failure


def _are_over(threads: Sequence[threading.Thread]) -> bool:
    """Whether all have ended, after some time; a thread in a call that lasts has not."""
    end = time.monotonic() + _LEAVE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, end - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)
