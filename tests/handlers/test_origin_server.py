from __future__ import annotations

import locale
from collections.abc import Callable
from email.utils import formatdate
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gatewright.handlers import SimpleHandler, format_date_time, origin_server
from gatewright.types import WSGIApplication

MakeApp = Callable[..., WSGIApplication]
Respond = Callable[..., tuple[bytes, str]]
RulesIn = Callable[[str], list[str]]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the time, in seconds since the epoch."""
    monkeypatch.setattr(origin_server, "_date_line", (0.0, 0.0, ""))

    def set_clock(now: float) -> None:
        monkeypatch.setattr(origin_server, "time", lambda: now)

    set_clock(1_000_000_000)
    return set_clock


DATE = b"Date: Sun, 09 Sep 2001 01:46:40 GMT\r\n"

pytestmark = pytest.mark.usefixtures("clock")


class Branded(SimpleHandler):
    server_software = "Brand/1"


class Modern(SimpleHandler):
    http_version = "1.1"


def test_head(make_app: MakeApp, respond: Respond) -> None:
    """An origin server sends a status line and the date before the fields (RFC 9112 section 4)."""
    sent, _ = respond(make_app(headers=[]), SimpleHandler)
    assert sent == b"HTTP/1.0 200 OK\r\n" + DATE + b"Content-Length: 4\r\n\r\nbody"


def test_server(make_app: MakeApp, respond: Respond) -> None:
    """It says what it is, if it has a name."""
    sent, _ = respond(make_app((), headers=[]), Branded)
    assert sent == b"HTTP/1.0 200 OK\r\n" + DATE + b"Server: Brand/1\r\nContent-Length: 0\r\n\r\n"


def test_http_version(make_app: MakeApp, respond: Respond) -> None:
    """The version in the status line is that of the handler."""
    assert respond(make_app(), Modern)[0].startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("name", ["Date", "date", "DATE"])
def test_own_date(name: str, make_app: MakeApp, respond: Respond) -> None:
    """A Date of the application's is not added to, whatever its case (rules S51, S52)."""
    sent, _ = respond(make_app((), headers=[(name, "today")]), SimpleHandler)
    assert sent == f"HTTP/1.0 200 OK\r\n{name}: today\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize("name", ["Server", "SERVER"])
def test_own_server(name: str, make_app: MakeApp, respond: Respond) -> None:
    """Nor is a Server field."""
    sent, _ = respond(make_app((), headers=[(name, "mine")]), Branded)
    assert sent.lower().count(b"server: ") == 1


def test_date_of_the_second(make_app: MakeApp, respond: Respond, clock: Callable[[float], None]) -> None:
    """The date is that of the second, also when the clock was set back."""
    dates: list[bytes] = []
    for now in (1_000_000_000.9, 1_000_000_001.0, 1_000_000_001.9, 1_000_000_000.0):
        clock(now)
        dates.append(respond(make_app(headers=[]), SimpleHandler)[0].split(b"\r\n")[1][-6:-4])
    assert dates == [b"40", b"41", b"41", b"40"]


@given(st.integers(0, 253_402_300_799))
def test_date_format(timestamp: int) -> None:
    """Dates have the one form that HTTP wants (RFC 9110 section 5.6.7)."""
    assert format_date_time(timestamp) == formatdate(timestamp, usegmt=True)


def test_date_is_english() -> None:
    """The names of days and months are English wherever the server stands."""
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, "")
        assert format_date_time(0) == "Thu, 01 Jan 1970 00:00:00 GMT"
    finally:
        locale.setlocale(locale.LC_TIME, before)


@pytest.mark.parametrize(
    "protocol, modern", [("HTTP/1.0", True), ("HTTP/1.1", True), ("HTTP/2", True), ("http/0.9", False)]
)
def test_client_is_modern(protocol: str, modern: bool) -> None:
    """Only a client of HTTP/0.9 knows no head."""
    handler = SimpleHandler(BytesIO(), BytesIO(), StringIO(), {"SERVER_PROTOCOL": protocol})
    handler.setup_environ()
    assert handler.client_is_modern() is modern


def serve_without_protocol(
    app: WSGIApplication, handler_class: type[SimpleHandler] = SimpleHandler
) -> tuple[bytes, str]:
    """Run an application whose server forgot SERVER_PROTOCOL."""
    sink, log = BytesIO(), StringIO()
    handler_class(BytesIO(), sink, log, {"REQUEST_METHOD": "GET"}).run(app)
    return sink.getvalue(), log.getvalue()


def test_no_protocol(make_app: MakeApp, rules_in: RulesIn) -> None:
    """An environ without SERVER_PROTOCOL gets the client an error page and the log a rule (S16), not a KeyError."""
    sent, log = serve_without_protocol(make_app())
    assert (sent[:34], rules_in(log)) == (b"HTTP/1.0 500 Internal Server Error", ["S16"])


def test_no_protocol_and_a_length(make_app: MakeApp) -> None:
    """A Content-Length of the response that failed does not cut the error page."""

    class LongPage(SimpleHandler):
        def error_output(self, environ: dict[str, Any], start_response: Any) -> Any:
            start_response("500 Oops", [], (None, None, None))
            return [b"two ", b"blocks"]

    sent, _ = serve_without_protocol(make_app(headers=[("Content-Length", "4")]), LongPage)
    assert sent.endswith(b"\r\n\r\ntwo blocks")


def test_not_origin_server(make_app: MakeApp) -> None:
    """An instance may be told that it stands behind a server."""
    sink = BytesIO()
    handler = SimpleHandler(BytesIO(), sink, StringIO(), {})
    handler.origin_server = False
    handler.run(make_app(headers=[]))
    assert sink.getvalue() == b"Status: 200 OK\r\nContent-Length: 4\r\n\r\nbody"
