"""The server's ``write()`` as the application sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewright.spec.checks import Violation, refuse
from gatewright.spec.rules import RULES

if TYPE_CHECKING:
    from gatewright.types import Write
    from gatewright.validate.call import Call

__all__ = ["WriteWrapper"]


class WriteWrapper:
    """The server's ``write()`` as the application sees it."""

    def __init__(self, wsgi_writer: Write, call: Call | None = None) -> None:
        """Wrap the server's callable, which belongs to this call."""
        self.writer = wsgi_writer
        self._call = call

    def __call__(self, s: bytes) -> None:
        """Write a block."""
        if type(s) is not bytes:
            violation = Violation(RULES["A28"], f"write() takes bytes, not {s!r}", s)
            if self._call is None:
                refuse(violation)
            self._call.report(violation)
        if s and self._call is not None:
            self._call.check_content()
        self.writer(s)
