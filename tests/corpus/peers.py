"""What other parsers make of the same bytes: h11 and httptools, whose parser is llhttp of Node.js."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import h11
import httptools
from attrs import Factory, define, frozen

from gatewright.errors import RequestError
from gatewright.server.body_decoder import open_decoder
from gatewright.server.limits import Limits
from gatewright.server.parser import HeadReader


@frozen
class Reading:
    """The first request of a connection, as somebody read it.

    Attributes:
        variables: of environ, but for what a parser of another make does not say.
        body: decoded.
        size: how many bytes of the connection belong to the request.
    """

    variables: dict[str, str]
    body: bytes
    size: int


REFUSED = "refused"
INCOMPLETE = "incomplete"
Verdict = Reading | str
"""A reading, or one of the two words above."""

_LATIN_1 = "latin-1"


def variables_of(method: bytes, target: bytes, version: bytes, fields: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Make environ variables of what a parser of another make read, by PEP 3333 and without our code."""
    path, _, query = target.partition(b"?")
    authority = None
    if not target.startswith(b"/") and b"://" in path:
        authority, slash, path = path.partition(b"://")[2].partition(b"/")
        path = slash + path or b"/"
    if target == b"*":
        path = b"/"
    variables = {
        "REQUEST_METHOD": method.decode(_LATIN_1),
        "REQUEST_URI": target.decode(_LATIN_1),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode(_LATIN_1),
        "QUERY_STRING": query.decode(_LATIN_1),
        "SERVER_PROTOCOL": f"HTTP/{version.decode(_LATIN_1)}",
    }
    for name, value in fields:
        key = name.decode(_LATIN_1).upper()
        if "_" in key or key == "PROXY":
            continue
        key = ("" if key in {"CONTENT-TYPE", "CONTENT-LENGTH"} else "HTTP_") + key.replace("-", "_")
        before = variables[key] + ("; " if key == "HTTP_COOKIE" else ",") if key in variables else ""
        variables[key] = before + value.decode(_LATIN_1).strip(" \t")  # httptools leaves what is at the end
    if "HTTP_TRANSFER_ENCODING" in variables:
        variables["HTTP_TRANSFER_ENCODING"] = "chunked"  # there is no other, and h11 writes it in lower case
    if authority is not None:
        variables["HTTP_HOST"] = authority.decode(_LATIN_1)
    return variables


def read_ours(data: bytes) -> Verdict:
    """Read the first request with gatewright."""
    limits = Limits()
    reader = HeadReader(limits, {})
    try:
        head = reader.feed(data)
        if head is None:
            return INCOMPLETE
        environ, length, _, _ = head
        decoder, rest, body = open_decoder(length, limits), reader.rest, b""
        if not decoder.is_done and rest:
            body, rest = b"".join(decoder.feed(rest)), decoder.rest
    except RequestError:
        return REFUSED
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ["HTTP_TRANSFER_ENCODING"] = environ["HTTP_TRANSFER_ENCODING"].lower()
    return Reading(environ, body, len(data) - len(rest)) if decoder.is_done else INCOMPLETE


def read_by_h11(data: bytes) -> Verdict:
    """Read the first request with h11."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=100_000)
    head: h11.Request | None = None
    body = b""
    try:
        connection.receive_data(data)
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif head is None or not isinstance(event, h11.EndOfMessage):
                return INCOMPLETE
            else:
                break
    except h11.RemoteProtocolError:
        return REFUSED
    fields = [(bytes(name), bytes(value)) for name, value in head.headers.raw_items()]
    variables = variables_of(bytes(head.method), bytes(head.target), bytes(head.http_version), fields)
    return Reading(variables, body, len(data) - len(connection.trailing_data[0]))


@define
class _Callbacks:
    """Gathers what httptools calls back."""

    target: bytes = b""
    fields: list[tuple[bytes, bytes]] = Factory(list[tuple[bytes, bytes]])
    in_head: bool = True
    body: bytes = b""
    is_complete: bool = False

    def on_url(self, url: bytes) -> None:
        if self.in_head:
            self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_head:  # trailers come the same way
            self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        self.in_head = False

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.is_complete = True


def read_by_httptools(data: bytes) -> Verdict:
    """Read the first request with httptools, byte by byte, because it does not say where a request ends."""
    callbacks = _Callbacks()
    parser = httptools.HttpRequestParser(callbacks)
    size = 0
    while not callbacks.is_complete:
        if size == len(data):
            return INCOMPLETE
        size += 1
        try:
            parser.feed_data(data[size - 1 : size])
        except httptools.HttpParserUpgrade:
            continue
        except httptools.HttpParserError:
            return REFUSED
    version = parser.get_http_version().encode()
    fields = callbacks.fields
    return Reading(variables_of(parser.get_method(), callbacks.target, version, fields), callbacks.body, size)


PEERS: dict[str, Callable[[bytes], Verdict]] = {"h11": read_by_h11, "httptools": read_by_httptools}
