"""How a worker ends."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gatewright.errors import ConfigurationError
from gatewright.sockets import TCPAddress, UnixAddress, listen
from gatewright.worker import Connection, Worker, worker as worker_module
from gatewright.worker.loop import Loop
from gatewright.worker.timer import TickingTimer

if TYPE_CHECKING:
    from tests.worker.conftest import Door, MakeClient, Run

TIMEOUT = 20  # seconds; no test waits that long unless it fails

THREADS = pytest.mark.parametrize("threads", [1, 3])


@THREADS
def test_stop_idle(run: Run, threads: int) -> None:
    """A worker that is stopped closes idle connections, and run() returns."""
    running = run(threads=threads)
    clients = [running.client() for _ in range(3)]
    for client in clients:
        client.ask(b"hello")
    running.worker.stop()
    assert ([client.hear() for client in clients], running.has_ended()) == ([b""] * 3, True)


@THREADS
def test_stop_busy(run: Run, door: Door, threads: int) -> None:
    """A request in flight is answered before its connection closes."""
    running = run(door, threads=threads)
    slow = running.client()
    slow.say(b"wait")
    assert door.entered()
    running.worker.stop()
    door.open.set()
    assert (slow.hear(), slow.hear(), running.has_ended()) == (b"wait", b"", True)


def test_stop_with_requests_that_wait(run: Run, door: Door) -> None:
    """A request that has come but was not read yet is answered, too."""
    running = run(door, threads=1)
    slow, waiting = running.client(), running.client()
    waiting.ask(b"hello")
    slow.say(b"wait")
    assert door.entered()
    waiting.say(b"later")
    running.worker.stop()
    door.open.set()
    assert (slow.hear(), waiting.hear(), waiting.hear()) == (b"wait", b"later", b"")


@THREADS
def test_stop_in_mid_request(run: Run, threads: int) -> None:
    """A request that has come in part is answered when the rest comes."""
    running = run(threads=threads)
    half, idle = running.client(), running.client()
    half.ask(b"hello")
    half.socket.sendall(b"half a li")
    idle.ask(b"the half is there by now")
    running.worker.stop()
    assert idle.hear() == b""
    half.say(b"ne")
    assert (half.hear(), half.hear(), running.has_ended()) == (b"half a line", b"", True)


def test_stop_with_overtaken_calls(run: Run, door: Door) -> None:
    """Calls that were overtaken end as they would, and their connections close."""
    running = run(door, threads=3)
    slow = [running.client(), running.client()]
    for client in slow:
        client.say(b"wait")
        assert door.entered()
    idle = running.client()
    idle.ask(b"hello")
    running.worker.stop()
    assert idle.hear() == b""
    door.open.set()
    assert [(client.hear(), client.hear()) for client in slow] == [(b"wait", b"")] * 2
    assert running.has_ended()


def test_nothing_is_accepted_any_more(run: Run, door: Door) -> None:
    """Once stopped, the port is closed, even while requests are in flight."""
    running = run(door, threads=2)
    slow, idle = running.client(), running.client()
    slow.say(b"wait")
    assert door.entered()
    idle.ask(b"hello")
    running.worker.stop()
    idle.hear()
    with pytest.raises(ConnectionRefusedError):
        running.client()


def test_unix_socket_is_removed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of a Unix socket is gone when the worker has ended."""
    monkeypatch.chdir(tmp_path)
    running = run(address=UnixAddress("s"))
    assert running.client().ask(b"hello") == b"hello"
    running.worker.stop()
    assert (running.has_ended(), os.path.lexists("s")) == (True, False)


@THREADS
def test_stop_before_run(threads: int) -> None:
    """A worker that was stopped before it ran ends at once."""
    worker = Worker([listen(TCPAddress("127.0.0.1", 0))], refuse, threads=threads)
    worker.stop()
    worker.run()


def refuse(*_arguments: object) -> Connection:
    """Make no connection."""
    raise AssertionError("nobody connects")


