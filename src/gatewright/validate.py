"""The validator: middleware that sees both sides of every call and holds them against the rules of PEP 3333.

It changes nothing that passes through it, delays nothing and keeps nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from warnings import warn

from gatewright.spec.checks import (
    Violation,
    check_environ,
    check_exc_info,
    check_headers,
    check_iterable,
    check_status,
    environ_is_sound,
    refuse,
)
from gatewright.spec.grammar import WITHOUT_CONTENT
from gatewright.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from gatewright.types import ErrorStream, HeaderList, InputStream, StartResponse, Write, WSGIApplication

__all__ = [
    "ErrorWrapper",
    "InputWrapper",
    "IteratorWrapper",
    "PartialIteratorWrapper",
    "WSGIWarning",
    "WriteWrapper",
    "validator",
]


class WSGIWarning(Warning):
    """A rule of level should was broken: questionable, but PEP 3333 does not forbid it."""


def validator(application: WSGIApplication) -> WSGIApplication:
    """Wrap an application so that every call is checked, what the server does as well as what the application does.

    Args:
        application: the application.

    Returns:
        An application that raises an ``AssertionError`` where a rule of level must is broken, and warns with
        :class:`WSGIWarning` where one of level should is.  The error's argument is the
        :class:`~gatewright.spec.checks.Violation`; its ``__cause__`` names the rule.  An iterable that the server never
        closes is reported on ``sys.stderr`` when it is collected: nobody is left to raise it to.
    """

    def checked_application(*args: Any, **kw: Any) -> Iterable[bytes]:  # noqa: ANN401  # how it is called is to be checked
        _require(len(args) == 2, "S01", "Two arguments required")
        _require(not kw, "S01", "No keyword arguments allowed")
        environ, start_response = args
        if not environ_is_sound(environ):
            _report_all(check_environ(environ))
        call = _Call(start_response, environ["REQUEST_METHOD"])
        environ["wsgi.input"] = InputWrapper(environ["wsgi.input"])
        environ["wsgi.errors"] = ErrorWrapper(environ["wsgi.errors"])
        result = application(environ, call.start_response)
        _report(check_iterable(result))
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(result, wrapper):
            _require(call.started, "A05", "The application returned a file before start_response was called")
            return result  # as it is, or the server could not recognise it and use sendfile (rule S60)
        return IteratorWrapper(result, call)

    return checked_application


class _Call:
    """What the validator knows of one call."""

    __slots__ = ("_start_response", "content_type_missing", "method", "started")

    def __init__(self, start_response: StartResponse, method: str) -> None:
        """Remember the server's start_response and the request's method."""
        self._start_response = start_response
        self.method = method
        self.started = False
        self.content_type_missing = False

    def start_response(self, *args: Any, **kw: Any) -> WriteWrapper:  # noqa: ANN401  # likewise
        """Check what the application gives, hand it on, and wrap what the server returns."""
        _require(len(args) in (2, 3), "A04", f"Invalid number of arguments: {args}")
        _require(not kw, "A03", "No keyword arguments allowed")
        status, headers, exc_info = args if len(args) == 3 else (*args, None)
        violation = check_status(status) or check_headers(headers) or (exc_info and check_exc_info(exc_info))
        if violation:
            refuse(violation)
        _require(not self.started or exc_info, "A26", "start_response was called a second time without exc_info")
        self.started = True
        self.content_type_missing = int(status[:3]) not in WITHOUT_CONTENT and not _has_content_type(headers)
        write = self._start_response(*args)
        _require(callable(write), "S43", f"start_response must return a callable, not {write!r}")
        return WriteWrapper(write, self)

    def require_started(self) -> None:
        """Say that body came before start_response, if it did."""
        message = (
            "The application returns and we started iterating over its body, but start_response has not yet been called"
        )
        _require(self.started, "A05", message)

    def check_content(self) -> None:
        """Warn about content of no declared type; called at the first block that is not empty."""
        if self.content_type_missing and self.method != "HEAD":
            self.content_type_missing = False
            _report(Violation(RULES["A43"], "No Content-Type header found in headers"))


class InputWrapper:
    """``wsgi.input`` as the application sees it: reading is checked, closing is refused."""

    def __init__(self, wsgi_input: InputStream) -> None:
        """Wrap the server's stream."""
        self.input = wsgi_input

    def read(self, *args: int) -> bytes:
        """Read; a size must be given, which is what servers of PEP 333 need and CPython's tests require."""
        if len(args) != 1:
            message = f"input.read() takes one argument, the size, not {len(args)}"
            refuse(Violation(RULES["S37"], message, self.input, stdlib_message=""))
        return _require_bytes(self.input.read(*args), "read")

    def readline(self, *args: int) -> bytes:
        """Read a line."""
        _require(len(args) <= 1, "A31", f"input.readline() takes at most one argument, the size, not {len(args)}")
        return _require_bytes(self.input.readline(*args), "readline")

    def readlines(self, *args: int) -> list[bytes]:
        """Read lines."""
        _require(len(args) <= 1, "A31", f"input.readlines() takes at most one argument, the hint, not {len(args)}")
        lines = self.input.readlines(*args)
        _require(type(lines) is list, "S35", f"input.readlines() must return a list, not {lines!r}")
        for line in lines:
            _require_bytes(line, "readlines")
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines."""
        while line := self.readline():
            yield line

    def close(self) -> None:
        """Refuse: the stream is the server's."""
        refuse(Violation(RULES["A32"], "input.close() must not be called", self.input))


