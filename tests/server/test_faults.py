"""What goes wrong around the server and inside the application: the server goes on, and each loss is one line."""

from __future__ import annotations

import os
import re
import resource
import select
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from server_program import Load, Program, is_gone

Run = Callable[..., Program]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

APPLICATION = """
import os, signal, subprocess, sys, threading, time

def deep():
    deep()

class Closing(list):
    def close(self):
        raise ValueError("in close()")

def raise_(fault):
    raise fault

def wait_for_ever():
    yield b"x"
    sleep()

def fork(then):
    pid = os.fork()
    if not pid:
        then()
    return str(pid)

def sleep():
    with open("inside", "a") as file:
        file.write("x")
    time.sleep(1000)

def hold_all_descriptors():
    files = []
    while True:
        files.append(open(os.devnull))

DO = {
    "exception": lambda: raise_(LookupError("a fault")),
    "SystemExit": lambda: sys.exit(3),
    "MemoryError": lambda: raise_(MemoryError()),
    "RecursionError": deep,
    "GeneratorExit": lambda: raise_(GeneratorExit()),
    "KeyboardInterrupt": lambda: raise_(KeyboardInterrupt()),
    "close": lambda: Closing([b"x"]),
    "descriptors": hold_all_descriptors,
    "exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "sleep": sleep,
    "block": wait_for_ever,
    "thread": lambda: threading.Thread(target=time.sleep, args=(1000,)).start(),
    "daemon": lambda: threading.Thread(target=time.sleep, args=(1000,), daemon=True).start(),
    "ignore": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN) and None,
    "fork": lambda: fork(lambda: time.sleep(1000)),
    "fork-and-return": lambda: fork(lambda: None),
    "subprocess": lambda: str(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"]).pid),
    "all-closed": lambda: os.closerange(3, 100),
}

def app(environ, start_response):
    name, _, argument = environ["PATH_INFO"][1:].partition("/")
    what = os.getpid()
    if name == "one-closed":
        os.close(int(argument))
    elif name == "size":
        what = len(environ["wsgi.input"].read())
    elif name:
        what = DO[name]() or what
    start_response("200 OK", [("Content-Type", "text/plain")])
    return what if isinstance(what, list) or hasattr(what, "send") else [str(what).encode()]
"""


@pytest.fixture
def faulty(run: Run, tmp_path: Path) -> Run:
    """Run a program whose application can be told to do wrong; it is ready."""
    (tmp_path / "served.py").write_text(APPLICATION)

    def start(prelude: str = "", **settings: object) -> Program:
        program = run(prelude=prelude, **{"workers": 1, "graceful_timeout": 1, **settings})
        program.ready()
        return program

    return start


def ask(program: Program, path: str = "/", *more: bytes) -> bytes:
    """Return the status code and the body of an answer; b"" if there is none."""
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode()
    with program.connect() as sock:
        try:
            sock.sendall(head + (b"".join(more) or b"\r\n"))
            answer = b"".join(iter(lambda: sock.recv(1000), b""))
        except ConnectionError:
            return b""
    return answer[9:12] + b" " + answer.partition(b"\r\n\r\n")[2] if answer else b""


def worker_of(program: Program) -> int:
    """Return the number of the worker that answers."""
    return int(ask(program)[4:])


def lines(program: Program) -> list[str]:
    """Return the lines of the log without those of tracebacks."""
    return [line for line in program.log.read_text().splitlines() if not line.startswith(("Traceback", " "))]


