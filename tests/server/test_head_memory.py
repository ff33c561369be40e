"""What a connection remembers of its heads."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from request_strategies import FRAGMENTS, requests

from gatewright.errors import RequestError
from gatewright.server import head_memory
from gatewright.server.head import Head
from gatewright.server.head_memory import HeadMemory
from gatewright.server.limits import Limits
from gatewright.server.parser import HeadReader
from gatewright.server.strict_head import StrictHead

FIELDS = b"\r\nHost: x\r\nAccept: a\r\n\r\n"
FIRST = b"GET /a?b HTTP/1.1" + FIELDS


def strict(data: bytes) -> Head | int | None:
    """Return what the strict parser reads, or the status that it refuses with."""
    try:
        return StrictHead(Limits(), {}).feed(data)
    except RequestError as refusal:
        return refusal.code


def filled() -> HeadMemory:
    """Return a memory of the first head, whose names and host are known."""
    assert HeadReader(Limits(), {}).feed(FIRST) is not None
    memory = HeadMemory(100, 5)
    remember(memory, FIRST)
    return memory


def remember(memory: HeadMemory, data: bytes) -> None:
    """Have a head remembered that is sound."""
    HeadReader(Limits(), {}).feed(data)
    head = strict(data)
    assert isinstance(head, tuple)
    memory.remember(data.partition(b"\r\n\r\n")[0], head)


@pytest.mark.parametrize(
    "line",
    [b"GET /a?b HTTP/1.1", b"POST /%41 HTTP/1.1", b"HEAD // HTTP/1.1", b"OPTIONS /? HTTP/1.1", b"GET / HTTP/1.0"],
)
def test_recalled(line: bytes) -> None:
    """A head with the same fields is what the strict parser reads."""
    assert filled().recall(line + FIELDS) == strict(line + FIELDS)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.2" + FIELDS,
        b"GET /\x7f HTTP/1.1" + FIELDS,
        b"GET /\r\nX:y HTTP/1.1" + FIELDS,
        b"GET /%zz HTTP/1.1" + FIELDS,
        b"GET /\xe9 HTTP/1.1" + FIELDS,
        b"GET /" + b"x" * 90 + b" HTTP/1.1" + FIELDS,
        b"\r\nGET / HTTP/1.1" + FIELDS,
        b"GET / HTTP/1.1\r\nX: y" + FIELDS,
        b"GET / HTTP/1.1\r\nHost: y\r\nAccept: a\r\n\r\n",
        FIRST[:-1],
        FIRST[:-3],
        FIRST[:20],
        FIELDS,
        b"",
    ],
)
def test_not_recalled(data: bytes) -> None:
    """Other fields, and request lines that are unusual or unsound, are left to the parsers."""
    assert filled().recall(data) is None


@given(
    requests(),
    st.sampled_from([FIELDS, b"\r\nHost: x\r\n\r\n", b"\r\n\r\n"]),
    st.sampled_from([b"", b"\r\n", b"\r\n\r\n", FIELDS, FIRST]) | st.binary(max_size=9),
)
def test_never_another_answer(data: bytes, fields: bytes, more: bytes) -> None:
    """Whatever stands before the remembered fields, and behind them, the answer is the strict parser's, or none."""
    head, memory = data.partition(b"\r\n")[0] + fields, filled()
    answer = memory.recall(head + more)
    assert answer is None or (answer == strict(head) and memory.end == len(head))


@pytest.mark.parametrize("first", [FIRST, b"GET /c HTTP/1.1" + FIELDS])
def test_what_follows(first: bytes) -> None:
    """Of a head that does not come alone the memory says where it ends; the limit is for the head."""
    memory = filled()
    assert (memory.recall(first + FIRST * 9), memory.end) == (strict(first), len(first))


def test_environ_is_a_copy() -> None:
    """What an application does to its environ is not seen by the next request."""
    memory = filled()
    head = memory.recall(FIRST)
    assert head is not None
    head[0].clear()
    assert memory.recall(FIRST) == strict(FIRST)


