"""Records, what everything in FastCGI travels in (FastCGI 1.0, section 3.3), and the fragments that come of bytes.

A record is eight bytes of header, content, and padding that means nothing.  Pure functions and one small reader: bytes
in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Final

from attrs import frozen

from gatewright.gateways.errors import MalformedRequest

VERSION: Final = 1

# Types of records (section 8).
BEGIN_REQUEST: Final = 1
ABORT_REQUEST: Final = 2
END_REQUEST: Final = 3
PARAMS: Final = 4
STDIN: Final = 5
STDOUT: Final = 6
STDERR: Final = 7
DATA: Final = 8
GET_VALUES: Final = 9
GET_VALUES_RESULT: Final = 10
UNKNOWN_TYPE: Final = 11

# Roles, and the one flag, of BEGIN_REQUEST (section 5.1).
RESPONDER: Final = 1
AUTHORIZER: Final = 2
FILTER: Final = 3
KEEP_CONN: Final = 1

# Protocol statuses of END_REQUEST (section 5.5).
REQUEST_COMPLETE: Final = 0
CANT_MPX_CONN: Final = 1
OVERLOADED: Final = 2
UNKNOWN_ROLE: Final = 3

HEADER: Final = Struct(">BBHHBx")
"""Version, type, request id, length of the content, length of the padding; the last byte is reserved."""

LARGEST: Final = 65_535
"""How many bytes of content a record can have."""

BLOCK: Final = 65_528
"""How many bytes of content the records have that a long stream is cut into: the largest multiple of eight."""


@frozen
class Fragment:
    """Some of a record's content, as it came; a record of which all has come is one fragment.

    Attributes:
        type: of the record.
        request_id: 0 for the connection itself.
        content: may be empty.
        complete: whether this is the record's last fragment.
    """

    type: int
    request_id: int
    content: bytes
    complete: bool


class RecordReader:
    """Makes fragments of the bytes of one direction of a connection; it holds seven bytes at most."""

    def __init__(self) -> None:
        self._held = b""
        self._type = self._request_id = self._left = self._pending = self._padding = 0
        self._inside = False

    def is_between_records(self) -> bool:
        """Whether the bytes so far end where a record ends."""
        return not (self._held or self._inside or self._padding)

    def read(self, data: bytes) -> Iterator[Fragment]:
        """Yield the fragments that these bytes bring; go on to the end, or the rest of them is lost.

        Raises:
            MalformedRequest: a record is of another version than 1; nothing that follows can be understood.
        """
        data, position = self._held + data, 0
        self._held = b""
        while position < len(data):
            if self._padding:
                skipped = min(self._padding, len(data) - position)
                self._padding -= skipped
                position += skipped
            elif self._inside:
                content = data[position : position + self._left]
                position += len(content)
                yield self._fragment(content)
            elif len(data) - position < HEADER.size:
                self._held = data[position:]
                return
            else:
                position = self._begin(data, position)
                if not self._left:
                    yield self._fragment(b"")

    def _begin(self, data: bytes, position: int) -> int:
        version, self._type, self._request_id, self._left, self._pending = HEADER.unpack_from(data, position)
        if version != VERSION:
            raise MalformedRequest(f"a record of version {version}, not 1")
        self._inside = True
        return position + HEADER.size

    def _fragment(self, content: bytes) -> Fragment:
        self._left -= len(content)
        if not self._left:
            self._inside = False
            self._padding = self._pending
        return Fragment(self._type, self._request_id, content, not self._left)


def record(kind: int, request_id: int, content: bytes) -> bytes:
    """Return one record, padded to a multiple of eight bytes as section 3.3 advises.

    Args:
        kind: its type.
        request_id: 0 for the connection itself.
        content: 65,535 bytes at most.
    """
    padding = -len(content) % 8
    return HEADER.pack(VERSION, kind, request_id, len(content), padding) + content + bytes(padding)


def stream(kind: int, request_id: int, blocks: Iterable[bytes]) -> list[bytes | memoryview]:
    """Return buffers that together carry the blocks in records of a stream, nothing of a long block copied.

    Short blocks share a record.  Empty blocks carry nothing: the record that ends the stream is ``record(…, b"")``.

    Args:
        kind: the type of the stream.
        request_id: whose it is.
        blocks: the bytes to send.
    """
    buffers: list[bytes | memoryview] = []
    held: list[bytes] = []
    size = 0
    for block in blocks:
        if size + len(block) > BLOCK:
            _cut(buffers, kind, request_id, held, size)
            held, size = [], 0
        held.append(block)
        size += len(block)
    _cut(buffers, kind, request_id, held, size)
    return buffers


def _cut(buffers: list[bytes | memoryview], kind: int, request_id: int, held: list[bytes], size: int) -> None:
    """Add records for what is held: one for many short blocks, many for the one block that is long."""
    if not size:
        return
    if size <= BLOCK:
        buffers.append(b"".join((HEADER.pack(VERSION, kind, request_id, size, 0), *held)))
        return
    view = memoryview(held[0])
    for start in range(0, size, BLOCK):
        part = view[start : start + BLOCK]
        buffers += (HEADER.pack(VERSION, kind, request_id, len(part), 0), part)
