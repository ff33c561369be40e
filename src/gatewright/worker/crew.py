"""The threads of a worker: one owns the loop, one watches it, the others wait or are in a call that was overtaken."""

from __future__ import annotations

import threading
from time import monotonic

from gatewright.worker.loop import Loop
from gatewright.worker.patience import Patience
from gatewright.worker.timer import Timer
from gatewright.worker.turn import Claim, Ownership

__all__ = ["Crew"]


class Crew:
    """What the threads share.

    The owner runs applications itself, in the loop.  The watcher sleeps until the timer goes off, which it does only if
    the owner does not put it off, and takes the loop over from a call that it finds twice.

    Args:
        loop: theirs.
        timer: what the watcher sleeps on.
        patience: how long a call may last before it is taken over.
    """

    def __init__(self, loop: Loop, timer: Timer, patience: Patience) -> None:
        self._loop = loop
        self._timer = timer
        self._patience = patience
        self._watch = threading.Lock()  # whoever has it is the watcher
        self.first: Ownership = Ownership(timer, patience)
        self._turn = self.first
        self.ended: threading.Event = threading.Event()
        self.failure: BaseException | None = None
        """What ended the loop before its time."""

    def leave_to_parent(self, ended: int) -> None:
        """See :meth:`Loop.leave_to_parent`."""
        self._loop.leave_to_parent(self._turn, ended)

    def report_lost(self) -> None:
        """See :meth:`Loop.report_lost`; for when all threads are in calls that last."""
        self._loop.report_lost(self._turn.claims)

    def serve(self, turn: Ownership | None) -> None:
        """Be one of the threads, until the loop has ended.

        Args:
            turn: :attr:`first` for the thread that begins as the owner.
        """
        try:
            while (turn := turn or self._stand_by()) is not None:
                if self._loop.run(turn):
                    self._end()
                    return
                self._patience.tell(turn.overtaken_at, monotonic())
                turn = None
        except BaseException as fault:  # noqa: BLE001  # run() raises it where somebody sees it
            self.failure = fault
            self._loop.finished = True
            if turn is None:
                self._loop.wake()
            else:
                self._end()

    def _end(self) -> None:
        try:
            self._loop.close()
            self._timer.set(0)
        except OSError as fault:  # an application closed descriptors that were not its own
            self.failure = self.failure or fault
        finally:
            self.ended.set()

    def _stand_by(self) -> Ownership | None:
        """Wait until the loop can be taken over, and return what makes this thread its owner; None if it has ended."""
        timer, patience = self._timer, self._patience
        with self._watch:
            seen: Claim | None = None
            while True:
                timer.wait()
                if self._loop.finished:
                    timer.set(0)  # for the next one
                    return None
                turn, now = self._turn, monotonic()
                call = turn.current()
                if call is None:
                    if not turn.polling:  # else the owner sets the timer when it comes back
                        timer.set(patience.at(now))
                elif call is not seen and call is not turn.urgent:
                    # If there was another call at the last look, calls are quick, and looking so often is for nothing.
                    timer.set(patience.between_looks(now) if seen is None else patience.at(now) / 2)
                elif (taken := turn.take()) is not None:
                    self._turn = Ownership(timer, patience, taken)
                    return self._turn
                else:
                    timer.set(patience.at(now))
                seen = call
