from __future__ import annotations

from hypothesis import given, strategies as st

from gatewright.server.body_decoder import open_decoder
from gatewright.server.encoder import LAST_CHUNK, encode_chunk
from gatewright.server.head import CHUNKED
from gatewright.server.limits import Limits


@given(st.lists(st.binary(max_size=40)))
def test_chunks(blocks: list[bytes]) -> None:
    """What is encoded as chunks, empty blocks among them, is decoded to the same bytes, and ends once."""
    decoder = open_decoder(CHUNKED, Limits())
    data = b"".join(map(encode_chunk, blocks)) + LAST_CHUNK
    assert (b"".join(decoder.feed(data)), decoder.rest) == (b"".join(blocks), b"")
