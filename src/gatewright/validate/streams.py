"""``wsgi.input`` and ``wsgi.errors`` as the application sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from gatewright.spec.checks import Violation, refuse, takes
from gatewright.spec.grammar import is_digits
from gatewright.spec.rules import RULES, Party
from gatewright.validate.call import Call
from gatewright.validate.policy import STDLIB, Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gatewright.types import ErrorStream, InputStream

__all__ = ["ErrorWrapper", "InputWrapper"]


_INPUT_METHODS = "read, readline, readlines and iteration"
_ERRORS_METHODS = "write, writelines and flush"


class UnlistedAttribute(AssertionError, AttributeError):
    """An attribute of a stream that PEP 3333 does not list: the error of the validator, and that of ``hasattr()``."""


class InputWrapper:
    """``wsgi.input`` as the application sees it: reading is checked, closing is refused."""

    _length = ""
    _read = 0

    def __init__(
        self, wsgi_input: InputStream, call: Call | None = None, environ: Mapping[str, Any] | None = None
    ) -> None:
        """Wrap the server's stream, which belongs to this call and its environ."""
        self.input = wsgi_input
        self.call: Call = call or Call()
        if environ is not None and not environ.get("wsgi.input_terminated"):
            length = environ.get("CONTENT_LENGTH")
            self._length = length if type(length) is str else ""

    def read(self, *args: int) -> bytes:
        """Read; ``validator()`` wants a size, which servers of PEP 333 need and CPython's tests require."""
        if len(args) != 1 and (args or self.call.policy is STDLIB):
            message = f"input.read() takes one argument, the size, not {len(args)}"
            self.call.report(
                Violation(RULES["S37"], message, self.input, stdlib_message="", side=Party.APPLICATION),
            )
        if self._length:
            self._check_size(*args)
        try:
            data = self.input.read(*args)
        except TypeError:
            if not args and not takes(self.input.read, 0, 1):
                self.call.found("S37", "wsgi.input.read() needs a size", self.input)
            raise
        return self._require_bytes(data, "read")

    def readline(self, *args: int) -> bytes:
        """Read a line."""
        if len(args) > 1:
            self.call.found("A31", f"input.readline() takes at most one argument, the size, not {len(args)}")
        try:
            line = self.input.readline(*args)
        except TypeError:
            if len(args) == 1 and not takes(self.input.readline, 1, 1):
                self.call.found("S39", "wsgi.input.readline() does not take a size", self.input)
            raise
        return self._require_bytes(line, "readline")

    def readlines(self, *args: int) -> list[bytes]:
        """Read lines."""
        if len(args) > 1:
            self.call.found("A31", f"input.readlines() takes at most one argument, the hint, not {len(args)}")
        lines = self.input.readlines(*args)
        if type(lines) is not list:
            self.call.found("S35", f"input.readlines() must return a list, not {lines!r}", lines)
            return lines
        for line in lines:
            self._require_bytes(line, "readlines")
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines."""
        while line := self.readline():
            yield line

    def close(self, *args: Any) -> None:  # noqa: ANN401  # as it is
        """Refuse: the stream is the server's."""
        self.call.found("A32", "input.close() must not be called", self.input)
        cast("Any", self.input).close(*args)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the server's stream has
        """Refuse what PEP 3333 does not list; some streams have it, but not all."""
        return _unlisted(self, self.__dict__.get("input"), name, _INPUT_METHODS)

    def _check_size(self, size: object = -1, *_: object) -> None:
        """Report a size beyond what CONTENT_LENGTH leaves (rule A33); to ask for all that is left is no such size."""
        left = max(0, int(self._length) - self._read) if is_digits(self._length) else None
        if left is not None and isinstance(size, int) and size > left:
            self._length = ""  # to be said once
            self.call.found("A33", f"input.read() asks for {size} bytes where {left} are left of CONTENT_LENGTH", size)

    def _require_bytes(self, value: bytes, method: str) -> bytes:
        if type(value) is not bytes:
            self.call.found("S35", f"input.{method}() must return bytes, not {value!r}", value)
        elif self._length:
            self._read += len(value)
        return value


class ErrorWrapper:
    """``wsgi.errors`` as the application sees it: text only, closing is refused."""

    def __init__(self, wsgi_errors: ErrorStream, call: Call | None = None) -> None:
        """Wrap the server's stream, which belongs to this call."""
        self.errors: Any = wsgi_errors
        self.call: Call = call or Call()

    def write(self, *args: Any) -> None:  # noqa: ANN401  # how it is called is to be checked
        """Write text."""
        if len(args) != 1:
            self.call.found("A34", f"errors.write() takes one argument, not {len(args)}")
        elif type(args[0]) is not str:
            self.call.found("A34", f"errors.write() takes a str, not {args[0]!r}", args[0])
        try:
            self.errors.write(*args)
        except UnicodeError as error:
            if isinstance(error, UnicodeEncodeError) and not _has_surrogates(error.object):
                self.call.found("S28", f"wsgi.errors does not take {args[0]!r}: {error}", self.errors)
            raise

    def flush(self) -> None:
        """Flush."""
        self.errors.flush()

    def writelines(self, seq: Iterable[str]) -> None:
        """Write each text."""
        for line in seq:
            self.write(line)

    def close(self, *args: Any) -> None:  # noqa: ANN401  # as it is
        """Refuse: the stream is the server's."""
        self.call.found("A32", "errors.close() must not be called", self.errors)
        self.errors.close(*args)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the server's stream has
        """Refuse what PEP 3333 does not list; some streams have it, but not all."""
        return _unlisted(self, self.__dict__.get("errors"), name, _ERRORS_METHODS)


def _unlisted(wrapper: InputWrapper | ErrorWrapper, stream: object, name: str, listed: str) -> Any:  # noqa: ANN401  # whatever the server's stream has
    """Refuse an attribute, or report the call of a method: whether other attributes are used cannot be seen."""
    if name.startswith("__") or name in ("call", "errors", "input"):
        raise AttributeError(name)
    call, message = wrapper.call, f"{name!r} is not among the methods that PEP 3333 lists: {listed}"
    violation = Violation(RULES["A31"], message, name)
    if call.policy.action_for(violation.rule) is Action.RAISE:
        refuse(call.located(violation), UnlistedAttribute)
    value = getattr(stream, name)
    if not callable(value):
        return value

    def reported(*args: Any, **kw: Any) -> Any:  # noqa: ANN401  # as it is
        call.report(violation)
        return value(*args, **kw)

    return reported


def _has_surrogates(text: str) -> bool:
    """Whether the text holds what is no character at all."""
    return any("\ud800" <= character <= "\udfff" for character in text)
