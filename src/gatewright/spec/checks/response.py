"""What an application hands to its server, held against the rules: status, headers, exc_info and the body.

Statuses and header names come from a small vocabulary, so those that were found sound are remembered, in bounded sets.
Values are judged anew each time, unless all fields are those of the response before.
"""

from __future__ import annotations

from gatewright.spec.checks.breach import broken
from gatewright.spec.grammar import (
    HOP_BY_HOP,
    control_in_name,
    control_in_value,
    is_digits,
    is_latin_1,
    is_status,
    is_token,
)

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Container
    from typing import TypeAlias

    from gatewright.spec.checks.violation import Violation
    from gatewright.types import HeaderList

    Fields: TypeAlias = tuple[str, int, int, HeaderList]
    """Header fields as they travel, their marks, their Content-Length or -1, and themselves, which nobody changes."""

_MEMORY = 1024
"""How many statuses, and how many names, are remembered at most: a bound against applications that invent them."""

STATUS_CODES: dict[str, int] = {}
"""The codes of the statuses that were found sound."""

LENGTH, DATE, SERVER = 1, 2, 4
"""Marks: bits that say which of the fields are there that a server adds otherwise."""

_MARKED = ("content-length", "date", "server")

_sendable_names: dict[str, int] = {}
"""The names that may be sent, each with its mark or 0; without ``Status``, which not every server may send."""

# Digits of a Content-Length that is read here; another one needs a closer look.
_MOST_DIGITS = 15

_sound_names: set[str] = set()

_last: Fields = ("", 0, -1, [])
"""What :func:`head_of` returned last; replaced as one, so that threads need no lock."""

# Characters of fields that are remembered, a bound to what stays in memory when the response has gone.
_MOST_REMEMBERED = 4096


def check_status(status: object) -> Violation | None:
    """Return what is wrong with a status (rules A12, A13, A14, A19), in the validator's words, or None."""
    if type(status) is not str:
        return broken("A12", f"Status must be of type str (got {status!r})", status)
    if status in STATUS_CODES or _is_sound(status):
        return None
    return _check_status_characters(status) or _check_status_form(status)


def check_status_line(status: object) -> Violation | None:
    """Return why a status may not be sent (rules A12, A13, A14, A19), in the handlers' words, or None.

    Milder than :func:`check_status`: what every client reads without harm is let through ("200 ", "200  OK").
    """
    if type(status) is not str:
        return broken("A12", f"Status must be of type str (got {status!r})", status)
    if status in STATUS_CODES or _is_sound(status):
        return None
    if len(status) < 4:
        return broken("A13", "Status must be at least 4 characters", status)
    if not is_digits(status[:3]) or status[0] == "0":
        return broken("A13", "Status message must begin w/3-digit code", status)
    if status[3] != " ":
        return broken("A13", "Status message must have a space after code", status)
    return _check_status_characters(status)


def check_headers(headers: HeaderList) -> Violation | None:
    """Return the first thing wrong with a header list (rules A15 to A23), as the validator judges it, or None."""
    if fields_are_known(headers, _sound_names):
        return None
    violation = check_header_fields(headers)
    if violation is not None:
        return _transfer_coding(violation) or violation
    for name, value in headers:
        violation = check_status_field(name, value) or _check_name_further(name, value)
        if violation is not None:
            return violation
        if len(_sound_names) < _MEMORY:
            _sound_names.add(name)
    return None


def check_header_fields(headers: HeaderList) -> Violation | None:
    """Return why a header list may not be sent (rules A15 to A20), or None.

    This is what handlers refuse: what is no list of fields, would break the head apart, or belongs to the connection.
    """
    if fields_are_known(headers):
        return None
    kind = type(headers)
    if kind is not list:
        return broken("A15", f"Headers ({headers!r}) must be of type list: {kind!r}", headers)
    for item in headers:
        violation = _check_pair(item) or _check_field(*item)
        if violation is not None:
            return violation
    return None


