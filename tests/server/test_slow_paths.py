from __future__ import annotations

from typing import Any

import pytest
from http_client import Client, tcp_pair

from gatewright.server import connection as connection_module
from gatewright.server.connection import HTTPConnection
from gatewright.server.service import Service
from gatewright.server.settings import Settings
from gatewright.server.slow_paths import SlowPaths
from gatewright.types import StartResponse


def knowing(target: str) -> SlowPaths:
    """Return what knows that a call for a target has lasted."""
    paths = SlowPaths()
    paths.tell(target, lasted=True)
    return paths


def test_nothing_is_expected() -> None:
    """Where no call has lasted, none is expected to."""
    paths = SlowPaths()
    assert (bool(paths.known), paths.expects("/")) == (False, False)


@pytest.mark.parametrize(
    "target, other, alike",
    [
        ("/report/17", "/report/18?a=/b", True),
        ("/report/17", "/report/", True),
        ("/report/17", "/report", False),
        ("/report/17", "/reports/17", False),
        ("/report/17", "/report/17/pages", False),
        ("/sleep?s=1", "/sleep", True),
        ("/sleep", "/hello", False),
        ("/", "/", True),
        ("*", "*", True),
        ("", "", True),
    ],
)
def test_place(target: str, other: str, alike: bool) -> None:
    """What stands before the last slash tells of others; where nothing does, the whole path."""
    assert knowing(target).expects(other) is alike


def test_quick_again() -> None:
    """After two quick calls nothing is expected any more; one in between does not count."""
    paths = knowing("/a/b")
    seen: list[bool] = []
    for lasted in (False, True, False, False):
        paths.tell("/a/c", lasted=lasted)
        seen.append(paths.expects("/a/b"))
    assert (seen, bool(paths.known)) == ([True, True, True, False], False)


def test_quick_and_unknown() -> None:
    """A quick call of which nothing is known is nothing new."""
    paths = knowing("/a/b")
    paths.tell("/c/d", lasted=False)
    assert (paths.expects("/a/b"), paths.expects("/c/d")) == (True, False)


def test_it_is_bounded() -> None:
    """However many paths are slow, few are remembered."""
    paths = SlowPaths()
    for number in range(1000):
        paths.tell(f"/{number}/x", lasted=True)
    assert sum(paths.expects(f"/{number}/x") for number in range(1000)) <= 256


class Turn:
    """A turn that remembers what it is asked for, and is overtaken if the application says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.overtaken = False
        self.handed: list[bool] = []

    def hand_over(self) -> None:
        self.handed.append(True)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask a connection for targets one after the other; return whether each was handed over before its call."""
    clock = [0.0]
    monkeypatch.setattr(connection_module, "monotonic", lambda: clock[0])

    def answer(targets: list[str]) -> list[bool]:
        turn = Turn()

        def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
            lasts = environ["QUERY_STRING"] == "slow"
            clock[0] += 1.0 if lasts else 0.0001
            turn.overtaken = lasts
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"x"]

        ours, theirs = tcp_pair()
        theirs.setblocking(False)
        handed: list[bool] = []
        with Client(ours) as client:
            connection = HTTPConnection(theirs, ("127.0.0.1", 1), Service(application, Settings(threads=2)))
            for target in targets:
                turn.overtaken = False
                turn.handed.clear()
                client.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                connection.on_ready(turn)
                handed.append(turn.handed == [True])
            connection.close()
        return handed

    return answer


@pytest.mark.parametrize(
    "targets, handed",
    [
        ("/a /b /a", [False, False, False]),
        ("/a?slow /a /b", [False, True, False]),
        ("/a?slow /a /a /a", [False, True, True, False]),
        ("/a?slow /a /a?slow /a /a /a", [False, True, True, True, True, False]),
        ("/r/1?slow /r/2 /q/2", [False, True, False]),
    ],
)
def test_calls_that_are_expected_to_last(ask: Any, targets: str, handed: list[bool]) -> None:
    """After a call that lasted, others may take over at once from the next one like it, until it was quick twice."""
    assert ask(targets.split()) == handed
