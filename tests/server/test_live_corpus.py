"""The corpus against a live server: what the parser refuses reaches no application, what it accepts arrives whole."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from conversation import bytewise
from http_client import Client, Recorder
from http_corpus import ACCEPTED, BROKEN, CUT, REFUSED, Accepted, Case, Refused

from gatewright.server import Server, Settings
from gatewright.validate import checked

SUCCESSOR = b"GET /successor HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

DELIVERIES: dict[str, Callable[[bytes], list[bytes]]] = {
    "whole": lambda raw: [raw],
    "bytewise": lambda raw: [*bytewise(raw[:300]), raw[300:]],
    "with-successor": lambda raw: [raw + SUCCESSOR],
}

OWN = {"REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL"} | {
    *("CONTENT_TYPE", "CONTENT_LENGTH"),
}


class Site:
    """The server and what its application saw."""

    def __init__(self, server: Server, recorder: Recorder, *, stores: bool) -> None:
        self._address: Any = server.addresses[0]
        self.recorder = recorder
        self.stores = stores

    def answers(self, case: Case, delivery: str) -> bytes:
        """Send a case, end, and return all that comes."""
        self.recorder.environs.clear()
        with Client(socket.create_connection((self._address.host, self._address.port))) as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(ConnectionError):  # it is refused before all of it was sent
                client.send(*filter(None, DELIVERIES[delivery](case.raw)))
                client.stop_sending()
            return client.rest()

    def paths(self) -> list[str]:
        """Return the paths of the requests that the application saw."""
        return [environ["PATH_INFO"] for environ in self.recorder.environs]


@pytest.fixture(scope="module", params=["store", "stream"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Run the server; bodies are stored before the application is called, or streamed."""
    recorder = Recorder()
    settings = Settings(bind=("127.0.0.1:0",), threads=1, chunked_bodies=request.param)
    with Server(checked(recorder), settings) as server:
        yield Site(server, recorder, stores=request.param == "store")


def by_name(value: object) -> str:
    """Return what a case is called."""
    return value.name if isinstance(value, Case) else str(value)


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("case", [*REFUSED, *BROKEN], ids=by_name)
def test_refused(site: Site, case: Refused, delivery: str) -> None:
    """What may not be served gets one answer, with its status, and the connection ends; no application sees it."""
    answer = site.answers(case, delivery)
    seen = (answer[:12], answer.count(b"\r\nDate: "), answer.count(b"\r\nConnection: close\r\n"), site.paths())
    assert seen == (b"HTTP/1.1 %d" % case.status, 1, 1, [])


@pytest.mark.parametrize("delivery", ["whole", "bytewise"])
@pytest.mark.parametrize("case", CUT, ids=by_name)
def test_cut(site: Site, case: Case, delivery: str) -> None:
    """A request whose end never comes is never taken for a whole one."""
    assert (site.answers(case, delivery), site.paths()) == (b"", [])


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("case", ACCEPTED, ids=by_name)
def test_accepted(site: Site, case: Accepted, delivery: str) -> None:
    """A sound request reaches the application as the corpus says, decoded and whole."""
    site.answers(case, delivery)
    environ = site.recorder.environs[0]
    expected = {**case.environ, "body": case.body}
    if site.stores and "HTTP_TRANSFER_ENCODING" in expected:
        del expected["HTTP_TRANSFER_ENCODING"]
        expected["CONTENT_LENGTH"] = str(len(case.body))
    own = {name: environ[name] for name in environ if name.startswith("HTTP_") or name in OWN or name == "body"}
    assert own == expected


@pytest.mark.parametrize("case", ACCEPTED, ids=by_name)
def test_successor(site: Site, case: Accepted) -> None:
    """The next request is served if the connection stays open, and answered in its turn; if not, it is not read."""
    answer = site.answers(case, "with-successor")
    expected = ["/successor"] if case.keep_alive else []
    assert (site.paths()[1:], b"/successor " in answer) == (expected, case.keep_alive)
