"""The plugin within mypy: its settings, its place beside other plugins, and every way in which mypy runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, TypeAlias

import pytest
from mypy.options import Options

import gatewright.mypy_plugin
from gatewright.mypy_plugin.plugin import GatewrightPlugin

if TYPE_CHECKING:
    from tests.mypy_plugin.conftest import RunModule, RunMypy

Write: TypeAlias = Callable[[str, str], Path]
CONFIGURATION = """
    [mypy]
    plugins = gatewright.mypy_plugin
    [gatewright-mypy]
"""
MAIN = """
    from application import application
    from gatewright.types import WSGIApplication

    def serve(app: WSGIApplication) -> None: ...

    serve(application)
"""
TEXT = """
    from gatewright.types import Environ, StartResponse

    def application(environ: Environ, start_response: StartResponse) -> str:
        return ""
"""
BODY = TEXT.replace("str:", "list[bytes]:").replace('""', "[]")

OURS = 'main.py:7: error: "application" returns "str"'
MYPYS = 'main.py:7: error: Argument 1 to "serve" has incompatible type'
NOTHING = "Success: no issues found"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file; the folder is the current directory."""
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def project(write: Write) -> Write:
    """Fill the current directory with a program whose application is wrong; the plugin is on."""
    write("mypy.ini", CONFIGURATION)
    write("main.py", MAIN)
    write("application.py", TEXT)
    return write


# --- Settings -------------------------------------------------------------------------------------------------------


def test_disabled_rule(project: Write, run_mypy: RunMypy) -> None:
    """Where a rule is disabled, what mypy says without the plugin stays; the settings count for a warm cache, too."""
    before = run_mypy("main.py")
    project("mypy.ini", f"{CONFIGURATION}    disable = A08")
    assert before.stdout.startswith(OURS)
    assert run_mypy("main.py").stdout.startswith(MYPYS)


def test_pyproject(project: Write, run_mypy: RunMypy) -> None:
    """Settings in pyproject.toml count like those in an ini file."""
    text = '[tool.mypy]\nplugins = ["gatewright.mypy_plugin"]\n[tool.gatewright.mypy]\ndisable = ["A08"]\n'
    configuration = project("pyproject.toml", text)
    assert run_mypy("--config-file", configuration, "main.py").stdout.startswith(MYPYS)


@pytest.mark.parametrize("options", [(), ("--num-workers", "2")], ids=["one process", "workers"])
def test_wrong_settings(options: tuple[str, ...], project: Write, run_mypy: RunMypy) -> None:
    """Settings that cannot be used are one line on the error stream, and exit status 2."""
    project("mypy.ini", f"{CONFIGURATION}    disable = A99")
    result = run_mypy(*options, "main.py")
    message = "mypy.ini: error: [gatewright-mypy] disable: there is no rule 'A99'; did you mean 'A19'?\n"
    assert (result.stderr, result.status) == (message, 2)


@pytest.mark.usefixtures("project")
def test_error_code(run_mypy: RunMypy) -> None:
    """Error codes of the plugin can be disabled as mypy's own can."""
    assert run_mypy("--disable-error-code", "wsgi-app", "main.py").stdout.startswith(NOTHING)


# --- The ways in which mypy runs ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("project")
def test_warm(run_mypy: RunMypy) -> None:
    """A second run, from the cache, says the same as the first."""
    first = run_mypy("main.py")
    assert first.stdout.startswith(OURS)
    assert run_mypy("main.py") == first


def test_incremental(project: Write, run_mypy: RunMypy) -> None:
    """A change in the module of the application is noticed where the application is passed."""
    run_mypy("main.py")
    project("application.py", BODY)
    assert run_mypy("main.py").stdout.startswith(NOTHING)
    project("application.py", TEXT)
    assert run_mypy("main.py").stdout.startswith(OURS)


@pytest.mark.usefixtures("project")
def test_workers(run_mypy: RunMypy) -> None:
    """Parallel workers find the same, without a cache and with one."""
    for _ in range(2):
        assert run_mypy("--num-workers", "2", "--cache-dir", "own", "main.py").stdout.startswith(OURS)


