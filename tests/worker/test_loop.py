"""The event loop: what connections are told, and what becomes of their faults."""

from __future__ import annotations

import logging
import math
import socket
import struct
import time
from typing import TYPE_CHECKING

import pytest

from gatewright.sockets import TCPAddress, listen
from gatewright.worker import Interest, Peer, Turn, Worker, worker
from gatewright.worker.poller import EpollPoller, SelectorPoller
from gatewright.worker.timer import TickingTimer

if TYPE_CHECKING:
    from tests.worker.conftest import Door, Run

THREADS = pytest.mark.parametrize("threads", [1, 3])


class Silent:
    """A connection that does nothing; tests override one method."""

    def __init__(self, sock: socket.socket, _peer: Peer = "") -> None:
        self.socket = sock
        self.deadline = math.inf

    def on_ready(self, turn: Turn) -> Interest:
        """Answer what comes with the same."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return Interest.READ
        self.socket.sendall(data)
        return Interest.READ if data else Interest.CLOSE

    def on_deadline(self) -> Interest:
        return Interest.CLOSE

    def drain(self) -> Interest:
        return Interest.CLOSE

    def close(self) -> None:
        self.socket.close()


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages in the log that are at least warnings."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def fail(*_arguments: object) -> Silent:
    """Fail, as code does that nobody has tested."""
    raise LookupError("a fault")


class TestDeadlines:
    def test_passed(self, run: Run) -> None:
        """A connection whose deadline has passed is told so."""

        class Late(Silent):
            def __init__(self, sock: socket.socket, peer: Peer) -> None:
                super().__init__(sock, peer)
                self.deadline = time.monotonic()

        assert run(connect=Late, tick=0.01).client().hear() == b""

    def test_put_off(self, run: Run) -> None:
        """It may set another one and go on."""

        class Patient(Silent):
            def __init__(self, sock: socket.socket, peer: Peer) -> None:
                super().__init__(sock, peer)
                self.deadline = time.monotonic()

            def on_deadline(self) -> Interest:
                self.deadline = math.inf
                self.socket.sendall(b"still there?\n")
                return Interest.READ

        client = run(connect=Patient, tick=0.01).client()
        assert (client.hear(), client.ask(b"yes")) == (b"still there?", b"yes")

    def test_not_during_a_call(self, run: Run, door: Door) -> None:
        """The deadline of a connection whose call lasts does not count."""

        class Calling(Silent):
            def on_ready(self, turn: Turn) -> Interest:
                try:
                    line = self.socket.recv(100).rstrip()
                except BlockingIOError:
                    return Interest.READ
                self.deadline = time.monotonic()
                if line == b"wait":
                    door(line, turn)
                    self.deadline = math.inf
                    self.socket.sendall(line + b"\n")
                return Interest.READ

        running = run(connect=Calling, threads=2, tick=0.01)
        slow, other = running.client(), running.client()
        slow.say(b"wait")
        assert door.entered()
        other.say(b"late")
        assert other.hear() == b""  # closed, so the loop has looked at deadlines
        door.open.set()
        assert slow.hear() == b"wait"


class TestWriting:
    @THREADS
    def test_slow_reader(self, run: Run, threads: int) -> None:
        """An answer that a client does not take is the loop's business: others are answered meanwhile."""
        answer = b"x" * 8_000_000
        running = run(lambda line, _turn: answer if line == b"much" else line, threads=threads)
        slow = running.client()
        slow.say(b"much")
        assert running.client().ask(b"other") == b"other"
        assert slow.hear() == answer

    def test_reads_again(self, run: Run) -> None:
        """A connection that was written to at last is read from again."""
        running = run(lambda line, _turn: line * 500_000)
        client = running.client()
        assert [len(client.ask(b"much")) for _ in range(3)] == [2_000_000] * 3

    def test_write_to_be_called_again(self, run: Run) -> None:
        """A connection that waits for nothing but its turn says WRITE."""

        class Counting(Silent):
            count = 0

            def on_ready(self, turn: Turn) -> Interest:
                self.count += 1
                self.socket.sendall(b"%d\n" % self.count)
                return Interest.WRITE if self.count < 5 else Interest.CLOSE

        client = run(connect=Counting).client()
        assert list(iter(client.hear, b"")) == [b"1", b"2", b"3", b"4", b"5"]


