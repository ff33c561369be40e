"""The checks, by name: ``nox`` runs all but the benchmarks and ``linters``, ``nox -s NAME`` one of them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
# An interpreter that is not there is skipped, in CI too; `coverage` fails if that leaves none.
nox.options.error_on_missing_interpreters = False

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13"]
COVERAGE = Path(".coverage.d").absolute()
WHEELS = Path("dist").absolute()
COMPILER = "GATEWRIGHT_COMPILER"  # "required" makes it an error, and no reason to skip, that there is none
WITH_WEB_SERVERS = "tests/gateways/behind"
WITH_CLIENTS = "tests/gateways/clients"
LEFT_OUT = (f"--ignore={WITH_WEB_SERVERS}", f"--ignore={WITH_CLIENTS}")  # of the tests of every Python
COVERAGE_FLOOR = 90  # per cent of lines and branches, over all interpreters together

nox.options.sessions = ["lint", "typing", "stubtest", "dropin", "docs", "tests", "coverage", "gateways", "clients"]
nox.options.sessions += ["fuzz", f"wheel-{PYTHONS[-1]}"]  # compiling is slow, and shows the same on each Python


def install(session: nox.Session, *packages: str, group: str | None = None) -> None:
    """Install packages and a dependency group; ``.`` is built to a wheel first, so that nothing runs from src."""
    session.install(*packages, *(nox.project.dependency_groups(PROJECT, group) if group else ()))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, and imports that go down the layers only."""
    install(session, group="lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": "src"})


@nox.session
def typing(session: nox.Session) -> None:
    """Strict mypy and pyright over everything, pyrefly over the tests of types; frameworks and stubs."""
    install(session, ".[cli]", group="typing")
    # The pyright in the wheel, on the Node.js in the wheel: nothing is fetched, no node is needed.
    session.env["PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT"] = "1"
    session.run("mypy")
    session.run("mypy", "--config-file", "tests/typing/mypy.ini")
    session.run("pyright")
    session.run("pyrefly", "check")
    session.run("pytest", "tests/test_stubs.py", "tests/test_matrix.py")
    # What is installed is judged, not src: away from the checkout.
    with session.chdir(session.create_tmp()):
        session.run("pyright", "--verifytypes", "gatewright", "--ignoreexternal")


@nox.session(python=PYTHONS)
def stubtest(session: nox.Session) -> None:
    """The stubs of wsgiref against the standard library."""
    install(session, ".", group="stubtest")
    command = ("python", "-m", "mypy.stubtest", "wsgiref", "--allowlist", "stubs/allowlist.txt")
    session.run(*command, env={"MYPYPATH": "stubs"})


@nox.session(python=PYTHONS)
def dropin(session: nox.Session) -> None:
    """CPython's own tests of wsgiref, whole and unchanged, on gatewright."""
    install(session, ".")
    has_tests = "import importlib.util as u; print(bool(u.find_spec('test') and u.find_spec('test.test_wsgiref')))"
    if "True" not in str(session.run("python", "-c", has_tests, silent=True)):
        session.skip("this Python comes without its `test` package")
    command = ("python", "-W", "error", "-m", "gatewright.dropin", "-m", "unittest", "test.test_wsgiref")
    output = str(session.run(*command, silent=True))
    session.log(output)
    if not re.search(r"^Ran [1-9]", output, re.MULTILINE):  # unittest of 3.11 is content with no test at all
        session.error("no test ran")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation without a warning, and every example in it and in the README run."""
    install(session, ".[cli]", group="docs")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")
    session.run("pytest", "README.md", "docs")
    session.run("pytest", "--noconftest", "tests/server/test_settings.py")  # its page needs Sphinx, the rest nothing


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests but those that need web servers or clients of Debian's, on the built wheel."""
    install(session, ".[cli]", group="test")
    data = COVERAGE / str(session.python)
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    command = ("coverage", "run", "-m", "pytest", *LEFT_OUT, *session.posargs)
    session.run(*command, env={"COVERAGE_FILE": str(data / ".coverage")})


