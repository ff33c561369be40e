"""What stands between two validators: middleware, whose both sides are seen (rules M02 to M06 and M09).

A call is taken to be within another if it reads the input of that one: if the application within was called with the
other's stream for the same resource, once, in the same thread, while the other call was running.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatewright.validate.call import Call

__all__ = ["Pair", "pair_up", "resource_of"]


def resource_of(environ: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what middleware that only passes a request on leaves as it is, but for the border between the paths."""
    return (
        environ.get("REQUEST_METHOD", ""),
        environ.get("QUERY_STRING", ""),
        environ.get("SCRIPT_NAME", ""),
        environ.get("PATH_INFO", ""),
    )


def pair_up(outer: Call, inner: Call) -> None:
    """Connect two calls, one within the other, if the code between them is middleware without doubt."""
    if not outer.running or outer.thread != inner.thread:
        return
    if outer.pair is not None:  # composed of several responses: what is owed to each is its own business
        outer.pair.certain = False
        return
    pair = Pair(outer, inner)
    pair.certain = outer.resource[:2] == inner.resource[:2] and _path(outer) == _path(inner)
    outer.pair = inner.within = pair


def _path(call: Call) -> str:
    return f"{call.resource[2]}{call.resource[3]}"


class Pair:
    """Middleware as it is seen by the calls around it and within it."""

    def __init__(self, outer: Call, inner: Call) -> None:
        """Remember both calls."""
        self.outer = outer
        self.inner = inner
        self.certain = True
        self.taken: int = 0
        self.last: bytes | None = None
        self.complete: bool = False
        self.drained: bool = False

    def take(self, block: bytes) -> None:
        """Note a block that the application gave; what another thread takes keeps nobody waiting."""
        self.last = block
        if self.outer.running and get_ident() == self.outer.thread:
            self.taken += 1

    def end(self) -> None:
        """Note that the application has no more blocks."""
        self.complete = True
        self.drained = self.outer.running and get_ident() == self.outer.thread

    def returned(self) -> None:
        """Judge the moment at which the middleware has returned (rule M04)."""
        if self.certain and (self.taken or self.drained):
            self.outer.found("M04", "The application's iterable was read before the middleware returned", body=self)
        self.taken = 0

    def gave(self, *, ended: bool, body: object) -> None:
        """Judge a step of the middleware: how much it took for one block, or for the end (rules M02, M03)."""
        taken, self.taken = self.taken, 0
        if not self.certain or taken == 0:
            return
        if taken > 1:
            self.outer.found("M02", f"{taken} blocks of the application were taken for one", body=body)
        elif ended:
            self.outer.found("M03", "A block of the application was taken and none yielded for it", body=body)

    def written(self, block: bytes) -> None:
        """Judge what the middleware writes (rule M05).

        Blocks are told by identity, which says nothing of those that Python shares, nor of those that were written too.
        """
        if self.certain and block is self.last and len(block) > 1 and not self.inner.wrote:
            self.outer.found("M05", "A block that the application yielded was passed to write()", block)

    def changed(self, sent: int, declared: int) -> bool:
        """Whether the body has another length than the Content-Length because of the middleware (rule M09)."""
        if not self.certain or self.inner.length != declared:
            return False
        return self.inner.sent <= declared < sent or (self.complete and self.inner.sent == declared)

    def closed(self) -> None:
        """Judge the end of it all (rule M06)."""
        body = self.inner.body
        if self.certain and body is not None and not body.closed:
            body.blamed = True
            self.outer.found("M06", "The application's iterable was not closed", body.original_iterator, body=self)
