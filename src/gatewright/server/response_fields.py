"""The header fields of a response as text: checked, and each on its line.

As with requests there is a strict way that says what is wrong, :func:`strict_fields`, and a fast one for what
applications usually send, :func:`usual_fields`, which answers the same or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from gatewright.errors import ForbiddenCharacter
from gatewright.spec.checks import Violation, check_header_fields, refuse
from gatewright.spec.framing import MAX_LENGTH_DIGITS
from gatewright.spec.grammar import is_digits
from gatewright.spec.rules import RULES
from gatewright.types import HeaderList

__all__ = ["UNKNOWN", "Fields", "encode_fields", "strict_fields", "usual_fields"]

UNKNOWN = -2
"""Stands for the length of a body that the application does not say."""

Fields: TypeAlias = tuple[str, int, bool, bool]
"""Four things, in this order: the lines, each *begun* by CRLF; the Content-Length, or :data:`UNKNOWN`; whether there is
a Date among them; whether there is a Server."""

# The rules whose breach is a character that would break the head apart.
_CHARACTER_RULES = frozenset({"A17", "A18"})

# Every control character but HTAB (RFC 9110 section 5.5), and what is not ASCII: sound perhaps, but not usual.
_UNUSUAL = bytes([*range(9), *range(10, 32), *range(127, 256)])
_SHOWING_UNUSUAL = bytes.maketrans(_UNUSUAL, b" " * len(_UNUSUAL))

# Fields that the head must not have twice; only this spelling of Content-Length is usual.
_SPECIAL = frozenset({"content-length", "date", "server"})

_MEMORY = 1024
"""How many names are remembered at most: a bound against applications that invent them."""

_prefixes = {"Content-Length": "\r\nContent-Length: "}
"""What stands before the value, by the names that were found sound."""


def encode_fields(headers: HeaderList) -> Fields:
    """Check the headers of a response and return their lines.

    Raises:
        AssertionError: a rule was broken (A15 to A20, A41); nothing may be sent then.
        ForbiddenCharacter: a character would break the head apart; an ``AssertionError`` too.
    """
    return usual_fields(headers) or strict_fields(headers)


def usual_fields(headers: Sequence[tuple[str, str]]) -> Fields | None:
    """Return what :func:`strict_fields` returns, or None if the headers are unusual or unsound.

    The parameter is no ``HeaderList`` because a compiled function refuses what is no list, before it can answer.
    """
    kind: type[object] = type(headers)
    if kind is not list:
        return None
    prefixes = _prefixes
    length = UNKNOWN
    lines: list[str] = []
    try:
        for item in headers:
            name, value = item
            if type(item) is not tuple or type(name) is not str or type(value) is not str:
                return None
            lines.append(prefixes[name])
            lines.append(value)
            if name == "Content-Length":
                if length != UNKNOWN or not value.isdigit() or len(value) > MAX_LENGTH_DIGITS:
                    return None
                length = int(value)
        values = "".join(lines[1::2]).encode("latin-1")
    except (KeyError, TypeError, ValueError):
        return None
    if values.translate(_SHOWING_UNUSUAL) != values:
        return None
    return "".join(lines), length, False, False


def strict_fields(headers: HeaderList) -> Fields:
    """Check the headers one by one, and remember the names.

    Raises:
        AssertionError: as :func:`encode_fields` says.
    """
    violation = check_header_fields(headers)
    if violation is not None:
        refuse(violation, ForbiddenCharacter if violation.rule.id in _CHARACTER_RULES else AssertionError)
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    names = {name.lower() for name, _ in headers}
    text = "".join([f"\r\n{name}: {value}" for name, value in headers])
    length = _length(lengths)
    _learn(headers)
    return text, length, "date" in names, "server" in names


def _length(values: list[str]) -> int:
    """RFC 9110 section 8.6: one decimal number, or the client may believe another one than its proxy."""
    if not values:
        return UNKNOWN
    if len(values) > 1 or not is_digits(values[0]) or len(values[0]) > MAX_LENGTH_DIGITS:
        refuse(Violation(RULES["A41"], f"Content-Length is not one decimal number: {values!r}", values))
    return int(values[0])


def _learn(headers: HeaderList) -> None:
    for name, _ in headers:
        if len(_prefixes) < _MEMORY and name.lower() not in _SPECIAL:
            _prefixes[name] = f"\r\n{name}: "
