from __future__ import annotations

import math
import threading
from typing import Any

import pytest
from http_client import TIMEOUT, Client, tcp_pair

from gatewright.server import connection as connection_module, slow_paths
from gatewright.server.connection import HTTPConnection
from gatewright.server.service import Service
from gatewright.server.settings import Settings
from gatewright.server.slow_paths import SlowPaths
from gatewright.types import StartResponse
from gatewright.worker.contract import Interest


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
        self.overtaken = self.is_alone = False
        self.handed: list[bool] = []

    def hand_over(self) -> None:
        self.handed.append(True)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask a connection for targets one after the other; return whether each was handed over before its call."""
    clock = [0.0]
    for module in (connection_module, slow_paths):
        monkeypatch.setattr(module, "monotonic", lambda: clock[0])

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


def test_waits_for_a_thread(live: Any) -> None:
    """With as many calls on as there are threads, one more that is expected to last waits, and quick ones do not."""
    door = threading.Event()
    inside = threading.Semaphore(0)
    lock = threading.Lock()
    calls: list[str] = []

    def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read()
        if path.startswith("/slow/"):
            with lock:
                calls.append(path)
            inside.release()
            door.wait(TIMEOUT)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [path.encode() + body]

    def get(path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

    running = live(application, threads=2)
    slow = [running.connect() for _ in range(2)]
    for number, client in enumerate(slow):
        client.send(get(f"/slow/{number}"))
        assert inside.acquire(timeout=TIMEOUT)
    door.set()  # so that it is known that these last
    for client in slow:
        client.response()
    door.clear()
    for number, client in enumerate(slow):
        client.send(get(f"/slow/{number}"))
        assert inside.acquire(timeout=TIMEOUT)
    quick = running.connect()
    quick.send(get("/quick/"))
    quick.response()  # by a third thread, which is alone now
    late = running.connect()
    late.send(b"POST /slow/late HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + get("/quick/next"))
    seen: list[bytes] = []
    for _ in range(50):
        quick.send(get("/quick/"))
        seen.append(quick.response().body)
    assert (seen, calls[-1]) == ([b"/quick/"] * 50, "/slow/1")
    door.set()
    bodies = [client.response().body for client in (*slow, late, late)]
    assert bodies == [b"/slow/0", b"/slow/1", b"/slow/lateabc", b"/quick/next"]


@pytest.mark.parametrize(
    "alone, overtaken, target, waits",
    [
        (True, False, "/a", True),
        (False, False, "/a", False),
        (True, True, "/a", False),
        (True, False, "/b", False),
    ],
)
def test_put_off(alone: bool, overtaken: bool, target: str, waits: bool) -> None:
    """A call waits if it is likely to last, and only on the thread that owns the loop and is alone with it."""
    turn = Turn()
    turn.is_alone, turn.overtaken = alone, overtaken
    assert knowing("/a").puts_off(target, turn) == waits


def test_nobody_waits_without_a_loop() -> None:
    """Where there is no loop there is nobody to stall."""
    assert not knowing("/a").puts_off("/a", None)


def test_waiting_request_has_no_deadline() -> None:
    """A request that waits for a thread has begun: it is neither timed out nor dropped when the server stops."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x"]

    service = Service(application, Settings(threads=2))
    service.slow_paths.tell("/a", lasted=True)
    turn = Turn()
    turn.is_alone = True
    ours, theirs = tcp_pair()
    theirs.setblocking(False)
    with Client(ours) as client:
        connection = HTTPConnection(theirs, ("127.0.0.1", 1), service)
        client.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (connection.on_ready(turn), connection.deadline) == (Interest.THREAD, math.inf)
        assert connection.drain() is Interest.THREAD
        connection.on_ready(turn)
        assert client.response().fields["connection"] == "close"
        connection.close()
