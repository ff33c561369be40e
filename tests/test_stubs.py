from __future__ import annotations

import importlib.util
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
TIME_LIMIT = 60  # seconds

Lines = set[tuple[str, int]]
CheckTypes = Callable[[str, Path], Lines]
Check = Callable[..., Lines]


@pytest.fixture(params=["mypy mypy.ini", "mypy pyproject.toml", "pyright pyproject.toml", "pyrefly pyproject.toml"])
def check(request: pytest.FixtureRequest, tmp_path: Path, check_types: CheckTypes) -> Check:
    """Check a program in a project that is configured as the documentation says; return the lines with errors."""
    checker, configuration = str(request.param).split()
    shutil.copy(CONFIGURATION / configuration, tmp_path)

    def run(program: str, module: str = "wsgiref", *, stubs: bool = True) -> Lines:
        text = (PROGRAMS / program).read_text("utf-8")
        (tmp_path / program).write_text(text.replace("from wsgiref", f"from {module}"), "utf-8")
        if stubs:
            put_stubs(tmp_path / ".venv")
        return check_types(checker, tmp_path)

    return run


def put_stubs(environment: Path) -> None:
    """Put the stubs to where an installation in this virtual environment has them."""
    command = [sys.executable, "-m", "gatewright", "stubs"]
    folder = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, check=True).stdout.strip()
    shutil.copytree(Path(folder) / "wsgiref", environment / "share" / "gatewright" / "stubs" / "wsgiref")


def marked(program: str, mark: str) -> Lines:
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


def test_precise_with_plugin(tmp_path: Path, check_types: CheckTypes) -> None:
    """The plugin takes nothing of what the stubs say of a WSGIEnvironment."""
    configuration = (CONFIGURATION / "mypy.ini").read_text("utf-8")
    (tmp_path / "mypy.ini").write_text(
        configuration.replace("[mypy]\n", "[mypy]\nplugins = gatewright.mypy_plugin\n"), "utf-8"
    )
    shutil.copy(PROGRAMS / "precise.py", tmp_path)
    put_stubs(tmp_path / ".venv")
    assert marked("precise.py", "refused") - check_types("mypy", tmp_path) == set()
