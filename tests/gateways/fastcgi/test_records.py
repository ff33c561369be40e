from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.fastcgi.records import BLOCK, HEADER, STDIN, STDOUT, Fragment, RecordReader, record, stream

RECORDS = st.lists(
    st.tuples(st.integers(1, 11), st.integers(0, 65535), st.binary(max_size=300), st.integers(0, 255)), max_size=6
)


def join(fragments: list[Fragment]) -> list[tuple[int, int, bytes]]:
    """Return the records that fragments are of, and see that each one ends."""
    found: list[tuple[int, int, bytes]] = []
    begun = b""
    for fragment in fragments:
        begun += fragment.content
        if fragment.complete:
            found.append((fragment.type, fragment.request_id, begun))
            begun = b""
    assert not begun
    return found


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return the data in parts, cut at these places."""
    bounds = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(bounds)]


def test_a_record_is_padded() -> None:
    """A record is a multiple of eight bytes."""
    assert record(STDOUT, 258, b"hello") == b"\x01\x06\x01\x02\x00\x05\x03\x00hello\0\0\0"


def test_a_record_of_another_version() -> None:
    """What is not version 1 cannot be understood."""
    with pytest.raises(MalformedRequest, match="version 2"):
        list(RecordReader().read(b"\x02" + bytes(7)))


@given(RECORDS, st.lists(st.integers(0, 10_000)))
def test_cut_anywhere(records: list[tuple[int, int, bytes, int]], places: list[int]) -> None:
    """Records are the same wherever what came was cut, whatever their padding."""
    parts = [
        HEADER.pack(1, kind, number, len(content), pad) + content + bytes(pad) for kind, number, content, pad in records
    ]
    reader = RecordReader()
    fragments = [fragment for part in cut(b"".join(parts), places) for fragment in reader.read(part)]
    assert join(fragments) == [(kind, number, content) for kind, number, content, _ in records]
    assert reader.is_between_records()


def test_content_is_not_awaited() -> None:
    """What has come of a record is there at once."""
    reader = RecordReader()
    assert list(reader.read(record(STDIN, 1, b"12345678")[:10])) == [Fragment(STDIN, 1, b"12", complete=False)]
    assert not reader.is_between_records()


@given(
    st.lists(
        st.one_of(st.binary(max_size=40), st.integers(BLOCK - 2, 3 * BLOCK).map(lambda size: b"x" * size)), max_size=6
    )
)
def test_stream(blocks: list[bytes]) -> None:
    """A stream's records bring its bytes, none of them empty, none too long."""
    found = join(list(RecordReader().read(b"".join(stream(STDOUT, 7, blocks)))))
    assert b"".join(content for _, _, content in found) == b"".join(blocks)
    assert all(0 < len(content) <= BLOCK and (kind, number) == (STDOUT, 7) for kind, number, content in found)


def test_short_blocks_share_a_record() -> None:
    """Blocks that fit into one record travel in one buffer."""
    assert len(stream(STDOUT, 1, [b"head", b"", b"body"])) == 1


def test_long_blocks_are_not_copied() -> None:
    """The records of a long block are views of it."""
    block = b"x" * 200_000
    views = [buffer for buffer in stream(STDOUT, 1, [b"head", block]) if isinstance(buffer, memoryview)]
    assert {view.obj for view in views} == {block}
    assert sum(map(len, views)) == len(block)


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are fragments or malformed."""
    with suppress(MalformedRequest):
        assert sum(len(fragment.content) for fragment in RecordReader().read(data)) <= len(data)
