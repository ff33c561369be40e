"""SCGI requests: bytes in, a request out (SCGI, 2008-06-23).  No I/O.

A request is a netstring of variables, each name and each value followed by a NUL, and then the body.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.limits import Limits
from gatewright.gateways.variables import RESERVED, content_length, merge

__all__ = ["Request", "decode", "encode"]


@frozen
class Request:
    """The head of a request.

    Attributes:
        variables: names and values, each character one byte.  A field that the web server repeats is one variable.
        content_length: bytes of the body.
        body_start: where the body begins in what was decoded.
    """

    variables: dict[str, str]
    content_length: int
    body_start: int


def decode(data: bytes | bytearray, limits: Limits) -> Request | None:
    """Return the request that begins with these bytes, or None if its head has not come whole yet.

    Args:
        data: all that came on the connection so far.
        limits: bounds of what is taken.

    Raises:
        MalformedRequest: this is not SCGI, or goes beyond a limit.
    """
    colon = data.find(b":", 0, len(str(limits.variables_bytes)) + 1)
    if colon < 0:
        _check_length(data, limits)
        return None
    size = _check_length(data[:colon], limits)
    end = colon + 1 + size
    if len(data) <= end:
        return None
    if data[end] != _COMMA:
        raise MalformedRequest("the netstring does not end with a comma")
    if not size or data[end - 1]:
        raise MalformedRequest("the variables do not end with a NUL")
    fields = data[colon + 1 : end - 1].decode("latin-1").split("\0")
    variables = _variables(fields, limits)
    return Request(variables, int(variables["CONTENT_LENGTH"]), end + 1)


_COMMA: Final = ord(",")


def _check_length(digits: bytes | bytearray, limits: Limits) -> int:
    """Return the length that a netstring begins with; of digits that may go on, what there is."""
    if not digits.isdigit():
        raise MalformedRequest(f"a netstring begins with a number, not with {bytes(digits[:20])!r}")
    if digits[:1] == b"0" and len(digits) > 1:
        raise MalformedRequest("the length of the netstring has a leading zero")
    if len(digits) > len(str(limits.variables_bytes)) or int(digits) > limits.variables_bytes:
        raise MalformedRequest(f"variables of more than {limits.variables_bytes} bytes")
    return int(digits)


def _variables(fields: list[str], limits: Limits) -> dict[str, str]:
    names, values = fields[::2], fields[1::2]
    if len(names) != len(values):
        raise MalformedRequest(f"the variable {names[-1]!r} has no value")
    if names[0] != "CONTENT_LENGTH":
        raise MalformedRequest(f"the first variable is {names[0]!r}, not CONTENT_LENGTH")
    if len(names) > limits.variables:
        raise MalformedRequest(f"more than {limits.variables} variables")
    variables = dict(zip(names, values, strict=True))
    if len(variables) < len(names) or RESERVED in "".join(names):
        variables = merge(list(zip(names, values, strict=True)), repeated=False)
    if "" in variables:
        raise MalformedRequest("a variable has no name")
    if variables.get("SCGI") != "1":
        raise MalformedRequest("there is no variable SCGI with the value 1")
    length = content_length(values[0])
    if length is None:
        raise MalformedRequest(f"CONTENT_LENGTH is no length: {values[0][:40]!r}")
    if (content_length(variables.get("HTTP_CONTENT_LENGTH", "")) or 0) > length:
        # nginx with `scgi_request_buffering off` says what it has read so far, and only the field says how much follows.
        variables["CONTENT_LENGTH"] = variables["HTTP_CONTENT_LENGTH"]
    return variables


def encode(variables: dict[str, str], body: bytes = b"") -> bytes:
    """Return a request as a web server sends it, for tests and for clients.

    Args:
        variables: without ``CONTENT_LENGTH`` and ``SCGI``, which are added.
        body: the whole body.
    """
    pairs = {"CONTENT_LENGTH": str(len(body)), "SCGI": "1"} | variables
    block = b"".join(f"{name}\0{value}\0".encode("latin-1") for name, value in pairs.items())
    return b"%d:%b,%b" % (len(block), block, body)
