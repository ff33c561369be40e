"""Run a program that imports :mod:`wsgiref` on gatewright instead, without a change to it.

``python -m gatewright.dropin [-m MODULE | SCRIPT] ARGS...`` starts the program as ``python [-m MODULE | SCRIPT]
ARGS...`` would, with ``sys.argv`` and ``sys.path[0]`` the same, after :func:`install`. (Of a folder or zip archive
given as SCRIPT, ``sys.argv[0]`` is the absolute path.)

A module that imported ``wsgiref`` before, one of the standard library's included, keeps what it took. A process that
the program starts is on its own: it has the standard library's ``wsgiref`` again unless it is started this way too.
"""

import importlib
import importlib.util
import os
import pkgutil
import runpy
import sys
from types import ModuleType
from typing import Final, NoReturn

__all__ = ["install", "main"]

MODULES: Final = ("util", "headers", "handlers", "simple_server", "validate", "types")
USAGE: Final = "usage: python -m gatewright.dropin [-m MODULE | SCRIPT] ARGS..."


def install() -> None:
    """Let gatewright's modules stand in ``sys.modules`` for ``wsgiref`` and its six modules.

    From then on every import of ``wsgiref`` in this process, in whatever form, gives gatewright's. Calling it again
    changes nothing. Call it first: names that a module has already taken from the standard library's ``wsgiref`` stay
    as they are.
    """
    sys.modules["wsgiref"] = importlib.import_module("gatewright")
    for name in MODULES:
        sys.modules[f"wsgiref.{name}"] = importlib.import_module(f"gatewright.{name}")


def main() -> None:
    """Run the program that ``sys.argv`` names, as its ``__main__``, with gatewright in place of ``wsgiref``.

    Raises:
        SystemExit: With status 2 after one line on standard error, if no program is named or there is none of that
            name; otherwise whatever the program itself raises.
    """
    install()
    match sys.argv[1:]:
        case ["-m", module, *_]:
            if not _can_run(module):
                _refuse(f"gatewright.dropin: no module named {module!r} that can be run")
            del sys.argv[:2]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case [script, *_] if not script.startswith("-"):
            if not os.path.exists(script):
                _refuse(f"gatewright.dropin: no such script: {script!r}")
            del sys.argv[0]
            _run_script(script)
        case _:
            _refuse(USAGE)


def _can_run(name: str) -> bool:
    """Look before running, so that an ImportError raised by the program is not mistaken for its absence."""
    try:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.submodule_search_locations is None:
            return spec is not None
        return importlib.util.find_spec(f"{name}.__main__") is not None
    except ModuleNotFoundError as absent:
        if f"{name}.".startswith(f"{absent.name}."):
            return False
        raise


def _run_script(script: str) -> None:
    """Do without runpy for a plain file: it makes ``sys.argv[0]`` and ``__file__`` the same, and Python does not.

    A folder or archive becomes absolute in both: a relative one would be lost from ``sys.path`` at the first ``chdir``.
    """
    if not sys.flags.safe_path:
        del sys.path[0]  # which was the current folder's, put there by python -m
    if pkgutil.get_importer(script):
        runpy.run_path(os.path.abspath(script), run_name="__main__")
        return
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(script)))
    sys.modules["__main__"] = program = ModuleType("__main__")
    program.__file__ = os.path.abspath(script)
    with open(script, "rb") as source:
        exec(compile(source.read(), program.__file__, "exec", dont_inherit=True), program.__dict__)  # noqa: S102  # its job


def _refuse(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main()
