"""The body as the server sees it: each block is checked as it passes, and so is the end of it all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gatewright.spec.checks import Violation
from gatewright.spec.rules import RULES
from gatewright.validate.call import Call
from gatewright.validate.policy import STDLIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["IteratorWrapper", "PartialIteratorWrapper"]


class PartialIteratorWrapper:
    """An iterable that is checked once it is iterated over; kept for those who import it."""

    def __init__(self, wsgi_iterator: Iterable[bytes]) -> None:
        """Wrap the iterable."""
        self.iterator = wsgi_iterator

    def __iter__(self) -> IteratorWrapper:
        """Return the checked iterator."""
        return IteratorWrapper(self.iterator, None)


class IteratorWrapper:
    """The body as the server sees it: each block checked as it passes, and the end of it all."""

    def __init__(self, wsgi_iterator: Iterable[bytes], check_start_response: object) -> None:
        """Wrap the application's iterable.

        Args:
            wsgi_iterator: the iterable.
            check_start_response: the call it belongs to; a list that is empty until start_response was called is taken
                as well, and None checks nothing.
        """
        self.original_iterator = wsgi_iterator
        self.iterator = iter(wsgi_iterator)
        self.closed = False  # only now: __del__ has nothing to say of what could not be iterated over
        self.check_start_response = check_start_response
        self._call = check_start_response if isinstance(check_start_response, Call) else _detached()

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next block."""
        call = self._call
        if self.closed:
            call.require(condition=False, rule="S58", message="Iterator read after closed")
        try:
            block = next(self.iterator)
        except StopIteration:
            if not call.started:
                message = "The application ended without a call of start_response"
                call.require(condition=False, rule="A06", message=message, body=self.iterator)
            raise
        if type(block) is not bytes:
            violation = Violation(RULES["A09"], f"Iterator yielded non-bytestring ({block!r})", block)
            call.report(violation, self.iterator)
        if self.check_start_response is not None:
            self._check_first(block)
        return block

    def _check_first(self, block: bytes) -> None:
        """Check what is known once a block is there: the blocks before the first that is not empty, and that one."""
        message = (
            "The application returns and we started iterating over its body, but start_response has not yet been called"
        )
        self._call.require(self._call.started and self.check_start_response, "A05", message, self.iterator)
        if block:
            self._call.check_content()
            self.check_start_response = None

    def close(self) -> None:
        """Close the application's iterable."""
        self.closed = True
        close = getattr(self.original_iterator, "close", None)
        if close is not None:
            close()

    def __del__(self) -> None:
        """Say that the server never closed it (rule S58)."""
        if not getattr(self, "closed", True):
            message = "Iterator garbage collected without being closed"
            if self._call.policy is STDLIB:
                sys.stderr.write(message)
            self._call.report(Violation(RULES["S58"], message))


def _detached() -> Call:
    """Return a call for an iterator that belongs to none: its start_response is somebody else's business."""
    call = Call()
    call.started = True
    return call
