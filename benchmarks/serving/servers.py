"""The servers: what starts each of them, on one port, with the same application."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import field, frozen
from processes import answers, cpu_time, free_ports, process, version_of

HERE = Path(__file__).resolve().parent.parent  # where Python finds the application
TRIES = 3
CONNECTIONS = 4_000  # that those servers are told to bear which would otherwise bear fewer than are measured

GATEWRIGHT = (
    "from gatewright.server import Settings, serve;"
    "serve('serving.application:application', Settings(bind=('127.0.0.1:{port}',), threads={threads}, keep_alive=75))"
)
STREAMING = GATEWRIGHT.replace("keep_alive=75", "keep_alive=75, chunked_bodies='stream'")
BJOERN = "import bjoern; from serving.application import application; bjoern.run(application, '127.0.0.1', {port})"
FASTWSGI = (
    "import fastwsgi; from serving.application import application; fastwsgi.run(application, '127.0.0.1', {port}, 0)"
)
WAITRESS = (
    "import waitress; from serving.application import application;"
    "waitress.serve(application, listen='127.0.0.1:{port}', threads={threads},"
    f"connection_limit={CONNECTIONS}, asyncore_use_poll=True, backlog=1024, channel_timeout=75)"
)
CHEROOT = (
    "from cheroot.wsgi import Server; from serving.application import application;"
    "server = Server(('127.0.0.1', {port}), application, numthreads={threads}, timeout=75,"
    f"request_queue_size=1024); server.keep_alive_conn_limit = {CONNECTIONS}; server.safe_start()"
)


@frozen
class Server:
    """A server, as it is started.

    Attributes:
        name: for the tables, and for ``--only``.
        package: whose version stands beside it.
        command: makes the command line for a port.
        python: in whose environment it is installed.
        only_sleeping: it is there for the comparison of threads alone.
        compared: in which of these comparisons, by the number of threads that the servers have.
        only_chunked: it is there for chunked uploads alone.
    """

    name: str
    package: str
    command: Callable[[int], list[str]]
    python: str = sys.executable
    only_sleeping: bool = field(default=False, kw_only=True)
    compared: int = field(default=8, kw_only=True)
    only_chunked: bool = field(default=False, kw_only=True)

    @property
    def version(self) -> str:
        """What is installed of it."""
        if self.python == sys.executable:
            return version_of(self.package) if self.package else ""
        code = (
            f"from importlib.metadata import files, version; p = {self.package!r};"
            "print(version(p), 'with', sum(f.suffix == '.so' for f in files(p)), 'compiled files')"
        )
        return subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def code(text: str, threads: int = 8, python: str = sys.executable) -> Callable[[int], list[str]]:
    """Return what makes the command that runs a line of Python."""
    return lambda port: [python, "-c", text.format(port=port, threads=threads)]


def gunicorn(threads: int) -> Callable[[int], list[str]]:
    """Return what makes the command of gunicorn with threads."""
    options = ["-k", "gthread", "-w", "1", "--threads", str(threads), "--keep-alive", "75"]
    options += ["--worker-connections", str(CONNECTIONS), "--no-control-socket"]
    return lambda port: [sys.executable, "-m", "gunicorn", *options, "-b", f"127.0.0.1:{port}", "serving.application"]


def granian(threads: int) -> Callable[[int], list[str]]:
    """Return what makes the command of granian; of HTTP only the version that is measured, which is to its favour."""
    options = ["--interface", "wsgi", "--http", "1", "--workers", "1", "--blocking-threads", str(threads), "--no-log"]
    options += ["--backpressure", str(CONNECTIONS)]
    program = str(Path(sys.executable).parent / "granian")
    return lambda port: [program, *options, "--port", str(port), "serving.application:application"]


def gatewright(name: str, python: str) -> list[Server]:
    """Return ours, inline, with threads, and inline with chunked bodies that are not stored."""
    return [
        Server(f"{name}, inline", "gatewright", code(GATEWRIGHT, 1, python), python),
        Server(f"{name}, 8 threads", "gatewright", code(GATEWRIGHT, 8, python), python),
        Server(f"{name}, streaming", "gatewright", code(STREAMING, 1, python), python, only_chunked=True),
    ]


FLOOR = "floor"
INLINE = "gatewright, inline"
THREADS = "gatewright, 8 threads"
MANY_THREADS = "gatewright, 32 threads"
COMPILED = "gatewright compiled"


def all_servers(compiled: str | None) -> list[Server]:
    """Return all servers; ours twice, if there is a Python that has it compiled."""
    return [
        Server(FLOOR, "", lambda port: [sys.executable, "-m", "serving.floor", str(port)]),
        *gatewright("gatewright", sys.executable),
        *(gatewright(COMPILED, compiled) if compiled else []),
        Server("bjoern", "bjoern", code(BJOERN)),
        Server("fastwsgi", "fastwsgi", code(FASTWSGI)),
        Server("granian", "granian", granian(1)),
        Server("granian, 8 threads", "granian", granian(8), only_sleeping=True),
        Server("cheroot", "cheroot", code(CHEROOT)),
        Server("waitress", "waitress", code(WAITRESS)),
        Server("gunicorn gthread", "gunicorn", gunicorn(8)),
        *many_threads(32),
    ]


def many_threads(threads: int) -> list[Server]:
    """Return servers with so many threads, as many as there are connections."""
    commands = {
        MANY_THREADS: ("gatewright", code(GATEWRIGHT, threads)),
        f"waitress, {threads} threads": ("waitress", code(WAITRESS, threads)),
        f"gunicorn gthread, {threads} threads": ("gunicorn", gunicorn(threads)),
    }
    return [
        Server(name, package, command, only_sleeping=True, compared=threads)
        for name, (package, command) in commands.items()
    ]


@frozen
class Running:
    """A server that runs.

    Attributes:
        server: which.
        port: where it listens.
        pid: of the process that was started, which may have others.
    """

    server: Server
    port: int
    pid: int

    def cpu_time(self) -> float:
        """Return the CPU time that all its processes have used, in seconds."""
        return cpu_time(self.pid)


def last_line(log: Path) -> str:
    """Return what a server said last."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it did not answer"


