from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gatewright.spec.checks import (
    Violation,
    check_exc_info,
    check_field_name,
    check_field_value,
    check_header_fields,
    check_headers,
    check_iterable,
    check_status,
    check_status_line,
    fields_are_known,
    head_of,
    response,
)
from gatewright.spec.grammar import HOP_BY_HOP, control_in_value, is_latin_1, is_status, is_token

LATIN_1 = st.text(st.characters(max_codepoint=0xFF))


class Text(str):
    __slots__ = ()


class Pairs(list[Any]):
    pass


class Pair(tuple[str, str]):
    __slots__ = ()


def rule_of(violation: Violation | None) -> str | None:
    """Return the id of the rule that was broken."""
    return violation.rule.id if violation else None


@pytest.fixture
def memories(monkeypatch: pytest.MonkeyPatch) -> list[Collection[str]]:
    """Let the checks remember nothing of what other tests showed them, and two things at most; return where they do."""
    names = [name for name, value in vars(response).items() if type(value) in (set, dict) and not name.startswith("__")]
    for name in names:
        monkeypatch.setattr(response, name, type(getattr(response, name))())
    monkeypatch.setattr(response, "_MEMORY", 2)
    nothing: response.Fields = ("", 0, -1, [])
    monkeypatch.setattr(response, "_last", nothing)
    return [getattr(response, name) for name in names]


# --- The status -----------------------------------------------------------------------------------------------------

# Status, the rule that the validator names, the rule that the handlers name
STATUSES: list[tuple[object, str | None, str | None]] = [
    ("200 OK", None, None),
    ("404 Not Found", None, None),
    ("200 caf\xe9", None, None),
    ("200 ", "A13", None),
    ("200  OK", "A13", None),
    ("200 OK ", "A13", None),
    ("200", "A13", "A13"),
    ("200OK", "A13", "A13"),
    ("200-OK", "A13", "A13"),
    ("20 OK", "A13", "A13"),
    ("2000 OK", "A13", "A13"),
    ("099 No", "A13", "A13"),
    (" 200 OK", "A13", "A13"),
    ("", "A13", "A13"),
    (" ", "A13", "A13"),
    ("abc def", "A13", "A13"),
    ("\xb2\xb2\xb2 OK", "A13", "A13"),
    ("200 OK\r\nX: y", "A14", "A14"),
    ("200 O\nK", "A14", "A14"),
    ("200 OK\n", "A14", "A14"),
    ("200 O\tK", "A14", "A14"),
    ("200 O\0K", "A14", "A14"),
    ("200 O\x7fK", "A14", "A14"),
    ("200 \u20ac", "A19", "A19"),
    (200, "A12", "A12"),
    (b"404 Not Found", "A12", "A12"),
    (None, "A12", "A12"),
    (Text("200 OK"), "A12", "A12"),
]


@pytest.mark.parametrize("status, rule, _", STATUSES)
def test_status(status: object, rule: str | None, _: str | None) -> None:
    """The validator's check of a status tells which rule is broken, if one is."""
    assert rule_of(check_status(status)) == rule


@pytest.mark.parametrize("status, _, rule", STATUSES)
def test_status_line(status: object, _: str | None, rule: str | None) -> None:
    """The handlers' check lets pass what every client reads without harm, and nothing else."""
    assert rule_of(check_status_line(status)) == rule


@given(st.sampled_from(["", "200 ", "099 ", "200", " "]), st.text(max_size=5))
def test_status_agrees_with_grammar(code: str, reason: str) -> None:
    """The verdict on a status is the grammar's, the first time and from memory."""
    status = code + reason
    verdicts = [check_status(status) is None for _ in range(2)]
    assert verdicts == [is_status(status)] * 2


@given(st.sampled_from(["", "200 ", "099 ", "200", " "]), st.text(max_size=5))
def test_status_line_is_steady(code: str, reason: str) -> None:
    """The handlers judge a status alike before and after the validator has seen it, and never more strictly."""
    status = code + reason
    before = check_status_line(status)
    strict = check_status(status)
    assert check_status_line(status) == before
    assert strict is not None or before is None


