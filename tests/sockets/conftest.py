"""What the tests of sockets share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a path for a Unix socket, short enough for any platform."""
    monkeypatch.chdir(tmp_path)
    return "s"
