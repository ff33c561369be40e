from __future__ import annotations

import pytest

from gatewright.server import pace
from gatewright.server.pace import Pace


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stop the time."""
    clock = Clock()
    monkeypatch.setattr(pace, "monotonic", clock)
    return clock


def test_silence(clock: Clock) -> None:
    """Waiting uses up what is left."""
    left = Pace(10, 100)
    clock.now += 4
    assert (left.received(0), left.start()) == (6, 6)


def test_enough(clock: Clock) -> None:
    """What comes gives time back, but never more than there was."""
    left = Pace(10, 100)
    clock.now += 4
    assert (left.received(200), left.received(100_000)) == (8, 10)


def test_slow(clock: Clock) -> None:
    """A client that is slower than it may be runs out of time, though it never pauses."""
    left = Pace(10, 100)
    for _ in range(11):
        clock.now += 1
        left.received(1)
    assert left.start() <= 0


def test_any_pace(clock: Clock) -> None:
    """With a rate of 0, a byte now and then is enough."""
    left = Pace(10, 0)
    clock.now += 9
    assert left.received(1) == 10


def test_time_that_the_application_takes(clock: Clock) -> None:
    """Time in which nobody waits for the client is not the client's."""
    left = Pace(10, 100)
    clock.now += 60
    left.start()
    clock.now += 1
    assert left.received(0) == 9