def can_compile(session: nox.Session) -> bool:
    """Whether the session's Python finds the compiler that it was built with, and its own headers."""
    code = (
        "import os, shutil, sysconfig;"
        "compiler = os.environ.get('CC') or sysconfig.get_config_var('CC') or 'cc';"
        "headers = os.path.join(sysconfig.get_path('include'), 'Python.h');"
        "print(bool(shutil.which(compiler.split()[0])) and os.path.exists(headers))"
    )
    return "True" in str(session.run("python", "-c", code, silent=True))


@nox.session(python=PYTHONS)
def wheel(session: nox.Session) -> None:
    """A wheel with compiled modules, built into dist/VERSION, and all tests on it but those that start web servers."""
    if not can_compile(session):
        end = session.error if os.environ.get(COMPILER) == "required" else session.skip
        end("there is no C compiler, or no Python.h, for this Python")
    install(session, group="wheel")
    folder = WHEELS / str(session.python)
    shutil.rmtree(folder, ignore_errors=True)
    # Of the sdist, so that what is compiled lands in a copy of src and not in it, where it would hide the sources.
    session.run("python", "-m", "build", "--outdir", str(folder), env={"HATCH_BUILD_HOOK_ENABLE_MYPYC": "true"})
    (built,) = folder.glob("*.whl")
    install(session, f"{built}[cli]", group="test")
    command = ("pytest", *LEFT_OUT, *session.posargs)
    session.run(*command, env={"GATEWRIGHT_COMPILED": "required"})
    session.log(f"the wheel is {built}")


@nox.session
def gateways(session: nox.Session) -> None:
    """The gateways behind nginx, lighttpd and Apache; on one Python, as it is the web servers that differ."""
    install(session, ".[cli]", group="test")
    session.run("pytest", WITH_WEB_SERVERS, *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """The server and a browser, curl, requests, HTTPX, Git, the test suite of WebDAV, and load; on one Python."""
    install(session, ".[cli]", group="test")
    session.run("pytest", WITH_CLIENTS, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Lines and branches that the tests reached, over all interpreters."""
    data = sorted({str(path.parent) for path in COVERAGE.glob("3.*/.coverage.*")})
    if not data:
        session.error(f"the tests ran on none of Python {', '.join(PYTHONS)}")
    install(session, group="coverage")
    session.env["COVERAGE_FILE"] = str(COVERAGE / ".coverage")
    session.run("coverage", "combine", "--quiet", *data)
    session.run("coverage", "report", f"--fail-under={COVERAGE_FLOOR}")


@nox.session(python=PYTHONS)
def bench(session: nox.Session) -> None:
    """Side by side with the standard library and with peers; prints the ratios and writes docs/benchmarks.md."""
    install(session, ".", group="bench")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def bench_gateways(session: nox.Session) -> None:
    """FastCGI and SCGI behind nginx, side by side with peers, by wrk; writes docs/benchmarks-gateways.md."""
    install(session, ".", group="bench-gateways")
    session.run("python", "benchmarks/gateways.py", *session.posargs)


@nox.session(python="3.13")
def bench_server(session: nox.Session) -> None:
    """The HTTP server side by side with its peers, by wrk; writes docs/benchmarks-server.md."""
    install(session, ".")
    for peer in nox.project.dependency_groups(PROJECT, "bench-server"):
        try:
            session.install(peer)
        except nox.command.CommandFailed:
            session.warn(f"{peer} cannot be installed here, and is left out")
    session.run("python", "benchmarks/server.py", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """The parser and the codecs of the gateways, fed by atheris: seconds of each, or as long as ``-- SECONDS`` says."""
    try:
        install(session, ".", group="fuzz")
    except nox.command.CommandFailed:
        session.skip("there is no atheris for this Python")
    seconds = session.posargs[0] if session.posargs else "8"
    options = (f"-max_total_time={seconds}", "-verbosity=0")
    session.run("python", "tests/fuzz/fuzz_parser.py", *options)
    for target in ("fastcgi", "records", "scgi", "netstring"):
        session.run("python", "tests/fuzz/fuzz_gateways.py", target, *options)


@nox.session
def linters(session: nox.Session) -> None:
    """The validator, the standard library's and Werkzeug's lint on the same cases; writes docs/linters.md."""
    install(session, ".", group="bench")
    session.run("python", "benchmarks/linters.py", *session.posargs)
