"""The words of HTTP: RFC 9110 and RFC 9112 tokens and tables, each under the ABNF or the section that defines it.

Strings here are "native strings" of PEP 3333: every character stands for one byte (Latin-1).
"""

from __future__ import annotations

# Sets, not regular expressions: CGI starts a process for each request, and `re` alone would be a third of that.

# RFC 9110 section 5.6.2:  token = 1*tchar
#   tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
_TCHAR = frozenset("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

# RFC 9110 section 5.1 makes a name a token; CPython's Headers looks for these only (HTAB included).
_CONTROLS = frozenset(map(chr, (*range(0x20), 0x7F)))

# RFC 9110 section 5.5:  field-value = *( VCHAR / obs-text, with SP / HTAB between )
# Of the control characters only HTAB may stand in a value; CR, LF and NUL are the dangerous ones.
_VALUE_CONTROLS = _CONTROLS - {"\t"}

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
    return text != "" and _TCHAR.issuperset(text)


def is_digits(text: str) -> bool:
    """Whether the text is ``1*DIGIT``: ASCII digits only, as Content-Length is (RFC 9110 section 8.6)."""
    return text.isascii() and text.isdigit()


def is_latin_1(text: str) -> bool:
    """Whether every character stands for one byte (PEP 3333, "Unicode Issues")."""
    return text.isascii() or max(text) <= "\xff"


def is_status(text: str) -> bool:
    """Whether the text is a status as PEP 3333 wants it: ``NNN Reason``, nothing around it, nothing odd in it.

    RFC 9110 section 15 makes the number one of three digits, the first of them 1 to 9.  PEP 3333, "The start_response()
    Callable", wants one space, a reason, no white space around it and no control character in it.
    """
    code, reason = text[:3], text[4:]
    return (
        len(code) == 3
        and is_digits(code)
        and code[0] != "0"
        and text[3:4] == " "
        and reason != ""
        and reason == reason.strip(" ")
        and _CONTROLS.isdisjoint(reason)
        and is_latin_1(reason)
    )


def control_in_value(text: str) -> str | None:
    """Return the first character that may not stand in a field value or reason, or None (RFC 9110 section 5.5)."""
    return _first(text, _VALUE_CONTROLS)


def control_in_name(text: str) -> str | None:
    """Return the first control character in a field name, or None (RFC 9110 section 5.1)."""
    return _first(text, _CONTROLS)


def _first(text: str, characters: frozenset[str]) -> str | None:
    if text.isprintable() or characters.isdisjoint(text):  # the first says the same of most texts, and is quicker
        return None
    return next(character for character in text if character in characters)
