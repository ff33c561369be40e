"""The server as a program: its processes, and what signals do to them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from textwrap import dedent
from typing import Self

import pytest

import gatewright

TIMEOUT = 30.0

PROGRAM = """
import logging, os, sys
from gatewright.server import Settings, serve
logging.basicConfig(level="INFO", format="%(message)s")
settings = Settings(bind=(sys.argv[1],), graceful_timeout=5, **eval(sys.argv[2]))
sys.exit(serve("served:app", settings, ready=lambda place: print(place, os.getpid(), flush=True)))
"""

APPLICATION = """
import os, time
VERSION = "one"
def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/exit":
        os._exit(3)
    if path == "/slow":
        time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{VERSION} {os.getpid()}".encode()]
"""


class Program:
    """The program that runs; ``pid`` is that of the supervisor, which an upgrade changes."""

    def __init__(self, folder: Path, bind: str, settings: str) -> None:
        self.folder = folder
        self.bind = bind
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, bind, settings],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(Path(gatewright.__file__).parents[1])},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.pid = self.process.pid

    def ready(self) -> None:
        """Wait until it, or the one that takes over from it, accepts connections."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        place, pid = line.split()
        self.pid = int(pid)
        self.place = place

    def connect(self) -> socket.socket:
        """Return a connection."""
        if self.bind.startswith("unix:"):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(TIMEOUT)
            try:
                sock.connect(self.bind.removeprefix("unix:"))
            except OSError:
                sock.close()
                raise
            return sock
        return socket.create_connection(("127.0.0.1", int(self.place.rpartition(":")[2])), TIMEOUT)

    def ask(self, path: str = "/") -> list[str]:
        """Return the version of the application that answers, and the number of its process; [] for no answer."""
        with self.connect() as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: sock.recv(1000), b"")).partition(b"\r\n\r\n")[2].decode().split()

    def signal(self, number: signal.Signals) -> None:
        """Send the supervisor a signal."""
        os.kill(self.pid, number)

    def workers(self) -> set[int]:
        """Return the numbers of the processes that the supervisor has started and not buried, the dead included."""
        return set(map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()))

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that is to happen."""
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.01)

    def has_logged(self, text: str) -> bool:
        """Whether a line of the log has this text."""
        return text in self.log.read_text()

    def stop(self) -> int:
        """Stop the program that was started first, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)


Run = Callable[..., Program]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run programs that are gone after the test: ``run(bind, **settings)``."""
    with ExitStack() as stack:

        def start(bind: str = "127.0.0.1:0", **settings: object) -> Program:
            application = tmp_path / "served.py"
            if not application.exists():
                application.write_text(APPLICATION)
            program = Program(tmp_path, bind, repr({"workers": 2, "threads": 2, **settings}))
            stack.callback(end, program)
            return program

        yield start


def end(program: Program) -> None:
    """Kill what there is of a program; its workers end with it."""
    for pid in {program.pid, program.process.pid}:
        if pid != program.process.pid or program.process.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    program.process.wait(TIMEOUT)
    assert program.process.stdout is not None
    program.process.stdout.close()


class Load:
    """A client that asks on and on, each time on a new connection, and counts."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.answers: list[str] = []
        self.losses: list[object] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(path,)) for path in ("/", "/slow")]

    def _ask(self, path: str) -> None:
        while not self._over.is_set():
            try:
                self.answers.append(self.program.ask(path)[0])
            except (OSError, IndexError) as loss:
                self.losses.append(loss)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(TIMEOUT)

    def goes_on(self) -> None:
        """Wait until some more requests were answered."""
        enough = len(self.answers) + 20
        self.program.until(lambda: len(self.answers) >= enough)


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


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
        threading.Event().wait(0.1)  # it is to be in the call; if it is not, it is on its way, and answered as well
        program.process.send_signal(signal.SIGTERM)
        answer = b"".join(iter(lambda: sock.recv(1000), b""))
    assert (program.process.wait(TIMEOUT), b"\r\n\r\none " in answer) == (0, True)


def test_stop_at_once(run: Run) -> None:
    """A second signal ends it although a request is in flight."""
    program = run(workers=1)
    (program.folder / "served.py").write_text(APPLICATION.replace("0.2", "60"))
    program.ready()
    with program.connect() as sock:
        sock.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        program.signal(signal.SIGTERM)
        threading.Event().wait(0.1)  # two signals that come together may be one
        program.signal(signal.SIGTERM)
        assert program.process.wait(TIMEOUT) == 0


def test_ctrl_c(run: Run) -> None:
    """What a terminal sends to all processes is one order to stop, not two."""
    program = run(workers=1)
    program.ready()
    with program.connect() as sock:
        sock.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        threading.Event().wait(0.1)
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
    """There are neither zombies nor open descriptors left of workers that died."""
    program = run(workers=1)
    program.ready()
    before = os.listdir(f"/proc/{program.pid}/fd")
    for _ in range(3):
        (worker,) = program.workers()
        os.kill(worker, signal.SIGKILL)
        program.until(lambda worker=worker: program.workers() not in (set(), {worker}))  # type: ignore[misc]  # mypy#4226
        program.ask()
    assert (len(program.workers()), sorted(os.listdir(f"/proc/{program.pid}/fd"))) == (1, sorted(before))


def test_workers_hold_nothing_of_the_supervisor(run: Run) -> None:
    """A worker has the listening socket, its own end of a pipe and the life line, and none of another worker's."""
    program = run(workers=3, threads=1)
    program.ready()
    program.ask()
    counts = {len(os.listdir(f"/proc/{pid}/fd")) for pid in program.workers()}
    assert len(counts) == 1


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