def head_of(headers: HeaderList) -> Fields | None:
    """Return the fields as they travel and what is to be known of them, or None for a closer look.

    The fast answer for the common case, and the whole work in one pass: all names were found good before, all values
    are plain ASCII, and there is at most one Content-Length, which is a number.  Where it returns None,
    :func:`check_header_fields` decides.

    Most applications answer with the same fields as a moment ago, so the last ones are kept, and what is equal to them
    is as good: to see that takes a tenth of the time.  (What is equal but of a subclass passes, too; what is sent are
    the strings that were judged.)
    """
    global _last  # noqa: PLW0603  # a memory of one value, cheaper than any container for it
    if type(headers) is not list:
        return None
    lines, marks, length = "", 0, -1
    try:
        if headers == _last[3]:
            return _last
        for item in headers:
            name, value = item
            mark = _sendable_names[name]
            if type(item) is not tuple or type(name) is not str or type(value) is not str or not value.isprintable():
                return None
            if mark:
                if mark == LENGTH:
                    if marks & LENGTH or not value.isdigit() or len(value) > _MOST_DIGITS:
                        return None
                    length = int(value)
                marks |= mark
            lines = f"{lines}{name}: {value}\r\n"  # in one piece: quicker than to make the line and append it
    except (KeyError, TypeError, ValueError):
        return None
    if not lines.isascii():
        return None
    found = lines, marks, length, headers[:]  # the application may change its list
    if len(lines) <= _MOST_REMEMBERED:
        _last = found
    return found


def marks_of(headers: HeaderList) -> int:
    """Return the marks of fields that were found sound."""
    marks = 0
    for name, _ in headers:
        marks |= _mark(name.lower())
    return marks


def _mark(name: str) -> int:
    return 1 << _MARKED.index(name) if name in _MARKED else 0


def fields_are_known(headers: HeaderList, names: Container[str] = _sendable_names) -> bool:
    """Whether :func:`check_header_fields` finds no fault, the fast answer for the common case.

    All names were found good before and all values are plain ASCII.  Good headers may be called unknown, never the
    reverse.
    """
    if type(headers) is not list:
        return False
    for item in headers:
        if type(item) is not tuple or len(item) != 2:
            return False
        name, value = item
        if (
            type(name) is not str
            or name not in names
            or type(value) is not str
            or not value.isascii()
            or not value.isprintable()
        ):
            return False
    return True


def check_field_name(name: object) -> Violation | None:
    """Return why a header name may not be stored (rules A16, A17), or None."""
    if type(name) is not str:
        return broken("A16", f"Header name must be of type str (got {name!r})", name)
    character = control_in_name(name)
    if character is not None:
        return broken("A17", f"Bad header name: {name!r} (bad char: {character!r})", name)
    return None


def check_field_value(value: object) -> Violation | None:
    """Return why a header value may not be stored (rules A16, A18), or None."""
    if type(value) is not str:
        return broken("A16", f"Header value must be of type str (got {value!r})", value)
    if value.isprintable():
        return None
    character = control_in_value(value)
    if character is not None:
        return broken("A18", f"Bad header value: {value!r} (bad char: {character!r})", value)
    return None


def check_status_field(name: str, value: str) -> Violation | None:
    """Return that a sound field is named ``Status``, for which CGI has a meaning of its own (rule A23), or None."""
    if name.lower() != "status":
        return None
    message = (
        "The Status header cannot be used; it conflicts with CGI script, "
        f"and HTTP status is not given through headers (value: {value!r})."
    )
    return broken("A23", message, name)


def check_exc_info(exc_info: object) -> Violation | None:
    """Return why this is no ``sys.exc_info()`` triple (rule A24), or None; None itself and three Nones are good."""
    if exc_info is None:
        return None
    kind = type(exc_info)
    if kind is not tuple:
        return broken("A24", f"exc_info ({exc_info!r}) is not a tuple: {kind!r}", exc_info)
    items: tuple[object, ...] = exc_info  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # it is one
    if items == (None, None, None):
        return None
    from types import TracebackType  # seldom needed, and CGI pays for each import at each request

    if (
        len(items) != 3
        or not isinstance(items[0], type)
        or not isinstance(items[1], BaseException)
        or not isinstance(items[2], TracebackType | None)
    ):
        return broken("A24", f"exc_info ({exc_info!r}) is not a (type, value, traceback) triple", exc_info)
    return None


