"""Owning the loop: the claim by which a call of the application can be taken over, and when to look for that."""

from __future__ import annotations

import math
from time import monotonic

from attrs import define, field

from gatewright.worker.contract import Connection
from gatewright.worker.patience import Patience
from gatewright.worker.timer import Timer

__all__ = ["Claim", "Ownership"]

# A descriptor and its connection, which is being called.  A new tuple for each call, so that `is` tells calls apart.
Claim = tuple[int, Connection]


@define(eq=False)
class Ownership:
    """One thread's time as the owner of the loop.

    Whoever takes the claim out of the list has the loop: the owner itself, after each call, or a spare thread while the
    call lasts.  `list.append` and `list.pop` are atomic.  Each ownership has a list of its own; if owners shared one, a
    thread that was overtaken could take the claim of its successor.

    Args:
        timer: wakes a spare thread; None if there is none, ever.
        patience: how long a call may last before it is taken over.
        taken: the call from which it was taken over; None for the first ownership.
    """

    timer: Timer | None
    patience: Patience
    taken: Claim | None = None
    claims: list[Claim] = field(init=False, factory=list[Claim])
    now: float = field(init=False, default=0.0)
    polling: bool = field(init=False, default=False)
    overtaken: bool = field(init=False, default=False)
    overtaken_at: float = field(init=False, default=math.inf)
    """When, if it was from a call that did not ask for it."""
    urgent: Claim | None = field(init=False, default=None)
    rearm_at: float = field(init=False, default=0.0)
    is_alone: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        if self.timer is None:
            self.rearm_at = math.inf

    def rearm(self) -> None:
        """Put the timer off: all goes well.  Half its time later is early enough for the next time."""
        if self.timer is not None:
            delay = self.patience.at(self.now)
            self.rearm_at = self.now + delay / 2
            self.timer.set(delay)

    def hand_over(self) -> None:
        """Have a spare thread take over the current call now."""
        if self.timer is not None and self.claims:
            self.urgent = self.claims[0]
            self.rearm_at = 0.0  # the timer's time is spent, whether or not this call is still on when a spare looks
            self.timer.set(0)

    def current(self) -> Claim | None:
        """Return the call that is going on, for a spare thread to look at."""
        try:
            return self.claims[0]
        except IndexError:
            return None

    def take(self) -> Claim | None:
        """Take the loop from its owner; None if the call has ended just now."""
        try:
            claim = self.claims.pop()
        except IndexError:
            return None
        self.overtaken = True
        if claim is not self.urgent:
            self.overtaken_at = monotonic()
        return claim
