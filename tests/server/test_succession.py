from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from gatewright.server import succession
from gatewright.server.succession import Predecessor
from gatewright.sockets import InheritedAddress, Listener, UnixAddress, identity


def born_of(monkeypatch: pytest.MonkeyPatch, pid: int, *, listens: int | None = None) -> Predecessor:
    """Return what a program that was started with these variables knows."""
    monkeypatch.setenv("GATEWRIGHT_SUPERSEDES", str(pid))
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() if listens is None else listens))
    return Predecessor()


class Kills:
    """What would be killed."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def __call__(self, pid: int, number: int) -> None:
        self.calls.append((pid, number))


def test_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that was started by a person takes over from nobody."""
    monkeypatch.delenv("GATEWRIGHT_SUPERSEDES", raising=False)
    assert not Predecessor()


@pytest.mark.parametrize("value", ["", "x", "-1", "\u00b3"])
def test_not_a_number(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A variable that is no number of a process means nothing."""
    monkeypatch.setenv("GATEWRIGHT_SUPERSEDES", value)
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    assert not Predecessor()


def test_of_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that were meant for another process, whose child this is, mean nothing."""
    assert not born_of(monkeypatch, os.getppid(), listens=1)


def test_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started from here is not told."""
    assert born_of(monkeypatch, os.getppid())
    assert "GATEWRIGHT_SUPERSEDES" not in os.environ


def test_relieve(monkeypatch: pytest.MonkeyPatch) -> None:
    """The predecessor is stopped once, and is not in charge any more."""
    sent = Kills()
    monkeypatch.setattr(os, "kill", sent)
    predecessor = born_of(monkeypatch, os.getppid())
    before = bool(predecessor)
    predecessor.relieve()
    predecessor.relieve()
    assert (before, bool(predecessor), sent.calls) == (True, False, [(os.getppid(), signal.SIGTERM)])


def test_relieve_who_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the predecessor has ended, nobody who happens to have its number is stopped."""
    sent = Kills()
    monkeypatch.setattr(os, "kill", sent)
    born_of(monkeypatch, os.getppid() + 1).relieve()
    assert sent.calls == []


def test_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The files of Unix sockets that are taken over are removed at the end."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as sock, socket.create_server(("127.0.0.1", 0)) as other:
        sock.bind(path)
        found = [Listener(sock, UnixAddress(path)), Listener(other, InheritedAddress(5))]
        monkeypatch.setattr(succession, "inherited", lambda: found)
        one, two = born_of(monkeypatch, 1).listeners()
        seen = identity(path) is not None
        one.close()
    assert (seen, os.path.exists(path), two) == (True, False, found[1])
