from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKERS = ("mypy", "pyright", "pyrefly")
pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, CHECKERS)), reason="checkers come with the group typing"
)

PROGRAMS = Path(__file__).parent / "typing" / "with_stubs"
CONFIGURATION = Path(__file__).parents[1] / "docs" / "examples" / "stubs"
TIME_LIMIT = 300  # seconds, on a slow machine, with nothing cached

COMMANDS = {
    "mypy": ["mypy", "."],
    "pyright": ["pyright", "--pythonpath", sys.executable],
    "pyrefly": ["pyrefly", "check", "--output-format", "min-text", "--python-interpreter-path", sys.executable],
}

# One line of a report, of any of the three.
_ERROR = re.compile(r"(?:^|[\s/\\])(\w+\.py):(\d+):.*\berror:|^ERROR (\w+\.py):(\d+):", re.MULTILINE)

Check = Callable[..., set[tuple[str, int]]]


@pytest.fixture(params=["mypy mypy.ini", "mypy pyproject.toml", "pyright pyproject.toml", "pyrefly pyproject.toml"])
def check(request: pytest.FixtureRequest, tmp_path: Path) -> Check:
    """Check a program in a project that is configured as the documentation says; return the lines with errors."""
    checker, configuration = str(request.param).split()
    shutil.copy(CONFIGURATION / configuration, tmp_path)

    def run(program: str, module: str = "wsgiref", *, stubs: bool = True) -> set[tuple[str, int]]:
        text = (PROGRAMS / program).read_text("utf-8")
        (tmp_path / program).write_text(text.replace("from wsgiref", f"from {module}"), "utf-8")
        if stubs:
            put_stubs(tmp_path / ".venv")
        command = [sys.executable, "-m", *COMMANDS[checker]]
        environment = {**os.environ, "PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT": "1"}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
        found = {(a or c, int(b or d)) for a, b, c, d in _ERROR.findall(done.stdout)}
        assert bool(found) == (done.returncode != 0), done.stdout + done.stderr
        return found

    return run


def put_stubs(environment: Path) -> None:
    """Put the stubs to where an installation in this virtual environment has them."""
    command = [sys.executable, "-m", "gatewright", "stubs"]
    folder = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, check=True).stdout.strip()
    shutil.copytree(Path(folder) / "wsgiref", environment / "share" / "gatewright" / "stubs" / "wsgiref")


def marked(program: str, mark: str) -> set[tuple[str, int]]:
    """Return the lines of a program that bear a mark."""
    lines = (PROGRAMS / program).read_text("utf-8").splitlines()
    return {(program, number) for number, line in enumerate(lines, 1) if f"# {mark}: " in line}


def test_program(check: Check) -> None:
    """A right program that imports wsgiref passes with the stubs."""
    assert check("program.py") == set()


def test_without(check: Check) -> None:
    """Without the stubs a checker refuses each line that typeshed is wrong about."""
    assert marked("program.py", "typeshed") - check("program.py", stubs=False) == set()


def test_import_changed(check: Check) -> None:
    """What the stubs accept, gatewright accepts: change the import, change nothing else."""
    assert check("program.py", "gatewright") == set()


def test_precise(check: Check) -> None:
    """With the stubs a checker knows the type of each value, and refuses what is wrong, nothing else."""
    assert check("precise.py") == marked("precise.py", "refused")
