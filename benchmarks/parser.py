"""Microseconds of CPU for one request head, from bytes to environ, beside h11 and httptools; ``--rounds`` for more.

The peers are given what they need to make the same environ: h11 its events, httptools the callbacks of a small
protocol.  The body is read too, where there is one.
"""

from __future__ import annotations

import argparse
import platform
from itertools import cycle
from time import process_time_ns
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import h11
import httptools

from gatewright.server.body_decoder import open_decoder
from gatewright.server.limits import Limits
from gatewright.server.parser import HeadReader
from gatewright.server.strict_head import StrictHead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gatewright.types import WSGIEnvironment

MINIMAL = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n"

BROWSER = (
    b"GET /items/%d?page=2 HTTP/1.1\r\n"
    b"Host: example.org:8080\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    b"Accept-Language: en-GB,en;q=0.5\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Connection: keep-alive\r\n"
    b"Cookie: session=%032x; theme=dark\r\n"
    b"Upgrade-Insecure-Requests: 1\r\n"
    b"Sec-Fetch-Dest: document\r\n"
    b"Sec-Fetch-Mode: navigate\r\n"
    b"Sec-Fetch-Site: none\r\n"
    b"X-Request-Id: %016x\r\n"
    b"\r\n"
)

POST = (
    b"POST /items HTTP/1.1\r\n"
    b"Host: example.org:8080\r\n"
    b"User-Agent: curl/8.5.0\r\n"
    b"Accept: */*\r\n"
    b"Content-Type: application/json\r\n"
    b"Content-Length: 330\r\n"
    b"\r\n"
) + b"x" * 330

CASES = {
    "minimal, as wrk sends": [MINIMAL],
    "12 headers, always the same": [BROWSER % (1, 1, 1)],
    "12 headers, no two requests alike": [BROWSER % (number, number * 7919, number * 104729) for number in range(1009)],
    "POST of 330 bytes": [POST],
}

BASE: WSGIEnvironment = {
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_SOFTWARE": "gatewright",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "50000",
}
LIMITS = Limits()


def make_ours(reader: HeadReader) -> Callable[[bytes], object]:
    """Return gatewright's parser as one connection uses it."""

    def read(data: bytes) -> object:
        head = reader.feed(data)
        if head is not None and head[1]:
            open_decoder(head[1], LIMITS).feed(reader.rest)
        return head

    return read


def strictly(data: bytes) -> object:
    """Read with the reference parser."""
    strict = StrictHead(LIMITS, BASE)
    head = strict.feed(data)
    if head is not None and head[1]:
        open_decoder(head[1], LIMITS).feed(strict.rest)
    return head


def variables(method: bytes, target: bytes, version: bytes, fields: list[tuple[bytes, bytes]]) -> WSGIEnvironment:
    """Make an environ of what a peer read."""
    path, _, query = target.decode("latin-1").partition("?")
    environ = BASE | {
        "REQUEST_METHOD": method.decode("latin-1"),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1") if "%" in path else path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/" + version.decode("latin-1"),
    }
    for name, value in fields:
        key = name.decode("latin-1").upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else "HTTP_" + key] = value.decode("latin-1")
    return environ


def by_h11(data: bytes) -> object:
    """Read with h11."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    request = connection.next_event()
    if not isinstance(request, h11.Request):
        raise TypeError(request)
    while not isinstance(connection.next_event(), h11.EndOfMessage):
        pass
    return variables(request.method, request.target, request.http_version, list(request.headers))


class Protocol:
    """What httptools calls back."""

    def __init__(self) -> None:
        self.target = b""
        self.fields: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        """Take the target."""
        self.target = url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field."""
        self.fields.append((name, value))

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""


def by_httptools(data: bytes) -> object:
    """Read with httptools."""
    protocol = Protocol()
    parser = httptools.HttpRequestParser(protocol)
    parser.feed_data(data)
    return variables(parser.get_method(), protocol.target, parser.get_http_version().encode(), protocol.fields)


READERS: dict[str, Callable[[bytes], object]] = {
    "with memory": make_ours(HeadReader(LIMITS, BASE)),
    "without": make_ours(HeadReader(LIMITS, BASE, remembers=False)),
    "strict": strictly,
    "h11": by_h11,
    "httptools": by_httptools,
}


def seconds(reader: Callable[[bytes], object], heads: Iterator[bytes], calls: int) -> float:
    """Return the CPU seconds that one call takes, the loop around it included."""
    start = process_time_ns()
    for _ in range(calls):
        reader(next(heads))
    return (process_time_ns() - start) / calls


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--calls", type=int, default=1009)
    options = arguments.parse_args()
    print(f"Python {platform.python_version()}, µs of CPU per head, the least of {options.rounds} rounds")
    print(f"{'':36}" + "".join(f"{name:>13}" for name in READERS))
    for case, heads in CASES.items():
        least = dict.fromkeys(READERS, float("inf"))
        for _ in range(options.rounds):
            for name, reader in READERS.items():
                least[name] = min(least[name], seconds(reader, cycle(heads), options.calls))
        print(f"{case:36}" + "".join(f"{value / 1000:13.2f}" for value in least.values()))


if __name__ == "__main__":
    main()
