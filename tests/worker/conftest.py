"""A protocol of lines, workers on threads that serve it, and clients."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack
from typing import Protocol, Self, TypeAlias, TypedDict, Unpack

import pytest

from gatewright.sockets import Address, Listener, TCPAddress, UnixAddress, listen
from gatewright.worker import Connect, Connection, Interest, Peer, Turn, Worker

TIMEOUT = 20
"""Seconds after which a client gives up; no test waits that long unless it fails."""

LOOPBACK = TCPAddress("127.0.0.1", 0)

Answer: TypeAlias = Callable[[bytes, Turn], bytes]


def echo(line: bytes, _turn: Turn) -> bytes:
    """Answer with what was said."""
    return line


class LineConnection:
    """Answers each line with a line; what the client does not take yet is sent when it does."""

    def __init__(self, sock: socket.socket, _peer: Peer, answer: Answer = echo) -> None:
        self.socket = sock
        self.deadline = math.inf
        self._answer = answer
        self._received = b""
        self._unsent = b""
        self._draining = False

    def on_ready(self, turn: Turn) -> Interest:
        if not self._unsent:
            try:
                data = self.socket.recv(65536)
            except BlockingIOError:
                return Interest.READ
            if not data:
                return Interest.CLOSE
            *lines, self._received = (self._received + data).split(b"\n")
            for line in lines:
                self._unsent += self._answer(line, turn) + b"\n"
        return self._send()

    def _send(self) -> Interest:
        try:
            while self._unsent:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except BlockingIOError:
            return Interest.WRITE
        return Interest.CLOSE if self._draining and not self._received else Interest.READ

    def on_deadline(self) -> Interest:
        return Interest.CLOSE

    def drain(self) -> Interest:
        self._draining = True
        if self._unsent:
            return Interest.WRITE
        return Interest.READ if self._received else Interest.CLOSE

    def close(self) -> None:
        self.socket.close()


class Client:
    """A client that speaks lines."""

    def __init__(self, address: Address) -> None:
        if isinstance(address, TCPAddress):
            self.socket = socket.create_connection((address.host, address.port), TIMEOUT)
        else:
            assert isinstance(address, UnixAddress)
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(TIMEOUT)
            self.socket.connect(address.path)
        self._file = self.socket.makefile("rb")

    def say(self, line: bytes) -> None:
        """Send a line."""
        self.socket.sendall(line + b"\n")

    def hear(self) -> bytes:
        """Return the next line, or b"" if the connection has ended."""
        try:
            return self._file.readline().rstrip(b"\n")
        except ConnectionError:
            return b""

    def ask(self, line: bytes) -> bytes:
        """Return the answer to a line."""
        self.say(line)
        return self.hear()

    def close(self) -> None:
        """Leave."""
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()


class Running:
    """A worker that runs on a thread of its own."""

    def __init__(self, worker: Worker, listener: Listener, cleanup: ExitStack) -> None:
        self.worker = worker
        self.address = listener.address
        self._cleanup = cleanup
        self.thread = threading.Thread(target=worker.run)
        self.thread.start()
        cleanup.callback(self.has_ended)
        cleanup.callback(worker.abort)

    def client(self) -> Client:
        """Return a client that is gone when the test ends."""
        return self._cleanup.enter_context(Client(self.address))

    def has_ended(self) -> bool:
        """Whether run() has returned, given time."""
        self.thread.join(TIMEOUT)
        return not self.thread.is_alive()


MakeClient: TypeAlias = Callable[[Address], Client]


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    """Make clients that are gone when the test ends."""
    with ExitStack() as clients:
        yield lambda address: clients.enter_context(Client(address))


class Options(TypedDict, total=False):
    """What a worker can be told."""

    threads: int
    max_connections: int
    grace: float
    allowed: Container[str]
    patience: float
    tick: float
    batch: int


class Run(Protocol):
    """Runs a worker: of what answers lines, or of what makes connections."""

    def __call__(
        self,
        answer: Answer = ...,
        /,
        *,
        connect: Connect | None = ...,
        address: Address = ...,
        **options: Unpack[Options],
    ) -> Running: ...


@pytest.fixture
def run() -> Iterator[Run]:
    """Run workers that are stopped after the test."""
    with ExitStack() as cleanup:

        def start(
            answer: Answer = echo,
            /,
            *,
            connect: Connect | None = None,
            address: Address = LOOPBACK,
            **options: Unpack[Options],
        ) -> Running:
            def connect_lines(sock: socket.socket, peer: Peer) -> Connection:
                return LineConnection(sock, peer, answer)

            listener = cleanup.enter_context(listen(address, 1024))
            return Running(Worker([listener], connect or connect_lines, **options), listener, cleanup)

        yield start


class Door:
    """A call of an application that does not return until it is let go.

    Attributes:
        inside: how many calls have come in; a semaphore to wait with.
    """

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self, line: bytes, turn: Turn) -> bytes:
        """Wait if the line is b"wait"; echo it."""
        if line == b"wait":
            self.inside.release()
            assert self.open.wait(TIMEOUT)
        return line

    def connect(self, sock: socket.socket, peer: Peer) -> Connection:
        """Make a connection whose lines it answers."""
        return LineConnection(sock, peer, self)

    def entered(self) -> bool:
        """Wait for one more call to have come in."""
        return self.inside.acquire(timeout=TIMEOUT)


@pytest.fixture
def door() -> Iterator[Door]:
    """Return a door that is open at the latest when the test ends."""
    door = Door()
    yield door
    door.open.set()


class Considerate(LineConnection):
    """Calls for a line that begins with b"wait" when somebody else can go on with the loop."""

    def __init__(self, sock: socket.socket, peer: Peer, house: House) -> None:
        super().__init__(sock, peer, house.call)
        self._house = house
        self._postponed = b""

    def on_ready(self, turn: Turn) -> Interest:
        line, self._postponed = self._postponed, b""
        if line:
            self._unsent += self._answer(line, turn) + b"\n"
            return self._send()
        if not turn.is_alone:
            return super().on_ready(turn)
        try:
            line = self.socket.recv(100).rstrip()
        except BlockingIOError:
            return Interest.READ
        if line.startswith(b"wait"):
            self._postponed = line
            self._house.postponed.release()
            return Interest.THREAD
        self._unsent += line + b"\n"
        return self._send() if line else Interest.CLOSE

    def drain(self) -> Interest:
        interest = super().drain()
        return Interest.THREAD if self._postponed else interest


class House:
    """Connections and their calls; one goes on as long as its door is closed."""

    def __init__(self, door: Door) -> None:
        self.postponed = threading.Semaphore(0)
        self.calls: list[bytes] = []
        self._door = door

    def connect(self, sock: socket.socket, peer: Peer) -> Connection:
        """Make a connection."""
        return Considerate(sock, peer, self)

    def call(self, line: bytes, turn: Turn) -> bytes:
        """Be the application."""
        self.calls.append(line)
        self._door(line[:4], turn)
        return line

    def has_postponed(self) -> bool:
        """Wait until one more line was put off."""
        return self.postponed.acquire(timeout=TIMEOUT)


@pytest.fixture
def house(door: Door) -> House:
    """Return a house whose door is open at the latest when the test ends."""
    return House(door)
