"""100 MiB through the server, which does not grow."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator

import pytest
from behind.client import ask, asked, chunked, head
from behind.harness import Place

from clients.server import Server

BLOCK = bytes(range(256)) * 256
MANY = 1600  # blocks of 64 KiB: 100 MiB
TOTAL = MANY * len(BLOCK)
FLAT = 5_000_000
"""Bytes by which a worker may grow meanwhile."""


def blocks() -> Iterator[bytes]:
    """Yield 100 MiB."""
    for _ in range(MANY):
        yield BLOCK


def download(place: Place, target: str) -> int:
    """Return how much comes."""
    with asked(place, head(target)) as response:
        return sum(map(len, iter(lambda: response.read(1 << 20), b"")))


def test_upload(server: Server) -> None:
    """A body comes in that says its length."""
    with server.flat(FLAT), asked(server, head("/upload", "POST", f"Content-Length: {TOTAL}"), blocks()) as response:
        assert response.read().split()[0] == b"%d" % TOTAL


def test_chunked_upload(server: Server) -> None:
    """A body comes in chunks: it is stored in a file, or read as it comes."""
    with (
        server.flat(FLAT),
        asked(server, head("/upload", "POST", "Transfer-Encoding: chunked"), chunked(blocks())) as response,
    ):
        assert response.read().split()[0] == b"%d" % TOTAL


def test_upload_that_is_not_read(server: Server) -> None:
    """A body comes in that nobody reads: it is thrown away, or the connection ends."""
    with server.flat(FLAT):
        answer = ask(server, "/status?line=200%20OK", "POST", BLOCK * 100)
    assert answer.body == b"text"


def test_download(server: Server) -> None:
    """A body goes out in chunks."""
    with server.flat(FLAT):
        assert download(server, f"/download?blocks={MANY}") == TOTAL + 10


@pytest.fixture
def large_file(site: Server) -> Generator[None]:
    """Make the file of a site as large."""
    path = site.folder / "file.bin"
    before = path.stat().st_size
    os.truncate(path, TOTAL)
    yield
    os.truncate(path, before)


@pytest.mark.usefixtures("large_file")
def test_file(site: Server) -> None:
    """A file goes out."""
    with site.flat(FLAT):
        assert download(site, "/file") == TOTAL


def test_framework(site: Server) -> None:
    """What the view of a framework makes goes out, and what comes in is read by one."""
    with site.flat(FLAT):
        assert download(site, f"/stream?blocks={MANY}") == TOTAL
        with asked(site, head("/echo", "POST", "Transfer-Encoding: chunked"), chunked(blocks())) as response:
            assert json.loads(response.read())["size"] == TOTAL
