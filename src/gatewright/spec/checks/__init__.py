"""The rules as functions: an environ, a status, headers or a body in, violations out.

Each function says in its docstring which rules it holds its argument against.  None of them raises, reads or writes
anything; :func:`refuse` is the one way to turn a violation into an exception.
"""

from __future__ import annotations

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from gatewright.spec.checks.breach import broken, refuse, violation_of
    from gatewright.spec.checks.callables import check_file_wrapper, check_start_response, check_wrapped_file, takes
    from gatewright.spec.checks.content import check_content_length, why_without_content
    from gatewright.spec.checks.environ import check_environ, check_errors, check_input, environ_is_sound
    from gatewright.spec.checks.response import (
        STATUS_CODES,
        check_exc_info,
        check_field_name,
        check_field_value,
        check_header_fields,
        check_headers,
        check_iterable,
        check_status,
        check_status_field,
        check_status_line,
        fields_are_known,
        head_of,
    )
    from gatewright.spec.checks.violation import Violation

__all__ = [
    "STATUS_CODES",
    "Violation",
    "broken",
    "check_content_length",
    "check_environ",
    "check_errors",
    "check_exc_info",
    "check_field_name",
    "check_field_value",
    "check_file_wrapper",
    "check_header_fields",
    "check_headers",
    "check_input",
    "check_iterable",
    "check_start_response",
    "check_status",
    "check_status_field",
    "check_status_line",
    "check_wrapped_file",
    "environ_is_sound",
    "fields_are_known",
    "head_of",
    "refuse",
    "takes",
    "violation_of",
    "why_without_content",
]

_MODULES = ("breach", "response", "content", "callables", "environ", "violation")


def __getattr__(name: str) -> object:
    """Import a name when it is asked for: handlers need few of these modules, and CGI imports them for each request."""
    if name in __all__:
        from importlib import import_module

        for module in _MODULES:
            found: object = getattr(import_module(f"{__name__}.{module}"), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
