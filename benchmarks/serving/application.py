"""The application that every server serves.  It needs nothing but Python."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], object]

BLOCK = 65_536
HELLO = b"Hello, world!\n"
PAGE = b"x" * 5_000
LARGE_PAGE = b"x" * 10_000
LINES = b"x" * 1_000


def hello(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Answer with as little as can be."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "14")])
    return [HELLO]


def page(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Answer with 8 headers and 5 kB, as a framework does."""
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "5000"),
        ("Cache-Control", "no-cache, no-store, must-revalidate"),
        ("Vary", "Accept-Language, Cookie"),
        ("Set-Cookie", "csrftoken=5Wb2yZsN0wS6vJq8; Path=/; HttpOnly; SameSite=Lax"),
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
    ]
    start_response("200 OK", headers)
    return [PAGE]


def large_page(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Answer with 2 headers and 10 kB."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "10000")])
    return [LARGE_PAGE]


def streamed(environ: Environ, start_response: Start) -> Iterator[bytes]:
    """Answer with 10 blocks of 1 kB, and do not say beforehand that they are so many."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(10):
        yield LINES


def upload(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Read all of the body, and answer with its length."""
    read = environ["wsgi.input"].read
    total = 0
    while block := read(BLOCK):
        total += len(block)
    body = b"%d" % total
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def sleep(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Sleep, if the query string says for how many milliseconds."""
    if query := environ.get("QUERY_STRING"):
        time.sleep(int(query) / 1000)
    return hello(environ, start_response)


def file(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Answer with a large file, through the server's wrapper if it has one."""
    size = os.path.getsize("large")
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(size))])
    wrap: Callable[..., Iterable[bytes]] = environ.get("wsgi.file_wrapper", blocks)
    return wrap(open("large", "rb"), BLOCK)  # the server closes it


def blocks(opened: Any, size: int) -> Iterator[bytes]:
    """Yield the blocks of a file."""
    with opened:
        while block := opened.read(size):
            yield block


def iterable(environ: Environ, start_response: Start) -> Iterator[bytes]:
    """Answer with as many bytes as the query string says, in blocks."""
    left = int(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(left))])
    block = b"x" * BLOCK
    while left:
        yield block[:left]
        left -= min(left, BLOCK)


ROUTES = {
    "/page/": page,
    "/10kb/": large_page,
    "/strm/": streamed,
    "/read/": upload,
    "/slow/": sleep,
    "/both/": sleep,
    "/file/": file,
    "/iter/": iterable,
}


def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Choose by the first six characters of the path, which costs next to nothing."""
    return ROUTES.get(environ["PATH_INFO"][:6], hello)(environ, start_response)