@given(LATIN_1)
def test_status_line_is_one_line(text: str) -> None:
    """Whatever the handlers let pass cannot end the status line."""
    status = f"200 {text}"
    assert check_status_line(status) is not None or not {"\r", "\n", "\0"} & set(status)


def test_memory_is_bounded(memories: list[Collection[str]]) -> None:
    """What is beyond the memory's bound is judged all the same."""
    statuses = [f"200 Reason {n}" for n in range(5)]
    assert [check_status(status) for status in statuses * 2] == [None] * 10
    assert max(map(len, memories)) == 2


# --- The headers ----------------------------------------------------------------------------------------------------

# Headers, the rule that the validator names, the rule that the handlers name
HEADERS: list[tuple[object, str | None, str | None]] = [
    ([], None, None),
    ([("Content-Type", "text/plain"), ("X", "")], None, None),
    ([("1X", "a"), ("X.A!", "b")], None, None),
    ([("Set-Cookie", "a"), ("Set-Cookie", "b")], None, None),
    ([("X", "a\tb")], None, None),
    ([("X", "caf\xe9")], None, None),
    (None, "A15", "A15"),
    ((("X", "y"),), "A15", "A15"),
    (Pairs([("X", "y")]), "A15", "A15"),
    ({"X": "y"}, "A15", "A15"),
    ([["X", "y"]], "A16", "A16"),
    ([Pair(("X", "y"))], "A16", "A16"),
    ([("X",)], "A16", "A16"),
    ([("X", "y", "z")], "A16", "A16"),
    ([(b"X", "y")], "A16", "A16"),
    ([("X", b"y")], "A16", "A16"),
    ([("X", 1)], "A16", "A16"),
    ([(Text("X"), "y")], "A16", "A16"),
    ([("X", Text("y"))], "A16", "A16"),
    ([("", "y")], "A17", "A17"),
    ([("X:", "y")], "A17", "A17"),
    ([("X Y", "y")], "A17", "A17"),
    ([("X\r\nY", "y")], "A17", "A17"),
    ([("X\t", "y")], "A17", "A17"),
    ([("\xe9", "y")], "A17", "A17"),
    ([("\u20ac", "y")], "A17", "A17"),
    ([("X-", "y")], "A17", None),
    ([("X_", "y")], "A17", None),
    ([("X", "a\r\nY: b")], "A18", "A18"),
    ([("X", "a\0")], "A18", "A18"),
    ([("X", "a\x7f")], "A18", "A18"),
    ([("X", "\u20ac")], "A19", "A19"),
    ([("X", "\u2028")], "A19", "A19"),
    ([("Connection", "close")], "A20", "A20"),
    ([("transfer-encoding", "chunked")], "A22", "A20"),
    ([("Proxy-Connection", "keep-alive")], "A21", None),
    ([("Good", "1"), ("KEEP-ALIVE", "1")], "A20", "A20"),
    ([("Status", "200 OK")], "A23", None),
    ([("sTATUS", "200 OK")], "A23", None),
]


@pytest.mark.parametrize("headers, rule, _", HEADERS)
def test_headers(headers: Any, rule: str | None, _: str | None) -> None:
    """The validator's check of a header list tells which rule is broken, if one is."""
    assert rule_of(check_headers(headers)) == rule


@pytest.mark.parametrize("headers, _, rule", HEADERS)
def test_header_fields(headers: Any, _: str | None, rule: str | None) -> None:
    """The handlers' check refuses what breaks the head apart, is no field or belongs to the connection."""
    assert rule_of(check_header_fields(headers)) == rule


