"""What the mypy plugin costs: user CPU of mypy with it and without it, from nothing, on the same sources.

Werkzeug's sources are code as it is; the other case is the worst one, many small applications that do little but read
and write their environ and start a response.  The runs alternate, and the least time of each counts.

    python benchmarks/mypy_cost.py [rounds]
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import gatewright

APPLICATIONS = 300
ROUNDS = 5
PLUGIN = "plugins = gatewright.mypy_plugin\n"
KEYS = """
REQUEST_METHOD PATH_INFO SCRIPT_NAME QUERY_STRING CONTENT_TYPE SERVER_NAME SERVER_PORT wsgi.url_scheme
HTTP_HOST HTTP_COOKIE HTTP_USER_AGENT HTTP_X_OF_MINE HTTP_X_TRACE REMOTE_ADDR REMOTE_USER myapp.user
""".split()  # noqa: SIM905  # a list literal would take a line for each


def application(number: int) -> str:
    """Write an application: 64 accesses to the environ, and 8 calls of start_response."""
    lines = [
        '"""An application."""',
        "",
        "from collections.abc import Iterable",
        "from typing import Final",
        "",
        "from gatewright.types import Environ, StartResponse",
        "",
        f'OK: Final = "200 Number {number}"',
        "",
        "",
        "def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:",
    ]
    for part in range(8):
        lines += [f'    text_{part}_{at} = environ["{key}"]' for at, key in enumerate(KEYS[part:])][:4]
        lines += [
            f'    size_{part} = environ.get("CONTENT_LENGTH", "0")',
            f'    agent_{part} = environ.get("{KEYS[-1 - part]}")',
            f'    environ["myapp.part"] = text_{part}_0',
            f'    environ["SCRIPT_NAME"] = "/part/{part}"',
            f'    if text_{part}_0 == "part {part}":',
            f'        headers = [("Content-Type", "text/plain"), ("X-Part", \'{part}\'), ("X-Size", size_{part})]',
            "        start_response(OK, headers)" if part % 2 else '        start_response("404 Not Found", headers)',
            f'        return [repr(agent_{part}).encode(), environ["wsgi.input"].read()]',
        ]
    return "\n".join([*lines, "    return []", ""])


@contextmanager
def sources() -> Iterator[Path]:
    """Make a directory with the sources of both cases and a configuration for each way to run mypy."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        werkzeug = find_spec("werkzeug")
        if werkzeug is None or werkzeug.submodule_search_locations is None:
            sys.exit("Werkzeug is to be installed: its sources are what is checked.")
        shutil.copytree(werkzeug.submodule_search_locations[0], folder / "werkzeug")
        (folder / "applications").mkdir()
        for number in range(APPLICATIONS):
            (folder / "applications" / f"application_{number}.py").write_text(application(number), encoding="utf-8")
        settings = "[mypy]\nignore_missing_imports = true\n"
        (folder / "without.ini").write_text(settings, encoding="utf-8")
        (folder / "with.ini").write_text(settings + PLUGIN, encoding="utf-8")
        yield folder


def user_seconds(folder: Path, config: str, target: str) -> float:
    """Run mypy without a cache and return the user CPU that it took."""
    root = Path(gatewright.__file__).parents[1]
    paths = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    environ = dict(os.environ, PYTHONPATH=paths, PYTHONPYCACHEPREFIX=str(folder / "compiled"))
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed plugin is compiled
    if root.name != "site-packages":
        environ["MYPYPATH"] = str(root)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", os.devnull, target]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if done.returncode > 1 or done.stderr:
        sys.exit(done.stdout + done.stderr)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main() -> None:
    """Measure both cases and print them as a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    names = {"werkzeug": "sources of Werkzeug " + version("werkzeug"), "applications": f"{APPLICATIONS} applications"}
    print(f"CPython {platform.python_version()}, mypy {version('mypy')}, gatewright {gatewright.__version__}; ", end="")
    print(f"user CPU in seconds, least of {rounds} runs without a cache\n")
    print("| checked | without | with | ratio |\n| --- | ---: | ---: | ---: |")
    with sources() as folder:
        for target, name in names.items():
            times: dict[str, list[float]] = {"without.ini": [], "with.ini": []}
            for _ in range(rounds + 1):  # the first compiles and fills the page cache
                for config, taken in times.items():
                    taken.append(user_seconds(folder, config, target))
            without, plugin = min(times["without.ini"]), min(times["with.ini"])
            print(f"| {name} | {without:.2f} | {plugin:.2f} | {plugin / without:.3f} |", flush=True)


if __name__ == "__main__":
    main()
