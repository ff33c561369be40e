from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from http_client import Recorder, Turn, tcp_pair

from gatewright.server import Settings
from gatewright.server.entrance import Entrance
from gatewright.server.service import Service
from gatewright.types import StartResponse
from gatewright.worker.contract import Interest

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_one_too_many(live: Callable[..., Any]) -> None:
    """One connection more than there may be is told so, even if it says nothing, and ends (case 68)."""
    server = live(Recorder(), connections=2)
    inside = [server.connect() for _ in range(2)]
    for client in inside:
        client.send(GET)
        client.response()
    third = server.connect()
    response = third.response()
    assert (response.status, response.fields["connection"], third.rest()) == (503, "close", b"")


def test_recovery(live: Callable[..., Any]) -> None:
    """When a connection has ended, there is room for another one (case 68)."""
    server = live(Recorder(), connections=1, threads=1)
    statuses: list[int] = []
    for _ in range(3):
        first = server.connect()
        first.send(GET)
        statuses.append(first.response().status)
        refused = server.connect()
        refused.send(GET)
        statuses.append(refused.response().status)
        refused.close()
        first.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        first.response()
        first.rest()
        first.close()
    assert statuses == [200, 503] * 3


def test_refused_while_the_server_stops() -> None:
    """A connection that is being refused when the worker stops is refused, and waited for."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return []

    entrance = Entrance(Service(application, Settings(connections=1)))
    with ExitStack() as stack:
        ends = [stack.enter_context(end) for _ in range(2) for end in tcp_pair()]
        for end in ends:
            end.setblocking(False)
        entrance.connect(ends[1], ("127.0.0.1", 1))
        full = entrance.connect(ends[3], ("127.0.0.1", 2))
        asked = [full.drain(), full.on_ready(Turn()), full.drain(), full.on_deadline()]
    assert asked == [Interest.WRITE, Interest.READ, Interest.READ, Interest.CLOSE]
