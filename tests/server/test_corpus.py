"""Every request of the corpus, whole, byte by byte, and with another one behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from conversation import Conversation, bytewise, converse
from http_corpus import ACCEPTED, BROKEN, CUT, EVERY, FOLDER, REFUSED, Accepted, Case, Refused

from gatewright.server.head import Head
from gatewright.server.limits import Limits
from gatewright.server.parser import HeadReader

SUCCESSOR = b"GET /successor HTTP/1.1\r\nHost: x\r\n\r\n"

DELIVERIES: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "whole": lambda raw: [raw],
    "bytewise": bytewise,
    "with-successor": lambda raw: [raw + SUCCESSOR],
    "then-successor": lambda raw: [raw, SUCCESSOR],
    "bytewise-with-successor": lambda raw: bytewise(raw + SUCCESSOR),
}
CUT_DELIVERIES = dict(list(DELIVERIES.items())[:2])


def by_name(value: object) -> str:
    """Return what a case is called."""
    return value.name if isinstance(value, Case) else str(value)


def deliver(delivery: str, case: Case) -> Conversation:
    """Read a case as it arrives."""
    return converse(DELIVERIES[delivery](case.raw))


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("case", REFUSED, ids=by_name)
def test_refused(case: Refused, delivery: str) -> None:
    """A request that is refused for its head is answered with its status, and nothing is served of it or after it."""
    found = deliver(delivery, case)
    assert (found.requests, found.refusal, found.refused_body) == ([], case.status, False)


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("case", BROKEN, ids=by_name)
def test_broken(case: Refused, delivery: str) -> None:
    """A body that is malformed is an error for whoever reads it, and nothing after it is read."""
    found = deliver(delivery, case)
    assert (found.requests, found.refusal, found.refused_body) == ([], case.status, True)


@pytest.mark.parametrize("delivery", CUT_DELIVERIES)
@pytest.mark.parametrize("case", CUT, ids=by_name)
def test_cut(case: Case, delivery: str) -> None:
    """A request whose end never comes is never taken for a whole one."""
    found = deliver(delivery, case)
    assert (found.requests, found.refusal, found.is_amid) == ([], None, True)


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("case", ACCEPTED, ids=by_name)
def test_accepted(case: Accepted, delivery: str) -> None:
    """A sound request is read as the corpus says, however it arrives."""
    request = deliver(delivery, case).requests[0]
    read = (request.environ, request.body, request.keep_alive, request.waits)
    assert read == (case.environ, case.body, case.keep_alive, case.waits)


@pytest.mark.parametrize("delivery", [name for name in DELIVERIES if "successor" in name])
@pytest.mark.parametrize("case", ACCEPTED, ids=by_name)
def test_successor(case: Accepted, delivery: str) -> None:
    """After a sound request the next one is read from its first byte on, or, if the connection closes, not at all."""
    paths = [request.environ["PATH_INFO"] for request in deliver(delivery, case).requests[1:]]
    assert paths == (["/successor"] if case.keep_alive else [])


@pytest.mark.parametrize("case", [case for case in EVERY if len(case.raw) < 1000], ids=by_name)
def test_every_cut(case: Case) -> None:
    """Cut in two anywhere, a request is read as if it came whole (for the long ones byte by byte is enough)."""
    whole = converse([case.raw])
    assert all(converse([case.raw[:cut], case.raw[cut:]]) == whole for cut in range(1, len(case.raw)))


def read_heads(case: Accepted) -> list[Head | None]:
    """Read the same head three times on one connection."""
    reader = HeadReader(Limits(), {})
    head = case.raw[: case.raw.index(b"\r\n\r\n", 2 * 8) + 4] if case.raw.startswith(b"\r\n") else case.raw
    return [reader.feed(head) for _ in range(3)]


@pytest.mark.parametrize("case", ACCEPTED, ids=by_name)
def test_repeated(case: Accepted) -> None:
    """The first head of a kind, which the strict parser reads, and those that it taught the fast one, are the same."""
    first, *others = read_heads(case)
    assert others == [first, first]


def test_every_file_is_expected() -> None:
    """There is no file that nothing is said about."""
    files = {(path.parent.name, path.stem) for path in FOLDER.glob("*/*.http")}
    assert len(files) == len(EVERY)
