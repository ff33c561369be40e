"""The wall clock is set while the server runs: dates follow it, waiting does not."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from http_client import Recorder

from gatewright.handlers import origin_server
from gatewright.server import access_log, refusal
from gatewright.types import StartResponse

Talk = Callable[..., Any]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
DAY = 86_400.0

JUMPS = pytest.mark.parametrize("jump", [DAY, -DAY])


class Clock:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.5

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stand for the wall clock."""
    clock = Clock()
    for place in (time, origin_server, refusal, access_log):
        monkeypatch.setattr(place, "time", clock)
    return clock


def date(client: Any, request: bytes = GET) -> float:
    """Return the Date of a response."""
    client.send(request)
    return parsedate_to_datetime(client.response().fields["date"]).timestamp()


@JUMPS
def test_date(talk: Talk, clock: Clock, jump: float) -> None:
    """The Date of a response is that of the clock, whichever way it was set since the last one."""
    client = talk(Recorder())
    before = date(client)
    clock.now += jump
    assert (before, date(client)) == (1_800_000_000, 1_800_000_000 + jump)


@JUMPS
def test_date_of_a_refusal(talk: Talk, clock: Clock, jump: float) -> None:
    """So is that of a refusal."""
    client = talk(Recorder())
    date(client)
    clock.now += jump
    assert date(client, b"nonsense\r\n\r\n") == 1_800_000_000 + jump


@JUMPS
def test_patience(talk: Talk, clock: Clock, jump: float) -> None:
    """No client is left early because the clock was set: not between requests, nor in a head or a body."""
    client = talk(Recorder())
    for pieces in ([GET], [GET[:20], GET[20:]], [GET[:-2] + b"Content-Length: 4\r\n\r\nab", b"cd"]):
        for piece in pieces:
            clock.now += jump
            client.send(piece)
        assert client.response().status == 200


@JUMPS
@pytest.mark.parametrize("sent, status", [(GET[:20], 408), (GET[:-2] + b"Content-Length: 4\r\n\r\nab", 408)])
def test_impatience(talk: Talk, clock: Clock, jump: float, sent: bytes, status: int) -> None:
    """Nor is one borne for longer."""
    client = talk(Recorder(), head_timeout=0.1, body_timeout=0.1, sent=sent)
    clock.now += jump
    assert (client.response().status, client.rest()) == (status, b"")


@JUMPS
def test_access_log(talk: Talk, clock: Clock, caplog: pytest.LogCaptureFixture, jump: float) -> None:
    """A request during which the clock is set took as long as it took, and not less than nothing."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        threading.Event().wait(0.01)
        clock.now += jump
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x"]

    caplog.set_level(logging.INFO, "gatewright.access")
    client = talk(application, access_log="json")
    client.send(GET)
    client.response()
    client.close()
    client.join()
    line = json.loads(caplog.messages[-1])
    assert 0.01 <= line["seconds"] < DAY / 2
    assert line["time"] == pytest.approx(clock.now, abs=DAY / 2)
