"""Owning the loop: claims, and when the timer is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gatewright.worker.contract import Connection
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
    turn = Ownership(Recorder(), 1.0)
    call = claim()
    turn.claims.append(call)
    assert (turn.current() is call, turn.take() is call, turn.overtaken) == (True, True, True)


def test_too_late() -> None:
    """A call that has ended cannot be overtaken."""
    turn = Ownership(Recorder(), 1.0)
    assert (turn.current(), turn.take(), turn.overtaken) == (None, None, False)


def test_rearm() -> None:
    """The timer is put off, and not again before half its time."""
    turn = Ownership(timer := Recorder(), 1.0)
    turn.now = 10.0
    turn.rearm()
    assert (timer.delays, turn.rearm_at) == ([1.0], 10.5)


def test_first_batch() -> None:
    """A new ownership sets the timer at once, or a slow call would stall all: its predecessor's time is over."""
    assert Ownership(Recorder(), 1.0).rearm_at == 0.0


def test_hand_over() -> None:
    """A call that asks for it is urgent, the timer goes off now, and is set again with the next batch."""
    turn = Ownership(timer := Recorder(), 1.0)
    turn.rearm_at = 10.5
    call = claim()
    turn.claims.append(call)
    turn.hand_over()
    assert (turn.urgent is call, timer.delays, turn.rearm_at) == (True, [0], 0.0)


def test_hand_over_when_overtaken() -> None:
    """A call that was overtaken already has nothing to hand over."""
    turn = Ownership(timer := Recorder(), 1.0)
    turn.hand_over()
    assert (turn.urgent, timer.delays) == (None, [])


def test_alone() -> None:
    """Without other threads there is no timer, and nothing to set."""
    turn = Ownership(None, 1.0)
    turn.claims.append(claim())
    turn.rearm()
    turn.hand_over()
    assert (turn.rearm_at, turn.urgent) == (float("inf"), None)