class ErrorWrapper:
    """``wsgi.errors`` as the application sees it: text only, closing is refused."""

    def __init__(self, wsgi_errors: ErrorStream) -> None:
        """Wrap the server's stream."""
        self.errors = wsgi_errors

    def write(self, s: str) -> None:
        """Write text."""
        _require(type(s) is str, "A34", f"errors.write() takes a str, not {s!r}")
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
        refuse(Violation(RULES["A32"], "errors.close() must not be called", self.errors))


class WriteWrapper:
    """The server's ``write()`` as the application sees it."""

    def __init__(self, wsgi_writer: Write, call: _Call | None = None) -> None:
        """Wrap the server's callable, which belongs to this call."""
        self.writer = wsgi_writer
        self._call = call

    def __call__(self, s: bytes) -> None:
        """Write a block."""
        _require(type(s) is bytes, "A28", f"write() takes bytes, not {s!r}")
        if s and self._call is not None:
            self._call.check_content()
        self.writer(s)


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
        self._call = check_start_response if isinstance(check_start_response, _Call) else None
        self.check_start_response = check_start_response

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next block."""
        _require(not self.closed, "S58", "Iterator read after closed")
        try:
            block = next(self.iterator)
        except StopIteration:
            if self._call is not None:
                _require(self._call.started, "A06", "The application ended without a call of start_response")
            raise
        if type(block) is not bytes:
            refuse(Violation(RULES["A09"], f"Iterator yielded non-bytestring ({block!r})", block))
        if self.check_start_response is not None:
            self._check_first(block)
        return block

    def _check_first(self, block: bytes) -> None:
        """Check what is known once a block is there: the blocks before the first that is not empty, and that one."""
        if self._call is None:
            _require(self.check_start_response, "A05", "start_response has not yet been called")
        else:
            self._call.require_started()
            if block:
                self._call.check_content()
        if block:
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
            sys.stderr.write(message)
            refuse(Violation(RULES["S58"], message))


def _require(condition: object, rule: str, message: str) -> None:
    if not condition:
        refuse(Violation(RULES[rule], message))


def _require_bytes(value: bytes, method: str) -> bytes:
    if type(value) is not bytes:
        refuse(Violation(RULES["S35"], f"input.{method}() must return bytes, not {value!r}", value))
    return value


def _report(violation: Violation | None) -> None:
    """Raise a breach of level must; warn about the others, at the line that called the application."""
    if violation is None:
        return
    if violation.rule.level.binding or violation.rule.id in ("A08", "S20"):  # errors in the standard library too
        refuse(violation)
    warn(f"{violation.message} ({violation.rule.id})", WSGIWarning, stacklevel=3)


def _report_all(violations: Iterable[Violation]) -> None:
    for violation in violations:
        _report(violation)


def _has_content_type(headers: HeaderList) -> bool:
    return any(len(name) == 12 and name.lower() == "content-type" for name, _ in headers)
