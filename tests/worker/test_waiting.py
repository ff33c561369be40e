"""Waiting for a socket inside a call."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from gatewright.worker import Interest, wait


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return two sockets that are connected."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]


def test_readable(pair: Pair) -> None:
    """It returns when there is something to read."""
    pair[1].sendall(b"x")
    wait(pair[0], Interest.READ)
    assert pair[0].recv(1) == b"x"


def test_ended(pair: Pair) -> None:
    """It returns when the connection has ended."""
    pair[1].close()
    wait(pair[0], Interest.READ)
    assert pair[0].recv(1) == b""


def test_writable(pair: Pair) -> None:
    """It returns when there is room to write."""
    wait(pair[0], Interest.WRITE, time.monotonic() + 20)
    assert pair[0].send(b"x") == 1


@pytest.mark.parametrize("deadline", [0.0, 0.01])
def test_in_vain(pair: Pair, deadline: float) -> None:
    """It raises when the deadline has passed."""
    with pytest.raises(TimeoutError, match=r"^the peer was not ready to read in time$"):
        wait(pair[0], Interest.READ, deadline and time.monotonic() + deadline)
