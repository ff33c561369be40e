from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gatewright.body import RequestBody
from gatewright.errors import ClientDisconnected, RequestError
from gatewright.server.body_decoder import open_decoder
from gatewright.server.head import CHUNKED
from gatewright.server.limits import Limits
from gatewright.server.pace import Pace
from gatewright.server.request_input import StreamedBody


class Incoming:
    """What comes, piece by piece, and then the end, or silence."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.pieces = list(pieces)
        self._failure = failure

    def permit_body(self) -> None:
        pass

    def receive(self, timeout: float) -> bytes:
        if not self.pieces and self._failure is not None:
            raise self._failure
        return self.pieces.pop(0) if self.pieces else b""

    def receive_into(self, view: memoryview, timeout: float) -> int:
        data = self.receive(timeout)
        count = min(len(data), len(view))
        view[:count] = data[:count]
        if count < len(data):
            self.pieces.insert(0, data[count:])
        return count


def stream(length: int, first: bytes, incoming: Incoming) -> tuple[RequestBody, StreamedBody]:
    """Return a body of which a first piece came with the head."""
    decoder = open_decoder(length, Limits())
    source = StreamedBody(incoming, decoder, Pace(10, 0), decoder.feed(first) if first else [])
    return RequestBody(source), source


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=8), st.integers(1, 50), st.booleans())
def test_whole(data: bytes, cuts: list[int], size: int, chunked: bool) -> None:
    """However it comes and is read, it is read whole and once."""
    raw = (b"%x\r\n%b\r\n" % (len(data), data) if data else b"") + b"0\r\n\r\n" if chunked else data
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    pieces = [raw[start:end] for start, end in pairwise(places)]
    body, _ = stream(CHUNKED if chunked else len(data), b"", Incoming(*pieces))
    assert b"".join(iter(lambda: body.read(size), b"")) == data


@pytest.mark.parametrize("length,first", [(10, b""), (CHUNKED, b"a\r\n")])
def test_past_the_decoder(length: int, first: bytes) -> None:
    """What certainly belongs to the body goes where the reader wants it, and only the rest through the decoder."""
    _, source = stream(length, first, Incoming(b"hel", b"lo, ", b"you\r\n0\r\n\r\n"))
    buffer = bytearray(4)
    assert [bytes(buffer[: source.readinto(buffer)]) for _ in range(4)] == [b"hel", b"lo, ", b"you", b""]
    assert source.is_at_end()


def test_pieces_together() -> None:
    """The pieces of chunks that came at once fill what is read at once."""
    _, source = stream(CHUNKED, b"1\r\na\r\n1\r\nb\r\n3\r\ncde\r\n", Incoming())
    buffer = bytearray(4)
    assert [bytes(buffer[: source.readinto(buffer)]) for _ in range(2)] == [b"abcd", b"e"]


def test_no_more_than_there_is() -> None:
    """Once the body is whole, nothing more is asked of the connection."""
    incoming = Incoming(b"lo", b"the next request")
    body, source = stream(5, b"hel", incoming)
    assert (body.read(), body.read(), incoming.pieces, source.is_at_end()) == (
        b"hello",
        b"",
        [b"the next request"],
        True,
    )


def test_read_of_nothing() -> None:
    """Reading no bytes asks for none."""
    incoming = Incoming(b"hello")
    body, _ = stream(5, b"", incoming)
    assert (body.read(0), incoming.pieces) == (b"", [b"hello"])


@pytest.mark.parametrize("length,first", [(5, b"hel"), (CHUNKED, b"5\r\nhel"), (CHUNKED, b"3\r\nhel\r\n")])
def test_cut(length: int, first: bytes) -> None:
    """A body that ends too early is an error, at every read (cases 23, 25)."""
    body, _ = stream(length, first, Incoming())
    for _ in range(2):
        with pytest.raises(ClientDisconnected):
            body.read()


@pytest.mark.parametrize("failure,code", [(TimeoutError(), 408), (ConnectionResetError(), 400)])
def test_broken(failure: Exception, code: int) -> None:
    """A client that stops sending, or is gone, is an error that says so."""
    body, _ = stream(5, b"hel", Incoming(failure=failure))
    with pytest.raises(ClientDisconnected) as raised:
        body.read()
    assert raised.value.code == code


def test_malformed() -> None:
    """A malformed chunk is an error, at every read, and not the end (case 25)."""
    body, _ = stream(CHUNKED, b"1\r\nx\r\n", Incoming(b"z\r\n", b"0\r\n\r\n"))
    assert body.read(1) == b"x"
    for _ in range(2):
        with pytest.raises(RequestError):
            body.read(1)
