from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from gatewright.worker.contract import Interest
from gatewright.worker.stream import LINGER_LIMIT, Stream

TIMEOUT = 20.0


class Turn:
    """A turn that another thread may take over, which does something meanwhile."""

    now = 0.0

    def __init__(self, meanwhile: Callable[[], object] | None = None, *, overtaken: bool = False) -> None:
        self.overtaken = overtaken
        self.is_alone = False
        self.handed_over = 0
        self._meanwhile = meanwhile

    def hand_over(self) -> None:
        self.handed_over += 1
        if self._meanwhile is not None:
            self._meanwhile()


class Tried(Stream):
    """A stream in a call of an application."""

    def __init__(self, sock: socket.socket, write_timeout: float = TIMEOUT, *, overtaken: bool = False) -> None:
        super().__init__(sock, write_timeout)
        self.take(Turn(overtaken=overtaken))

    def take(self, turn: Turn) -> None:
        """Be called in this turn from now on."""
        self._turn = self.turn = turn


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a TCP connection that holds little; the first does not block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname(), TIMEOUT)
        ours = listener.accept()[0]
    with ours, theirs:
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        ours.setblocking(False)
        yield ours, theirs


Ends = tuple[socket.socket, socket.socket]


def received(sock: socket.socket, size: int) -> bytes:
    """Read this much."""
    data = bytearray()
    while len(data) < size:
        data += sock.recv(65_536)
    return bytes(data)


def test_no_deadline(ends: Ends) -> None:
    """A stream has no deadline of its own."""
    assert Stream(ends[0], 1).deadline == math.inf


def test_receive(ends: Ends) -> None:
    """What has come is returned without waiting, and so is the end."""
    stream = Tried(ends[0])
    ends[1].sendall(b"hello")
    first = stream.receive(TIMEOUT)
    ends[1].shutdown(socket.SHUT_WR)
    assert (first, stream.receive(TIMEOUT)) == (b"hello", b"")


def test_receive_into(ends: Ends) -> None:
    """What has come is put where it is wanted, no more of it than there is room for, and the end is 0."""
    stream, buffer = Tried(ends[0]), bytearray(4)
    ends[1].sendall(b"hello")
    counts = [stream.receive_into(memoryview(buffer), TIMEOUT), stream.receive_into(memoryview(buffer)[:1], TIMEOUT)]
    ends[1].shutdown(socket.SHUT_WR)
    assert (counts, bytes(buffer), stream.receive_into(memoryview(buffer), TIMEOUT)) == ([4, 1], b"oell", 0)


def test_receive_into_waits(ends: Ends) -> None:
    """Likewise, if nothing has come it is waited for."""
    sender = threading.Timer(0.05, ends[1].sendall, (b"late",))
    stream, buffer = Tried(ends[0]), bytearray(4)
    stream.take(Turn(sender.start))
    count = stream.receive_into(memoryview(buffer), TIMEOUT)
    sender.join()
    assert (count, bytes(buffer), stream.turn.handed_over) == (4, b"late", 1)


def test_receive_waits(ends: Ends) -> None:
    """If nothing has come it is waited for, and another thread may have the loop meanwhile."""
    sender = threading.Timer(0.05, ends[1].sendall, (b"late",))
    stream = Tried(ends[0])
    stream.take(Turn(sender.start))
    data = stream.receive(TIMEOUT)
    sender.join()
    assert (data, stream.turn.handed_over) == (b"late", 1)


def test_overtaken(ends: Ends) -> None:
    """A turn that was taken over is not handed over again."""
    stream = Tried(ends[0], overtaken=True)
    with pytest.raises(TimeoutError):
        stream.receive(0.01)
    assert stream.turn.handed_over == 0


@pytest.mark.parametrize("count", [1, 3, 3000])
def test_send_all(ends: Ends, count: int) -> None:
    """All of it arrives, however many pieces there are, and however slowly it is read."""
    stream = Tried(ends[0])
    pieces = [bytes([number % 256]) * (90_000 // count) for number in range(count)]
    expected = b"".join(pieces)
    sender = threading.Thread(target=stream.send_all, args=(pieces,))
    sender.start()
    data = received(ends[1], len(expected))
    sender.join(TIMEOUT)
    assert data == expected


def test_send_nothing(ends: Ends) -> None:
    """Nothing to be sent is sent at once."""
    stream = Tried(ends[0])
    stream.send_all([])
    stream.send_all([b""])
    assert stream.turn.handed_over == 0


def test_send_to_nobody(ends: Ends) -> None:
    """A peer that takes nothing is given up."""
    stream = Tried(ends[0], write_timeout=0.01)
    with pytest.raises(TimeoutError):
        stream.send_all([bytes(10_000_000)])


def test_send_some(ends: Ends) -> None:
    """What the peer does not take at once is returned, and is what is left."""
    pieces = [b"a" * 100_000, b"b" * 1_000_000, b"c" * 100]
    left = Tried(ends[0]).send_some(pieces)
    taken = 1_100_100 - sum(map(len, left))
    assert received(ends[1], taken) + b"".join(left) == b"".join(pieces)


def test_linger(ends: Ends) -> None:
    """The peer sees the end, and may go on sending for a while; then it is over."""
    stream = Tried(ends[0])
    asked = [stream.linger(), stream.discard(b"more")]
    assert (asked, stream.is_lingering, ends[1].recv(1)) == ([Interest.READ] * 2, True, b"")
    assert 0 < stream.deadline - time.monotonic() < 10
    assert stream.discard(b"") is Interest.CLOSE


def test_linger_no_longer(ends: Ends) -> None:
    """A peer that sends on and on is not listened to for ever."""
    stream = Tried(ends[0])
    stream.linger()
    assert (stream.discard(bytes(LINGER_LIMIT)), stream.is_lingering) == (Interest.CLOSE, True)


def test_reset(ends: Ends) -> None:
    """A reset tells the peer that something is missing."""
    stream = Tried(ends[0])
    stream.reset()
    stream.close()
    with pytest.raises(ConnectionResetError):
        ends[1].recv(1)


def test_close(ends: Ends) -> None:
    """Closing it again does nothing."""
    stream = Tried(ends[0])
    stream.close()
    stream.close()
    assert (ends[1].recv(1), ends[0].fileno()) == (b"", -1)
