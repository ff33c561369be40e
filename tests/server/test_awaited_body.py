from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from gatewright.errors import RequestError
from gatewright.server.awaited_body import AwaitedBody, DroppedBody
from gatewright.server.body_decoder import open_decoder
from gatewright.server.head import CHUNKED
from gatewright.server.limits import Limits


def awaited(length: int, *pieces: bytes) -> AwaitedBody:
    """Return a body to which this has come."""
    body = AwaitedBody(open_decoder(length, Limits()), length)
    for piece in pieces:
        body.feed(piece)
    return body


@pytest.mark.parametrize(
    "length,pieces", [(5, [b"he", b"llo"]), (5, [b"hello and more"]), (CHUNKED, [b"5\r\nhel", b"lo\r\n0\r\n\r\n"])]
)
def test_stored(length: int, pieces: list[bytes]) -> None:
    """What came is stored, decoded, and stands at its start."""
    body = awaited(length, *pieces)
    with body.open({}) as file:
        assert (file.read(), body.decoder.is_done) == (b"hello", True)


def test_length_of_a_chunked_body() -> None:
    """Environ is told the length of a body that was chunked, and no longer that it was."""
    environ: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked"}
    awaited(CHUNKED, b"5\r\nhello\r\n0\r\n\r\n").open(environ).close()
    assert environ == {"CONTENT_LENGTH": "5"}


def test_length_that_is_known() -> None:
    """A length that the client gave stays as it gave it."""
    environ: dict[str, Any] = {"CONTENT_LENGTH": "05"}
    awaited(5, b"hello").open(environ).close()
    assert environ == {"CONTENT_LENGTH": "05"}


def test_malformed() -> None:
    """What is no body is refused."""
    body = awaited(CHUNKED)
    with pytest.raises(RequestError):
        body.feed(b"z\r\n")
    body.close()


@given(st.lists(st.integers(1, 300_000), min_size=1, max_size=6), st.integers(20_000, 70_000))
@settings(max_examples=30)
def test_large(sizes: list[int], received: int) -> None:
    """A body that memory does not hold is stored whole, whatever its chunks and however they come."""
    blocks = [bytes([number]) * size for number, size in enumerate(sizes, start=1)]
    raw = b"".join(b"%x\r\n%b\r\n" % (len(block), block) for block in blocks) + b"0\r\n\r\n"
    body = awaited(CHUNKED, *(raw[start : start + received] for start in range(0, len(raw), received)))
    environ: dict[str, Any] = {}
    with body.open(environ) as file:
        assert (file.read(), environ["CONTENT_LENGTH"]) == (b"".join(blocks), str(sum(sizes)))


def test_lines_of_a_large_body() -> None:
    """One that is in a file can be read line by line, and sought, as every body can that is stored."""
    lines = [b"%06d\n" % number for number in range(50_000)]
    data = b"".join(lines)
    with awaited(CHUNKED, b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)).open({}) as file:
        assert (file.readline(), file.seek(0), list(file)) == (lines[0], 0, lines)


@pytest.mark.parametrize("size", [5, 300_000])
def test_left(size: int) -> None:
    """Of a body that is given up nothing stays open."""
    before = descriptors()
    awaited(CHUNKED, b"%x\r\n%b" % (size + 1, b"x" * size)).close()
    assert descriptors() == before


def descriptors() -> int:
    """Return a descriptor that is free, the lowest."""
    with Path(os.devnull).open("rb") as file:
        return file.fileno()


def test_no_room(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that there is no room for is refused, which is one line of the log."""

    def full(_descriptor: int, _data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    body = awaited(CHUNKED)
    monkeypatch.setattr("os.write", full)
    with pytest.raises(RequestError, match="503"):
        body.feed(b"493e0\r\n" + b"x" * 300_000)
    monkeypatch.undo()
    body.close()
    assert [record.getMessage() for record in caplog.records] == [
        "a request body cannot be stored: [Errno 28] No space left on device"
    ]


def test_dropped() -> None:
    """A body that nobody wants is dropped, and what follows it is not."""
    body = DroppedBody(open_decoder(5, Limits()), 100)
    assert (body.feed(b"hel"), body.feed(b"lo, next"), body.decoder.rest) == (True, True, b", next")


def test_too_much_to_drop() -> None:
    """Too much of it is too much, unless it has come to its end."""
    endless, long = (DroppedBody(open_decoder(10, Limits()), 4) for _ in range(2))
    assert (endless.feed(b"12345"), long.feed(b"1234567890")) == (False, True)