KNOWN = ["Status", "status", "X-", "Content-Type", "X", "Content-Length", "date", "Server"]
NAMES = st.sampled_from([*HOP_BY_HOP, *KNOWN, "", "a:b"]) | st.text(max_size=3)
VALUES = st.sampled_from(["", "a", "12", "\t", "\r\n", "\x7f", "\xe9", "\u20ac"])
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=3)


def may_be_sent(name: str, value: str) -> bool:
    """Whether the grammar allows for this field."""
    legal = is_token(name) and control_in_value(value) is None and is_latin_1(value)
    return legal and name.lower() not in HOP_BY_HOP


@given(FIELDS)
def test_header_fields_agree_with_grammar(fields: list[tuple[str, str]]) -> None:
    """The handlers accept exactly what the grammar allows for, also after the validator has seen the names."""
    verdicts: list[bool] = []
    for _ in range(2):
        verdicts.append(check_header_fields(fields) is None)
        check_headers(fields)
    assert verdicts == [all(may_be_sent(*field) for field in fields)] * 2


@given(FIELDS)
def test_headers_verdict_is_steady(fields: list[tuple[str, str]]) -> None:
    """The validator's verdict from memory is the verdict that it gave first."""
    assert rule_of(check_headers(fields)) == rule_of(check_headers(fields))


@given(FIELDS)
def test_validator_is_stricter(fields: list[tuple[str, str]]) -> None:
    """The validator never accepts headers that handlers would refuse."""
    assert check_headers(fields) is not None or check_header_fields(fields) is None


def test_names_are_bounded(memories: list[Collection[str]]) -> None:
    """Names beyond the memory's bound are judged all the same."""
    headers = [(f"X-{n}", "y") for n in range(5)]
    assert [check_headers(headers), check_headers(headers)] == [None, None]
    assert max(map(len, memories)) == 2


@given(FIELDS)
def test_head_of(fields: list[tuple[str, str]]) -> None:
    """The head of known fields is that of a closer look, or none."""
    for _ in range(2):
        head = head_of(fields)
        lengths = [value for name, value in fields if name.lower() == "content-length"]
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        expected = (lines, response.marks_of(fields), int(lengths[0]) if lengths == ["12"] else -1, fields)
        assert head is None or (head == expected and lengths in ([], ["12"]) and check_header_fields(fields) is None)
        check_header_fields(fields)


def test_head_of_changed_list() -> None:
    """What an application does to its list after the response changes nothing of what is remembered of it."""
    headers = [("X", "y")]
    check_header_fields(headers)
    before = head_of(headers)
    headers[0] = ("X", "y\r\nZ: z")
    assert (before, head_of(headers)) == (("X: y\r\n", 0, -1, [("X", "y")]), None)


class Equal(str):
    """A value that is no plain str, although it is equal to one."""

    __slots__ = ()


def test_head_of_equal_fields() -> None:
    """For fields that are equal to the last ones, the strings that were judged are sent."""
    headers = [("X", "y")]
    check_header_fields(headers)
    head_of(headers)
    head = head_of([("X", Equal("y"))])
    assert head == ("X: y\r\n", 0, -1, [("X", "y")])
    assert head is not None
    assert type(head[3][0][1]) is str


def test_head_of_large_fields() -> None:
    """A response with large fields leaves nothing of them in memory."""
    large = [("X", "y" * 5000)]
    check_header_fields(large)
    head = head_of(large)
    assert (head is not None, head_of(large) is head) == (True, False)


