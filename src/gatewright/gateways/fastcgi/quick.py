"""The quick way for a request that has come whole, which nearly every one does.

What it understands it understands as the decoder does; the rest it leaves to that.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from gatewright.gateways.fastcgi import records
from gatewright.gateways.fastcgi.events import BEGIN_BODY
from gatewright.gateways.fastcgi.pairs import parse_pairs
from gatewright.gateways.fastcgi.records import HEADER
from gatewright.gateways.limits import Limits
from gatewright.gateways.variables import RESERVED, merge

__all__ = ["Whole", "read_whole"]

# What begins nearly every request: BEGIN_REQUEST for a responder, request 1; web servers that do not multiplex always
# take that number.
_BEGINNINGS: Final = {
    HEADER.pack(1, records.BEGIN_REQUEST, 1, 8, 0) + BEGIN_BODY.pack(records.RESPONDER, flags): bool(flags)
    for flags in (0, records.KEEP_CONN)
}
_PARAMS_END: Final = HEADER.pack(1, records.PARAMS, 1, 0, 0)
_STDIN_END: Final = HEADER.pack(1, records.STDIN, 1, 0, 0)
_NO_BODY: Final = _PARAMS_END + _STDIN_END
_PARAMS_START: Final = HEADER.pack(1, records.PARAMS, 1, 0, 0)[:4]
_STDIN_START: Final = _STDIN_END[:4]
_RESERVED: Final = RESERVED.encode()


@frozen
class Whole:
    """A request for a responder that has come whole; its number is 1.

    Attributes:
        keep_conn: as in :class:`Begin`.
        variables: as in :class:`Variables`.
        body: all of it.
    """

    keep_conn: bool
    variables: dict[str, str]
    body: bytes


def read_whole(data: bytes, limits: Limits) -> Whole | None:
    """Return the request that these bytes are, whole and alone, or None if only a :class:`Decoder` can tell.

    Nearly every request arrives like this.  One pass, few operations for each variable: this is most of what Python
    does for a small request.

    Args:
        data: what was received while nothing was open on the connection.
        limits: as for the decoder.
    """
    keep_conn = _BEGINNINGS.get(data[:16])
    if keep_conn is None or data[16:20] != _PARAMS_START or len(data) < 40:
        return None
    end = 24 + (data[20] << 8) + data[21]
    following = end + data[22]
    body = b"" if data[following:] == _NO_BODY else _whole_body(data, following)
    if body is None or end - 24 > limits.variables_bytes or _RESERVED in data:
        return None
    variables: dict[str, str] = {}
    text, position, count = data.decode("latin-1"), 24, 0
    while position < end:
        name_length, value_length = data[position], data[position + 1]
        position += 2
        if name_length > 127 or value_length > 127:
            if name_length > 127:
                return None
            value_length = int.from_bytes(data[position - 1 : position + 3], "big") & 0x7FFF_FFFF
            position += 3
        middle = position + name_length
        position = middle + value_length
        variables[text[middle - name_length : middle]] = text[middle:position]
        count += 1
    if position != end or not 0 < count <= limits.variables or "" in variables:
        return None  # no name, or one that is empty or cut short, is the decoder's to judge
    if len(variables) != count:
        variables = merge(parse_pairs(data[24:end]))
    return Whole(keep_conn, variables, body)


def _whole_body(data: bytes, start: int) -> bytes | None:
    """Return what one record STDIN holds if nothing but the ends of the streams is around it."""
    first = start + 16
    if data[start : first - 4] != _PARAMS_END + _STDIN_START or len(data) < first:
        return None
    last = first + (data[first - 4] << 8) + data[first - 3]
    return data[first:last] if data[last + data[first - 2] :] == _STDIN_END else None
