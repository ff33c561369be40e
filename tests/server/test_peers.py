"""The same bytes to gatewright, h11 and httptools: what one of them refuses, no other may read in a way of its own.

Where gatewright reads what a peer refuses, or reads it otherwise, the reason is listed here and in the documentation;
where it refuses what a peer reads, no harm can come of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from http_corpus import BROKEN, EVERY, REFUSED as REFUSED_CASES, Case
from hypothesis import given, settings
from peers import INCOMPLETE, PEERS, REFUSED, Reading, read_by_httptools, read_ours
from request_strategies import requests

PAGE = Path(__file__).parents[2] / "docs" / "what-we-accept.md"

# What httptools has a name for; h11 takes any token.
KNOWN_METHODS = {"GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "M-SEARCH", "PATCH", "TRACE", "PROPFIND"}


def _begins_with_blank_line(data: bytes, _: Reading) -> bool:
    return data.startswith(b"\r\n")


def _is_later_minor_version(_: bytes, ours: Reading) -> bool:
    return ours.variables["SERVER_PROTOCOL"] > "HTTP/1.1"


def _is_unknown_method(_: bytes, ours: Reading) -> bool:
    return ours.variables["REQUEST_METHOD"] not in KNOWN_METHODS


def _asks_for_upgrade(_: bytes, ours: Reading) -> bool:
    return "HTTP_UPGRADE" in ours.variables and "upgrade" in ours.variables.get("HTTP_CONNECTION", "").lower()


DIFFERENCES: dict[str, dict[str, Callable[[bytes, Reading], bool]]] = {
    "h11": {
        "Empty lines before a request": _begins_with_blank_line,
    },
    "httptools": {
        "HTTP/1.2 to HTTP/1.9": _is_later_minor_version,
        "Methods of any name": _is_unknown_method,
        "No upgrade": _asks_for_upgrade,
    },
}
"""By peer, then by heading in the documentation: what gatewright reads and the peer does not, or otherwise."""


def difference(peer: str, data: bytes) -> str | None:
    """Return how the peer's reading differs from ours, for a request that we read, and which is not listed."""
    ours = read_ours(data)
    if not isinstance(ours, Reading):
        return None
    theirs = PEERS[peer](data)
    if theirs == ours or any(applies(data, ours) for applies in DIFFERENCES[peer].values()):
        return None
    return f"{peer}: {theirs}, we: {ours}"


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("case", [case for case in EVERY if len(case.raw) < 60_000], ids=lambda case: case.name)
def test_corpus(case: Case, peer: str) -> None:
    """What we read of the corpus, the peers read, and as we do."""
    assert difference(peer, case.raw) is None


@pytest.mark.parametrize("peer", PEERS)
@given(data=requests())
@settings(max_examples=1000)
def test_generated(peer: str, data: bytes) -> None:
    """The same of requests from the grammar, and of the corpus's with something changed."""
    assert difference(peer, data) is None


@pytest.mark.parametrize("peer", PEERS)
@given(data=requests())
def test_incomplete(peer: str, data: bytes) -> None:
    """Where we wait for more, no peer sees a whole request: it would read the next one elsewhere."""
    assert read_ours(data) != INCOMPLETE or not isinstance(PEERS[peer](data), Reading)


@pytest.mark.parametrize("heading", sorted({heading for listed in DIFFERENCES.values() for heading in listed}))
def test_listed(heading: str) -> None:
    """Every difference is explained in the documentation."""
    assert f"**{heading}.**" in PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    "peer, data",
    [
        ("h11", b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("httptools", b"GET / HTTP/1.2\r\nHost: x\r\n\r\n"),
        ("httptools", b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ],
)
def test_still_different(peer: str, data: bytes) -> None:
    """What is listed is true of the peers as they are: whoever finds it is not takes it out."""
    assert (isinstance(read_ours(data), Reading), PEERS[peer](data)) == (True, REFUSED)


def test_upgrade_is_different() -> None:
    """A request that asks for another protocol and has a body is read whole by us, and given over by httptools."""
    data = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc"
    assert read_by_httptools(data) != read_ours(data)


def test_refused_here() -> None:
    """The page lists the requests of the corpus that we refuse and a peer reads: all of them, and no other."""
    rows: list[str] = []
    for case in REFUSED_CASES + BROKEN:
        peers = [name for name, read in PEERS.items() if isinstance(read(case.raw), Reading)]
        if peers:
            rows.append(f"| `{case.name}` | {case.law} | {', '.join(peers)} |")
    listed = PAGE.read_text("utf-8").partition("## Refused here")[2].splitlines()
    assert [line for line in listed if line.startswith("| `")] == rows