class Stable:
    """The servers that run, by their names; those that do not start are left out, and :attr:`missing` says why.

    Args:
        folder: where they run.
        cpu: on which.
    """

    def __init__(self, folder: str, cpu: int) -> None:
        self.folder = folder
        self.missing: dict[str, str] = {}
        self._cpu = cpu
        self._stacks: dict[str, ExitStack] = {}

    def start(self, server: Server) -> Running | None:
        """Start a server; nothing, if it does not answer, on any of some ports: another program may have taken one."""
        tries = (self._try(server) for _ in range(TRIES))
        return next((running for running in tries if running), None)

    def _try(self, server: Server) -> Running | None:
        port = free_ports(1)[0]
        log = Path(self.folder, f"{server.name}.log")
        environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"}
        stack = self._stacks[server.name] = ExitStack()
        try:
            started = process(server.command(port), self.folder, self._cpu, str(log), environment)
            running = stack.enter_context(started)
        except OSError as error:
            self.missing[server.name] = str(error)
            return None
        if answers(port, running=running):
            self.missing.pop(server.name, None)
            return Running(server, port, running.pid)
        self.stop(server)
        self.missing[server.name] = last_line(log)
        return None

    def stop(self, server: Server) -> None:
        """Stop a server."""
        self._stacks.pop(server.name).close()

    def close(self) -> None:
        """Stop all of them."""
        while self._stacks:
            self._stacks.popitem()[1].close()


@contextmanager
def stable(cpu: int) -> Generator[Stable]:
    """Run servers in a directory that is gone after."""
    with TemporaryDirectory() as folder:
        servers = Stable(folder, cpu)
        try:
            yield servers
        finally:
            servers.close()
