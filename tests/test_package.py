from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import gatewright

RunPython = Callable[..., CompletedProcess[str]]

SOURCE = Path(gatewright.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MODULES = sorted(module.name for module in pkgutil.walk_packages(gatewright.__path__, "gatewright."))

# What serves HTTP is none of the handlers' business, and CGI imports them for each request: what costs more than all of
# them together is imported when it is needed, which is when something went wrong, as is the rulebook.
NOT_FOR_HANDLERS = {"email", "http", "selectors", "socket", "socketserver", "ssl", "urllib"} | {
    *("attr", "attrs", "collections", "contextlib", "enum", "functools", "importlib.metadata", "inspect", "re"),
    *("traceback", "types", "typing", "typing_extensions", "warnings"),
}
NOT_FOR_HANDLERS_OF_OURS = {
    *("gatewright.body", "gatewright.simple_server", "gatewright.sockets", "gatewright.types", "gatewright.validate"),
    *("gatewright.spec.rules", "gatewright.spec.checks.environ", "gatewright.spec.checks.violation"),
}

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50


def imported_by(run_python: RunPython, module: str) -> set[str]:
    """Return what a fresh interpreter imports for the module, beyond what it starts with.

    It starts without ``site``: a ``.pth`` file of another package's, such as that by which coverage measures
    subprocesses, may already have imported what is not to be imported.
    """
    code = f"import sys; before = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - before))"
    return set(run_python("-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}").stdout.split())


def test_package_imports_nothing(run_python: RunPython) -> None:
    """Importing the package imports nothing else, of it or of anything."""
    assert imported_by(run_python, "gatewright") == {"gatewright"}


@pytest.mark.parametrize("module", ["gatewright.handlers", "gatewright.gateways.cgi"])
def test_handlers_import_little(run_python: RunPython, module: str) -> None:
    """Importing what CGI needs drags in neither the server, nor the rulebook, nor what costs more than they do."""
    imported = imported_by(run_python, module)
    assert module in imported
    unwanted = NOT_FOR_HANDLERS | NOT_FOR_HANDLERS_OF_OURS
    assert not {name for name in imported if name in unwanted or name.partition(".")[0] in unwanted}


@pytest.mark.parametrize("module", ["gatewright.body", "gatewright.loading"])
def test_what_cgi_needs_at_times(run_python: RunPython, module: str) -> None:
    """What CGI needs for a request with a body, or without a script, costs little as well."""
    assert not imported_by(run_python, module) & {"attr", "attrs", "collections", "inspect", "re", "typing"}


def test_checks_are_found_when_asked_for(run_python: RunPython) -> None:
    """Each function of the checks is there for the first to ask, whatever was imported before."""
    names = "from gatewright.spec.checks import *; print(len(gatewright.spec.checks.__all__), check_environ.__name__)"
    assert run_python("-c", f"import gatewright.spec.checks; {names}").stdout.split()[1:] == ["check_environ"]


@pytest.mark.parametrize("name", MODULES)
def test_exported_names(name: str) -> None:
    """Every name in a module's __all__ is there, once."""
    module = importlib.import_module(name)
    exported: list[str] = list(getattr(module, "__all__", []))
    assert sorted(exported) == sorted({name for name in exported if hasattr(module, name)})


def test_version() -> None:
    """The package and its metadata agree on the version."""
    assert gatewright.__version__ == version("gatewright")


def test_typed() -> None:
    """The package says that it carries its types."""
    assert (SOURCE / "py.typed").is_file()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_file_length(path: Path) -> None:
    """No file is longer than can be read in one go."""
    assert len(path.read_text("utf-8").splitlines()) <= MAX_FILE_LINES


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return a function's lines without those of its docstring."""
    docstring = ast.get_docstring(function, clean=False)
    return (function.end_lineno or 0) - function.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_function_length(path: Path) -> None:
    """No function is longer than a screen."""
    assert {found.name: length(found) for found in functions(path) if length(found) > MAX_FUNCTION_LINES} == {}
