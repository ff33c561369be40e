"""Runs of mypy with the plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

import mypy.api
import pytest

import gatewright

SOURCES = Path(gatewright.__file__).parents[1]


class Result(NamedTuple):
    """What a run of mypy said."""

    stdout: str
    """What it found, a line for each."""

    stderr: str
    """What went wrong with the run."""

    status: int
    """0 if it found nothing, 1 if it found something, 2 if it could not look."""


RunMypy: TypeAlias = Callable[..., Result]
RunModule: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def paths() -> Mapping[str, str]:
    """What mypy needs in its environment to find gatewright where this process has it."""
    if SOURCES.name == "site-packages":  # there it finds it by itself, and refuses to be told
        return {}
    return {"MYPYPATH": str(SOURCES), "PYTHONPATH": str(SOURCES)}


@pytest.fixture(scope="session")
def run_mypy(paths: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> RunMypy:
    """Run mypy in this process; all runs share what mypy keeps of the standard library."""
    cache = tmp_path_factory.mktemp("cache")

    def run(*arguments: str | Path) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in paths.items():
                patch.setenv(name, value)
            return Result(*mypy.api.run(["--cache-dir", str(cache), *map(str, arguments)]))

    return run


@pytest.fixture(scope="session")
def run_module(paths: Mapping[str, str]) -> RunModule:
    """Run a module, such as mypy, in a process of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *arguments]
        environment = {**os.environ, **paths}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run
