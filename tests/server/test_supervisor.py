"""The server as a program: its processes, and what signals do to them."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from server_program import APPLICATION, TIMEOUT, Load, Program, is_gone

Run = Callable[..., Program]


def test_workers_share_the_load(run: Run) -> None:
    """As many workers as there are to be answer, and none of them is the supervisor."""
    program = run(workers=2)
    program.ready()
    program.until(lambda: len({program.ask()[1] for _ in range(20)}) == 2)
    assert str(program.pid) not in {str(pid) for pid in program.workers()}


def test_stop(run: Run) -> None:
    """SIGTERM ends it with status 0, without a word, and nobody is left."""
    program = run()
    program.ready()
    workers = program.workers()
    assert (program.stop(), program.log.read_text(), [is_gone(pid) for pid in workers]) == (0, "", [True, True])


def test_stop_waits_for_requests(run: Run) -> None:
    """A request in flight is answered."""
    program = run()
    program.ready()
    with program.connect() as sock:
        sock.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        program.in_call()
        program.process.send_signal(signal.SIGTERM)
        answer = b"".join(iter(lambda: sock.recv(1000), b""))
    assert (program.process.wait(TIMEOUT), b"\r\n\r\none " in answer) == (0, True)


def test_stop_at_once(run: Run, tmp_path: Path) -> None:
    """A second signal ends it although a request is in flight, long before the grace is over."""
    (tmp_path / "served.py").write_text(APPLICATION.replace("0.2", "1000"))
    program = run(workers=1, graceful_timeout=1000)
    program.ready()
    with program.connect() as sock:
        sock.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        program.in_call()
        program.signal(signal.SIGTERM)
        program.until(lambda: not is_pending(program.pid, signal.SIGTERM))  # two that are pending would be one
        program.signal(signal.SIGTERM)
        assert program.process.wait(TIMEOUT) == 0


def is_pending(pid: int, number: signal.Signals) -> bool:
    """Whether a signal was sent to a process that has not had it yet."""
    masks = re.findall(r"^S(?:ig|hd)Pnd:\s+(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def test_ctrl_c(run: Run) -> None:
    """What a terminal sends to all processes is one order to stop, not two."""
    program = run(workers=1)
    program.ready()
    with program.connect() as sock:
        sock.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        program.in_call()
        for pid in (*program.workers(), program.pid):
            os.kill(pid, signal.SIGINT)
        answer = b"".join(iter(lambda: sock.recv(1000), b""))
    assert (program.process.wait(TIMEOUT), b"\r\n\r\none " in answer) == (0, True)


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_a_worker_that_dies(run: Run, how: str) -> None:
    """A worker that dies is replaced, and its loss is one line in the log."""
    program = run(workers=1)
    program.ready()
    (worker,) = program.workers()
    threading.Event().wait(0.6)  # one that dies as soon as it lives is not replaced at once
    if how == "exit":
        program.ask("/exit")
    else:
        os.kill(worker, signal.SIGKILL)
    program.until(lambda: bool(program.workers() - {worker}))
    fate = "exited with status 3" if how == "exit" else "was killed by SIGKILL"
    assert program.ask()[0] == "one"
    assert program.log.read_text() == f"worker {worker} {fate} and is replaced\n"


def test_a_worker_that_dies_again_and_again(run: Run) -> None:
    """A worker that does not live long is not started as fast as it dies."""
    program = run(workers=1)
    program.ready()

    def dies_at_once() -> bool:
        program.ask("/exit")
        return program.has_logged("next attempt in 0.5 s")

    program.until(dies_at_once)  # on a busy machine, the first one may have lived half a second
    assert program.ask()[0] == "one"


def test_nothing_is_left_of_the_dead(run: Run) -> None:
    """There are neither zombies nor open descriptors left of workers that died.

    A worker may answer before the supervisor, which has just forked it, has closed the worker's end of their pipe.
    """
    program = run(workers=1)
    program.ready()
    before = descriptors(program.pid)
    for _ in range(3):
        (worker,) = program.workers()
        os.kill(worker, signal.SIGKILL)
        program.until(lambda worker=worker: program.workers() not in (set(), {worker}))  # type: ignore[misc]  # mypy#4226
        program.ask()
    program.until(lambda: descriptors(program.pid) == before)
    assert len(program.workers()) == 1


def descriptors(pid: int) -> set[str]:
    """Return the descriptors that a process has."""
    return set(os.listdir(f"/proc/{pid}/fd"))


def test_workers_hold_nothing_of_the_supervisor(run: Run) -> None:
    """A worker has the listening socket, its own end of a pipe and the life line, and none of another worker's.

    The one that has answered may not have closed that connection yet when its client sees the end.
    """
    program = run(workers=3, threads=1)
    program.ready()
    program.ask()
    program.until(lambda: len({len(descriptors(pid)) for pid in program.workers()}) == 1)


def test_the_supervisor_dies(run: Run) -> None:
    """If the supervisor is killed, the workers end of themselves."""
    program = run()
    program.ready()
    workers = program.workers()
    os.kill(program.pid, signal.SIGKILL)
    program.process.wait(TIMEOUT)
    program.until(lambda: all(is_gone(pid) for pid in workers))


def test_reload(run: Run) -> None:
    """SIGHUP brings in changed code, and loses no request under load."""
    program = run()
    program.ready()
    with Load(program) as load:
        load.goes_on()
        (program.folder / "served.py").write_text(APPLICATION.replace('"one"', '"number two"'))
        for _ in range(3):
            program.signal(signal.SIGHUP)
            load.goes_on()
        program.until(lambda: set(load.answers[-20:]) == {"number"})
    program.until(lambda: program.has_logged("the workers are replaced"))
    assert (load.losses, set(load.answers)) == ([], {"one", "number"})


def test_a_reload_that_fails(run: Run) -> None:
    """If the new code cannot be loaded, the old workers stay, and the log says so."""
    program = run()
    program.ready()
    workers = program.workers()
    (program.folder / "served.py").write_text("import nothing_of_that_name")
    program.signal(signal.SIGHUP)
    program.until(lambda: program.has_logged("the old ones stay"))
    program.until(lambda: program.workers() == workers)
    assert (program.ask()[0], program.log.read_text().count("cannot import")) == ("one", 1)
    assert not program.has_logged("the workers are replaced")


@pytest.mark.parametrize(
    "application, complaint",
    [
        ("import nothing_of_that_name", "cannot import"),
        ("app = 5", "cannot be called"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_cannot_be_started(run: Run, tmp_path: Path, application: str, complaint: str) -> None:
    """If the application cannot be loaded to begin with, the program says so in one line and ends."""
    (tmp_path / "served.py").write_text(application)
    program = run(workers=3)
    status = program.process.wait(TIMEOUT)
    lines = program.log.read_text().splitlines()
    assert (status, len(lines), complaint in lines[0]) == (2, 1, True)


def test_max_requests(run: Run) -> None:
    """A worker that has served as many requests as it may is replaced, and none is lost."""
    program = run(max_requests=5, max_requests_jitter=5)
    program.ready()
    with Load(program) as load:
        program.until(lambda: len(load.answers) > 100)
    assert load.losses == []


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_upgrade(run: Run, tmp_path: Path, kind: str) -> None:
    """SIGUSR2 starts the program anew on the same sockets, which stops the old one when it is ready; none is lost."""
    path = tmp_path / "s"
    program = run("127.0.0.1:0" if kind == "tcp" else f"unix:{path}")
    program.ready()
    old = program.pid
    with Load(program) as load:
        load.goes_on()
        (tmp_path / "served.py").write_text(APPLICATION.replace('"one"', '"two"'))
        program.signal(signal.SIGUSR2)
        program.ready()
        assert program.process.wait(TIMEOUT) == 0
        assert program.has_logged(f"process {program.pid} takes over")
        load.goes_on()
        program.until(lambda: set(load.answers[-20:]) == {"two"})
    assert (load.losses, program.pid != old, path.exists()) == ([], True, kind == "unix")
    program.signal(signal.SIGTERM)
    program.until(lambda: is_gone(program.pid))
    assert not path.exists()


def test_an_upgrade_that_fails(run: Run, tmp_path: Path) -> None:
    """If the new program cannot be started, the old one goes on, and can be upgraded later."""
    path = tmp_path / "s"
    program = run(f"unix:{path}")
    program.ready()
    source = tmp_path / "served.py"
    source.write_text("import nothing_of_that_name")
    program.signal(signal.SIGUSR2)
    program.until(lambda: program.has_logged("before it took over"))
    assert program.ask()[0] == "one"
    source.write_text(APPLICATION.replace('"one"', '"two"'))
    program.signal(signal.SIGUSR2)
    program.ready()
    program.until(lambda: program.ask()[0] == "two")
    program.signal(signal.SIGTERM)
    program.until(lambda: is_gone(program.pid))


def test_many_signals(run: Run) -> None:
    """Signals that come as fast as they can are heeded, and it still stops."""
    program = run(workers=1)
    program.ready()
    for _ in range(50):
        program.signal(signal.SIGHUP)
    program.until(lambda: program.ask()[0] == "one")
    assert program.stop() == 0


def test_stop_while_it_starts(run: Run, tmp_path: Path) -> None:
    """It can be stopped before it is ready."""
    (tmp_path / "served.py").write_text(dedent("import time; open('begun', 'w').close(); time.sleep(60)"))
    program = run(workers=1)
    program.until((tmp_path / "begun").exists)
    assert program.stop() == 0
