"""What the benchmarks that start servers share: processes on a CPU of their own, and what they use of it."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    with ExitStack() as stack:
        return [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


@contextmanager
def on_cpu(cpu: int) -> Generator[None]:
    """Have this process, and whatever it starts meanwhile, run on one CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def process(
    command: list[str], folder: str, cpu: int, log: str = os.devnull, env: Mapping[str, str] | None = None
) -> Generator[subprocess.Popen[bytes]]:
    """Run a program on one CPU, with what it prints in a file; it has ended after, and what it started as well."""
    with open(log, "wb") as output, on_cpu(cpu):  # from its first thread on
        running = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=output, start_new_session=True)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, 9)  # whose session it is; a worker may be what hangs
            running.wait()


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, task.read_text("ascii").split())
    return found


def cpu_time(pid: int) -> float:
    """Return the CPU time that a process and its descendants have used, ended threads included, in seconds."""
    ticks = 0
    for number in tree(pid):
        fields = Path(f"/proc/{number}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


def version_of(package: str) -> str:
    """Return the version of a package that is installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def cpu_model() -> str:
    """Return what the CPU calls itself."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")


def circumstances() -> str:
    """Return the line of a page that says on what was measured, and when."""
    python = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return f"{python}, {cpu_model()}; {datetime.now(tz=UTC):%Y-%m-%d}."


def answers(port: int, path: str = "/", running: subprocess.Popen[bytes] | None = None, seconds: float = 15) -> bool:
    """Whether a server answers in time; if its process is given, while that lives."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    end = time.monotonic() + seconds
    while time.monotonic() < end and (running is None or running.poll() is None):
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as client:
                client.sendall(request)
                if client.recv(100).startswith(b"HTTP/1.1 200 "):
                    return True
        except OSError:
            pass
        time.sleep(0.1)
    return False
