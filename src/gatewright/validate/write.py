"""The server's ``write()`` as the application sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatewright.validate.call import Call
from gatewright.validate.content import count

if TYPE_CHECKING:
    from gatewright.types import Write

__all__ = ["WriteWrapper"]


class WriteWrapper:
    """The server's ``write()`` as the application sees it."""

    __slots__ = ("_call", "writer")

    def __init__(self, wsgi_writer: Write, call: Call | None = None) -> None:
        """Wrap the server's callable, which belongs to this call."""
        self.writer: Any = wsgi_writer
        self._call = call

    def __call__(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401  # how it is called is to be checked
        """Write a block."""
        call = self._call or _detached()
        if len(args) != 1 or kw:
            call.found("A28", f"write() takes one positional argument, not {(*args, *kw)}")
        elif type(args[0]) is not bytes:
            call.found("A28", f"write() takes bytes, not {args[0]!r}", args[0])
        else:
            self._check(call, args[0])
        self.writer(*args, **kw)

    def _check(self, call: Call, block: bytes) -> None:
        if call.iterating:
            call.found("A30", "write() was called from within the iterable", block)
        if not call.wrote:
            call.wrote = True
            call.found("A29", "write() was called; yield the block instead")
        if block:
            if not call.sent:
                call.check_content()
            count(call, block)
        if call.pair is not None:
            call.pair.written(block)


def _detached() -> Call:
    """Return the call of a wrapper that was made from the server's callable alone."""
    call = Call()
    call.wrote = True
    return call
