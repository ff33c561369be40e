"""What a supervisor and its workers tell each other; what becomes of processes is tested with the supervisor."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gatewright.server.worker_process import Child, Reports


def test_reports() -> None:
    """What a worker says is read in its order; then comes its end, once."""
    reading, writing = os.pipe()
    child, reports = Child(1, reading), Reports(writing)
    reports.ready()
    reports.tired()
    said = child.read_reports()
    os.close(writing)
    assert (list(said), child.read_reports(), child.reports) == ([Child.READY, Child.TIRED], b"", None)
    assert child.read_reports() == b""


def test_reports_to_nobody() -> None:
    """A worker whose supervisor is gone does not fail of it."""
    reading, writing = os.pipe()
    os.close(reading)
    Reports(writing).ready()
    os.close(writing)


@pytest.mark.parametrize(
    "code,status", [("pass", 0), ("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_collect(code: str, status: int) -> None:
    """A process that has ended is collected with its status, and nothing of it stays open."""
    reading, writing = os.pipe()
    os.close(writing)
    process = subprocess.Popen([sys.executable, "-c", code])
    child = Child(process.pid, reading)
    while (found := child.collect()) is None:
        pass
    process.returncode = found  # it was collected here
    assert (found, child.reports) == (status, None)
