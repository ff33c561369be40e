"""Git, and the test suite of WebDAV, as clients of the programs that serve them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from behind.harness import TIMEOUT, require

LITMUS_GROUPS: Final = ("basic", "copymove", "props", "locks", "http")
"""The groups of tests that there are."""

_SUMMARY: Final = re.compile(r"<- summary for `(\w+)': of (\d+) tests run: (\d+) passed, (\d+) failed")


def git(folder: Path, *arguments: str, **environment: str) -> str:
    """Run git, with no configuration but its own, and return what it prints."""
    require("git", "git")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "NO_PROXY": "*", **environment}
    command, limit = ["git", *identity, *arguments], 2 * TIMEOUT
    done = subprocess.run(
        command, cwd=folder, env=variables, timeout=limit, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def commit(folder: Path, name: str, content: bytes) -> None:
    """Commit a file."""
    (folder / name).write_bytes(content)
    git(folder, "add", name)
    git(folder, "commit", "-m", name)


def litmus(url: str, folder: Path) -> str:
    """Run the test suite of WebDAV, all of it, and return what it prints."""
    require("litmus", "litmus")
    command, limit = ["litmus", "--keep-going", url], 3 * TIMEOUT
    done = subprocess.run(command, cwd=folder, timeout=limit, capture_output=True, text=True, check=False)
    return done.stdout


def litmus_passed(printed: str) -> list[str]:
    """Return the groups of which each test was run, and passed."""
    return [group for group, run, passed, failed in _SUMMARY.findall(printed) if (run, failed) == (passed, "0")]
