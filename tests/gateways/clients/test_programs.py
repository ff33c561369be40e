"""Git and the test suite of WebDAV, each with the program for it."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from behind.tools import LITMUS_GROUPS, commit, git, litmus, litmus_passed

from clients.server import BEHIND, Server, serve

PROGRAMS = BEHIND / "programs"
CONTENT = os.urandom(20_000_000)
"""Does not become smaller when Git compresses it."""


@pytest.fixture(scope="module")
def dulwich() -> Generator[Server]:
    """Run the server of dulwich, with an empty repository."""
    pytest.importorskip("dulwich")
    with serve(PROGRAMS / "dulwich_web.py") as server:
        yield server


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository with a large commit."""
    folder = tmp_path_factory.mktemp("mine")
    git(folder, "init")
    commit(folder, "large", CONTENT)
    return folder


@pytest.fixture(scope="module")
def push(dulwich: Server, mine: Path) -> str:
    """Push it, and return what Git says of that."""
    options = ("-c", "http.postBuffer=65536")
    return git(mine, *options, "push", f"{dulwich.url}/", "main", GIT_CURL_VERBOSE="1")


@pytest.fixture
def clone(dulwich: Server, push: str, tmp_path: Path) -> Path:
    """Clone what was pushed."""
    assert push
    git(tmp_path, "clone", "--branch", "main", f"{dulwich.url}/", "clone")
    return tmp_path / "clone"


def test_push(push: str) -> None:
    """Git pushes a large commit in chunks."""
    assert ("Transfer-Encoding: chunked" in push, "[new branch]" in push) == (True, True)


def test_clone(clone: Path) -> None:
    """Git clones it."""
    assert (clone / "large").read_bytes() == CONTENT


def test_pull(dulwich: Server, mine: Path, clone: Path) -> None:
    """Git pushes another commit, and a clone pulls it."""
    commit(mine, "small", b"second")
    git(mine, "push", f"{dulwich.url}/", "main")
    git(clone, "pull", "--ff-only")
    assert (clone / "small").read_bytes() == b"second"


def test_litmus(tmp_path: Path) -> None:
    """The test suite of WebDAV finds no fault in any of its groups."""
    pytest.importorskip("wsgidav")
    with serve(PROGRAMS / "webdav.py") as server:
        printed = litmus(f"{server.url}/", tmp_path)
    assert litmus_passed(printed) == [*LITMUS_GROUPS], printed