def test_the_same_head() -> None:
    """A head of the same bytes is not looked at further, and is as it was before: length, keep-alive and all."""
    data = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    memory = HeadMemory(100, 5)
    remember(memory, data)
    assert memory.recall(data) == strict(data)
    head = memory.recall(data)
    assert head is not None
    assert head[1:] == (3, False, False)


def with_names(*names: bytes) -> bytes:
    """Return a head with these fields besides Host."""
    return b"GET / HTTP/1.1\r\nHost: x\r\n%b\r\n" % b"".join(name + b": y\r\n" for name in names)


OTHERS = (with_names(b"Accept"), with_names(b"Cookie"), with_names(b"Accept", b"Cookie"))


def test_given_up() -> None:
    """After three heads in a row with other fields the memory is useless."""
    memory = filled()
    for data in (OTHERS[1], OTHERS[0], OTHERS[2]):
        assert not memory.is_useless
        remember(memory, data)
    assert memory.is_useless


def test_not_given_up() -> None:
    """Two others, and then the same again, are borne for ever."""
    memory = filled()
    for _ in range(20):
        remember(memory, OTHERS[1])
        remember(memory, OTHERS[2])
        assert memory.recall(OTHERS[2]) is not None
    assert not memory.is_useless


def test_given_up_if_all_changes() -> None:
    """Where more than a few values change, reading the whole is quicker."""
    memory = HeadMemory(1000, 5)
    names = [b"X-%d" % number for number in range(7)]
    remember(memory, with_names(*names))
    remember(memory, with_names(*names).replace(b": y", b": z"))
    assert memory.is_useless


@pytest.mark.parametrize("fields", [b"", b"\r\nAccept: a"])
def test_value_that_changed(fields: bytes) -> None:
    """A value that was seen to change may be any, and the others are as before."""
    memory = HeadMemory(1000, 5)
    for cookie in (b"a", b"b"):
        remember(memory, b"GET / HTTP/1.1\r\nHost: x\r\nCookie: %b%b\r\n\r\n" % (cookie, fields))
    data = b"GET /c?d HTTP/1.1\r\nHost: x\r\nCookie:  cc \r\nAccept: a\r\n\r\n".replace(b"\r\nAccept: a", fields)
    assert memory.recall(data) == strict(data)


FIVE = b"POST / HTTP/1.1\r\nContent-Length: 5\r\nConnection: close\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "now, later",
    [
        ((b"th: 5", b"th: 4"), (b"th: 4", b"th: 3")),
        ((b"close", b"keep-alive"), (b"keep-alive", b"Keep-Alive")),
        ((b"Host: x", b"Host: y"), (b"Host: y", b"Host: x")),
    ],
)
def test_value_that_is_judged_anew(now: tuple[bytes, bytes], later: tuple[bytes, bytes]) -> None:
    """What changes of the framing, of the connection or of the host is read anew each time."""
    memory = HeadMemory(1000, 5)
    for data in (FIVE, FIVE.replace(*now)):
        remember(memory, data)
    data = FIVE.replace(*now).replace(*later)
    assert memory.recall(data) == strict(data)


@pytest.mark.parametrize(
    "now, later",
    [
        ((b"th: 5", b"th: 4"), (b"th: 4", b"th: 6")),  # beyond the limit
        ((b"th: 5", b"th: 4"), (b"th: 4", b"th: +3")),
        ((b"close", b"keep-alive"), (b"keep-alive", b"close, x")),
        ((b"Host: x", b"Host: y"), (b"Host: y", b"Host: y, z")),
        ((b"Host: x", b"Host: y"), (b"Host: y", b"Host: y\tz")),
        ((b"Host: x", b"Host: y"), (b"Host: y", b"Host: y\nX: z")),
        ((b"Host: x", b"Host: y"), (b"Host: y", b"Host: y\r\nX: z")),
        ((b"Host: x", b"Host: y"), (b"\r\nHost: y", b"\r\nX: z\r\nHost: y")),
        ((b"Host: x", b"Host: y"), (b"Host: y", b"Host:y")),
        ((b"Host: x", b"Host: y"), (b"Host: y", b"Host: \xe9")),
    ],
)
def test_value_that_is_unusual(now: tuple[bytes, bytes], later: tuple[bytes, bytes]) -> None:
    """What changes into something unusual or unsound is left to the parsers."""
    memory = HeadMemory(1000, 5)
    for data in (FIVE, FIVE.replace(*now)):
        remember(memory, data)
    assert memory.recall(FIVE.replace(*now).replace(*later)) is None


