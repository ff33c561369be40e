"""Timers that are put off."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from gatewright.worker.timer import KernelTimer, TickingTimer, Timer, make_timer

KINDS = [
    pytest.param(KernelTimer, marks=pytest.mark.skipif(sys.platform != "linux", reason="a timer of Linux")),
    TickingTimer,
]


@pytest.fixture(params=KINDS)
def timer(request: pytest.FixtureRequest) -> Iterator[Timer]:
    """Return a timer of each kind."""
    kind: Callable[[], Timer] = request.param
    timer = kind()
    yield timer
    timer.close()


def test_goes_off(timer: Timer) -> None:
    """It goes off when its time has come, not before."""
    before = time.monotonic()
    timer.set(0.02)
    timer.wait()
    assert time.monotonic() - before >= 0.02


def test_at_once(timer: Timer) -> None:
    """No time is time, too."""
    timer.set(0)
    timer.wait()


def test_gone_off_before(timer: Timer) -> None:
    """If it went off while nobody waited, the next one need not wait."""
    timer.set(0.001)
    time.sleep(0.005)
    timer.wait()


def test_again(timer: Timer) -> None:
    """It can be set again."""
    for _ in range(3):
        timer.set(0.001)
        timer.wait()


def test_put_off(timer: Timer) -> None:
    """The last setting counts."""
    timer.set(1000)
    timer.set(0.001)
    timer.wait()


def test_set_while_waiting(timer: Timer) -> None:
    """It can be set while another thread waits for it."""
    timer.set(1000)
    thread = threading.Thread(target=timer.wait)
    thread.start()
    timer.set(0.001)
    thread.join(20)
    assert not thread.is_alive()


def test_set_as_it_goes_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes off once more if it is set by another thread just when the sleeper finds that it has gone off."""
    timer, looking = TickingTimer(), threading.Event()
    monotonic = time.monotonic

    def look() -> float:
        now = monotonic()
        if threading.current_thread() is sleeper and not looking.is_set():
            looking.set()
            setter.join(0.1)  # it has to wait for the sleeper, or is done by now
        return now

    def sleep_twice() -> None:
        timer.wait()
        timer.wait()

    def set_again() -> None:
        looking.wait()
        timer.set(0)

    sleeper, setter = (threading.Thread(target=act, daemon=True) for act in (sleep_twice, set_again))
    timer.set(0)
    monkeypatch.setattr(time, "monotonic", look)
    setter.start()
    sleeper.start()
    sleeper.join(20)
    assert not sleeper.is_alive()


def test_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux has the better one."""
    timer = make_timer()
    timer.close()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert (type(timer), type(make_timer())) == (KernelTimer, TickingTimer)
