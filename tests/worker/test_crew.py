"""Threads: who owns the loop, and how it is taken over."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, cast

import pytest

from gatewright.worker import Turn
from gatewright.worker.crew import Crew
from gatewright.worker.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.worker.conftest import Door, Run, Running

    from gatewright.worker.contract import Connection
    from gatewright.worker.loop import Loop
    from gatewright.worker.turn import Claim, Ownership

FOREVER = 1000.0  # seconds; longer than any test


def ask_all(running: Running, clients: int, lines: int) -> list[bytes]:
    """Have many clients at a time ask many lines each; return the answers that are not what was asked."""
    wrong: list[bytes] = []

    def ask(name: int) -> None:
        with running.client() as client:
            for number in range(lines):
                line = b"%d/%d" % (name, number)
                answer = client.ask(line)
                if answer != line:
                    wrong.append(answer)

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_many_connections(run: Run, threads: int) -> None:
    """Each of many clients at a time has the answers to what it asked."""
    assert ask_all(run(threads=threads), clients=20, lines=50) == []


@pytest.mark.parametrize("threads", [1, 4])
def test_two_hundred_at_once(run: Run, threads: int) -> None:
    """200 connections that are open at the same time are all answered."""
    running = run(threads=threads)
    clients = [running.client() for _ in range(200)]
    for number, client in enumerate(clients):
        client.say(b"%d" % number)
    assert [client.hear() for client in clients] == [b"%d" % number for number in range(200)]


def test_slow_call_does_not_stall_others(run: Run, door: Door) -> None:
    """While one call lasts, other clients are answered."""
    running = run(door, threads=2)
    running.client().say(b"wait")
    assert door.entered()
    assert running.client().ask(b"other") == b"other"


def test_overtaken_connection_goes_on(run: Run, door: Door) -> None:
    """A connection whose call was overtaken is answered, and is served again."""
    running = run(door, threads=2)
    slow = running.client()
    slow.say(b"wait")
    assert door.entered()
    running.client().ask(b"other")
    door.open.set()
    assert (slow.hear(), slow.ask(b"again")) == (b"wait", b"again")


def test_overtaken_threads_come_back(run: Run, door: Door) -> None:
    """A thread that was overtaken is ready for the next slow call: two threads serve any number of them in turn."""
    running = run(door, threads=2)
    for _ in range(10):
        door.open.clear()
        with running.client() as slow, running.client() as fast:
            slow.say(b"wait")
            assert door.entered()
            assert fast.ask(b"other") == b"other"
            door.open.set()
            assert slow.hear() == b"wait"


def test_all_threads_in_calls(run: Run, door: Door) -> None:
    """When every thread is in a call that lasts, requests wait, and none is lost."""
    running = run(door, threads=2)
    clients = [running.client() for _ in range(6)]
    for client in clients[:2]:
        client.say(b"wait")
        assert door.entered()
    for client in clients[2:]:
        client.say(b"later")
    door.open.set()
    assert [client.hear() for client in clients] == [b"wait"] * 2 + [b"later"] * 4


def test_as_many_calls_as_threads(run: Run) -> None:
    """No more calls go on at a time than there are threads, but as many as that."""
    meeting = threading.Barrier(3)

    def meet(line: bytes, _turn: Turn) -> bytes:
        meeting.wait(20)
        return line

    running = run(meet, threads=3)
    clients = [running.client() for _ in range(6)]
    for client in clients:
        client.say(b"met")
    assert [client.hear() for client in clients] == [b"met"] * 6


def test_idle_connections_hold_no_thread(run: Run, door: Door) -> None:
    """Connections of which nothing is heard do not keep others from being served."""
    running = run(door, threads=2)
    idle = [running.client() for _ in range(50)]
    idle[0].socket.sendall(b"half a li")
    assert running.client().ask(b"other") == b"other"
    idle[0].say(b"ne")
    assert idle[0].hear() == b"half a line"


def test_inline(run: Run) -> None:
    """With one thread, the application runs on the thread that called run()."""
    running = run(lambda _line, _turn: threading.current_thread().name.encode(), threads=1)
    assert running.client().ask(b"who") == running.thread.name.encode()


def test_hand_over(run: Run, door: Door) -> None:
    """A call that says that it will last is overtaken at once, whatever the patience."""

    def answer(line: bytes, turn: Turn) -> bytes:
        if line == b"wait":
            turn.hand_over()
        return door(line, turn)

    running = run(answer, threads=2, patience=FOREVER)
    running.client().say(b"wait")
    assert door.entered()
    assert running.client().ask(b"other") == b"other"


@pytest.mark.parametrize("threads", [1, 2])
def test_hand_over_to_nobody(run: Run, threads: int) -> None:
    """Where there is nobody to hand over to, or nothing worth it, the call goes on as it would."""

    def answer(line: bytes, turn: Turn) -> bytes:
        turn.hand_over()
        return line

    assert ask_all(run(answer, threads=threads), clients=4, lines=100) == []


def test_overtaken_is_known(run: Run, door: Door) -> None:
    """A call can find out whether it was overtaken."""
    known: list[bool] = []

    def answer(line: bytes, turn: Turn) -> bytes:
        known.append(turn.overtaken)
        door(line, turn)
        known.append(turn.overtaken)
        return line

    running = run(answer, threads=2)
    slow = running.client()
    slow.say(b"wait")
    assert door.entered()
    running.client().ask(b"other")
    door.open.set()
    slow.hear()
    assert known == [False, False, False, True]


def test_fast_calls_are_not_overtaken(run: Run) -> None:
    """Calls within the patience stay with their thread."""
    overtaken: list[bool] = []

    def answer(line: bytes, turn: Turn) -> bytes:
        overtaken.append(turn.overtaken)
        return line

    ask_all(run(answer, threads=4, patience=FOREVER), clients=4, lines=100)
    assert not any(overtaken)


def test_now(run: Run) -> None:
    """Connections are told the time."""
    before = time.monotonic()
    running = run(lambda _line, turn: b"%r" % turn.now)
    assert before <= float(running.client().ask(b"when")) <= time.monotonic()


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_takeovers_under_load(run: Run, threads: int) -> None:
    """Whenever a call is overtaken, no answer is lost and none goes to another client."""
    dice = random.Random(0)
    overtaken: list[bool] = []

    def answer(line: bytes, turn: Turn) -> bytes:
        if dice.random() < 0.3:
            time.sleep(dice.random() * 0.002)
        overtaken.append(turn.overtaken)
        return line

    assert ask_all(run(answer, threads=threads, patience=0.0003), clients=16, lines=100) == []
    assert sum(overtaken) > 50


@pytest.mark.parametrize("threads", [2, 8])
def test_takeovers_after_calls_that_lasted(run: Run, threads: int) -> None:
    """No answer is lost and none goes to another client, where some calls last and patience is short after them."""
    dice = random.Random(0)
    overtaken: list[bool] = []

    def answer(line: bytes, turn: Turn) -> bytes:
        if dice.random() < 0.3:
            time.sleep(dice.choice([0.0003, 0.0007, 0.006]))
        overtaken.append(turn.overtaken)
        return line

    assert ask_all(run(answer, threads=threads, patience=0.001), clients=16, lines=100) == []
    assert any(overtaken)


class Script:
    """A timer that remembers what the watcher sets, and tells before each time that it goes off."""

    def __init__(self, *before: Callable[[], object]) -> None:
        self.delays: list[float] = []
        self._before = list(before)

    def set(self, delay: float) -> None:
        self.delays.append(delay)

    def wait(self) -> None:
        self._before.pop(0)()

    def close(self) -> None:
        raise NotImplementedError


class Quiet:
    """A loop that is taken over once, and has ended then."""

    finished = False

    def __init__(self) -> None:
        self.taken: list[Claim | None] = []

    def run(self, turn: Ownership) -> bool:
        self.taken.append(turn.taken)
        return True

    def close(self) -> None:
        pass


@pytest.mark.parametrize("lasted, delays", [(False, [1.0, 1.0]), (True, [0.05, 0.25])])
def test_looks(lasted: bool, delays: list[float]) -> None:
    """The watcher takes over a call that it finds twice; it looks again sooner if calls have lasted lately."""
    patience = Patience(2.0)
    if lasted:
        for _ in range(2):
            patience.tell(-10.0, time.monotonic())
    calls: list[Claim] = [(number, cast("Connection", object())) for number in (3, 4)]

    def find(number: int) -> None:
        crew.first.claims[:] = [calls[number]]

    timer = Script(lambda: find(0), lambda: find(1), lambda: find(1))
    loop = Quiet()
    crew = Crew(cast("Loop", loop), timer, patience)
    crew.serve(None)
    assert (loop.taken, timer.delays[:2]) == ([calls[1]], delays)
