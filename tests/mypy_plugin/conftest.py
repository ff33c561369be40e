"""Runs of mypy with the plugin, in this process."""

from __future__ import annotations

from collections.abc import Callable
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


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs with the same settings keep what mypy knows of the standard library."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture(scope="session")
def run_mypy(cache: Path) -> RunMypy:
    """Run mypy with the arguments; it finds gatewright wherever it is imported from."""

    def run(*arguments: str | Path) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            if SOURCES.name != "site-packages":  # there mypy finds it by itself, and refuses to be told
                patch.setenv("MYPYPATH", str(SOURCES))
            return Result(*mypy.api.run(["--cache-dir", str(cache), *map(str, arguments)]))

    return run
