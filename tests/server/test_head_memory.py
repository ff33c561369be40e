"""What a connection remembers of its last head."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from request_strategies import requests

from gatewright.errors import RequestError
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
    memory = HeadMemory(100)
    head = strict(FIRST)
    assert isinstance(head, tuple)
    memory.remember(FIRST, head)
    return memory


@pytest.mark.parametrize(
    "line",
    [b"GET /a?b HTTP/1.1", b"POST /%41 HTTP/1.1", b"HEAD // HTTP/1.1", b"OPTIONS /? HTTP/1.1"],
)
def test_recalled(line: bytes) -> None:
    """A head with the same fields is what the strict parser reads."""
    assert filled().recall(line + FIELDS) == strict(line + FIELDS)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.2" + FIELDS,
        b"GET / HTTP/1.0" + FIELDS,
        b"GET /\x7f HTTP/1.1" + FIELDS,
        b"GET /\r\nX:y HTTP/1.1" + FIELDS,
        b"GET /%zz HTTP/1.1" + FIELDS,
        b"GET /\xe9 HTTP/1.1" + FIELDS,
        b"GET /" + b"x" * 90 + b" HTTP/1.1" + FIELDS,
        b"\r\nGET / HTTP/1.1" + FIELDS,
        b"GET / HTTP/1.1\r\nX: y" + FIELDS,
        b"GET / HTTP/1.1\r\nHost: y\r\nAccept: a\r\n\r\n",
        FIRST + b"x",
        FIELDS,
        b"",
    ],
)
def test_not_recalled(data: bytes) -> None:
    """Other fields, and request lines that are unusual or unsound, are left to the parsers."""
    assert filled().recall(data) is None


@given(requests(), st.sampled_from([FIELDS, b"\r\nHost: x\r\n\r\n", b"\r\n\r\n"]))
def test_never_another_answer(data: bytes, fields: bytes) -> None:
    """Whatever stands before the remembered fields, the answer is the strict parser's, or none."""
    answer = filled().recall(data.partition(b"\r\n")[0] + fields)
    assert answer is None or answer == strict(data.partition(b"\r\n")[0] + fields)


def test_environ_is_a_copy() -> None:
    """What an application does to its environ is not seen by the next request."""
    memory = filled()
    head = memory.recall(FIRST)
    assert head is not None
    head[0].clear()
    assert memory.recall(FIRST) == strict(FIRST)


def test_given_up() -> None:
    """After three other heads in a row the memory is useless."""
    memory = filled()
    for number in range(3):
        memory.recall(b"GET / HTTP/1.1\r\nHost: y%d\r\n\r\n" % number)
    assert memory.is_useless


def test_not_given_up() -> None:
    """Two others, and then the same again, are borne for ever."""
    memory = filled()
    for number in range(20):
        memory.recall(FIRST if number % 3 == 0 else b"GET / HTTP/1.1\r\nHost: y\r\n\r\n")
    assert not memory.is_useless


def test_first_is_no_miss() -> None:
    """Where nothing is remembered, nothing is missed."""
    memory = HeadMemory(100)
    assert [memory.recall(FIRST) for _ in range(5)] == [None] * 5
    assert not memory.is_useless


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 5000 + b"\r\n\r\n",
    ],
)
def test_not_remembered(data: bytes) -> None:
    """Heads with a body behind them, and large ones, are not kept."""
    memory = HeadMemory(100)
    head = strict(data)
    assert isinstance(head, tuple)
    memory.remember(data, head)
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
    data = [b"GET / HTTP/1.1\r\nHost: x\r\nAccept: %d\r\n\r\n" % number for number in range(9)]
    assert [reader.feed(each) for each in data] == [strict(each) for each in data]
