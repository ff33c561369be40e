from __future__ import annotations

import string

import pytest
from hypothesis import given, strategies as st

from gatewright.spec.grammar import (
    HOP_BY_HOP,
    WITHOUT_CONTENT,
    WITHOUT_CONTENT_LENGTH,
    control_in_name,
    control_in_value,
    is_digits,
    is_latin_1,
    is_status,
    is_token,
)

TCHARS = set("!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters)  # RFC 9110 section 5.6.2, spelt out

LATIN_1 = st.text(st.characters(max_codepoint=0xFF))


@given(st.text(st.characters(max_codepoint=0x17F)))
def test_token(text: str) -> None:
    """A token is one or more of the characters that RFC 9110 lists."""
    assert is_token(text) == (text != "" and set(text) <= TCHARS)


@pytest.mark.parametrize("text", ["GET\n", "\nGET", "GET ", "a:b", "a b", "(a)", "\u212a"])
def test_no_token(text: str) -> None:
    """Nothing may follow or precede a token, not even a line feed; no letter beyond ASCII counts."""
    assert not is_token(text)


@pytest.mark.parametrize("text", ["0", "10", "007", "18446744073709551616"])
def test_digits(text: str) -> None:
    """ASCII digits are 1*DIGIT, however many."""
    assert is_digits(text)


@pytest.mark.parametrize("text", ["", "+1", "-1", "1_0", "0x3", " 1", "1 ", "1\n", "1.0", "\u0663", "\xb2"])
def test_no_digits(text: str) -> None:
    """What int() takes beyond 1*DIGIT is none (cpython#103204)."""
    assert not is_digits(text)


@given(st.text())
def test_latin_1(text: str) -> None:
    """Text is Latin-1 exactly if that codec encodes it."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        assert not is_latin_1(text)
    else:
        assert is_latin_1(text)


@pytest.mark.parametrize(
    "text", ["200 OK", "404 Not Found", "999 X", "100 a", "200 caf\xe9", "418 I'm a teapot (really)"]
)
def test_status(text: str) -> None:
    """Three digits, one space and a reason are a status."""
    assert is_status(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "200",
        "200 ",
        "200  OK",
        "200 OK ",
        " 200 OK",
        "20 OK",
        "2000 OK",
        "099 No",
        "2x0 OK",
        "200\tOK",
        "200 O\tK",
        "200 OK\n",
        "200 OK\r\nX: y",
        "200 \x7f",
        "200 \u20ac",
        "\u0662\u0660\u0660 OK",
    ],
)
def test_no_status(text: str) -> None:
    """Anything around, between or instead of the parts of a status spoils it."""
    assert not is_status(text)


@given(LATIN_1)
def test_status_is_one_line(reason: str) -> None:
    """Whatever is a status stands on one line of the head, with nothing to strip."""
    status = f"200 {reason}"
    if is_status(status):
        assert not any(ord(char) < 32 or ord(char) == 127 for char in status)
        assert reason.strip(" ") == reason != ""


@pytest.mark.parametrize("code", [*range(0x20), 0x7F], ids=hex)
def test_control_in_name(code: int) -> None:
    """Every control character is found in a name."""
    assert control_in_name(f"X{chr(code)}") == chr(code)


@pytest.mark.parametrize("code", [*range(9), *range(10, 0x20), 0x7F], ids=hex)
def test_control_in_value(code: int) -> None:
    """Every control character but HTAB is found in a value."""
    assert control_in_value(f"a{chr(code)}") == chr(code)


def test_tab_in_value() -> None:
    """HTAB may stand in a value (python/cpython PR 144118)."""
    assert control_in_value("a\tb") is None


def test_first_control() -> None:
    """The first of several control characters is named."""
    assert (control_in_name("a\n\r"), control_in_value("a\r\n")) == ("\n", "\r")


@given(st.text(st.characters(min_codepoint=0x20, exclude_characters="\x7f")))
def test_no_control(text: str) -> None:
    """Without control characters there is nothing to find."""
    assert (control_in_name(text), control_in_value(text)) == (None, None)


def test_without_content() -> None:
    """1xx, 204 and 304 never have content, and nothing else is like them (RFC 9110 section 6.4.1)."""
    assert {*range(100, 200), 204, 304} == set(WITHOUT_CONTENT)


def test_without_content_length() -> None:
    """Only a 304 may say how long its content would have been (cpython#62299)."""
    assert {*range(100, 200), 204} == set(WITHOUT_CONTENT_LENGTH)


def test_hop_by_hop() -> None:
    """The hop-by-hop fields are those of RFC 2616, with its misprint, in lower case."""
    names = "connection keep-alive proxy-authenticate proxy-authorization te trailers transfer-encoding upgrade"
    assert set(names.split()) == HOP_BY_HOP
