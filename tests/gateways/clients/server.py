"""Starts ``gatewright serve``, with nothing in front of it."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen
from behind.application import memory
from behind.harness import TIMEOUT, Place, Process, running

PROGRAMS: Final = Path(__file__).parent / "programs"
"""The sites of this suite; those of the other one are served as well."""

BEHIND: Final = Path(__file__).parents[1] / "behind"
"""The suite with web servers in front, from which programs are taken."""


@frozen
class Server(Place):
    """The server, running.

    Attributes:
        supervisor: the process that was started.
    """

    supervisor: int

    @property
    def url(self) -> str:
        """Where it serves, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """Return the processes that serve."""
        children = Path(f"/proc/{self.supervisor}/task/{self.supervisor}/children").read_text("ascii")
        return [int(child) for child in children.split()]

    @contextmanager
    def flat(self, most: int) -> Generator[None]:
        """Fail if a worker has grown by more than so many bytes meanwhile, at any moment."""
        before = dict[int, int]()
        for worker in self.workers():
            Path(f"/proc/{worker}/clear_refs").write_text("5", "ascii")
            before[worker] = memory("VmRSS", worker)
        yield
        growth = {worker: memory("VmHWM", worker) - size for worker, size in before.items()}
        assert {worker: grown for worker, grown in growth.items() if grown > most} == {}


@contextmanager
def serve(application: Path, *options: str, quiet: bool = False) -> Generator[Server]:
    """Serve an application until the context is left; the server ends well then.

    Args:
        application: the module that becomes ``hello``; a folder ``static`` beside it is taken along.
        *options: of the command.
        quiet: whether it is a failure if anything is logged but the start and the end.
    """
    with tempfile.TemporaryDirectory(prefix="gatewright-") as name:
        place = Place(Path(name), 0)
        shutil.copy(application, place.folder / "hello.py")
        if (static := application.with_name("static")).is_dir():
            shutil.copytree(static, place.folder / "static")
        command = (sys.executable, "-m", "gatewright", "serve", "hello:application")
        with running(place, (*command, "--bind", "127.0.0.1:0", *options), OUTPUT) as process:
            yield Server(place.folder, _await_port(place, process), process.pid)
        assert process.returncode == 0, place.log()
        assert not quiet or [line.split()[0] for line in _lines(place)] == ["Serving", "Stopped"], place.log()
        violations = place.folder / "violations"  # of the rules, as far as the application looks for them
        assert not violations.exists(), violations.read_text("utf-8")


OUTPUT: Final = "gateway.out"


def _await_port(place: Place, process: Process) -> int:
    """Wait until a server says that it serves, and where: it listens before its workers have the application."""
    end = time.monotonic() + TIMEOUT
    while True:
        for line in _lines(place):
            if found := re.match(r"Serving .* on http://127\.0\.0\.1:(\d+)\b.* with", line):
                return int(found[1])
        assert (time.monotonic() < end, process.poll()) == (True, None), place.log()
        time.sleep(0.02)  # it tells nobody but its log


def _lines(place: Place) -> list[str]:
    return (place.folder / OUTPUT).read_text("utf-8", "replace").splitlines()
