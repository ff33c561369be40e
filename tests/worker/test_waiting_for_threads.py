"""Connections that wait for a thread, so that what lasts does not stall the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gatewright.worker import Turn

if TYPE_CHECKING:
    from tests.worker.conftest import Client, Door, House, Run, Running


def busy(running: Running, door: Door, *lines: bytes) -> list[Client]:
    """Return clients whose calls are on."""
    clients = [running.client() for _ in lines]
    for client, line in zip(clients, lines, strict=True):
        client.say(line)
        assert door.entered()
        assert running.client().ask(b"other") == b"other"  # by another thread, so the call was overtaken
    return clients


def test_others_are_served(run: Run, door: Door, house: House) -> None:
    """Calls that last wait while nobody else could go on with the loop, and go on in their order; others are served."""
    running = run(connect=house.connect, threads=3)
    clients = busy(running, door, b"wait 1", b"wait 2")
    for line in (b"wait 3", b"wait 4", b"wait 5"):
        clients.append(running.client())
        clients[-1].say(line)
        assert house.has_postponed()
    assert [running.client().ask(b"quick") for _ in range(20)] == [b"quick"] * 20
    assert house.calls == [b"wait 1", b"other", b"wait 2"]
    door.open.set()
    assert [client.hear() for client in clients] == [b"wait %d" % number for number in range(1, 6)]
    assert [line for line in house.calls if line != b"other"] == [b"wait %d" % number for number in range(1, 6)]


def test_connection_goes_on(run: Run, door: Door, house: House) -> None:
    """A connection that has waited for a thread is served as before."""
    running = run(connect=house.connect, threads=2)
    busy(running, door, b"wait 1")
    client = running.client()
    for _ in range(3):
        assert client.ask(b"before") == b"before"
    client.say(b"wait 2")
    assert house.has_postponed()
    door.open.set()
    assert (client.hear(), client.ask(b"after")) == (b"wait 2", b"after")


def test_drained(run: Run, door: Door, house: House) -> None:
    """A worker that stops still makes the calls that wait for a thread."""
    running = run(connect=house.connect, threads=2, tick=0.01)
    (first,) = busy(running, door, b"wait 1")
    second = running.client()
    second.say(b"wait 2")
    assert house.has_postponed()
    running.worker.stop()
    door.open.set()
    assert (first.hear(), second.hear(), running.has_ended()) == (b"wait 1", b"wait 2", True)


def test_at_the_end_of_the_grace(run: Run, door: Door, house: House, caplog: pytest.LogCaptureFixture) -> None:
    """What still waits for a thread when the grace is over is closed, and counted among what is lost."""
    running = run(connect=house.connect, threads=2, tick=0.01, grace=0.1)
    busy(running, door, b"wait 1")
    second = running.client()
    second.say(b"wait 2")
    assert house.has_postponed()
    running.worker.stop()
    assert second.hear() == b""
    door.open.set()
    assert running.has_ended()
    assert "closed 2 connections" in caplog.text


def test_client_that_leaves(run: Run, door: Door, house: House) -> None:
    """A client that does not wait for its turn costs nobody else theirs."""
    running = run(connect=house.connect, threads=2)
    (first,) = busy(running, door, b"wait 1")
    with running.client() as second:
        second.say(b"wait 2")
        assert house.has_postponed()
    third = running.client()
    third.say(b"wait 3")
    assert house.has_postponed()
    door.open.set()
    assert (first.hear(), third.hear(), running.client().ask(b"other")) == (b"wait 1", b"wait 3", b"other")


@pytest.mark.parametrize("threads, alone", [(1, False), (2, False)])
def test_not_alone(run: Run, threads: int, alone: bool) -> None:
    """One thread is never called alone, as it has all to itself; nor is one beside those who stand by."""
    seen: list[bool] = []

    def answer(line: bytes, turn: Turn) -> bytes:
        seen.append(turn.is_alone)
        return line

    assert run(answer, threads=threads).client().ask(b"x") == b"x"
    assert seen == [alone]
