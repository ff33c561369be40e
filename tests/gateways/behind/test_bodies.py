"""Large bodies, bodies that come as they are made, failures, and clients that leave, behind each web server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

from behind.client import Pipe, ask, asked, connect, head
from behind.harness import Site
from behind.setups import SETUPS

BLOCK = bytes(range(256)) * 256
MANY = 1600  # blocks of 64 KiB: 100 MiB
FLAT = 5_000_000
"""Bytes by which a gateway may grow while 100 MiB pass through it."""

STREAMING_UPLOADS = [name for name, setup in SETUPS.items() if setup.streams_requests]


def upload(site: Site, body: bytes | list[bytes]) -> tuple[int, str]:
    """Upload a body and return what the application has read: the length and the digest."""
    length, digest, _ = ask(site, "/upload", "POST", body).body.decode().split()
    return int(length), digest


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_000_001])
def test_upload(site: Site, size: int) -> None:
    """The application reads the body that the client has sent."""
    body = (BLOCK * (size // len(BLOCK) + 1))[:size]
    assert upload(site, body) == (size, hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("site", [name for name, setup in SETUPS.items() if setup.takes_chunks], indirect=True)
def test_chunked_upload(site: Site) -> None:
    """The application reads a body whose length the client does not tell."""
    blocks = [b"a", BLOCK, b"b" * 10]
    assert upload(site, blocks) == (65_547, hashlib.sha256(b"".join(blocks)).hexdigest())


@pytest.mark.parametrize("site", [name for name, setup in SETUPS.items() if not setup.takes_chunks], indirect=True)
def test_refused_chunks(site: Site) -> None:
    """Where the web server takes no body whose length is not told, it says so."""
    with asked(site, head("/upload", "POST", "Transfer-Encoding: chunked")) as response:
        assert response.status == 411


def test_large_upload(site: Site) -> None:
    """While 100 MiB come in, the gateway does not grow."""

    def blocks() -> Iterator[bytes]:
        for _ in range(MANY):
            yield BLOCK

    request = head("/upload", "POST", f"Content-Length: {MANY * len(BLOCK)}")
    with asked(site, request, blocks()) as response:
        length, _, growth = response.read().split()
    assert (int(length), int(growth) < FLAT) == (MANY * len(BLOCK), True)


def test_large_download(site: Site) -> None:
    """While 100 MiB go out, the gateway does not grow."""
    with asked(site, head(f"/download?blocks={MANY}")) as response:
        total, end = 0, b""
        while block := response.read(1 << 20):
            total, end = total + len(block), (end + block)[-10:]
    assert (total, int(end) < FLAT) == (MANY * len(BLOCK) + 10, True)


def test_streamed_response(site: Site, pipe: Callable[[], Pipe]) -> None:
    """The client has the first block before the application makes the second."""
    gate = pipe()
    with asked(site, head(f"/stream?gate={gate.name}")) as response:
        first = response.read1()
        gate.release()
        assert (first, response.read()) == (b"first\n", b"second\n")


@pytest.mark.parametrize("site", STREAMING_UPLOADS, indirect=True)
def test_streamed_request(site: Site, pipe: Callable[[], Pipe]) -> None:
    """The application has the beginning of a body before the client sends the end."""
    events = pipe()
    with connect(site) as connection:
        connection.sendall(head(f"/reading?pipe={events.name}", "POST", "Content-Length: 100000") + b"x" * 50_000)
        begun = events.line()
        connection.sendall(b"x" * 50_000)
        assert (begun, events.line(), events.line()) == ("begun", "read 100000", "closed")


@pytest.mark.parametrize("site", STREAMING_UPLOADS, indirect=True)
def test_abort_of_an_upload(site: Site, pipe: Callable[[], Pipe]) -> None:
    """A client that leaves in the middle of its upload ends the call, and the application's iterable is closed."""
    events = pipe()
    with connect(site) as connection:
        connection.sendall(head(f"/reading?pipe={events.name}", "POST", "Content-Length: 100000") + b"x" * 50_000)
        assert events.line() == "begun"
    lines = [events.line()]
    while lines[-1] not in {"closed", ""}:
        lines.append(events.line())
    assert lines[-1] == "closed"


@pytest.mark.parametrize("site", [name for name, setup in SETUPS.items() if not setup.streams_requests], indirect=True)
def test_abort_of_a_buffered_upload(site: Site, pipe: Callable[[], Pipe]) -> None:
    """Where the web server collects the request, the application never hears of one that does not come to its end."""
    events = pipe()
    with connect(site) as connection:
        connection.sendall(head(f"/reading?pipe={events.name}", "POST", "Content-Length: 100000") + b"x" * 50_000)
    with connect(site) as connection:
        connection.sendall(head(f"/reading?pipe={events.name}", "POST", "Content-Length: 3") + b"xyz")
        assert (events.line(), events.line(), events.line()) == ("begun", "read 3", "closed")


def test_abort_of_a_download(site: Site, pipe: Callable[[], Pipe]) -> None:
    """A client that leaves in the middle of its download ends the call, and the application's iterable is closed."""
    events = pipe()
    with asked(site, head(f"/endless?pipe={events.name}")) as response:
        response.read(100_000)
    assert events.line() == "closed"


def test_error(site: Site) -> None:
    """An application that fails before its headers gives a page with status 500."""
    answer = ask(site, "/error")
    assert (answer.status, answer.whole, bool(answer.body)) == (500, True, True)


def test_late_error(site: Site) -> None:
    """A response whose application fails is seen to be cut off, if the web server passes that on.

    SCGI over TCP can say so by a reset only, which may overtake what was sent before, the head included.
    """
    answer = ask(site, "/late_error")
    if "scgi" in site.setup.name and answer.status in {502, 503}:
        return
    begun = answer.body[: len(BLOCK)] == BLOCK[: len(answer.body)]
    expected = answer.whole if site.setup.tells_of_failure is None else not site.setup.tells_of_failure
    assert (answer.status, begun, answer.whole) == (200, True, expected)


def test_late_error_with_a_length(site: Site) -> None:
    """A response that is shorter than it says is seen to be cut off."""
    answer = ask(site, "/late_error?length")
    assert (answer.status, answer.whole) == (200, False)


def test_alive_after_all_that(site: Site) -> None:
    """Nothing of it has ended the gateway."""
    assert ask(site, "/environ").status == 200
