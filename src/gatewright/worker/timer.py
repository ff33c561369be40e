"""A timer that one thread sleeps on and another puts off, without the sleeper's waking up.

The thread that owns the loop puts the timer off again and again while all goes well; a sleeper that woke each time, or
on a tick, would take the interpreter's lock from it.  On Linux the kernel keeps such a timer behind a descriptor.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Protocol

__all__ = ["Timer", "make_timer"]


class Timer(Protocol):
    """A timer that goes off once each time that it is set."""

    def set(self, delay: float) -> None:
        """Have it go off in so many seconds instead of whenever it would have."""
        ...

    def wait(self) -> None:
        """Sleep until it has gone off since the last wait; one thread at a time."""
        ...

    def close(self) -> None:
        """Give up what it holds; nobody waits for it now."""
        ...


class KernelTimer:
    """A timer of the kernel (timerfd_create, Linux)."""

    def __init__(self) -> None:
        self._descriptor = _create()

    def set(self, delay: float) -> None:
        """Set it; a system call."""
        _arm(self._descriptor, max(delay, 1e-9))  # zero would switch it off

    def wait(self) -> None:
        """Sleep in the kernel, without the interpreter's lock."""
        os.read(self._descriptor, 8)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


if sys.version_info >= (3, 13) and sys.platform == "linux":

    def _create() -> int:
        return os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_CLOEXEC)

    def _arm(descriptor: int, delay: float) -> None:
        os.timerfd_settime(descriptor, initial=delay)

else:
    import ctypes

    # PyDLL keeps the interpreter's lock: the calls take less time than giving the lock away and getting it back.
    _LIBC = ctypes.PyDLL(None, use_errno=True)
    _TimerSpec = ctypes.c_long * 4  # struct itimerspec: seconds and nanoseconds, of the interval and of the first time

    def _create() -> int:
        descriptor = int(_LIBC.timerfd_create(time.CLOCK_MONOTONIC, os.O_CLOEXEC))
        if descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        return descriptor

    def _arm(descriptor: int, delay: float) -> None:
        seconds = int(delay)
        spec = _TimerSpec(0, 0, seconds, int((delay - seconds) * 1e9) or 1)
        _LIBC.timerfd_settime(descriptor, 0, spec, None)


class TickingTimer:
    """A timer for systems that have no other: the sleeper wakes up every 5 ms to look."""

    def __init__(self, tick: float = 0.005) -> None:
        self._tick = tick
        self._due = float("inf")
        self._changing = threading.Lock()
        self._never = threading.Lock()
        self._never.acquire()

    def set(self, delay: float) -> None:
        """Set it; it goes off at the tick that follows."""
        with self._changing:
            self._due = time.monotonic() + delay

    def wait(self) -> None:
        """Sleep from tick to tick."""
        while not self._has_gone_off():
            self._never.acquire(timeout=self._tick)

    def _has_gone_off(self) -> bool:
        with self._changing:  # or it could be set between the look and what follows it, which would be forgotten
            gone_off = time.monotonic() >= self._due
            if gone_off:
                self._due = float("inf")
            return gone_off

    def close(self) -> None:
        """Do nothing."""


def make_timer() -> Timer:
    """Return the best timer that this system has."""
    return KernelTimer() if sys.platform == "linux" else TickingTimer()
