"""Which descriptors are ready."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from gatewright.worker import Interest
from gatewright.worker.poller import EpollPoller, Poller, SelectorPoller, make_poller

KINDS = [
    pytest.param(EpollPoller, marks=pytest.mark.skipif(sys.platform != "linux", reason="epoll is of Linux")),
    SelectorPoller,
]


@pytest.fixture(params=KINDS)
def poller(request: pytest.FixtureRequest) -> Iterator[Poller]:
    """Return a poller of each kind."""
    kind: Callable[[], Poller] = request.param
    poller = kind()
    yield poller
    poller.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return two sockets that are connected."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]


def ready(poller: Poller) -> list[int]:
    """Return the descriptors that are ready now."""
    return [descriptor for descriptor, _ in poller.wait(0)]


@pytest.mark.parametrize("interest, found", [(Interest.READ, 0), (Interest.WRITE, 1)])
def test_add(poller: Poller, pair: Pair, interest: Interest, found: int) -> None:
    """A descriptor is watched for one thing."""
    poller.add(pair[0].fileno(), interest)
    assert ready(poller) == [pair[0].fileno()] * found


def test_change(poller: Poller, pair: Pair) -> None:
    """It can be watched for the other thing instead."""
    poller.add(pair[0].fileno(), Interest.WRITE)
    poller.change(pair[0].fileno(), Interest.READ)
    assert ready(poller) == []


def test_level(poller: Poller, pair: Pair) -> None:
    """A descriptor is reported as long as it is ready."""
    pair[1].sendall(b"x")
    poller.add(pair[0].fileno(), Interest.READ)
    assert [ready(poller), ready(poller)] == [[pair[0].fileno()]] * 2


def test_remove(poller: Poller, pair: Pair) -> None:
    """A descriptor that was removed is not reported, and can be added again."""
    pair[1].sendall(b"x")
    poller.add(pair[0].fileno(), Interest.READ)
    poller.remove(pair[0].fileno())
    without = ready(poller)
    poller.add(pair[0].fileno(), Interest.READ)
    assert (without, ready(poller)) == ([], [pair[0].fileno()])


def test_remove_what_was_closed(poller: Poller, pair: Pair) -> None:
    """A descriptor that somebody has closed can be removed."""
    number = pair[0].fileno()
    poller.add(number, Interest.READ)
    pair[0].close()
    poller.remove(number)
    assert ready(poller) == []


def test_shared(poller: Poller) -> None:
    """A listening socket is reported when somebody connects."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        poller.add_shared(listener.fileno())
        with socket.create_connection(listener.getsockname()):
            assert [number for number, _ in poller.wait(20)] == [listener.fileno()]


def test_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux has the better one."""
    best = make_poller()
    monkeypatch.setattr(sys, "platform", "darwin")
    other = make_poller()
    best.close()
    other.close()
    assert (type(best), type(other)) == (EpollPoller, SelectorPoller)
