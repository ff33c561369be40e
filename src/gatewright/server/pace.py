"""How long a client that sends a body may keep others waiting."""

from __future__ import annotations

from time import monotonic

__all__ = ["Pace"]


class Pace:
    """The time that is left to a client: waiting for it takes some away, what it sends gives some back.

    Without it, a body of a byte a second would hold a thread for days.

    Args:
        timeout: seconds that are left at the beginning, and at most.
        rate: bytes that give back a second; with 0, any number gives back all.
    """

    def __init__(self, timeout: float, rate: int) -> None:
        self._timeout = timeout
        self._rate = rate
        self._left = timeout
        self._since = monotonic()

    def start(self) -> float:
        """Begin to wait; return the seconds that are left."""
        self._since = monotonic()
        return self._left

    def received(self, count: int) -> float:
        """Note that this many bytes came; return the seconds that are left, 0 or less if there are none."""
        now = monotonic()
        gain = count / self._rate if self._rate else self._timeout
        self._left = min(self._timeout, self._left - (now - self._since) + gain)
        self._since = now
        return self._left
