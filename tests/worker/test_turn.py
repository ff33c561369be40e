"""Owning the loop: claims, and when the timer is set."""

from __future__ import annotations

import math
from time import monotonic
from typing import TYPE_CHECKING, cast

from gatewright.worker.contract import Connection
from gatewright.worker.patience import Patience
from gatewright.worker.turn import Ownership

if TYPE_CHECKING:
    from gatewright.worker.turn import Claim

CONNECTION = cast("Connection", object())  # nobody calls it


class Recorder:
    """A timer that remembers what it was set to."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    def set(self, delay: float) -> None:
        self.delays.append(delay)

    def wait(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def claim() -> Claim:
    """Return a claim, a new one each time."""
    return (3, CONNECTION)


def test_take() -> None:
    """Whoever takes the claim of a call has overtaken it."""
    turn = Ownership(Recorder(), Patience(1.0))
    call = claim()
    turn.claims.append(call)
    before = turn.overtaken_at
    assert (turn.current() is call, turn.take() is call, turn.overtaken) == (True, True, True)
    assert (before, turn.overtaken_at <= monotonic()) == (math.inf, True)


def test_too_late() -> None:
    """A call that has ended cannot be overtaken."""
    turn = Ownership(Recorder(), Patience(1.0))
    assert (turn.current(), turn.take(), turn.overtaken) == (None, None, False)


def test_rearm() -> None:
    """The timer is put off, and not again before half its time."""
    turn = Ownership(timer := Recorder(), Patience(1.0))
    turn.now = 10.0
    turn.rearm()
    assert (timer.delays, turn.rearm_at) == ([1.0], 10.5)


def test_first_batch() -> None:
    """A new ownership sets the timer at once, or a slow call would stall all: its predecessor's time is over."""
    assert Ownership(Recorder(), Patience(1.0)).rearm_at == 0.0


def test_hand_over() -> None:
    """A call that asks for it is urgent, the timer goes off now, and is set again with the next batch."""
    turn = Ownership(timer := Recorder(), Patience(1.0))
    turn.rearm_at = 10.5
    call = claim()
    turn.claims.append(call)
    turn.hand_over()
    assert (turn.urgent is call, timer.delays, turn.rearm_at) == (True, [0], 0.0)


def test_hand_over_when_overtaken() -> None:
    """A call that was overtaken already has nothing to hand over."""
    turn = Ownership(timer := Recorder(), Patience(1.0))
    turn.hand_over()
    assert (turn.urgent, timer.delays) == (None, [])


def test_alone() -> None:
    """Without other threads there is no timer, and nothing to set."""
    turn = Ownership(None, Patience(1.0))
    turn.claims.append(claim())
    turn.rearm()
    turn.hand_over()
    assert (turn.rearm_at, turn.urgent) == (math.inf, None)


def test_rearm_after_a_call_that_lasted() -> None:
    """Where calls have lasted lately, the timer goes off earlier and is put off more often, until that is long ago."""
    turn = Ownership(timer := Recorder(), patience := Patience(1.0))
    patience.tell(7.0, 9.0)
    patience.tell(8.0, 10.0)
    rearm_at: list[float] = []
    for turn.now in (11.0, 20.0):
        turn.rearm()
        rearm_at.append(turn.rearm_at)
    assert (timer.delays, rearm_at) == ([0.25, 1.0], [11.125, 20.5])


def test_taken_on_demand() -> None:
    """Where the call has asked for it, nothing unexpected was overtaken."""
    turn = Ownership(Recorder(), Patience(1.0))
    turn.claims.append(claim())
    turn.hand_over()
    turn.take()
    assert (turn.overtaken, turn.overtaken_at) == (True, math.inf)
