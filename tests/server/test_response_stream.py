from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from gatewright.server.connection import HTTPConnection
from gatewright.server.service import Service
from gatewright.server.settings import Settings
from gatewright.types import StartResponse
from gatewright.worker.patience import Patience
from gatewright.worker.turn import Ownership

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
MORE = getattr(socket, "MSG_MORE", 0)
HELD = pytest.mark.skipif(not MORE, reason="this system holds nothing")


class Recorder:
    """A socket that remembers what is asked of it."""

    family = socket.AF_INET

    def __init__(self, received: list[bytes]) -> None:
        self.received = received
        self.sent: list[int] = []
        self.options: list[tuple[int, ...]] = []
        self.gone = False

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 80

    def recv(self, _size: int) -> bytes:
        if not self.received:
            raise BlockingIOError
        return self.received.pop(0)

    def send(self, data: bytes, flags: int = 0) -> int:
        self.sent.append(flags)
        return len(data)

    def sendmsg(self, buffers: list[bytes]) -> int:
        self.sent.append(0)
        return sum(map(len, buffers))

    def setsockopt(self, *option: int) -> None:
        self.options.append(option)
        if self.gone:
            raise OSError(errno.EINVAL, "it is gone")

    def shutdown(self, _how: int) -> None:
        pass


def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes] | list[bytes]:
    """Answer in the way that the path asks for."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/large":
        return [b"x" * 100_000]
    return iter([b"a", b"b"]) if environ["PATH_INFO"] == "/streamed" else [b"x"]


def serve(*received: bytes, gone: bool = False) -> Recorder:
    """Have a connection deal with what it receives."""
    sock: Any = Recorder(list(received))
    sock.gone = gone
    connection = HTTPConnection(sock, ("127.0.0.1", 1), Service(answer, Settings(threads=1)))
    turn = Ownership(None, Patience(1.0))
    while sock.received:
        connection.on_ready(turn)
    recorder: Recorder = sock
    return recorder


@HELD
def test_pipelined_responses_travel_together() -> None:
    """Each response but the last of a pipeline may wait for the next one."""
    recorder = serve(GET * 3)
    assert (recorder.sent, recorder.options) == ([MORE, MORE, 0], [])


def test_a_response_alone_is_sent_at_once() -> None:
    """A client that waits for each answer has it without delay."""
    recorder = serve(GET, GET)
    assert (recorder.sent, recorder.options) == ([0, 0], [])


@HELD
@pytest.mark.parametrize("gone", [False, True])
def test_half_a_request_behind(gone: bool) -> None:
    """A response is not held back for a request that has not come whole; a client that is gone is no error."""
    recorder = serve(GET + GET[:9], gone=gone)
    assert recorder.sent == [MORE]
    assert recorder.options == [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


@HELD
def test_a_streamed_response_is_not_held() -> None:
    """The blocks of a response go out as they are made, whatever stands behind the request."""
    recorder = serve(GET.replace(b"/ ", b"/streamed ") + GET)
    assert (MORE in recorder.sent, recorder.options) == (False, [])


@HELD
def test_a_large_response_is_not_held() -> None:
    """A response that fills packets of its own waits for nothing."""
    recorder = serve(GET + GET.replace(b"/ ", b"/large ") + GET)
    assert (recorder.sent, recorder.options) == ([MORE, 0, 0], [])


@HELD
@pytest.mark.parametrize("behind", [b"", GET])
def test_the_last_response_travels_with_the_end(behind: bytes) -> None:
    """A response that ends the connection needs no packet of its own."""
    recorder = serve(GET.replace(b"Host", b"Connection: close\r\nHost") + behind)
    assert (recorder.sent, recorder.options) == ([MORE], [])


def test_a_small_body_that_came_with_its_head() -> None:
    """A body that is there needs no waiting, and what follows it is the next request."""
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    assert len(serve(post + GET).sent) == 2
