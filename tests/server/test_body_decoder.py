"""Bodies from bytes; what single bodies become is in test_corpus.py."""

from __future__ import annotations

import pytest
from conversation import bytewise
from counting import calls
from hypothesis import given, strategies as st

from gatewright.errors import ClientDisconnected, RequestError
from gatewright.server.body_decoder import BodyDecoder, open_decoder
from gatewright.server.head import CHUNKED
from gatewright.server.limits import Limits

LIMITS = Limits()


def decode(decoder: BodyDecoder, *pieces: bytes) -> bytes:
    """Feed pieces until the body is done, and return it."""
    body = b""
    for piece in pieces:
        assert not decoder.is_done
        body += b"".join(decoder.feed(piece))
    return body


def chunked(blocks: list[bytes]) -> bytes:
    """Encode blocks as chunks, independently of the encoder."""
    return b"".join(f"{len(block):X}\r\n".encode() + block + b"\r\n" for block in [*filter(None, blocks), b""])


@given(st.lists(st.binary(max_size=50)))
def test_chunks_round_trip(blocks: list[bytes]) -> None:
    """Whatever the blocks, their bytes come out, and the body is done."""
    decoder = open_decoder(CHUNKED, LIMITS)
    assert (decode(decoder, chunked(blocks)), decoder.is_done) == (b"".join(blocks), True)


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_chunks_bytewise(blocks: list[bytes]) -> None:
    """The same, byte by byte."""
    decoder = open_decoder(CHUNKED, LIMITS)
    assert (decode(decoder, *bytewise(chunked(blocks))), decoder.is_done) == (b"".join(blocks), True)


def test_pieces_are_not_copied() -> None:
    """What comes out are views into what went in."""
    data = b"x" * 100
    assert open_decoder(1000, LIMITS).feed(data)[0].obj is data


def test_chunk_pieces_are_not_copied() -> None:
    """The same of chunks."""
    data = b"5\r\nabcde\r\n"
    assert open_decoder(CHUNKED, LIMITS).feed(data)[0].obj is data


@pytest.mark.parametrize("length, data", [(3, b"abcrest"), (CHUNKED, b"3\r\nabc\r\n0\r\n\r\nrest")])
def test_rest(length: int, data: bytes) -> None:
    """What follows the body is given back."""
    decoder = open_decoder(length, LIMITS)
    assert (decode(decoder, data), decoder.rest) == (b"abc", b"rest")


def test_no_body() -> None:
    """A body of no bytes is done from the beginning."""
    assert open_decoder(0, LIMITS).is_done


@pytest.mark.parametrize("length", [3, CHUNKED])
def test_cut(length: int) -> None:
    """Who reads a body whose end never comes is told that the client is gone."""
    assert isinstance(open_decoder(length, LIMITS).cut(), ClientDisconnected)


def test_failure_is_for_ever() -> None:
    """After a malformed chunk nothing more is decoded, whatever comes."""
    decoder = open_decoder(CHUNKED, LIMITS)
    for data in (b"G\r\n", b"0\r\n\r\n"):
        with pytest.raises(RequestError, match="400 malformed chunk size"):
            decoder.feed(data)


def test_too_long() -> None:
    """A chunked body is refused at the chunk that goes beyond the limit, before its data is there."""
    decoder = open_decoder(CHUNKED, Limits(body=5))
    with pytest.raises(RequestError, match="413"):
        decode(decoder, b"3\r\nabc\r\n3\r\n")


def test_as_long_as_may_be() -> None:
    """A body that reaches the limit is read."""
    assert decode(open_decoder(CHUNKED, Limits(body=3)), b"3\r\nabc\r\n0\r\n\r\n") == b"abc"


@pytest.mark.parametrize(
    "data", [b"1;" + b"x" * 40, b"0\r\nX: " + b"y" * 30, b"0\r\n" + b"X:\r\n" * 5, b"1;xx\r\na\r\n" * 9]
)
def test_metadata_limit(data: bytes) -> None:
    """Extensions and trailers beyond the limit are refused, before their line ends."""
    with pytest.raises(RequestError, match="too many chunk extensions or trailers"):
        decode(open_decoder(CHUNKED, Limits(metadata=16)), data)


@pytest.mark.parametrize("data", [b"1;234567890abcdef\r\na\r\n0\r\n\r\n", b"0\r\nX: 234567890a\r\n\r\n"])
def test_metadata_within_limit(data: bytes) -> None:
    """What stays within it is skipped."""
    decoder = open_decoder(CHUNKED, Limits(metadata=20))
    decode(decoder, data)
    assert decoder.is_done


@pytest.mark.parametrize(
    "line", [b"1" + b";a=a" * 4_000 + b"=", b'1;a="' + b"\\a" * 8_000, b"1;" + b"a" * 16_000 + b"(", b"0" * 17]
)
def test_linear(line: bytes) -> None:
    """A chunk's line is checked in linear time, whatever it nearly is."""
    with pytest.raises(RequestError, match="malformed chunk size"):
        decode(open_decoder(CHUNKED, LIMITS), line + b"\r\n")


def test_tiny_chunks() -> None:
    """Many chunks cost what their bytes cost: a body of single bytes is decoded whole."""
    assert len(decode(open_decoder(CHUNKED, LIMITS), chunked([b"x"] * 50_000))) == 50_000


@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize("piece", [1, 10, 1_000_000])
def test_tiny_chunks_are_linear(size: int, piece: int) -> None:
    """Twice as many chunks take twice as many steps, whichever pieces they come in (case 71)."""

    def steps(chunks: int) -> int:
        data, decoder = chunked([b"x" * size] * chunks), open_decoder(CHUNKED, LIMITS)
        pieces = [data[start : start + piece] for start in range(0, len(data), piece)]
        return calls(lambda: [decoder.feed(part) for part in pieces])

    assert steps(2000) < 2.1 * steps(1000)
