"""The header fields of a response as text: the fast way and the strict one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from gatewright.errors import ForbiddenCharacter
from gatewright.server.response_fields import UNKNOWN, Fields, encode_fields, strict_fields, usual_fields
from gatewright.types import HeaderList

NAMES = [
    "Content-Type",
    "Content-Length",
    "content-length",
    "Set-Cookie",
    "Date",
    "server",
    "X-A",
    "Connection",
    "a b",
    "",
]
VALUES = ["text/plain", "5", "0005", "9" * 19, "", "é", "a\tb", "a\r\nb", "\x00", "\x7f", "Ā", "٣", " a "]


class Text(str):
    """Not a str to PEP 3333."""

    __slots__ = ()


def strict(headers: HeaderList) -> Fields | type[AssertionError]:
    """Return the strict answer, or the kind of refusal."""
    try:
        return strict_fields(headers)
    except AssertionError as error:
        return type(error)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=5)), max_size=4))
@settings(max_examples=1000)
def test_fast_equals_strict(headers: HeaderList) -> None:
    """For any headers the fast way answers nothing, or what the strict one answers."""
    strict_fields([("Content-Type", "a"), ("Set-Cookie", "a"), ("X-A", "a"), ("Date", "a"), ("server", "a")])
    answer = usual_fields(headers)
    assert answer is None or answer == strict(headers)


@pytest.mark.parametrize(
    "headers",
    [
        (("Content-Type", "a"),),
        [["Content-Type", "a"]],
        [("Content-Type",)],
        [("Content-Type", "a", "b")],
        [None],
        [(["Content-Type"], "a")],
        [(1, "a")],
        [("Content-Type", b"a")],
        [(Text("Content-Type"), "a")],
        [("Content-Type", Text("a"))],
        [("Content-Length", "5"), ("Content-Length", "5")],
        [("Content-Length", "³")],
    ],
)
def test_never_usual(headers: Any) -> None:
    """What is no list of pairs of true strings, or has two lengths, is not for the fast way."""
    strict_fields([("Content-Type", "a")])
    assert usual_fields(headers) is None


def test_lines() -> None:
    """Each field is one line, begun by CRLF, with the application's spelling and order."""
    text = encode_fields([("X-b", "1"), ("Content-Length", "5"), ("x-A", "ä")])[0]
    assert text == "\r\nX-b: 1\r\nContent-Length: 5\r\nx-A: ä"


@pytest.mark.parametrize("name", ["Content-Length", "content-length"])
@pytest.mark.parametrize("value, length", [("5", 5), ("05", 5), ("0", 0)])
def test_length(name: str, value: str, length: int) -> None:
    """The Content-Length is found in any spelling."""
    assert encode_fields([(name, value)])[1] == length


def test_no_length() -> None:
    """Without a Content-Length the length is unknown."""
    assert encode_fields([])[1] == UNKNOWN


@pytest.mark.parametrize("headers, given", [([("date", "a")], (True, False)), ([("SERVER", "a")], (False, True))])
def test_own_fields(headers: HeaderList, given: tuple[bool, bool]) -> None:
    """A Date or Server of the application's is noticed, in any spelling, each time."""
    assert [encode_fields(headers)[2:] for _ in range(2)] == [given, given]


@pytest.mark.parametrize("value", ["", "+5", "-1", "5, 5", "0x5", "5.0", "³", "9" * 19])
def test_bad_length(value: str) -> None:
    """A Content-Length that is no decimal number is refused."""
    with pytest.raises(AssertionError, match="Content-Length"):
        encode_fields([("Content-Length", value)])


def test_two_lengths() -> None:
    """Two Content-Lengths are refused, equal ones too."""
    with pytest.raises(AssertionError, match="not one decimal number"):
        encode_fields([("Content-Length", "5"), ("content-length", "5")])


@pytest.mark.parametrize("character", ["\r", "\n", "\x00", "\x1b", "\x7f", "\x0b"])
@pytest.mark.parametrize("name, value", [("X{}", "a"), ("X", "a{}b"), ("Content-Type", "{}")])
def test_control_character(character: str, name: str, value: str) -> None:
    """A control character in a name or a value is refused."""
    with pytest.raises(ForbiddenCharacter):
        encode_fields([(name.format(character), value.format(character))])


@pytest.mark.parametrize("headers", [[("Transfer-Encoding", "chunked")], [("Connection", "close")], [("X", "Ā")]])
def test_refused(headers: HeaderList) -> None:
    """Hop-by-hop fields and what is not Latin-1 are refused."""
    for _ in range(2):
        with pytest.raises(AssertionError):
            encode_fields(headers)


def test_invented_names() -> None:
    """An application that invents names is served, and the memory of names stays bounded."""
    for number in range(2000):
        encode_fields([(f"X-{number}", "a")])
    assert usual_fields([("X-1999", "a")]) is None
    assert encode_fields([("X-1999", "a")])[0] == "\r\nX-1999: a"
