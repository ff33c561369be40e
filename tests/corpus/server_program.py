"""The server as a program of its own, and clients that load it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import gatewright

TIMEOUT = 30.0

PROGRAM = """
import logging, os, sys
from gatewright.server import Settings, serve
logging.basicConfig(level="INFO", format="%(message)s")
settings = Settings(**{"bind": (sys.argv[1],), "graceful_timeout": 5, **eval(sys.argv[2])})
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
        open("in-call", "w").close()
        time.sleep(0.2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{VERSION} {os.getpid()}".encode()]
"""


class Program:
    """The program that runs; ``pid`` is that of the supervisor, which an upgrade changes.

    Args:
        folder: where its application is.
        bind: where it listens.
        settings: the others, as a dictionary in Python.
        prelude: lines of Python that it begins with.
    """

    def __init__(self, folder: Path, bind: str, settings: str, prelude: str = "") -> None:
        self.folder = folder
        self.bind = bind
        self.log = folder / "log"
        # Python compiles a module anew if its size or the second of its last change is another: tests change it sooner.
        environment = {"PYTHONPATH": str(Path(gatewright.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", prelude + PROGRAM, bind, settings],
                cwd=folder,
                env={**os.environ, **environment},
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

    def in_call(self) -> None:
        """Wait until a slow call has begun: a connection that nobody has accepted yet is no request to a server."""
        self.until((self.folder / "in-call").exists)

    def has_logged(self, text: str) -> bool:
        """Whether a line of the log has this text."""
        return text in self.log.read_text()

    def stop(self) -> int:
        """Stop the program that was started first, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)


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
    """Clients that ask on and on, two of them each time on a new connection, and count.

    Args:
        program: whom they ask.
        kept: how many more there are that keep their connections as long as they can.
    """

    def __init__(self, program: Program, kept: int = 0) -> None:
        self.program = program
        self.answers: list[str] = []
        self.losses: list[object] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(path,)) for path in ("/", "/slow")]
        self._threads += [threading.Thread(target=self._keep_asking) for _ in range(kept)]

    def _ask(self, path: str) -> None:
        while not self._over.is_set():
            try:
                self.answers.append(self.program.ask(path)[0])
            except (OSError, IndexError) as loss:
                self.losses.append(loss)

    def _keep_asking(self) -> None:
        while not self._over.is_set():
            try:
                with self.program.connect() as sock:
                    while not self._over.is_set():
                        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                        head, _, body = sock.recv(1000).partition(b"\r\n\r\n")
                        self.answers.append(body.decode().split()[0])
                        if b"Connection: close" in head:
                            break
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