class TestFaults:
    @THREADS
    @pytest.mark.parametrize("fault", [LookupError, SystemExit, GeneratorExit, KeyboardInterrupt])
    def test_of_a_call(
        self, run: Run, caplog: pytest.LogCaptureFixture, fault: type[BaseException], threads: int
    ) -> None:
        """A fault ends its connection, with one record in the log, and nothing else; no thread ends (case 62)."""

        def answer(line: bytes, _turn: Turn) -> bytes:
            if line == b"fail":
                raise fault("a fault")
            return line

        running = run(answer, threads=threads)
        ends = running.client().ask(b"fail")
        assert (ends, running.client().ask(b"other"), errors(caplog)) == (
            b"",
            b"other",
            ["a connection failed and was closed"],
        )

    def test_ctrl_c_in_the_first_call(self) -> None:
        """Ctrl-C while a new connection is called ends the worker, and closes that connection, once."""
        closed: list[int] = []

        class Interrupted(Silent):
            def on_ready(self, turn: Turn) -> Interest:
                raise KeyboardInterrupt

            def close(self) -> None:
                closed.append(self.socket.fileno())
                super().close()

        with (
            listen(TCPAddress("127.0.0.1", 0)) as listener,
            socket.create_connection(listener.socket.getsockname()),
            pytest.raises(KeyboardInterrupt),
        ):
            Worker([listener], Interrupted).run()
        assert len(closed) == 1

    @pytest.mark.parametrize("gone", [ConnectionResetError, BrokenPipeError, TimeoutError])
    def test_of_the_peer(self, run: Run, caplog: pytest.LogCaptureFixture, gone: type[OSError]) -> None:
        """That a client is gone is no fault."""

        def answer(_line: bytes, _turn: Turn) -> bytes:
            raise gone

        assert (run(answer).client().ask(b"fail"), errors(caplog)) == (b"", [])

    def test_of_an_overtaken_call(self, run: Run, door: Door, caplog: pytest.LogCaptureFixture) -> None:
        """A call that fails after it was overtaken ends its connection as well."""

        def answer(line: bytes, turn: Turn) -> bytes:
            door(line, turn)
            if line == b"wait":
                raise LookupError("a fault")
            return line

        running = run(answer, threads=2)
        slow, other = running.client(), running.client()
        slow.say(b"wait")
        assert door.entered()
        other.ask(b"other")
        door.open.set()
        assert (slow.hear(), other.ask(b"again")) == (b"", b"again")
        assert errors(caplog) == ["a connection failed and was closed"]

    def test_at_the_beginning(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        """A connection that cannot be made is closed, with one record in the log."""
        running = run(connect=fail)
        assert [running.client().hear() for _ in range(2)] == [b"", b""]
        assert errors(caplog) == ["a connection failed at its beginning and was closed"] * 2

    def test_at_a_deadline(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        """A connection that fails at its deadline is closed likewise."""

        class Failing(Silent):
            def on_deadline(self) -> Interest:
                raise LookupError("a fault")

            def __init__(self, sock: socket.socket, peer: Peer) -> None:
                super().__init__(sock, peer)
                self.deadline = time.monotonic()

        assert run(connect=Failing, tick=0.01).client().hear() == b""
        assert errors(caplog) == ["a connection failed and was closed"]

    def test_when_stopped(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        """A connection that fails to drain is closed likewise."""

        class Failing(Silent):
            def drain(self) -> Interest:
                raise LookupError("a fault")

        running = run(connect=Failing)
        client = running.client()
        client.ask(b"hello")
        running.worker.stop()
        assert (client.hear(), running.has_ended(), len(errors(caplog))) == (b"", True, 1)

    def test_at_the_end(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        """A connection that fails to close does no harm to others."""

        class Failing(Silent):
            def close(self) -> None:
                super().close()
                raise LookupError("a fault")

        running = run(connect=Failing)
        with running.client() as client:
            client.ask(b"hello")
        assert running.client().ask(b"other") == b"other"
        assert len(errors(caplog)) <= 1

    @THREADS
    def test_socket_closed_behind_the_back(self, run: Run, threads: int) -> None:
        """A connection whose socket an application closed is given up."""

        class Closing(Silent):
            def on_ready(self, turn: Turn) -> Interest:
                try:
                    self.socket.sendall(self.socket.recv(100))
                except BlockingIOError:
                    return Interest.READ
                self.socket.close()
                return Interest.READ

        running = run(connect=Closing, threads=threads)
        assert [running.client().ask(b"hello") for _ in range(3)] == [b"hello"] * 3

    @THREADS
    def test_socket_closed_by_another_thread(self, run: Run, threads: int) -> None:
        """A socket that somebody closes while it is waited for harms neither the loop nor who comes next (case 63)."""
        made: list[Silent] = []

        class Listed(Silent):
            def __init__(self, sock: socket.socket, peer: Peer) -> None:
                super().__init__(sock, peer)
                made.append(self)

        running = run(connect=Listed, threads=threads)
        for _ in range(3):
            client, witness = running.client(), running.client()
            assert (client.ask(b"hello"), witness.ask(b"hello")) == (b"hello", b"hello")
            made[-2].socket.close()
            assert (client.hear(), witness.ask(b"again"), running.client().ask(b"new")) == (b"", b"again", b"new")

    def test_nothing_to_wake_the_owner_with(self, run: Run, door: Door) -> None:
        """A connection whose call was overtaken goes on even if an application closed what wakes the loop."""
        running = run(door, threads=2, tick=0.05)
        slow, fast = running.client(), running.client()
        slow.say(b"wait")
        assert door.entered()
        assert fast.ask(b"the call was overtaken")
        running.worker._loop._wake_in.close()  # pyright: ignore[reportPrivateUsage]  # as an application might
        door.open.set()
        assert (slow.hear(), slow.ask(b"again")) == (b"wait", b"again")


class TestClients:
    def test_that_leave_at_once(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        """Clients that connect and vanish by the hundred, with a reset, do no harm."""
        running = run(threads=2)
        for _ in range(300):
            with running.client() as client:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.say(b"bye")
        assert (running.client().ask(b"hello"), errors(caplog)) == (b"hello", [])

    def test_that_leave_during_a_call(self, run: Run, door: Door, caplog: pytest.LogCaptureFixture) -> None:
        """Nobody minds that the client of a call that lasts is gone."""
        running = run(door, threads=2)
        with running.client() as slow:
            slow.say(b"wait")
            assert door.entered()
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        other = running.client()
        other.ask(b"other")
        door.open.set()
        assert (other.ask(b"again"), errors(caplog)) == (b"again", [])

    def test_flood(self, run: Run) -> None:
        """A client that sends without reading is not read from for ever: others have their turn."""
        running = run()
        flood = running.client()
        flood.socket.setblocking(False)
        sent = 0
        try:
            while sent < 100_000_000:
                sent += flood.socket.send(b"x" * 999 + b"\n")
        except BlockingIOError:
            pass
        assert running.client().ask(b"other") == b"other"


@pytest.mark.parametrize("threads", [1, 2])
def test_other_systems(run: Run, door: Door, monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Where there is neither epoll nor a timer behind a descriptor, all is the same."""
    monkeypatch.setattr(worker, "make_poller", SelectorPoller)
    monkeypatch.setattr(worker, "make_timer", TickingTimer)
    running = run(door, threads=threads)
    slow, fast = running.client(), running.client()
    if threads > 1:
        slow.say(b"wait")
        assert door.entered()
    assert fast.ask(b"other") == b"other"
    door.open.set()
    if threads > 1:
        assert slow.hear() == b"wait"
    running.worker.stop()
    assert running.has_ended()


def test_poller_that_has_no_room(run: Run, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the machine cannot watch another connection, that one is closed."""
    running = run()
    with running.client() as first:
        first.ask(b"hello")
        first.ask(b"hello")  # now it is watched: the first call may answer before that
        monkeypatch.setattr(EpollPoller, "add", no_room)
        assert running.client().hear() == b""
    assert len(errors(caplog)) == 1


def no_room(*_arguments: object) -> None:
    """Fail as epoll does."""
    raise OSError(28, "No space left on device")
