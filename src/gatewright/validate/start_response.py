"""The server's ``start_response`` as the application sees it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gatewright.spec.checks import (
    STATUS_CODES,
    Violation,
    check_content_length,
    check_exc_info,
    check_headers,
    check_status,
)
from gatewright.spec.rules import RULES
from gatewright.validate.write import WriteWrapper

if TYPE_CHECKING:
    from gatewright.types import HeaderList, Write
    from gatewright.validate.call import Call

__all__ = ["StartResponseWrapper"]


class StartResponseWrapper:
    """The server's ``start_response`` as the application sees it."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        """Wrap the server's callable, which belongs to this call."""
        self._call = call

    def __call__(self, *args: Any, **kw: Any) -> Write:  # noqa: ANN401  # how it is called is to be checked
        """Check what the application gives, hand it on, and wrap what the server returns."""
        call = self._call
        if kw or not 2 <= len(args) <= 3:
            return self._misused(*args, **kw)
        exc_info = args[2] if len(args) == 3 else None
        again, call.started = call.started, True  # a call counts also if it is refused (rule S47)
        self._check(args[0], args[1], exc_info)
        if again and not exc_info:
            call.found("A26", "start_response was called a second time without exc_info")
        try:
            write = call.server_start_response(*args)
        except BaseException:
            call.refused = bool(exc_info)
            raise
        if again and not exc_info:
            message = "start_response let a second call without exc_info pass"
            call.overlooked = Violation(RULES["S47"], message)
        if not callable(write):
            call.found("S43", f"start_response must return a callable, not {write!r}", write)
            return write  # type: ignore[no-any-return]  # as if it were not checked
        return WriteWrapper(write, call)

    def _misused(self, *args: Any, **kw: Any) -> Write:  # noqa: ANN401  # likewise
        call = self._call
        if not 2 <= len(args) <= 3:
            call.found("A04", f"Invalid number of arguments: {args}")
        if kw:
            call.found("A03", "No keyword arguments allowed")
        call.started = True
        return call.server_start_response(*args, **kw)  # type: ignore[no-any-return]  # whatever it is

    def _check(self, status: str, headers: HeaderList, exc_info: object) -> None:
        call = self._call
        violation = check_status(status) or check_headers(headers)
        if violation is None:
            violation = check_content_length(headers)
            if violation is None:
                code = STATUS_CODES.get(status)
                call.note(int(status[:3]) if code is None else code, headers)
        elif violation.rule.id in ("A20", "A21", "A22"):
            message = f"start_response let a header pass that is the connection's: {violation.culprit!r}"
            call.overlooked = Violation(RULES["S50"], message, violation.culprit)
        call.report(violation)
        if exc_info:
            call.report(check_exc_info(exc_info) or _check_error(exc_info))


def _check_error(exc_info: Any) -> Violation | None:  # noqa: ANN401  # a triple
    """Return the violation of a triple that no error handler can have got (rule A25), or None.

    It may well be given after the handler has ended.  But an exception that was raised has a traceback.
    """
    error, traceback = exc_info[1], exc_info[2]
    if error is None or traceback is not None or error.__traceback__ is not None or sys.exc_info()[1] is not None:
        return None
    return Violation(RULES["A25"], f"exc_info holds an exception that was never raised: {error!r}", exc_info)
