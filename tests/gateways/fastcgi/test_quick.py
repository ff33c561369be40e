from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.fastcgi import records
from gatewright.gateways.fastcgi.decoder import Decoder
from gatewright.gateways.fastcgi.events import Begin, Event, Input, Variables, encode
from gatewright.gateways.fastcgi.pairs import encode_pairs
from gatewright.gateways.fastcgi.quick import Whole, read_whole
from gatewright.gateways.fastcgi.records import HEADER, record
from gatewright.gateways.limits import Limits

LATIN = st.characters(max_codepoint=0xFF)
TEXTS = st.one_of(st.text(LATIN, max_size=6), st.integers(120, 300).map(lambda size: "x" * size), st.just("wsgi.x"))
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=6)


def request(pairs: list[tuple[str, str]], body: bytes = b"", keep_conn: bool = True, padding: int = 0) -> bytes:
    """Return a request as web servers send it."""
    block = encode_pairs(pairs)
    parts = [
        encode(Begin(1, records.RESPONDER, keep_conn)),
        HEADER.pack(1, records.PARAMS, 1, len(block), padding) + block + bytes(padding),
        record(records.PARAMS, 1, b""),
        record(records.STDIN, 1, body) if body else b"",
        record(records.STDIN, 1, b""),
    ]
    return b"".join(parts)


def slowly(data: bytes) -> list[Event] | None:
    """Return what a decoder makes of the data; None if nothing."""
    try:
        return list(Decoder(Limits()).receive(data))
    except MalformedRequest:
        return None


def agrees(whole: Whole, data: bytes) -> bool:
    """Whether a decoder understands the same."""
    body: list[Event] = [Input(1, whole.body)] if whole.body else []
    expected = [Begin(1, 1, whole.keep_conn), Variables(1, whole.variables), *body, Input(1, b"")]
    return slowly(data) == expected


@given(PAIRS, st.binary(max_size=20), st.booleans(), st.integers(0, 255))
def test_agrees_with_the_decoder(pairs: list[tuple[str, str]], body: bytes, keep_conn: bool, padding: int) -> None:
    """Both ways understand the same, or the quick one does not understand."""
    data = request(pairs, body, keep_conn, padding)
    whole = read_whole(data, Limits())
    assert whole is None or agrees(whole, data)


@given(PAIRS, st.binary(max_size=20), st.integers(0, 400), st.binary(max_size=3))
def test_agrees_on_anything(pairs: list[tuple[str, str]], body: bytes, place: int, noise: bytes) -> None:
    """The same holds for what is no request any more."""
    data = request(pairs, body)
    data = data[:place] + noise + data[place + len(noise) :]
    whole = read_whole(data, Limits())
    assert whole is None or agrees(whole, data)


def test_understands_what_is_usual() -> None:
    """A request without oddities is understood."""
    pairs = [("A", "b"), ("LONG", "x" * 300), ("EMPTY", "")]
    assert read_whole(request(pairs, b"body"), Limits()) == Whole(True, dict(pairs), b"body")


@pytest.mark.parametrize("end", [-1, -8, -9, 20, 40])
def test_leaves_what_has_not_come_whole(end: int) -> None:
    """What is not whole is left to the decoder."""
    assert read_whole(request([("A", "b"), ("C", "d" * 20)])[:end], Limits()) is None


def test_leaves_what_follows() -> None:
    """So is a request that another one follows."""
    assert read_whole(request([("A", "b")]) * 2, Limits()) is None


@pytest.mark.parametrize("limits", [Limits(variables=1), Limits(variables_bytes=5)])
def test_limits(limits: Limits) -> None:
    """So is one that goes beyond a limit."""
    assert read_whole(request([("A", "b"), ("C", "d")]), limits) is None
