"""The sites of two frameworks, visited by curl, requests and HTTPX."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from clients.server import PROGRAMS, Server
from clients.visitors import VISITORS, Visitor

BLOCK = bytes(range(256)) * 256
LARGE = BLOCK * 48
"""3 MiB: more than frameworks keep in memory, and enough for curl to wait for 100 Continue."""


@pytest.fixture(params=VISITORS)
def visitor(request: pytest.FixtureRequest, site: Server, tmp_path: Path) -> Generator[Visitor]:
    """Visit a site for the first time."""
    with VISITORS[request.param](site.url, tmp_path) as visitor:
        yield visitor


def echo(method: str, body: bytes) -> dict[str, object]:
    """Return what the sites tell of a request."""
    return {"method": method, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def in_blocks(body: bytes) -> Iterator[bytes]:
    """Yield a body in blocks, the first of a single byte."""
    yield body[:1]
    for start in range(1, len(body), 50_000):
        yield body[start : start + 50_000]


def test_static_file(visitor: Visitor) -> None:
    """A static file arrives whole."""
    reply = visitor.ask("GET", "/static/page.js")
    assert (reply.status, reply.body) == (200, (PROGRAMS / "static" / "page.js").read_bytes())


def test_session(visitor: Visitor) -> None:
    """A session goes on from request to request."""
    assert [visitor.ask("GET", "/visits").json() for _ in range(3)] == [{"visits": 1}, {"visits": 2}, {"visits": 3}]


def test_form(visitor: Visitor) -> None:
    """A form is filled in, with a text and a file, and its token is known."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', visitor.ask("GET", "/form").body.decode())
    reply = visitor.submit("/form", {**dict(hidden), "comment": "grüße"}, "data.bin", LARGE)
    told = {"comment": "grüße", "name": "data.bin", "size": len(LARGE), "sha256": hashlib.sha256(LARGE).hexdigest()}
    assert (reply.status, reply.json()) == (200, told)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_methods(visitor: Visitor, method: str) -> None:
    """Any method takes a body."""
    assert visitor.ask(method, "/echo", b"content").json() == echo(method, b"content")


def test_upload(visitor: Visitor) -> None:
    """A large body arrives whole."""
    assert visitor.ask("POST", "/echo", LARGE).json() == echo("POST", LARGE)


def test_chunked_upload(visitor: Visitor) -> None:
    """So does one whose length is not told."""
    assert visitor.ask("POST", "/echo", in_blocks(LARGE)).json() == echo("POST", LARGE)


def test_empty_chunked_upload(visitor: Visitor) -> None:
    """So does one without any content."""
    assert visitor.ask("POST", "/echo", iter(())).json() == echo("POST", b"")


def test_stream(visitor: Visitor) -> None:
    """What is sent as it is made arrives whole, in chunks."""
    reply = visitor.ask("GET", "/stream?blocks=48")
    assert (reply.body == LARGE, reply.fields["transfer-encoding"]) == (True, "chunked")


def test_file(visitor: Visitor) -> None:
    """A file arrives whole, with its length and its name."""
    reply = visitor.ask("GET", "/file")
    named = "filename" in reply.fields["content-disposition"]
    assert (reply.body == LARGE, reply.fields["content-length"], named) == (True, str(len(LARGE)), True)


def test_redirect(visitor: Visitor) -> None:
    """A redirect leads to where it says."""
    reply = visitor.ask("GET", "/moved")
    assert (reply.status, reply.redirects, reply.json()) == (200, 1, {"visits": 1})


@pytest.mark.parametrize("path", ["/", "/file", "/static/site.css"])
def test_head(visitor: Visitor, path: str) -> None:
    """HEAD has the head of GET, without a body."""
    head, get = visitor.ask("HEAD", path), visitor.ask("GET", path)
    assert (head.status, head.body, {**head.fields, "date": ""}) == (200, b"", {**get.fields, "date": ""})


def test_errors(visitor: Visitor) -> None:
    """An error of the site is told, and the visit goes on."""
    paths = ("/error", "/nothing", "/visits", "/error", "/visits")
    assert [visitor.ask("GET", path).status for path in paths] == [500, 404, 200, 500, 200]


def test_body_that_is_not_read(visitor: Visitor) -> None:
    """A large body that the site does not read disturbs neither its answer nor the next request."""
    refused, served = visitor.ask("POST", "/visits", LARGE), visitor.ask("GET", "/visits")
    assert (refused.status in {403, 405}, served.status) == (True, 200)
