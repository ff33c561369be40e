"""Each set-up is started once, and the whole suite goes through it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from behind.client import Pipe
from behind.harness import Site, run
from behind.setups import SETUPS

_numbers = itertools.count()


@pytest.fixture(scope="session", params=SETUPS)
def site(request: pytest.FixtureRequest) -> Generator[Site]:
    """Run a set-up with the suite's application; at its end, no rule may have been broken."""
    with run(SETUPS[request.param], Path(__file__).with_name("application.py")) as started:
        yield started
        violations = started.folder / "violations"
        assert not violations.exists(), violations.read_text("utf-8")


@pytest.fixture
def pipe(site: Site) -> Generator[Callable[[], Pipe]]:
    """Return a function that makes a pipe to the application."""
    with ExitStack() as stack:

        def make() -> Pipe:
            made = Pipe(site.folder / f"pipe{next(_numbers)}")
            stack.callback(made.close)
            return made

        yield make
