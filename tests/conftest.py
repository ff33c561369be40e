"""Fixtures that several test modules use."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, settings

CHECKERS = {
    "mypy": ["mypy", "."],
    "pyright": ["pyright", "--pythonpath", sys.executable],
    "pyrefly": ["pyrefly", "check", "--output-format", "min-text", "--python-interpreter-path", sys.executable],
}
CHECK_LIMIT = 600  # seconds, on a slow machine, with nothing cached

# One line of a report, of any of the three.
_ERROR = re.compile(r"(?:^|[\s/\\])(\w+\.py):(\d+):.*\berror\b|^ERROR (\w+\.py):(\d+):", re.MULTILINE)

CheckTypes: TypeAlias = Callable[[str, Path], "set[tuple[str, int]]"]
WriteModule: TypeAlias = Callable[[str, str], Path]
RunPython: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]

# A machine that is busy with something else makes a test slow, not wrong.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteModule:
    """Write ``NAME.py`` into an empty folder, which is the current directory for the test."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, source: str) -> Path:
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(dedent(source), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def check_types() -> CheckTypes:
    """Check a project in a folder with a type checker; return the files and lines with errors."""

    def check(checker: str, folder: Path) -> set[tuple[str, int]]:
        command = [sys.executable, "-m", *CHECKERS[checker]]
        environment = {**os.environ, "PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT": "1"}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=CHECK_LIMIT, check=False
        )
        found = {(a or c, int(b or d)) for a, b, c, d in _ERROR.findall(done.stdout)}
        assert bool(found) == (done.returncode != 0), done.stdout + done.stderr
        return found

    return check


@pytest.fixture
def run_python() -> RunPython:
    """Run this interpreter with arguments and return what it printed, both streams apart."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False)

    return run
