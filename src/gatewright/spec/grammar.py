"""The words of HTTP: RFC 9110 and RFC 9112 tokens and tables, each under the ABNF or the section that defines it.

Strings here are "native strings" of PEP 3333: every character stands for one byte (Latin-1).
"""

from __future__ import annotations

import re

# RFC 9110 section 5.6.2:  token = 1*tchar
#   tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

# RFC 9110 section 5.5:  field-value = *( VCHAR / obs-text, with SP / HTAB between )
# Of the control characters only HTAB may stand in a value; CR, LF and NUL are the dangerous ones.
_VALUE_CONTROL = re.compile(r"[\x00-\x08\x0A-\x1F\x7F]")

# RFC 9110 section 5.1 makes a name a token; CPython's Headers looks for these only (HTAB included).
_CONTROL = re.compile(r"[\x00-\x1F\x7F]")

# RFC 9110 section 15 (three digits, the first of them 1 to 9) with PEP 3333, "The start_response() Callable":
# one space, a reason, no white space around it and no control character in it.
_STATUS = re.compile(r"[1-9][0-9]{2} [!-~\x80-\xFF](?:[ -~\x80-\xFF]*[!-~\x80-\xFF])?")

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailers",
        "transfer-encoding",
        "upgrade",
    }
)
"""Lower-case names of the fields that PEP 3333 forbids to applications.

PEP 3333, "Other HTTP Features", refers to RFC 2616 section 13.5.1, whose list says ``Trailers``; the field is called
``Trailer``.  CPython's own tests require the misprint and forbid the correction, and RFC 9110 section 7.6.1 does not
list ``Trailer`` either.
"""


WITHOUT_CONTENT_LENGTH = frozenset({*range(100, 200), 204})
"""Status codes of responses that must not have a Content-Length (RFC 9110 section 8.6)."""

WITHOUT_CONTENT = WITHOUT_CONTENT_LENGTH | {304}
"""Status codes of responses that never have content (RFC 9110 sections 15.2, 15.3.5, 15.4.5)."""


def is_token(text: str) -> bool:
    """Whether the text is an RFC 9110 token, as methods and field names are (section 5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def is_digits(text: str) -> bool:
    """Whether the text is ``1*DIGIT``: ASCII digits only, as Content-Length is (RFC 9110 section 8.6)."""
    return text.isascii() and text.isdigit()


def is_latin_1(text: str) -> bool:
    """Whether every character stands for one byte (PEP 3333, "Unicode Issues")."""
    return text.isascii() or max(text) <= "\xff"


def is_status(text: str) -> bool:
    """Whether the text is a status as PEP 3333 wants it: ``NNN Reason``, nothing around it, nothing odd in it."""
    return _STATUS.fullmatch(text) is not None


def control_in_value(text: str) -> str | None:
    """Return the first character that may not stand in a field value or reason, or None (RFC 9110 section 5.5)."""
    found = _VALUE_CONTROL.search(text)
    return found and found.group()


def control_in_name(text: str) -> str | None:
    """Return the first control character in a field name, or None (RFC 9110 section 5.1)."""
    found = _CONTROL.search(text)
    return found and found.group()
