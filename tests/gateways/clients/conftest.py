"""The sites are started once each."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from clients.server import BEHIND, PROGRAMS, Server, serve


@pytest.fixture(scope="session", params=["django_site", "flask_site"])
def site(request: pytest.FixtureRequest) -> Generator[Server]:
    """Serve the site of a framework."""
    pytest.importorskip(request.param.partition("_")[0])
    with serve(PROGRAMS / f"{request.param}.py") as server:
        yield server


@pytest.fixture(scope="session", params=["store", "stream"])
def server(request: pytest.FixtureRequest) -> Generator[Server]:
    """Serve the application that talks to the tests; chunked bodies are stored first, or streamed."""
    with serve(BEHIND / "application.py", "--chunked-bodies", request.param) as server:
        yield server
