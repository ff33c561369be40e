"""What the headers of a response say of its content, held against the rules."""

from __future__ import annotations

from gatewright.spec.checks.breach import broken
from gatewright.spec.grammar import WITHOUT_CONTENT, is_digits

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from gatewright.spec.checks.violation import Violation
    from gatewright.types import HeaderList


def check_content_length(headers: HeaderList) -> Violation | None:
    """Return why the Content-Length fields of a sound header list are not one valid length (rule A41), or None."""
    values = [value for name, value in headers if len(name) == 14 and name.lower() == "content-length"]
    if len(values) > 1:
        return broken("A41", f"More than one Content-Length header: {', '.join(values)}", values)
    if values and not is_digits(values[0]):
        return broken("A41", f"Content-Length is not a number: {values[0]!r}", values[0])
    return None


def why_without_content(method: str, code: int) -> str | None:
    """Say why a response may have no content, or return None if it may (RFC 9110 section 6.4.1)."""
    if method == "HEAD":
        return "a response to HEAD"
    return f"a response of status {code}" if code in WITHOUT_CONTENT else None