@pytest.fixture
def daemon(run_module: RunModule) -> Generator[Callable[[], str]]:
    """Ask mypy's daemon to check the program; it is started by the first question.

    Who asks gives it 5 seconds to start, which on a busy machine may be too few: then it is asked when it has.
    """

    def ask() -> str:
        question = ("mypy.dmypy", "run", "--", "main.py")
        done = run_module(*question)
        if "Timed out waiting for daemon to start" in done.stderr:
            end = time.monotonic() + 60
            while not Path(".dmypy.json").exists() and time.monotonic() < end:
                time.sleep(0.1)
            done = run_module(*question)
        return done.stdout

    yield ask
    run_module("mypy.dmypy", "stop")


def test_daemon(project: Write, daemon: Callable[[], str]) -> None:
    """The daemon notices what is mended and what breaks, and starts anew for other settings."""
    assert OURS in daemon()
    project("application.py", BODY)
    assert daemon().startswith(NOTHING)
    project("application.py", TEXT)
    assert daemon().startswith(OURS)
    project("mypy.ini", f"{CONFIGURATION}    disable = A08")
    assert MYPYS in daemon()


# --- Beside others --------------------------------------------------------------------------------------------------

DJANGO = {
    "site1/__init__.py": "",
    "site1/settings.py": """
        SECRET_KEY = "-"
        INSTALLED_APPS = ["django.contrib.contenttypes", "site1"]
    """,
    "site1/models.py": """
        from django.db import models

        class Page(models.Model):
            title = models.CharField(max_length=20)
    """,
    "site1/wsgi.py": """
        from django.core.handlers.wsgi import WSGIHandler
        from django.core.wsgi import get_wsgi_application
        from gatewright.types import WSGIApplication
        from site1.models import Page

        def serve(app: WSGIApplication) -> None: ...

        serve(get_wsgi_application())
        serve(WSGIHandler)
        Page.objects.filter(titel="")
    """,
}


@pytest.mark.parametrize(
    "plugins",
    ["gatewright.mypy_plugin, mypy_django_plugin.main", "mypy_django_plugin.main, gatewright.mypy_plugin"],
    ids=["before", "after"],
)
def test_beside_django(plugins: str, write: Write, run_module: RunModule) -> None:
    """The plugin of django-stubs and ours both find what is theirs, whichever is asked first."""
    for name, text in DJANGO.items():
        write(name, text)
    configured = f"[mypy]\nplugins = {plugins}\n[mypy.plugins.django-stubs]\ndjango_settings_module = site1.settings\n"
    write("mypy.ini", configured)
    lines = run_module("mypy", "site1/wsgi.py").stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines if ": error: " in line] == [
        "site1/wsgi.py:10",
        "site1/wsgi.py:11",
    ]


@pytest.mark.parametrize("name", ["builtins.print", "builtins.list.append", "library.function", "library.Class.method"])
def test_no_catch_all(name: str) -> None:
    """No hook is returned for what takes no application: the first plugin that returns one is the only one called."""
    plugin = GatewrightPlugin(Options())
    plugin.set_modules({})
    getters = [getattr(plugin, name) for name in vars(GatewrightPlugin) if name.startswith("get_") and "_hook" in name]
    assert [getter(name) for getter in getters] == [None] * len(getters)


# --- What invalidates the cache -------------------------------------------------------------------------------------


def test_sources_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of any source that decides on findings makes mypy's cache useless."""
    monkeypatch.setattr(sys.modules[GatewrightPlugin.__module__], "_PACKAGE", tmp_path)
    (tmp_path / "spec").mkdir()
    before = GatewrightPlugin(Options()).fingerprint
    (tmp_path / "spec" / "rules.py").write_text("RULES = {}")
    assert GatewrightPlugin(Options()).fingerprint != before


def test_version() -> None:
    """What mypy's daemon looks at to see whether the plugin changed is the fingerprint."""
    plugin = gatewright.mypy_plugin.plugin("2.4")(Options())
    assert gatewright.mypy_plugin.__version__ == plugin.fingerprint
