"""SCGI requests: bytes in, a request out (SCGI, 2008-06-23).  No I/O.

A request is a netstring of variables, each name and each value followed by a NUL, and then the body.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.limits import Limits
from gatewright.gateways.variables import RESERVED, content_length, merge

__all__ = ["Request", "decode", "encode"]

_COMMA: Final = ord(",")
_ZERO: Final = ord("0")

# How the variables of nearly every request begin.
_NO_BODY: Final = ["CONTENT_LENGTH", "0"]

# Digits of the length of all variables; no limit has more.
_MOST_DIGITS: Final = 9


class Request(NamedTuple):  # half as dear as a class of attrs, and each request makes one
    """The head of a request."""

    variables: dict[str, str]
    """Names and values, each character one byte.  A field that the web server repeats is one variable."""
    content_length: int
    """Bytes of the body."""
    body_start: int
    """Where the body begins in what was decoded."""


def decode(data: bytes | bytearray, limits: Limits) -> Request | None:
    """Return the request that begins with these bytes, or None if its head has not come whole yet.

    Args:
        data: all that came on the connection so far.
        limits: bounds of what is taken.

    Raises:
        MalformedRequest: this is not SCGI, or goes beyond a limit.
    """
    colon = data.find(b":", 0, _MOST_DIGITS + 1)
    if colon < 0:
        _length_of(data)
        return None
    digits = data[:colon]
    size = int(digits) if digits.isdigit() and digits[0] != _ZERO else _length_of(digits)
    if size > limits.variables_bytes:
        raise MalformedRequest(f"variables of {size} bytes, more than {limits.variables_bytes}")
    end = colon + 1 + size
    if len(data) <= end:
        return None
    if data[end] != _COMMA:
        raise MalformedRequest("the netstring does not end with a comma")
    text = data[colon + 1 : end].decode("latin-1")
    fields = text.split("\0")
    each = iter(fields)
    variables = dict(zip(each, each, strict=False))  # names and values by turns; the empty text at the end is left over
    count = len(variables)
    odd = 2 * count + 1 != len(fields) or fields[-1] or RESERVED in text or "" in variables
    if odd or not 0 < count <= limits.variables:
        variables = _judge(fields, limits)
    length = 0 if fields[:2] == _NO_BODY else fields[0] == "CONTENT_LENGTH" and content_length(fields[1])
    if type(length) is not int:
        raise MalformedRequest(f"there is no CONTENT_LENGTH first, but {'='.join(fields[:2])[:60]!r}")
    if variables.get("SCGI") != "1":
        raise MalformedRequest("there is no variable SCGI with the value 1")
    if "HTTP_CONTENT_LENGTH" in variables:
        length = _mend_length(variables, length)
    return Request(variables, length, end + 1)


def _length_of(digits: bytes | bytearray) -> int:
    """Return the length that a netstring begins with; of digits that may go on, what there is."""
    if not digits.isdigit():
        raise MalformedRequest(f"a netstring begins with a number, not with {bytes(digits[:20])!r}")
    if digits[:1] == b"0" and len(digits) > 1:
        raise MalformedRequest("the length of the netstring has a leading zero")
    if len(digits) > _MOST_DIGITS:
        raise MalformedRequest(f"the length of the netstring has more than {_MOST_DIGITS} digits")
    return int(digits)


def _judge(fields: list[str], limits: Limits) -> dict[str, str]:
    """Return the variables of fields with something odd about them, or say what is wrong."""
    if fields[-1] or len(fields) == 1:
        raise MalformedRequest("the variables do not end with a NUL")
    names, values = fields[:-1:2], fields[1:-1:2]
    if len(names) != len(values):
        raise MalformedRequest(f"the variable {names[-1][:40]!r} has no value")
    if len(names) > limits.variables:
        raise MalformedRequest(f"more than {limits.variables} variables")
    if "" in names:
        raise MalformedRequest("a variable has no name")
    return merge(list(zip(names, values, strict=True)), repeated=False)


def _mend_length(variables: dict[str, str], length: int) -> int:
    """Return how long the body is if the request's own field says more than the web server does.

    nginx with ``scgi_request_buffering off`` says what it has read so far; only the field says how much follows.
    """
    field = content_length(variables["HTTP_CONTENT_LENGTH"])
    if field is None or field <= length:
        return length
    variables["CONTENT_LENGTH"] = variables["HTTP_CONTENT_LENGTH"]
    return field


def encode(variables: dict[str, str], body: bytes = b"") -> bytes:
    """Return a request as a web server sends it, for tests and for clients.

    Args:
        variables: without ``CONTENT_LENGTH`` and ``SCGI``, which are added.
        body: the whole body.
    """
    pairs = {"CONTENT_LENGTH": str(len(body)), "SCGI": "1"} | variables
    block = b"".join(f"{name}\0{value}\0".encode("latin-1") for name, value in pairs.items())
    return b"%d:%b,%b" % (len(block), block, body)
