"""``wsgi.input`` and ``wsgi.errors`` as the application sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewright.spec.checks import Violation
from gatewright.spec.rules import RULES
from gatewright.validate.call import Call
from gatewright.validate.policy import STDLIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gatewright.types import ErrorStream, InputStream

__all__ = ["ErrorWrapper", "InputWrapper"]


class InputWrapper:
    """``wsgi.input`` as the application sees it: reading is checked, closing is refused."""

    def __init__(self, wsgi_input: InputStream, call: Call | None = None) -> None:
        """Wrap the server's stream, which belongs to this call."""
        self.input = wsgi_input
        self._call = call or Call()

    def read(self, *args: int) -> bytes:
        """Read; ``validator()`` wants a size, which servers of PEP 333 need and CPython's tests require."""
        if len(args) != 1 and (args or self._call.policy is STDLIB):
            message = f"input.read() takes one argument, the size, not {len(args)}"
            self._call.report(Violation(RULES["S37"], message, self.input, stdlib_message=""))
        return self._require_bytes(self.input.read(*args), "read")

    def readline(self, *args: int) -> bytes:
        """Read a line."""
        message = f"input.readline() takes at most one argument, the size, not {len(args)}"
        self._call.require(len(args) <= 1, "A31", message)
        return self._require_bytes(self.input.readline(*args), "readline")

    def readlines(self, *args: int) -> list[bytes]:
        """Read lines."""
        message = f"input.readlines() takes at most one argument, the hint, not {len(args)}"
        self._call.require(len(args) <= 1, "A31", message)
        lines = self.input.readlines(*args)
        if type(lines) is not list:
            self._call.report(Violation(RULES["S35"], f"input.readlines() must return a list, not {lines!r}", lines))
            return lines
        for line in lines:
            self._require_bytes(line, "readlines")
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines."""
        while line := self.readline():
            yield line

    def close(self) -> None:
        """Refuse: the stream is the server's."""
        self._call.report(Violation(RULES["A32"], "input.close() must not be called", self.input))

    def _require_bytes(self, value: bytes, method: str) -> bytes:
        if type(value) is not bytes:
            self._call.report(Violation(RULES["S35"], f"input.{method}() must return bytes, not {value!r}", value))
        return value


class ErrorWrapper:
    """``wsgi.errors`` as the application sees it: text only, closing is refused."""

    def __init__(self, wsgi_errors: ErrorStream, call: Call | None = None) -> None:
        """Wrap the server's stream, which belongs to this call."""
        self.errors = wsgi_errors
        self._call = call or Call()

    def write(self, s: str) -> None:
        """Write text."""
        self._call.require(type(s) is str, "A34", f"errors.write() takes a str, not {s!r}")
        self.errors.write(s)

    def flush(self) -> None:
        """Flush."""
        self.errors.flush()

    def writelines(self, seq: Iterable[str]) -> None:
        """Write each text."""
        for line in seq:
            self.write(line)

    def close(self) -> None:
        """Refuse: the stream is the server's."""
        self._call.report(Violation(RULES["A32"], "errors.close() must not be called", self.errors))
