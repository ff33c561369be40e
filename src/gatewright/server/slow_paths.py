"""What is known of calls that last, so that the next one like it does not hold up others first."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from gatewright.types import WSGIEnvironment
from gatewright.worker.contract import Turn
from gatewright.worker.patience import LONG

__all__ = ["SlowPaths", "target_of"]

# How many paths are remembered: a bound against those that are all different.
_MOST = 256

# After so many quick calls in a row a path is quick again.
_PATIENCE = 2


class SlowPaths:
    """The paths under which a call of the application was seen to last; for all connections of a worker.

    What is remembered of a path is what stands before its last segment, since ``/report/17`` tells of ``/report/18``;
    of a path with one segment, the whole.  Any thread may call any method.
    """

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        """The paths, and how many quick calls each has still to show; to be looked at, not to be changed."""

    def expects(self, target: str) -> bool:
        """Whether the call for a target, as it stands in the request line, is likely to last."""
        return _place(target) in self.known

    def puts_off(self, target: str, turn: Turn | None) -> bool:
        """Whether a call is to wait for a thread: it is likely to last, and would leave nobody for the quick ones."""
        return turn is not None and turn.is_alone and not turn.overtaken and self.expects(target)

    def run(self, call: Callable[[], object], target: str, turn: Turn | None) -> None:
        """Run a call; one that is likely to last is overtaken at once.

        Args:
            call: what runs it.
            target: of its request.
            turn: of the thread that runs it; None if it owns no loop.
        """
        if turn is None or turn.overtaken or not self.expects(target):
            call()
            return
        began_at = monotonic()
        turn.hand_over()
        call()
        self.tell(target, lasted=monotonic() - began_at > LONG)

    def tell(self, target: str, *, lasted: bool) -> None:
        """Take in how a call went."""
        paths, place = self.known, _place(target)
        if lasted:
            if len(paths) >= _MOST:
                paths.clear()
            paths[place] = _PATIENCE
            return
        left = paths.get(place, 0) - 1
        if left > 0:
            paths[place] = left
        else:
            paths.pop(place, None)


def target_of(environ: WSGIEnvironment) -> str:
    """Return the target of a request as it stands in the request line; "" if there was none that could be read."""
    return str(environ.get("REQUEST_URI", ""))


def _place(target: str) -> str:
    path = target.partition("?")[0]
    folder = path.rpartition("/")[0]
    return f"{folder}/" if folder else path