VALUES = st.lists(st.sampled_from(FRAGMENTS), max_size=4).map(b"".join)


@given(st.tuples(VALUES, st.just(b"a") | VALUES, st.just(b"Via: b") | VALUES), requests())
def test_changing_value_never_another_answer(values: tuple[bytes, bytes, bytes], data: bytes) -> None:
    """Whatever a value changes into, the answer is the strict parser's, or none."""
    memory = HeadMemory(10_000, 1000)
    for cookie in (b"a", b"b"):
        remember(memory, b"GET / HTTP/1.1\r\nHost: x\r\nCookie: %b\r\nAccept: a\r\nVia: b\r\n\r\n" % cookie)
    line = data.partition(b"\r\n")[0]
    head = line + b"\r\nHost: x\r\nCookie: %b\r\nAccept: %b\r\n%b\r\n\r\n" % values
    answer = memory.recall(head)
    assert answer is None or answer == strict(head)


@pytest.mark.parametrize("other", [bytes([code]) for code in (*range(32), *range(127, 256))])
def test_nul_was_taken_for_printable(other: bytes) -> None:
    """A byte that is not printable ASCII is looked at by a parser, be it in the request line or in a value."""
    memory = HeadMemory(100, 5)
    remember(memory, OTHERS[1])
    remember(memory, OTHERS[1].replace(b": y", b": z"))
    assert memory.recall(OTHERS[1]) is not None
    assert memory.recall(OTHERS[1].replace(b": y", b": a" + other + b"b")) is None
    assert memory.recall(OTHERS[1].replace(b": y", b": " + other)) is None
    assert memory.recall(OTHERS[1].replace(b"GET /", b"GET /" + other)) is None


def test_names_that_are_forgotten_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is known no longer, as the memory of names starts anew when it is full, is no error."""
    memory = HeadMemory(1000, 5)
    remember(memory, OTHERS[1])
    data = OTHERS[1].replace(b": y", b": z")
    head = strict(data)
    assert isinstance(head, tuple)
    monkeypatch.setattr(head_memory, "VARIABLES", {})
    memory.remember(data.partition(b"\r\n\r\n")[0], head)
    assert memory.recall(data) is None


def test_first_is_no_miss() -> None:
    """Where nothing is remembered, nothing is missed."""
    memory = HeadMemory(100, 5)
    assert [memory.recall(FIRST) for _ in range(5)] == [None] * 5
    assert not memory.is_useless


def test_not_remembered() -> None:
    """Large heads are not kept."""
    memory = HeadMemory(10_000, 5)
    data = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 5000 + b"\r\n\r\n"
    remember(memory, data)
    assert memory.recall(data) is None


def test_reader_uses_it() -> None:
    """The third equal head of a connection is the same as the first, and no longer the parsers' work."""
    reader = HeadReader(Limits(), {})
    heads = [reader.feed(FIRST) for _ in range(3)]
    assert heads == [strict(FIRST)] * 3


def test_reader_without_it() -> None:
    """A reader that is to remember nothing reads the same."""
    reader = HeadReader(Limits(), {}, remembers=False)
    heads = [reader.feed(FIRST) for _ in range(3)]
    assert heads == [strict(FIRST)] * 3


def test_reader_gives_it_up() -> None:
    """Heads that differ are read as ever after the memory was given up."""
    reader = HeadReader(Limits(), {})
    data = [OTHERS[number % 3] for number in range(9)]
    assert [reader.feed(each) for each in data] == [strict(each) for each in data]