def check_iterable(result: object) -> Violation | None:
    """Return why an application's result is no body (rules A07, A08), or None."""
    if result is None:
        message = "The application must return an iterator, if only an empty list"
        return broken("A07", message, result)
    if isinstance(result, (str, bytes)):
        message = (
            "You should not return a string as your application iterator, "
            "instead return a single-item list containing a bytestring."
        )
        return broken("A08", message, result)
    if not hasattr(result, "__iter__") and not hasattr(result, "__getitem__"):
        return broken("A07", f"The application must return an iterable, not {result!r}", result)
    return None


def _is_sound(status: str) -> bool:
    sound = is_status(status)
    if sound and len(STATUS_CODES) < _MEMORY:
        STATUS_CODES[status] = int(status[:3])
    return sound


def _check_status_characters(status: str) -> Violation | None:
    character = control_in_value(status) or ("\t" if "\t" in status else None)
    if character is not None:
        message = f"Control characters are not allowed in the status: {status!r} (bad char: {character!r})"
        return broken("A14", message, status)
    if status and not is_latin_1(status):
        return broken("A19", f"Status holds a character above U+00FF: {status!r}", status)
    return None


def _check_status_form(status: str) -> Violation:
    """Say what is wrong with a status that is a str of harmless characters but not ``NNN Reason``."""
    code = status.split(None, 1)[0] if status.strip() else ""
    if len(code) != 3:
        return broken("A13", f"Status codes must be three characters: {code!r}", status)
    if not is_digits(code):
        return broken("A13", f"Status code is not a number: {code!r}", status)
    if code[0] == "0":
        return broken("A13", f"Status code is invalid: {int(code)!r}", status)
    message = (
        f"The status string ({status!r}) should be a three-digit integer "
        "followed by a single space and a status explanation"
    )
    return broken("A13", message, status)


def _check_pair(item: object) -> Violation | None:
    kind = type(item)
    if kind is not tuple:
        return broken("A16", f"Individual headers ({item!r}) must be of type tuple: {kind!r}", item)
    pair: tuple[object, ...] = item  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # it is one
    if len(pair) != 2:
        return broken("A16", f"Individual headers must be pairs, not {len(pair)} items: {item!r}", item)
    return None


def _check_field(name: object, value: object) -> Violation | None:
    """Judge one field by what may not be sent: wrong types and characters, and hop-by-hop fields."""
    violation = check_field_name(name) or check_field_value(value)
    if violation is not None or type(name) is not str or type(value) is not str:
        return violation
    if not is_token(name):
        return broken("A17", f"Bad header name: {name!r}", name)
    if not is_latin_1(value):
        return broken("A19", f"Header value holds a character above U+00FF: {value!r}", value)
    lower = name.lower()
    if lower in HOP_BY_HOP:
        return broken("A20", f"Hop-by-hop header, '{name}: {value}', not allowed", name)
    if lower != "status" and len(_sendable_names) < _MEMORY:
        _sendable_names[name] = _mark(lower)
    return None


def _transfer_coding(violation: Violation) -> Violation | None:
    """Say of a Transfer-Encoding, which is refused like any hop-by-hop field, which rule it breaks first (rule A22)."""
    if violation.rule.id == "A20" and str(violation.culprit).lower() == "transfer-encoding":
        return broken("A22", violation.message, violation.culprit)
    return None


def _check_name_further(name: str, value: str) -> Violation | None:
    """Judge what harms nobody on the wire but breaks a rule."""
    if name.lower() == "proxy-connection":
        return broken("A21", f"A header that affects the connection, '{name}: {value}', not allowed", name)
    if name.endswith(("-", "_")):
        return broken("A17", f"Names may not end in '-' or '_': {name!r}", name)
    return None
