"""Field lines, body framing and chunk sizes: RFC 9112 sections 2.2, 5, 6 and 7.1."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gatewright.errors import RequestError
from gatewright.spec.framing import (
    NO_BODY,
    Framing,
    body_framing,
    check_trailer,
    line_text,
    parse_chunk_size,
    parse_field_line,
    request_framing,
)
from gatewright.spec.grammar import is_token

NATIVE = st.text(st.characters(max_codepoint=255), max_size=40)


def length_code(*values: str) -> int:
    """Return the status that these Content-Length fields are refused with."""
    with pytest.raises(RequestError) as refusal:
        body_framing((1, 1), values, [])
    return refusal.value.code


def coding_code(*values: str, version: tuple[int, int] = (1, 1)) -> int:
    """Return the status that these Transfer-Encoding fields are refused with."""
    with pytest.raises(RequestError) as refusal:
        body_framing(version, [], values)
    return refusal.value.code


@pytest.mark.parametrize("line, bare_lf", [(b"a: b\r\n", False), (b"a: b\r\n", True), (b"a: b\n", True)])
def test_line_end(line: bytes, *, bare_lf: bool) -> None:
    """CRLF ends a line, and LF does where that is allowed."""
    assert line_text(line, bare_lf=bare_lf) == "a: b"


@pytest.mark.parametrize("line, bare_lf", [(b"a: b\n", False), (b"a: b", True), (b"a: b\r", True), (b"", True)])
def test_no_line_end(line: bytes, *, bare_lf: bool) -> None:
    """A line that is cut off, or ends in a bare CR or a bare LF that is not allowed, is refused."""
    with pytest.raises(RequestError, match="400"):
        line_text(line, bare_lf=bare_lf)


def test_one_line_end_only() -> None:
    """Of two CRs before the LF one belongs to the line, where it will be refused."""
    assert line_text(b"a\r\r\n") == "a\r"


@pytest.mark.parametrize(
    "line, field",
    [
        ("Host: x", ("Host", "x")),
        ("X-A:\t b\tc \t", ("X-A", "b\tc")),
        ("X-A:", ("X-A", "")),
        ("X-A: \x85\xa0\xe9", ("X-A", "\x85\xa0\xe9")),
        ("X_A: b", ("X_A", "b")),
        ("X-A: b: c", ("X-A", "b: c")),
    ],
)
def test_field_line(line: str, field: tuple[str, str]) -> None:
    """Name and value are told apart; only SP and HTAB around the value are dropped."""
    assert parse_field_line(line) == field


@pytest.mark.parametrize(
    "line",
    [
        "",
        ":",
        ": x",
        "Host",
        "Host : x",
        "Host\t: x",
        " Host: x",
        "\tfolded",
        " folded: line",
        "H\xe9: x",
        "\xa0Host: x",
        "Ho st: x",
        "Ho(st: x",
        "H\x00: x",
        "X: a\rb",
        "X: a\nb",
        "X: a\x00b",
        "X: a\x0bb",
        "X: \x0bchunked",
        "X: a\x7fb",
        "X: a\x1b[31m",
    ],
)
def test_malformed_field_line(line: str) -> None:
    """White space before the colon, folding, odd names and control characters are refused (cpython#114782)."""
    with pytest.raises(RequestError, match="400"):
        parse_field_line(line)


def test_no_body() -> None:
    """A request without Content-Length and Transfer-Encoding has no body."""
    assert body_framing((1, 1), [], []) == NO_BODY


@pytest.mark.parametrize("value, length", [("0", 0), ("3", 3), ("010", 10), ("999999999999999999", 10**18 - 1)])
def test_content_length(value: str, length: int) -> None:
    """Content-Length is a decimal number, with leading zeros too."""
    assert body_framing((1, 0), [value], []) == Framing(length)


@pytest.mark.parametrize(
    "value", ["", "+3", "-1", "0x3", "1_0", "3Z", "\xb3", "\u0663", "3 3", "3, 3", "3,3", "3.0", "1" * 19, "0" * 30]
)
def test_malformed_content_length(value: str) -> None:
    """Content-Length that is not 1 to 18 ASCII digits is refused (cpython#103204)."""
    assert length_code(value) == 400


@pytest.mark.parametrize("values", [("3", "4"), ("3", "3"), ("", "3")])
def test_repeated_content_length(values: tuple[str, ...]) -> None:
    """Two Content-Length fields are refused, equal or not (cpython#150499)."""
    assert length_code(*values) == 400


@pytest.mark.parametrize("value", ["chunked", "Chunked", "CHUNKED"])
def test_chunked(value: str) -> None:
    """Transfer-Encoding is ``chunked`` in any case of letters."""
    assert body_framing((1, 1), [], [value]) == Framing(chunked=True)


@pytest.mark.parametrize("lengths", [["3"], ["0"], [""], ["3", "3"]])
def test_both_framings(lengths: list[str]) -> None:
    """Content-Length beside Transfer-Encoding is refused (cpython#150499)."""
    with pytest.raises(RequestError, match="400"):
        body_framing((1, 1), lengths, ["chunked"])


def test_transfer_encoding_of_old_client() -> None:
    """Transfer-Encoding in an HTTP/1.0 request is refused."""
    assert coding_code("chunked", version=(1, 0)) == 400


@pytest.mark.parametrize(
    "values",
    [
        ("",),
        ("chunked", "chunked"),
        ("chunked, chunked",),
        (",chunked",),
        ("chunked,",),
        ("chunked, identity",),
        ("chunked;q=1",),
        ('"chunked"',),
        ("\x0bchunked",),
        ("\xa0chunked",),
        ("chun ked",),
    ],
)
def test_malformed_transfer_encoding(values: tuple[str, ...]) -> None:
    """Chunked twice, not at the end, or in any other spelling is refused."""
    assert coding_code(*values) == 400


@pytest.mark.parametrize("values", [("identity",), ("gzip, chunked",), ("gzip", "chunked"), ("xchunked",)])
def test_unknown_transfer_encoding(values: tuple[str, ...]) -> None:
    """A transfer coding other than chunked is not implemented."""
    assert coding_code(*values) == 501


@pytest.mark.parametrize(
    "version, fields",
    [
        ((1, 1), [("host", "x"), ("CONTENT-LENGTH", "3")]),
        ((1, 0), [("Content-Length", "3")]),
        ((1, 1), [("Host", ""), ("Content-Length", "3"), ("Content_Length", "4"), ("X", "5"), ("X", "6")]),
    ],
)
def test_request_framing(version: tuple[int, int], fields: list[tuple[str, str]]) -> None:
    """Fields count by their exact name in any case of letters; HTTP/1.0 needs no Host."""
    assert request_framing(version, fields) == Framing(3)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("X-Host", "x")],
        [("Host", "x"), ("Host", "x")],
        [("Host", "x"), ("host", "y")],
        [("Host", "a b")],
        [("Host", "x"), ("Content-Type", "a/b"), ("content-type", "c/d")],
        [("Host", "x"), ("Content-Length", "3"), ("content-length", "3")],
    ],
)
def test_fields_that_must_be_one(fields: list[tuple[str, str]]) -> None:
    """A missing, malformed or repeated Host, and a repeated Content-Type or Content-Length, are refused."""
    with pytest.raises(RequestError, match="400"):
        request_framing((1, 1), fields)


