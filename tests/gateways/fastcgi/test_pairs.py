from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.fastcgi.pairs import encode_pairs, parse_pairs

LATIN = st.characters(max_codepoint=0xFF)
TEXTS = st.one_of(st.text(LATIN, max_size=8), st.builds(str.__mul__, st.text(LATIN, max_size=3), st.integers(0, 300)))
PAIRS = st.lists(st.tuples(TEXTS.filter(bool), TEXTS), max_size=8)


def test_short_lengths() -> None:
    """Lengths below 128 are one byte each, and stand before both texts."""
    assert encode_pairs([("AB", "cde")]) == b"\x02\x03ABcde"


def test_long_lengths() -> None:
    """Longer lengths are four bytes with the highest bit set."""
    assert encode_pairs([("A", "x" * 128)]) == b"\x01\x80\x00\x00\x80A" + b"x" * 128


def test_long_form_of_a_short_length() -> None:
    """A short length may come in the long form, too."""
    assert parse_pairs(b"\x80\x00\x00\x01\x80\x00\x00\x00A") == [("A", "")]


def test_bytes_are_latin_1() -> None:
    """Each byte becomes the character of its number."""
    assert parse_pairs(b"\x01\x02A\xff\x80") == [("A", "\xff\x80")]


@pytest.mark.parametrize(
    "block", [b"\x01", b"\x01\x01A", b"\x01\x80\x00\x00", b"\x80", b"\x02\x00A", b"\x01\x80\x00\x00\x02A"]
)
def test_cut_short(block: bytes) -> None:
    """A pair that goes beyond the end of its block is malformed."""
    with pytest.raises(MalformedRequest):
        parse_pairs(block)


def test_nameless() -> None:
    """So is a pair without a name."""
    with pytest.raises(MalformedRequest, match="no name"):
        parse_pairs(b"\x00\x01x")


@given(PAIRS)
def test_round_trip(pairs: list[tuple[str, str]]) -> None:
    """What was encoded is parsed as it was."""
    assert parse_pairs(encode_pairs(pairs)) == pairs


@given(st.binary(max_size=64))
def test_any_bytes(block: bytes) -> None:
    """Any bytes are pairs or malformed."""
    with suppress(MalformedRequest):
        assert all(name for name, _ in parse_pairs(block))
