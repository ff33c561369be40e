from __future__ import annotations

import errno
from typing import Any

import pytest

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


class Full:
    """A file on a disk that is full."""

    def writelines(self, _lines: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_no_room(caplog: pytest.LogCaptureFixture) -> None:
    """A body that there is no room for is refused, which is one line of the log."""
    body: Any = awaited(CHUNKED)
    body.close()
    body._file = Full()
    with pytest.raises(RequestError, match="503"):
        body.feed(b"5\r\nhello")
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