@pytest.mark.parametrize(
    "line, size",
    [
        (b"0\r\n", 0),
        (b"3\r\n", 3),
        (b"00000000000000aF\r\n", 175),
        (b"3;a;!b='c\r\n", 3),
        (b'3;a=b;c="d e\t\xe9"\r\n', 3),
        (b"f" * 16 + b"\r\n", 2**64 - 1),
    ],
)
def test_chunk_size(line: bytes, size: int) -> None:
    """A chunk size is hexadecimal in either case, with leading zeros and extensions."""
    assert parse_chunk_size(line) == size


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\r\n",
        b"3",
        b"3\n",
        b"3\r",
        b"3\r\r\n",
        b"0x3\r\n",
        b"+3\r\n",
        b"-3\r\n",
        b"0_3\r\n",
        b" 3\r\n",
        b"3 \r\n",
        b"3 ;a\r\n",
        b"G\r\n",
        b"1" * 17 + b"\r\n",
        b";a\r\n",
        b"3;\r\n",
        b"3;a;\r\n",
        b"3;=b\r\n",
        b"3;a=\r\n",
        b"3; a\r\n",
        b"3;a =b\r\n",
        b"3;a=b \r\n",
        b"3;a=b=c\r\n",
        b'3;a="b\r\n',
        b'3;a="b"c\r\n',
        b'3;a="\\"\r\n',
        b'3;"a"\r\n',
        b"3;\xe9\r\n",
        b"3;a\rb\r\n",
        b"3;a\nb\r\n",
        b"3;a\x00\r\n",
        b"\xb3\r\n",
    ],
)
def test_malformed_chunk_size(line: bytes) -> None:
    """A chunk size in any other spelling, without CRLF, or with a control character in its extension is refused."""
    with pytest.raises(RequestError, match="400"):
        parse_chunk_size(line)


@given(NATIVE)
def test_any_field_line(line: str) -> None:
    """Every line is either refused by a RequestError or gives a token and a value in one line."""
    try:
        name, value = parse_field_line(line)
    except RequestError:
        return
    assert is_token(name)
    assert not {"\r", "\n", "\0"} & set(value)


@given(st.sampled_from([(1, 0), (1, 1)]), st.lists(NATIVE, max_size=3), st.lists(NATIVE, max_size=3))
def test_any_framing(version: tuple[int, int], lengths: list[str], codings: list[str]) -> None:
    """Every combination is either refused by a RequestError or has one framing only."""
    try:
        framing = body_framing(version, lengths, codings)
    except RequestError:
        return
    assert framing == Framing(length=0 if codings else framing.length, chunked=bool(codings))


@given(st.integers(0, 2**64 - 1), st.sampled_from(["%x", "%X", "%016x"]))
def test_chunk_size_round_trip(size: int, spelling: str) -> None:
    """Every size that fits in 16 digits is read as it was written."""
    assert parse_chunk_size((spelling % size).encode() + b"\r\n") == size


@given(st.binary(max_size=40))
def test_any_chunk_line(line: bytes) -> None:
    """Every line is either refused by a RequestError or a size."""
    try:
        size = parse_chunk_size(line)
    except RequestError:
        return
    assert 0 <= size < 2**64


@pytest.mark.parametrize("line", [b"X: y\r\n", b"X:\r\n", b"Remote-User: root\r\n"])
def test_trailer(line: bytes) -> None:
    """A field that does not say how the request is read may be a trailer."""
    check_trailer(line)


@pytest.mark.parametrize(
    "line", [b"Content-Length: 3\r\n", b"HOST: x\r\n", b"Transfer-encoding:x\r\n", b"X\r\n", b"X: y\n"]
)
def test_refused_trailer(line: bytes) -> None:
    """One that does is refused, and what is no field line."""
    with pytest.raises(RequestError, match="400"):
        check_trailer(line)
