"""How long a call may last before the loop is taken over from it."""

from __future__ import annotations

import math

import pytest

from gatewright.worker.patience import Patience


def test_at_first() -> None:
    """Where nothing is known of calls, patience is the usual one, and the second look comes half of it later."""
    patience = Patience(1.0)
    assert (patience.at(0.0), patience.between_looks(0.0)) == (1.0, 0.5)


def test_short() -> None:
    """After calls that lasted, the first look comes earlier, and the second one soon after."""
    patience = Patience(1.0)
    patience.tell(7.0, 9.0)
    patience.tell(8.0, 10.0)
    assert (patience.at(11.0), patience.between_looks(11.0)) == (0.25, 0.025)


@pytest.mark.parametrize(
    "seconds, now, short",
    [(1.5, 10.0, True), (1.5, 14.0, True), (1.5, 16.0, False), (0.9, 10.0, False), (-math.inf, 10.0, False)],
)
def test_how_long(seconds: float, now: float, short: bool) -> None:
    """It is short for a while after calls that went on for long after they were overtaken, and no other ones."""
    patience = Patience(1.0)
    patience.tell(7.0, 9.0)
    patience.tell(10.0 - seconds, 10.0)
    assert (patience.at(now) < 1.0) == short


def test_short_call_does_not_calm() -> None:
    """Where some calls last, others that were overtaken and did not last change nothing."""
    patience = Patience(1.0)
    patience.tell(7.0, 9.0)
    patience.tell(8.0, 10.0)
    patience.tell(10.9, 11.0)
    assert patience.at(12.0) < 1.0


@pytest.mark.parametrize("first, short", [(9.0, True), (1.0, False)])
def test_one_alone(first: float, short: bool) -> None:
    """One call that lasted is no reason, nor are two that are far from each other."""
    patience = Patience(1.0)
    patience.tell(first - 2.0, first)
    before = patience.at(first)
    patience.tell(8.0, 10.0)
    assert (before, patience.at(10.0) < 1.0) == (1.0, short)
