"""A worker as a whole program, and its signals."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gatewright.sockets import TCPAddress, listen
from gatewright.worker import Worker, serve

if TYPE_CHECKING:
    from tests.worker.conftest import Door

TIME_LIMIT = 60  # seconds that a process may take to start or to end, on a slow machine

# Echoes what comes; what begins with a digit only after so many seconds, of which the first are awake.
PROGRAM = """
import sys, time
from gatewright.sockets import TCPAddress, listen
from gatewright.worker import Interest, serve

class Echo:
    deadline = float("inf")
    last = False
    def __init__(self, sock, peer):
        self.socket = sock
    def on_ready(self, turn):
        try:
            data = self.socket.recv(100)
        except BlockingIOError:
            return Interest.READ
        if not data:
            return Interest.CLOSE
        if data[:1].isdigit():
            self.socket.sendall(b"begun")
            time.sleep(int(data))
        self.socket.sendall(data)
        return Interest.CLOSE if self.last else Interest.READ
    def drain(self):
        return Interest.CLOSE
    def close(self):
        self.socket.close()

def tell(where):
    print(where, flush=True)

serve(Echo, [listen(TCPAddress("127.0.0.1", 0))], protocol="Echo", threads=int(sys.argv[1]), ready=tell)
print("ended", flush=True)
"""


class Program:
    """The program above, and a client of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.line = process.stdout.readline()
        port = int(self.line.rpartition(":")[2])
        self.client = socket.create_connection(("127.0.0.1", port), TIME_LIMIT)

    def ends(self) -> tuple[int, str]:
        """Return how it ended and what it printed."""
        stdout, _ = self.process.communicate(timeout=TIME_LIMIT)
        return self.process.returncode, stdout


@contextmanager
def running(threads: int) -> Generator[Program]:
    """Run the program."""
    command = [sys.executable, "-c", PROGRAM, str(threads)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            program = Program(process)
            with program.client:
                yield program
        finally:
            process.kill()


THREADS = pytest.mark.parametrize("threads", [1, 3])


@THREADS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped(threads: int, number: signal.Signals) -> None:
    """At the first signal, idle connections close and the program goes on after serve()."""
    with running(threads) as program:
        program.client.sendall(b"hello")
        assert program.client.recv(5) == b"hello"
        program.process.send_signal(number)
        assert (program.client.recv(1), program.ends()) == (b"", (0, "ended\n"))


@THREADS
def test_call_in_flight(threads: int) -> None:
    """At the first signal, a request in flight is answered."""
    with running(threads) as program:
        program.client.sendall(b"1")
        assert program.client.recv(5) == b"begun"
        program.process.send_signal(signal.SIGTERM)
        assert (program.client.recv(1), program.ends()) == (b"1", (0, "ended\n"))


@THREADS
def test_second_signal(threads: int) -> None:
    """At the second signal, requests in flight are given up."""
    with running(threads) as program:
        program.client.sendall(b"1000")
        assert program.client.recv(5) == b"begun"
        program.process.send_signal(signal.SIGTERM)
        program.process.send_signal(signal.SIGINT)
        assert program.ends() == (0, "ended\n")


def test_line() -> None:
    """One line says what is served, and where."""
    with running(1) as program:
        assert re.fullmatch(r"Echo on 127\.0\.0\.1:\d+\n", program.line)


def handlers_while_serving(monkeypatch: pytest.MonkeyPatch, door: Door) -> list[object]:
    """Return the handler of SIGTERM while a worker runs."""
    found: list[object] = []
    run_as_ever = Worker.run

    def run(worker: Worker) -> None:
        found.append(signal.getsignal(signal.SIGTERM))
        worker.stop()
        run_as_ever(worker)

    monkeypatch.setattr(Worker, "run", run)
    with listen(TCPAddress("127.0.0.1", 0)) as listener:
        serve(door.connect, [listener], protocol="Lines", threads=2)
    return found


def test_handlers_are_put_back(monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    """Afterwards, signals mean what they meant before."""
    before = signal.getsignal(signal.SIGTERM)
    during = handlers_while_serving(monkeypatch, door)
    assert (during != [before], signal.getsignal(signal.SIGTERM)) == (True, before)


def test_not_on_the_main_thread(monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    """On another thread than the main one, signals stay as they are."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.extend(handlers_while_serving(monkeypatch, door)))
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]