def test_stop_twice(run: Run, door: Door) -> None:
    """Stopping again changes nothing; stopping after the end does nothing."""
    running = run(door, threads=2)
    slow = running.client()
    slow.say(b"wait")
    assert door.entered()
    running.worker.stop()
    running.worker.stop()
    door.open.set()
    assert (slow.hear(), running.has_ended()) == (b"wait", True)
    running.worker.stop()
    running.worker.abort()


def test_abort(run: Run, door: Door) -> None:
    """A worker that is aborted does not wait for calls; their clients see the end."""
    running = run(door, threads=2)
    slow = running.client()
    slow.say(b"wait")
    assert door.entered()
    running.client().ask(b"the call was overtaken")
    running.worker.abort()
    assert (running.has_ended(), slow.hear()) == (True, b"")


def test_abort_when_all_threads_are_in_calls(run: Run, door: Door) -> None:
    """run() returns even if no thread is left to notice."""
    running = run(door, threads=2)
    for _ in range(2):
        running.client().say(b"wait")
        assert door.entered()
    running.worker.abort()
    assert running.has_ended()


@pytest.mark.parametrize("calls", [1, 2])
def test_grace(run: Run, door: Door, calls: int, caplog: pytest.LogCaptureFixture) -> None:
    """Calls that outlast the grace do not keep run() from returning, even if they hold all threads; it is logged."""
    running = run(door, threads=2, grace=0.1, tick=0.05)
    for _ in range(calls):
        running.client().say(b"wait")
        assert door.entered()
    running.worker.stop()
    lost = f"the time to stop is over: closed {calls} connections that had not ended"
    assert (running.has_ended(), caplog.messages) == (True, [lost])


def test_call_that_outlasts_the_worker(run: Run, door: Door) -> None:
    """A thread that comes back after the end ends quietly, and its connection is closed."""
    running = run(door, threads=2)
    clients = [running.client() for _ in range(2)]
    for client in clients:
        client.say(b"wait")
        assert door.entered()
    running.worker.abort()
    assert running.has_ended()
    door.open.set()
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("gatewright-")]:
        thread.join(TIMEOUT)
        assert not thread.is_alive()


def test_loop_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the worker itself is raised by run(), not kept on a thread."""

    def fail(*_arguments: object) -> bool:
        raise LookupError("a fault")

    monkeypatch.setattr(Loop, "run", fail)
    worker = Worker([listen(TCPAddress("127.0.0.1", 0))], refuse, threads=3)
    with pytest.raises(LookupError, match="a fault"):
        worker.run()


def test_thread_that_fails(make_client: MakeClient, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one of a thread that does not own the loop; the loop ends."""

    def fail(*_arguments: object) -> None:
        raise LookupError("a fault")

    monkeypatch.setattr(Loop, "_take_away", fail)
    listener = listen(TCPAddress("127.0.0.1", 0))
    raised: list[BaseException] = []
    worker = Worker([listener], door.connect, threads=2)

    def run() -> None:
        try:
            worker.run()
        except LookupError as fault:
            raised.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    make_client(listener.address).say(b"wait")
    assert door.entered()
    thread.join(TIMEOUT)
    assert [str(fault) for fault in raised] == ["a fault"]


def test_watcher_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one of the thread that watches; the owner of the loop ends it."""

    def fail(_timer: TickingTimer) -> None:
        raise LookupError("a fault")

    monkeypatch.setattr(TickingTimer, "wait", fail)
    monkeypatch.setattr(worker_module, "make_timer", TickingTimer)
    worker = Worker([listen(TCPAddress("127.0.0.1", 0))], refuse, threads=3)
    with pytest.raises(LookupError, match="a fault"):
        worker.run()


@pytest.mark.parametrize("threads, connections, grace", [(0, 1, 1.0), (1, 0, 1.0), (1, 1, -1.0)])
def test_wrong_numbers(threads: int, connections: int, grace: float) -> None:
    """Numbers that make no sense are refused."""
    with (
        listen(TCPAddress("127.0.0.1", 0)) as listener,
        pytest.raises(ConfigurationError, match=r"has to be [01] at least$"),
    ):
        Worker([listener], refuse, threads=threads, max_connections=connections, grace=grace)
