from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.limits import Limits
from gatewright.gateways.scgi.decoder import Request, decode, encode

LIMITS = Limits()
BYTES = st.characters(min_codepoint=1, max_codepoint=0xFF)
NAMES = st.text(BYTES, min_size=1, max_size=8).filter(
    lambda name: name not in {"CONTENT_LENGTH", "SCGI", "HTTP_CONTENT_LENGTH"} and not name.startswith("wsgi.")
)
VARIABLES = st.dictionaries(NAMES, st.text(BYTES, max_size=8), max_size=5)


def netstring(*fields: str) -> bytes:
    """Return fields as a netstring."""
    block = "".join(f"{field}\0" for field in fields).encode("latin-1")
    return b"%d:%b," % (len(block), block)


def test_the_example() -> None:
    """The request that the specification shows is understood."""
    data = (
        b"70:CONTENT_LENGTH\x0027\x00SCGI\x001\x00REQUEST_METHOD\x00POST\x00REQUEST_URI\x00/deepthought\x00,"
        b"What is the answer to life?"
    )
    variables = {"CONTENT_LENGTH": "27", "SCGI": "1", "REQUEST_METHOD": "POST", "REQUEST_URI": "/deepthought"}
    assert decode(data, LIMITS) == Request(variables, 27, 74)


@given(VARIABLES, st.binary(max_size=20))
def test_round_trip(variables: dict[str, str], body: bytes) -> None:
    """What was encoded is decoded as it was."""
    data = encode(variables, body)
    request = decode(data, LIMITS)
    assert request is not None
    assert request.variables == {"CONTENT_LENGTH": str(len(body)), "SCGI": "1"} | variables
    assert data[request.body_start :] == body
    assert request.content_length == len(body)


@given(VARIABLES)
def test_every_byte_boundary(variables: dict[str, str]) -> None:
    """A head is there with its last byte, not before, and what follows makes no difference."""
    data = encode(variables)
    assert [decode(data[:end], LIMITS) for end in range(1, len(data))] == [None] * (len(data) - 1)
    assert decode(data, LIMITS) == decode(data + b"5:more,", LIMITS) is not None


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(lambda data: b"%d:%b," % (len(data), data))))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are a request, the beginning of one, or malformed."""
    with suppress(MalformedRequest):
        request = decode(data, LIMITS)
        assert request is None or request.variables["SCGI"] == "1"


@pytest.mark.parametrize(
    "data, message",
    [
        (b"hello", "begins with a number"),
        (b":,", "begins with a number"),
        (b"-1:,", "begins with a number"),
        (b"+5:hello,", "begins with a number"),
        (b" 5:hello,", "begins with a number"),
        (b"05:hello,", "leading zero"),
        (b"00:,", "leading zero"),
        (b"131073:", "131073 bytes, more than 131072"),
        (b"1234567890", "more than 9 digits"),
        (b"0:,", "end with a NUL"),
        (b"5:hello,", "end with a NUL"),
        (b"6:hello\0;", "end with a comma"),
        (netstring("CONTENT_LENGTH"), "has no value"),
        (netstring("SCGI", "1", "CONTENT_LENGTH", "0"), "no CONTENT_LENGTH first, but 'SCGI=1'"),
        (netstring("CONTENT_LENGTH", "0"), "no variable SCGI"),
        (netstring("CONTENT_LENGTH", "0", "SCGI", "2"), "no variable SCGI"),
        (netstring("CONTENT_LENGTH", "", "SCGI", "1"), "no CONTENT_LENGTH first"),
        (netstring("CONTENT_LENGTH", "-1", "SCGI", "1"), "no CONTENT_LENGTH first"),
        (netstring("CONTENT_LENGTH", "\xb2", "SCGI", "1"), "no CONTENT_LENGTH first"),
        (netstring("CONTENT_LENGTH", "9" * 5000, "SCGI", "1"), "no CONTENT_LENGTH first"),
        (netstring("CONTENT_LENGTH", "0", "SCGI", "1", "A", "1", "A", "2"), "'A' comes twice"),
        (netstring("CONTENT_LENGTH", "0", "SCGI", "1", "CONTENT_LENGTH", "1"), "'CONTENT_LENGTH' comes twice"),
        (netstring("CONTENT_LENGTH", "0", "SCGI", "1", "", "1"), "has no name"),
        (encode({f"N{number}": "" for number in range(1000)}), "more than 1000 variables"),
    ],
)
def test_malformed(data: bytes, message: str) -> None:
    """What breaks the protocol or a limit is refused with what was wrong."""
    with pytest.raises(MalformedRequest, match=message):
        decode(data, LIMITS)


def test_a_field_that_is_repeated() -> None:
    """A web server (nginx before 1.23) may send a request field as often as it came; it becomes one variable."""
    request = decode(netstring("CONTENT_LENGTH", "0", "SCGI", "1", "HTTP_A", "1", "HTTP_A", "2"), LIMITS)
    assert request is not None
    assert request.variables["HTTP_A"] == "1, 2"


def test_reserved_variables() -> None:
    """No variable of a web server's can stand for one of the gateway's."""
    request = decode(encode({"wsgi.errors": "x"}), LIMITS)
    assert request is not None
    assert set(request.variables) == {"CONTENT_LENGTH", "SCGI"}


def test_a_body_that_nginx_does_not_buffer() -> None:
    """With unbuffered requests nginx tells the length in the request's field only."""
    request = decode(encode({"HTTP_CONTENT_LENGTH": "100"}, b"begun"), LIMITS)
    assert request is not None
    assert (request.content_length, request.variables["CONTENT_LENGTH"]) == (100, "100")