def cpu(pid: int) -> float:
    """Return the seconds that a process has had of a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class TestApplicationThatRaises:
    FAULTS = ("exception", "SystemExit", "MemoryError", "RecursionError", "GeneratorExit")

    @pytest.mark.parametrize("threads", [1, 2])
    def test_error_page(self, faulty: Run, threads: int) -> None:
        """Whatever it raises is an error page and a traceback, and the same worker goes on."""
        program = faulty(threads=threads)
        worker = worker_of(program)
        answers = {fault: ask(program, f"/{fault}")[:3] for fault in self.FAULTS}
        tracebacks = program.log.read_text().count("Traceback")
        assert answers == dict.fromkeys(self.FAULTS, b"500")
        assert (tracebacks, worker_of(program)) == (len(self.FAULTS), worker)

    def test_interrupt(self, faulty: Run) -> None:
        """A KeyboardInterrupt of its own ends the connection, and the worker goes on."""
        program = faulty()
        worker = worker_of(program)
        assert (ask(program, "/KeyboardInterrupt"), worker_of(program)) == (b"", worker)
        assert lines(program)[0] == "a connection failed and was closed"

    def test_interrupt_inline(self, faulty: Run) -> None:
        """Where calls run on the main thread it cannot be told from Ctrl-C: the worker ends, and is replaced."""
        program = faulty(threads=1)
        worker = worker_of(program)
        assert (ask(program, "/KeyboardInterrupt"), worker_of(program) != worker) == (b"", True)
        program.until(lambda: program.has_logged(f"worker {worker} exited with status 70"))

    def test_in_close(self, faulty: Run) -> None:
        """A response that was sent whole stays so if close() fails."""
        program = faulty()
        assert (ask(program, "/close"), ask(program)[:3]) == (b"200 x", b"200")


class TestApplicationThatStays:
    """How the server stops although the application does not."""

    @pytest.mark.parametrize("path", ["thread", "daemon"])
    def test_threads(self, faulty: Run, path: str) -> None:
        """Threads that it started and forgot delay nothing, and are not worth a word."""
        program = faulty()
        for _ in range(5):
            ask(program, f"/{path}")
        worker = worker_of(program)
        assert (program.stop(), is_gone(worker), lines(program)) == (0, True, [])

    @pytest.mark.parametrize("path, calls", [("/sleep", 1), ("/block", 1), ("/sleep", 2)])
    def test_call(self, faulty: Run, path: str, calls: int) -> None:
        """Calls that last have the grace; then they are lost, which is one line, even if they hold all threads."""
        program = faulty()
        with ExitStack() as stack:
            for _ in range(calls):
                begin(stack.enter_context(program.connect()), path)
            in_calls(program, calls)
            status = program.stop()
        lost = f"the time to stop is over: closed {calls} connections that had not ended"
        assert (status, lines(program)) == (0, [lost])

    def test_call_inline(self, faulty: Run) -> None:
        """The one thread of a worker that has one cannot give up its call: the worker is killed, which is one line."""
        program = faulty(threads=1)
        worker = worker_of(program)
        with program.connect() as sock:
            begin(sock, "/sleep")
            in_calls(program, 1)
            status = program.stop()
        killed = f"worker {worker} did not stop in time and was killed: its requests are lost"
        assert (status, lines(program), is_gone(worker)) == (0, [killed], True)

    def test_signals(self, faulty: Run) -> None:
        """An application that ignores SIGTERM is killed when the grace is over."""
        program = faulty(threads=1)
        worker = worker_of(program)
        ask(program, "/ignore")
        assert (program.stop(), is_gone(worker), len(lines(program))) == (0, True, 1)


def begin(sock: socket.socket, path: str) -> None:
    """Ask for something that takes its time."""
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def in_calls(program: Program, count: int) -> None:
    """Wait until so many calls have begun to sleep."""
    inside = program.folder / "inside"
    program.until(lambda: inside.exists() and inside.stat().st_size == count)


class TestApplicationThatForks:
    def test_child(self, faulty: Run) -> None:
        """A child that lives on keeps neither the connection nor the port open, nor the server from its end."""
        program = faulty()
        child = int(ask(program, "/fork")[4:])
        try:
            with program.connect() as sock:
                sock.sendall(b"GET /fork HTTP/1.0\r\n\r\n")  # ends with the connection
                other = int(b"".join(iter(lambda: sock.recv(1000), b"")).rpartition(b"\n")[2])
                os.kill(other, signal.SIGTERM)
            assert (program.stop(), is_gone(child)) == (0, False)
            with pytest.raises(ConnectionRefusedError):
                program.connect()
        finally:
            os.kill(child, signal.SIGKILL)
        program.until(lambda: is_gone(other))

    def test_child_and_its_signals(self, faulty: Run) -> None:
        """SIGTERM ends a child, as it does in any program, and not the worker that it came from."""
        program = faulty()
        worker = worker_of(program)
        child = int(ask(program, "/fork")[4:])
        os.kill(child, signal.SIGTERM)
        program.until(lambda: is_gone(child))
        assert worker_of(program) == worker

    @pytest.mark.parametrize("threads", [1, 3])
    def test_child_that_returns(self, faulty: Run, threads: int) -> None:
        """A child that comes back from the call is ended: the client has one answer, and there is one worker."""
        program = faulty(threads=threads)
        worker = worker_of(program)
        with program.connect() as sock:
            sock.sendall(GET.replace(b"/ ", b"/fork-and-return "))
            child = int(sock.recv(1000).rpartition(b"\n")[2])
            program.until(lambda: is_gone(child))
            sock.sendall(GET)
            assert sock.recv(1000).count(b"HTTP/1.1") == 1
        assert {worker_of(program) for _ in range(10)} == {worker}
        told = f"process {child}, which the application forked, came back from its call and was ended"
        assert lines(program) == [told]

    def test_new_program(self, faulty: Run) -> None:
        """A program that it starts holds nothing either."""
        program = faulty()
        child = int(ask(program, "/subprocess")[4:])
        try:
            assert program.stop() == 0
            with pytest.raises(ConnectionRefusedError):
                program.connect()
        finally:
            os.kill(child, signal.SIGKILL)


class TestApplicationThatCloses:
    @pytest.mark.parametrize("threads", [1, 2])
    def test_descriptors_of_others(self, faulty: Run, threads: int) -> None:
        """Whichever descriptor an application closes that is not its own: the server serves on, perhaps anew.

        When that is noticed may be requests later (a spare thread reads the timer's), so one of those may be lost.
        """
        program = faulty(threads=threads)
        for path in (*(f"/one-closed/{number}" for number in range(3, 10)), "/all-closed"):
            with suppress(OSError):
                ask(program, path)
            answers = [ask(program)[:3] for _ in range(4)]
            assert answers.count(b"200") >= 3


def chunked(size: int) -> bytes:
    """Return what follows the first fields of a request with a chunked body of this size."""
    head = b"Transfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (part, b"x" * part) for part in [1000] * (size // 1000)) + b"0\r\n\r\n"


class TestDisk:
    FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"

    @pytest.mark.parametrize("size", [405_000, 1_000_000])
    def test_body(self, faulty: Run, size: int) -> None:
        """A body that cannot be stored is 503 and one line, be it the last of its bytes; others are served."""
        program = faulty(self.FULL)
        worker = worker_of(program)
        assert ask(program, "/size", chunked(300_000)) == b"200 300000"
        assert ask(program, "/size", chunked(size)) == b"503 the request body cannot be stored now\n"
        assert (lines(program), worker_of(program)) == (
            ["a request body cannot be stored: [Errno 27] File too large"],
            worker,
        )

    def test_log(self, faulty: Run) -> None:
        """A log that cannot be written costs nobody an answer."""
        program = faulty("import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 2)\n")
        statuses = [ask(program, path)[:3] for path in ("/exception", "/close", "/", "/exit", "/")]
        assert statuses == [b"500", b"200", b"200", b"", b"200"]


class TestDescriptors:
    FEW = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"

    def test_connections(self, faulty: Run) -> None:
        """Clients who are there are served on, others wait for room, one line tells, and nothing spins meanwhile."""
        program = faulty(self.FEW, keep_alive=60)
        (worker,) = program.workers()
        with ExitStack() as stack:
            clients = [stack.enter_context(program.connect()) for _ in range(80)]
            for client in clients:
                client.sendall(GET)
            program.until(lambda: program.has_logged("Too many open files"))
            program.until(lambda: len(answered(clients)) > 10)
            threading.Event().wait(0.1)
            inside = answered(clients)
            before = cpu(worker)
            threading.Event().wait(1.5)
            spent = cpu(worker) - before
            for client in inside:
                client.recv(1000)
                client.sendall(GET)
                assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            for client in inside:
                client.close()
            waiting = [client for client in clients if client not in inside]
            assert waiting[0].recv(1000).startswith(b"HTTP/1.1 200 ")
        place = re.escape(program.place)
        assert [re.sub(place, "X", line) for line in lines(program)] == [
            "cannot accept connections on X for now: Too many open files"
        ]
        assert spent < 0.7

    def test_application(self, faulty: Run) -> None:
        """An application that has used up all descriptors fails by itself."""
        program = faulty(self.FEW)
        assert [ask(program, path)[:3] for path in ("/descriptors", "/", "/descriptors", "/")] == [b"500", b"200"] * 2

    @pytest.mark.parametrize("how", ["killed", "reloaded"])
    def test_supervisor(self, faulty: Run, how: str) -> None:
        """A worker that cannot be started for lack of descriptors is started when there are some, dead or reloaded."""
        program = faulty(workers=2)
        workers = program.workers()
        threading.Event().wait(0.6)  # one that dies as soon as it lives is not replaced at once
        most = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (5, most))
        if how == "killed":
            os.kill(min(workers), signal.SIGKILL)
        else:
            program.signal(signal.SIGHUP)
        program.until(lambda: program.has_logged("cannot start a worker: [Errno 24] Too many open files"))
        assert ask(program)[:3] == b"200"
        resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (most, most))
        gone = {min(workers)} if how == "killed" else workers
        program.until(lambda: len(program.workers() - gone) == 2)
        assert ask(program)[:3] == b"200"


def answered(clients: list[socket.socket]) -> list[socket.socket]:
    """Return those that have something to read."""
    poll = select.poll()
    by_number = {client.fileno(): client for client in clients}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(0)]


class TestUnderLoad:
    def test_kill(self, run: Run) -> None:
        """Workers that are killed under load take their own requests with them and no other; each is one line."""
        program = run(workers=2)
        program.ready()
        with Load(program, kept=4) as load:
            for _ in range(4):
                load.goes_on()
                threading.Event().wait(0.6)  # as above
                workers = program.workers()
                os.kill(min(workers), signal.SIGKILL)
                program.until(lambda workers=workers: len(program.workers() - {min(workers)}) == 2)  # type: ignore[misc]  # mypy#4226
            load.goes_on()
        assert len(load.losses) <= 4 * 6
        told = program.log.read_text().splitlines()
        assert (len(told), {re.sub(r"\d+", "N", line) for line in told}) == (
            4,
            {"worker N was killed by SIGKILL and is replaced"},
        )

    def test_reload_again_and_again(self, run: Run) -> None:
        """Workers that are replaced under load, once a second, lose no request, on connections new or kept."""
        program = run(workers=2)
        program.ready()
        with Load(program, kept=4) as load:
            for _ in range(5):
                program.signal(signal.SIGHUP)
                threading.Event().wait(1.0)
                load.goes_on()
        told = program.log.read_text().splitlines()
        assert (load.losses, told.count("replacing the workers")) == ([], 5)
        assert set(told) == {"replacing the workers", "the workers are replaced"}
