"""The heads of responses, and chunks."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, strategies as st

from gatewright.errors import ForbiddenCharacter
from gatewright.handlers.origin_server import format_date_time
from gatewright.server.body_decoder import open_decoder
from gatewright.server.encoder import (
    CONTINUE,
    LAST_CHUNK,
    CommonFields,
    encode_chunk,
    encode_head,
    frame_response,
    sendable_headers,
    status_code,
)
from gatewright.server.head import CHUNKED
from gatewright.server.limits import Limits
from gatewright.server.response_fields import UNKNOWN, encode_fields

TEN_PAST = 1_000_000_000.5
DATE = "\r\nDate: Sun, 09 Sep 2001 01:46:40 GMT"


def common(software: str = "gatewright") -> CommonFields:
    """Return the server's own fields."""
    return CommonFields(software, format_date_time)


@pytest.mark.parametrize("status, code", [("200 OK", 200), ("404 Not Found", 404), ("299 ", 299)])
def test_status_code(status: str, code: int) -> None:
    """The code of a sound status is its number."""
    assert status_code(status) == code


@pytest.mark.parametrize("status", ["", "20 OK", "099 OK", "abc", "200", "200-OK", "200 OK\u0100", "٢٠٠ OK"])
def test_bad_status(status: str) -> None:
    """A status that is no status is refused."""
    with pytest.raises(AssertionError):
        status_code(status)


@pytest.mark.parametrize("status", ["200 OK\r\nX: y", "200 O\x00K", "200 \x7f", "200\tOK\n"])
def test_control_in_status(status: str) -> None:
    """A control character in a status is refused, before it could break the head apart."""
    with pytest.raises(AssertionError):
        status_code(status)


def test_injection_in_status() -> None:
    """What would be another line is the kind of error that headers raise."""
    with pytest.raises(ForbiddenCharacter):
        status_code("200 OK\r\nX: y")


def test_head() -> None:
    """A head is the status line, the application's fields, the server's, the framing and an empty line."""
    fields = encode_fields([("Content-Type", "a/b"), ("Content-Length", "3")])
    head = encode_head("200 OK", fields, common(), TEN_PAST, "\r\nConnection: close")
    fields_sent = f"Content-Type: a/b\r\nContent-Length: 3{DATE}\r\nServer: gatewright\r\nConnection: close"
    assert head.decode() == f"HTTP/1.1 200 OK\r\n{fields_sent}\r\n\r\n"


@pytest.mark.parametrize("name", ["Date", "Server", "date"])
def test_own_field_wins(name: str) -> None:
    """A Date or Server of the application's stands alone."""
    head = encode_head("200 OK", encode_fields([(name, "a")]), common(), TEN_PAST, "")
    assert head.lower().count(b"\r\n%b:" % name.lower().encode()) == 1


def test_date_changes() -> None:
    """The Date is that of the second, backwards too."""
    fields = common("")
    assert [fields.lines(now)[-6:-4] for now in (10.0, 10.9, 11.0, 9.5)] == ["10", "10", "11", "09"]


def test_no_server() -> None:
    """An empty name of the software sends no Server."""
    assert common("").lines(TEN_PAST) == DATE


@pytest.mark.parametrize("software", ["a\r\nX: y", "é", "\x00"])
def test_bad_server(software: str) -> None:
    """The name of the software cannot break the head apart either."""
    with pytest.raises(ForbiddenCharacter):
        common(software)


CLOSE = "\r\nConnection: close"
KEEP = "\r\nConnection: keep-alive"
CHUNKS = "\r\nTransfer-Encoding: chunked"


@pytest.mark.parametrize(
    "code, method, length, declared, modern, keep_alive, expected",
    [
        (200, "GET", 3, True, True, True, ("", 3, True)),
        (200, "GET", 3, False, True, True, ("\r\nContent-Length: 3", 3, True)),
        (200, "GET", 0, False, True, True, ("\r\nContent-Length: 0", 0, True)),
        (200, "GET", 3, True, True, False, (CLOSE, 3, False)),
        (200, "GET", 3, True, False, True, (KEEP, 3, True)),
        (200, "GET", 3, True, False, False, (CLOSE, 3, False)),
        (200, "GET", UNKNOWN, False, True, True, (CHUNKS, CHUNKED, True)),
        (200, "GET", UNKNOWN, False, True, False, (CHUNKS + CLOSE, CHUNKED, False)),
        (200, "GET", UNKNOWN, False, False, True, (CLOSE, UNKNOWN, False)),
        (200, "HEAD", 3, True, True, True, ("", 0, True)),
        (200, "HEAD", 3, False, True, True, ("\r\nContent-Length: 3", 0, True)),
        (200, "HEAD", UNKNOWN, False, True, True, ("", 0, True)),
        (200, "HEAD", UNKNOWN, False, False, True, (KEEP, 0, True)),
        (204, "GET", UNKNOWN, False, True, True, ("", 0, True)),
        (204, "GET", 0, False, True, True, ("", 0, True)),
        (304, "GET", 5, True, True, True, ("", 0, True)),
        (304, "GET", 0, False, True, True, ("", 0, True)),
        (103, "GET", UNKNOWN, False, True, True, ("", 0, True)),
    ],
)
def test_framing(
    code: int,
    method: str,
    length: int,
    declared: bool,
    modern: bool,
    keep_alive: bool,
    expected: tuple[str, int, bool],
) -> None:
    """The client is told where the body ends, once; chunks go to HTTP/1.1 only; what has no body is not framed."""
    assert frame_response(code, method, length, declared=declared, modern=modern, keep_alive=keep_alive) == expected


@pytest.mark.parametrize("code, left", [(204, 1), (101, 1), (304, 2), (200, 2)])
def test_sendable_headers(code: int, left: int) -> None:
    """A status that has no Content-Length loses it, in any spelling."""
    assert len(sendable_headers(code, [("content-LENGTH", "3"), ("X", "y")])) == left


@given(st.lists(st.binary(max_size=40)))
def test_chunks(blocks: list[bytes]) -> None:
    """What is encoded as chunks, empty blocks among them, is decoded to the same bytes, and ends once."""
    decoder = open_decoder(CHUNKED, Limits())
    data = b"".join(map(encode_chunk, blocks)) + LAST_CHUNK
    assert (b"".join(decoder.feed(data)), decoder.rest) == (b"".join(blocks), b"")


def response(modern: bool, keep_alive: bool, length: int, body: bytes) -> list[object]:
    """Return what h11 makes of a response of ours, and whether it takes the connection for open."""
    fields = encode_fields([("Content-Type", "a/b")])
    framing, kind, _ = frame_response(200, "GET", length, declared=False, modern=modern, keep_alive=keep_alive)
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(CONTINUE + encode_head("200 OK", fields, common(), TEN_PAST, framing))
    client.receive_data(encode_chunk(body) + LAST_CHUNK if kind == CHUNKED else body)
    if kind == UNKNOWN:
        client.receive_data(b"")
    events: list[object] = []
    while not isinstance(event := client.next_event(), type(h11.NEED_DATA)):
        events.append(event.data if isinstance(event, h11.Data) else type(event))
        if isinstance(event, h11.EndOfMessage):
            break
    return [*events, client.their_state]


@pytest.mark.parametrize("modern", [True, False])
@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize("length", [3, UNKNOWN])
def test_another_reads_it(modern: bool, keep_alive: bool, length: int) -> None:
    """A client of another make reads the response whole."""
    events = response(modern, keep_alive, length, b"abc")
    assert events[:4] == [h11.InformationalResponse, h11.Response, b"abc", h11.EndOfMessage]
