"""Name-value pairs, what variables travel in (FastCGI 1.0, section 3.4).

A pair is the length of the name, the length of the value, the name, the value.  A length below 128 is one byte; any
other is four, the highest bit of which is set.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from gatewright.gateways.errors import MalformedRequest

_LONG = Struct(">I")
_LONG_BIT = 0x8000_0000


def parse_pairs(block: bytes) -> list[tuple[str, str]]:
    """Return the pairs in their order, with names and values decoded as Latin-1 (PEP 3333, "Unicode Issues").

    Args:
        block: the whole stream ``PARAMS``, or the content of a record ``GET_VALUES``.

    Raises:
        MalformedRequest: a pair goes beyond the end of the block, or a name is empty.
    """
    pairs: list[tuple[str, str]] = []
    text, position, end = block.decode("latin-1"), 0, len(block)
    while position < end:
        name_length, position = _length(block, position)
        value_length, position = _length(block, position)
        middle = position + name_length
        following = middle + value_length
        if following > end:
            raise MalformedRequest("a name-value pair goes beyond the end of its stream")
        if not name_length:
            raise MalformedRequest("a name-value pair has no name")
        pairs.append((text[position:middle], text[middle:following]))
        position = following
    return pairs


def _length(block: bytes, position: int) -> tuple[int, int]:
    """Return a length and where it ends; cut short, it counts as going beyond the end."""
    first = block[position : position + 1]
    if not first or first < b"\x80":
        return (first[0] if first else 1), position + 1
    if position + 4 > len(block):
        raise MalformedRequest("a length of a name-value pair is cut short")
    return _LONG.unpack_from(block, position)[0] & ~_LONG_BIT, position + 4


def encode_pairs(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the pairs as they travel.

    Args:
        pairs: names and values, each character standing for one byte.

    Raises:
        UnicodeEncodeError: one has a character above U+00FF.
    """
    parts: list[bytes] = []
    for name, value in pairs:
        raw = name.encode("latin-1"), value.encode("latin-1")
        parts += [_encode_length(len(part)) for part in raw]
        parts += raw
    return b"".join(parts)


def _encode_length(length: int) -> bytes:
    return bytes((length,)) if length < 128 else _LONG.pack(length | _LONG_BIT)
