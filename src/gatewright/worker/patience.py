"""How long a call may last before the loop is taken over from it, which depends on what calls did lately."""

from __future__ import annotations

import math

from attrs import define

__all__ = ["LONG", "Patience"]

LONG = 0.002
"""Seconds from which a call is one that lasts, unless something else is said: others have waited as long then."""

# Seconds for which patience is short after calls that lasted, and within which one is to follow another.
_WARY = 5.0

# The part of the usual time that is short.  Setting a timer of the kernel to a time so near costs some microseconds, in
# a virtual machine at least, and is done twice in that time; and a batch of calls that are quick is to end within it.
_SHORT = 0.25

# The part of the usual time that passes between the first two looks at a call while patience is short: a thread that
# sleeps does not keep the watcher from looking, and one that computes is past its call when the watcher comes to it.
_BETWEEN = 0.025


@define(eq=False)
class Patience:
    """The times of a crew, all in seconds.  Any thread may call any method.

    A call that lasts stalls the others until it is overtaken.  Where calls lasted lately, the next one will, and
    patience is short; where none did, a timer that is set more rarely spares work.

    Args:
        usual: how long a call may last.
    """

    usual: float
    _lasted_at: float = -math.inf
    _wary_until: float = 0.0

    def at(self, now: float) -> float:
        """Return how long a call may last now."""
        return self.usual * _SHORT if now < self._wary_until else self.usual

    def between_looks(self, now: float) -> float:
        """Return how long after the first look at a call the watcher is to look again."""
        return self.usual * _BETWEEN if now < self._wary_until else self.usual / 2

    def tell(self, overtaken_at: float, now: float) -> None:
        """Take in that a call has ended that was overtaken; it lasted if that was a while ago.

        One alone changes nothing: a protocol may have learned from it which calls last.
        """
        if now - overtaken_at > self.usual:
            if now - self._lasted_at < _WARY:
                self._wary_until = now + _WARY
            self._lasted_at = now
