"""The bytes of a body held against its Content-Length."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatewright.validate.call import Call

__all__ = ["count", "end"]


def count(call: Call, block: bytes, body: object = None) -> None:
    """Count the bytes of a block, and report the first that are too many (rules A41, M09)."""
    call.sent += len(block)
    declared = call.declared
    if declared is not None and call.sent > declared:
        call.declared = None  # to be said once
        message = f"Content-Length is {declared}, but the body has at least {call.sent} bytes"
        changed = call.pair is not None and call.pair.changed(call.sent, declared)
        call.found("M09" if changed else "A41", message, block, body=body)


def end(call: Call, body: object) -> None:
    """Report the bytes that are missing when the body is complete (rules A41, M09)."""
    declared = call.declared
    if declared is not None and call.sent < declared:
        message = f"Content-Length is {declared}, but the body has {call.sent} bytes"
        changed = call.pair is not None and call.pair.changed(call.sent, declared)
        call.found("M09" if changed else "A41", message, body=body)
