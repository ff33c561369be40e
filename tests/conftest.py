"""Fixtures that several test modules use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, settings

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


@pytest.fixture
def run_python() -> RunPython:
    """Run this interpreter with arguments and return what it printed, both streams apart."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False)

    return run
