"""Response headers: a list of ``(name, value)`` pairs behind a mapping-like face."""

from __future__ import annotations

from gatewright.errors import ForbiddenCharacter
from gatewright.spec.checks.breach import refuse
from gatewright.spec.checks.response import check_field_name, check_field_value

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from typing import Self, TypeVar, overload

    from gatewright.spec.checks import Violation
    from gatewright.types import HeaderList

    _T = TypeVar("_T")

__all__ = ["Headers"]


def _list_of_fields(headers: HeaderList | None) -> HeaderList:
    if headers is None:
        return []
    if type(headers) is not list:
        raise TypeError("Headers must be a list of name/value tuples")
    for name, value in headers:  # _check(), written out here and in __setitem__(): a call costs as much as the look
        if type(name) is not str or type(value) is not str or not (name + value).isprintable():
            _require_name(name)
            _require_value(value)
    return headers


def _check(name: str, value: str) -> None:
    """Refuse what is no text or holds a control character; one look at both is the quick way for nearly all."""
    if type(name) is not str or type(value) is not str or not (name + value).isprintable():
        _require_name(name)
        _require_value(value)


class Headers:
    """Response headers with the interface of a mapping whose keys ignore case.

    The object wraps the given list and changes it in place.  Every name and value that it takes in is checked, under
    ``python -O`` too (cpython#150726): it must be a ``str`` without control characters; HTAB may stand in a value.

    Args:
        headers: the list to wrap; a new one if None.

    Raises:
        TypeError: ``headers`` is no ``list``.
        AssertionError: a name or value is no ``str`` (rule A16).
        ForbiddenCharacter: a name (rule A17) or value (rule A18) holds a control character; it is an
            ``AssertionError`` and a ``ValueError``.
    """

    def __init__(self, headers: HeaderList | None = None) -> None:
        self._headers = _list_of_fields(headers)

    @classmethod
    def from_checked(cls, headers: HeaderList) -> Self:
        """Wrap a list in which :func:`~gatewright.spec.checks.check_header_fields` found no fault; look no further."""
        self = cls.__new__(cls)
        self._headers = headers
        return self

    def __len__(self) -> int:
        """Return the number of fields; a name that occurs twice counts twice."""
        return len(self._headers)

    def __setitem__(self, name: str, val: str) -> None:
        """Replace all fields of this name by one, at the end of the list."""
        if type(name) is not str or type(val) is not str or not (name + val).isprintable():
            _require_name(name)
            _require_value(val)
        fields, wanted, size = self._headers, name.lower(), len(name)
        for key, _ in fields:
            if len(key) == size and key.lower() == wanted:
                fields[:] = [pair for pair in fields if len(pair[0]) != size or pair[0].lower() != wanted]
                break
        fields.append((name, val))

    def __delitem__(self, name: str) -> None:
        """Remove all fields of this name; it is no error if there are none."""
        if type(name) is not str:
            _require_name(name)
        fields, wanted, size = self._headers, name.lower(), len(name)
        fields[:] = [pair for pair in fields if len(pair[0]) != size or pair[0].lower() != wanted]

    def __getitem__(self, name: str) -> str | None:
        """Return the value of the first field of this name, or None."""
        return self.get(name)

    def __contains__(self, name: str) -> bool:
        """Whether there is a field of this name."""
        wanted, size = name.lower(), len(name)
        for key, _ in self._headers:
            if len(key) == size and key.lower() == wanted:
                return True
        if type(name) is not str:  # looked for first, refused after: nearly all callers pass a str
            _require_name(name)
        return False

    def get_all(self, name: str) -> list[str]:
        """Return the values of all fields of this name, in their order; an empty list if there are none."""
        if type(name) is not str:
            _require_name(name)
        wanted, size = name.lower(), len(name)
        return [value for key, value in self._headers if len(key) == size and key.lower() == wanted]

    if TYPE_CHECKING:

        @overload
        def get(self, name: str, default: None = None) -> str | None: ...
        @overload
        def get(self, name: str, default: str) -> str: ...
        @overload
        def get(self, name: str, default: _T) -> str | _T: ...

    def get(self, name: str, default: object = None) -> object:
        """Return the value of the first field of this name, or ``default``."""
        wanted, size = name.lower(), len(name)
        for key, value in self._headers:
            if len(key) == size and key.lower() == wanted:
                return value
        if type(name) is not str:
            _require_name(name)
        return default

    def keys(self) -> list[str]:
        """Return the names in their order, each as often as it occurs."""
        return [key for key, _ in self._headers]

    def values(self) -> list[str]:
        """Return the values in their order."""
        return [value for _, value in self._headers]

    def items(self) -> HeaderList:
        """Return a copy of the list of fields."""
        return self._headers[:]

    def __repr__(self) -> str:
        """Return ``Headers([...])``."""
        return f"{type(self).__name__}({self._headers!r})"

    def __str__(self) -> str:
        """Return the fields as they travel: a line each, CRLF after each, and an empty line (RFC 9112 section 5)."""
        return "".join([f"{name}: {value}\r\n" for name, value in self._headers]) + "\r\n"

    def __bytes__(self) -> bytes:
        """Return ``str()`` as the bytes for which its characters stand (PEP 3333, "Unicode Issues").

        Raises:
            UnicodeEncodeError: a name or value holds a character above U+00FF.
        """
        lines = [f"{name}: {value}\r\n" for name, value in self._headers]
        return ("".join(lines) + "\r\n").encode("latin-1")

    def setdefault(self, name: str, value: str) -> str:
        """Return the value of the first field of this name; if there is none, append one with ``value``."""
        present = self.get(name)
        if present is not None:
            return present
        _check(name, value)
        self._headers.append((name, value))
        return value

    def add_header(self, _name: str, _value: str | None, **_params: str | None) -> None:
        """Append a field, whatever is there already, with MIME parameters.

        Args:
            _name: the field's name.
            _value: the part before the parameters; None for none.
            **_params: the parameters, with ``_`` for ``-`` in their names: ``filename="a.gif"`` becomes
                ``; filename="a.gif"``, and None stands for a parameter without a value.
        """
        text = "" if _value is None else _require_text(_value)
        for key, value in _params.items():
            text += "; " + _parameter(key.replace("_", "-"), value)
        if _value is None:
            text = text[2:]
        _check(_name, text)
        self._headers.append((_name, text))


def _parameter(name: str, value: str | None) -> str:
    """Format one parameter, quoted so that no value can end it early (RFC 9110 section 5.6.4)."""
    if value is None or not _require_text(value):
        return name
    if '"' in value or "\\" in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{value}"'


def _require_text(value: str) -> str:
    return value if type(value) is str else _require_value(value)


def _require_name(name: str) -> str:
    violation = check_field_name(name)
    if violation is None:
        return name
    return _refuse(violation)


def _require_value(value: str) -> str:
    violation = check_field_value(value)
    if violation is None:
        return value
    return _refuse(violation)


def _refuse(violation: Violation) -> str:
    """Raise what the standard library raises: a type is an AssertionError, a character (also) a ValueError."""
    refuse(violation, AssertionError if violation.rule.id == "A16" else ForbiddenCharacter)
