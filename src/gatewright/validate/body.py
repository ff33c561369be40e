"""The body as the server sees it: each block is checked as it passes, and so is the end of it all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gatewright.validate.call import Call
from gatewright.validate.content import count, end
from gatewright.validate.policy import STDLIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["IteratorWrapper", "PartialIteratorWrapper"]

_LIST: type = list  # a name of no narrower type: it says of no iterable that it is a list of unknown things
_TOO_EARLY = (
    "The application returns and we started iterating over its body, but start_response has not yet been called"
)


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

    blamed = False
    """Whether it was reported already that nobody closes this."""

    _length: int | None = None
    _blocks = 0

    def __init__(self, wsgi_iterator: Iterable[bytes], check_start_response: object) -> None:
        """Wrap the application's iterable.

        Args:
            wsgi_iterator: the iterable.
            check_start_response: the call it belongs to; a list that is empty until start_response was called is taken
                as well, and None checks nothing.
        """
        self.original_iterator = wsgi_iterator
        if type(wsgi_iterator) is not _LIST and hasattr(wsgi_iterator, "__len__"):
            self._length = _length_of(wsgi_iterator)
        self.iterator: Iterator[bytes] = iter(wsgi_iterator)
        self.closed: bool = False  # only now: __del__ has nothing to say of what could not be iterated over
        self.check_start_response: object = check_start_response
        self._call = check_start_response if isinstance(check_start_response, Call) else _detached()

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next block."""
        call = self._call
        if self.closed:
            call.found("S58", "Iterator read after closed")
        call.running = call.iterating = True
        try:
            block = next(self.iterator)
        except StopIteration:
            call.running = False
            self._check_end()
            raise
        except BaseException:
            call.running = call.refused = False
            raise
        call.running = False
        if type(block) is not bytes:
            call.found("A09", f"Iterator yielded non-bytestring ({block!r})", block, body=self.iterator)
        else:
            if self.check_start_response is not None:
                self._check_first(block)
            if block:
                count(call, block, self.iterator)
        if self._length is not None:
            self._blocks += 1
        if call.refused or call.pair is not None or call.within is not None:
            self._check_step(block)
        return block

    def _check_first(self, block: bytes) -> None:
        """Check what is known once a block is there: the blocks before the first that is not empty, and that one."""
        call = self._call
        if not (call.started and self.check_start_response):
            call.found("A05", _TOO_EARLY, body=self.iterator)
        if block:
            self.check_start_response = None
            if not call.sent:
                call.check_content(body=self.iterator)

    def _check_step(self, block: bytes) -> None:
        """Check what is seldom to be checked: the end of an error handler, and middleware."""
        call = self._call
        check_trap(call, self.iterator)
        if call.within is not None:
            call.within.take(block)
        if call.pair is not None:
            call.pair.gave(ended=False, body=self.iterator)

    def _check_end(self) -> None:
        """Check what is known once there are no more blocks."""
        call = self._call
        if not call.started:
            call.found("A06", "The application ended without a call of start_response", body=self.iterator)
        check_trap(call, self.iterator)
        end(call, self.iterator)
        if self._length is not None and self._length != self._blocks:
            message = f"len() of the iterable is {self._length}, but it has {self._blocks} blocks"
            call.found("A10", message, self.original_iterator, body=self.iterator)
        if call.within is not None:
            call.within.end()
        if call.pair is not None:
            call.pair.gave(ended=True, body=self.iterator)
        # Headers are sent before the first block that is not empty: a server that went on has let them pass.
        if call.overlooked is not None and (call.sent or call.overlooked.rule.id == "S47"):
            call.report(call.overlooked)

    def close(self) -> None:
        """Close the application's iterable."""
        self.closed = True
        close = getattr(self.original_iterator, "close", None)
        if close is not None:
            close()
        if self._call.pair is not None:
            self._call.pair.closed()

    def __del__(self) -> None:
        """Say that the server never closed it (rule S58)."""
        if not getattr(self, "closed", True) and not self.blamed:
            message = "Iterator garbage collected without being closed"
            if self._call.policy is STDLIB:
                sys.stderr.write(message)
            self._call.found("S58", message)


def check_trap(call: Call, body: object) -> None:
    """Report that the application goes on after start_response, given exc_info, has raised (rule A27)."""
    if call.refused:
        call.refused = False
        call.found("A27", "The application trapped what start_response raised when it was given exc_info", body=body)


def _length_of(iterable: object) -> int | None:
    """Return what a server could get from ``len()``, or None if it could get nothing."""
    try:
        return len(iterable)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # it has __len__
    except Exception:  # noqa: BLE001  # a server would have to live without it, too
        return None


def _detached() -> Call:
    """Return a call for an iterator that belongs to none: its start_response is somebody else's business."""
    call = Call()
    call.started = True
    return call