class Quarrelsome:
    """What cannot be compared."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        raise ValueError("compare me to nothing")


def test_head_of_what_cannot_be_compared() -> None:
    """A list of things that refuse to be compared is as bad as any other list that is none of fields."""
    headers: Any = [Quarrelsome()]
    check_header_fields([("X", "y")])
    head_of([("X", "y")])
    assert (head_of(headers), rule_of(check_header_fields(headers))) == (None, "A16")


@given(FIELDS)
def test_known_fields_may_be_sent(fields: list[tuple[str, str]]) -> None:
    """Fields that are known need no further check, before and after others were seen."""
    for _ in range(2):
        assert not fields_are_known(fields) or check_header_fields(fields) is None
        check_headers(fields)


@pytest.mark.usefixtures("memories")
@pytest.mark.parametrize("headers", [headers for headers, _, rule in HEADERS if rule])
def test_bad_headers_are_not_known(headers: Any) -> None:
    """Nothing that may not be sent is ever known, whatever it is, unless its like of plain types was just sent."""
    check_header_fields([("X", "y")])
    assert not fields_are_known(headers)
    assert head_of(headers) is None


@pytest.mark.usefixtures("memories")
@pytest.mark.parametrize("check", [check_headers, check_header_fields])
def test_value_is_judged_anew(check: Callable[[Any], Violation | None]) -> None:
    """A name that is remembered does not vouch for the next value (cpython#143916)."""
    good, bad = [("Location", "/")], [("Location", "/\r\nSet-Cookie: a=b")]
    assert [rule_of(check(headers)) for headers in (good, bad)] == [None, "A18"]


@pytest.mark.parametrize(
    "name, rule", [("X", None), ("a b", None), ("a\nb", "A17"), ("a\t", "A17"), ("\x7f", "A17"), (b"X", "A16")]
)
def test_field_name(name: object, rule: str | None) -> None:
    """A name that may be stored is a str without control characters."""
    assert rule_of(check_field_name(name)) == rule


@pytest.mark.parametrize(
    "value, rule", [("a", None), ("a\t", None), ("\xa0", None), ("a\n", "A18"), ("\x7f", "A18"), (None, "A16")]
)
def test_field_value(value: object, rule: str | None) -> None:
    """A value that may be stored is a str without control characters other than HTAB."""
    assert rule_of(check_field_value(value)) == rule


def test_message_shows_the_character() -> None:
    """The message points at the character."""
    violation = check_field_value("a\r\nb")
    assert violation is not None
    assert violation.message == r"Bad header value: 'a\r\nb' (bad char: '\r')"


# --- exc_info and the iterable --------------------------------------------------------------------------------------


def current_exc_info() -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """Return what sys.exc_info() gives in an except clause."""
    try:
        int("x")
    except ValueError as error:
        return type(error), error, error.__traceback__
    raise AssertionError


@pytest.mark.parametrize(
    "exc_info", [None, (None, None, None), current_exc_info(), (ValueError, ValueError(), None), sys.exc_info()]
)
def test_exc_info(exc_info: object) -> None:
    """What sys.exc_info() returns anywhere is a triple; an exception that was never raised has no traceback."""
    assert check_exc_info(exc_info) is None


@pytest.mark.parametrize(
    "exc_info",
    [
        "exc_info",
        ValueError(),
        [*current_exc_info()],
        (),
        (ValueError,),
        (ValueError, ValueError()),
        ("ValueError", ValueError(), None),
        (ValueError, "message", None),
        (ValueError, ValueError(), "traceback"),
        (None, None),
    ],
)
def test_no_exc_info(exc_info: object) -> None:
    """Anything else is none (A24)."""
    assert rule_of(check_exc_info(exc_info)) == "A24"


class OldSequence:
    def __getitem__(self, index: int) -> bytes:
        raise IndexError(index)


@pytest.mark.parametrize("result", [[], [b"a"], (), {}, iter(()), OldSequence(), bytearray(b"a")])
def test_iterable(result: object) -> None:
    """Whatever can be iterated over may be a body; what it yields is another question."""
    assert check_iterable(result) is None


@pytest.mark.parametrize(
    "result, rule", [(None, "A07"), (1, "A07"), (False, "A07"), ("page", "A08"), (b"bytes", "A08")]
)
def test_no_iterable(result: object, rule: str) -> None:
    """None and what cannot be iterated over is no body (A07); bare text or bytes would leave byte by byte (A08)."""
    assert rule_of(check_iterable(result)) == rule
