"""Where ``gatewright serve`` takes its settings from, and what it says if one is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import asdict, fields_dict

from gatewright.cli import run
from gatewright.server import Settings

DEMO = "gatewright.simple_server:demo_app"


@pytest.fixture(autouse=True)
def _nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, without variables of ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delenv("GATEWRIGHT_CONFIG", raising=False)
    for name in fields_dict(Settings):
        monkeypatch.delenv(f"GATEWRIGHT_{name.upper()}", raising=False)


@pytest.fixture
def settled(capsys: pytest.CaptureFixture[str]) -> Callable[..., Settings]:
    """Return the settings that a command would use."""

    def settle(*arguments: str) -> Settings:
        assert run(["serve", "--print-settings", *arguments]) == 0
        return Settings(**tomllib.loads(capsys.readouterr().out))

    return settle


class TestSources:
    def test_default(self, settled: Callable[..., Settings]) -> None:
        """Without a source there are the defaults."""
        assert settled() == Settings()

    def test_every_option(self, settled: Callable[..., Settings]) -> None:
        """Each setting is an option."""
        words = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(Settings(bind=(":1",))).items()]
        words[0] = "--bind=:1"
        assert settled(*words) == Settings(bind=(":1",))

    def test_option(self, settled: Callable[..., Settings]) -> None:
        """The command line says text and numbers, and several addresses."""
        expected = Settings(threads=4, server_name="", bind=(":1", "unix:a b"), keep_alive=0.5)
        words = ["--threads", "4", "--server-name", "", "--bind", ":1", "--bind", "unix:a b", "--keep-alive", "0.5"]
        assert settled(*words) == expected

    def test_variable(self, settled: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
        """So do variables."""
        monkeypatch.setenv("GATEWRIGHT_THREADS", "4")
        monkeypatch.setenv("GATEWRIGHT_BIND", ":1 :2")
        assert settled() == Settings(threads=4, bind=(":1", ":2"))

    def test_pyproject(self, settled: Callable[..., Settings]) -> None:
        """So does pyproject.toml in the current directory."""
        Path("pyproject.toml").write_text('[tool.gatewright]\nthreads = 4\nbind = [":1", ":2"]\n')
        assert settled() == Settings(threads=4, bind=(":1", ":2"))

    def test_config(self, settled: Callable[..., Settings]) -> None:
        """A file that is named counts, and pyproject.toml does not any more."""
        Path("pyproject.toml").write_text("[tool.gatewright]\nworkers = 4\n")
        Path("app.toml").write_text("threads = 4\n")
        assert settled("--config", "app.toml") == Settings(threads=4)

    def test_config_variable(self, settled: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable can name the file; the command line counts before it."""
        monkeypatch.setenv("GATEWRIGHT_CONFIG", "app.toml")
        Path("app.toml").write_text("threads = 4\n")
        Path("other.toml").write_text("workers = 4\n")
        assert [settled(), settled("--config", "other.toml")] == [Settings(threads=4), Settings(workers=4)]

    def test_order(self, settled: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
        """The command line counts before the environment, and that before the file, for each setting by itself."""
        Path("app.toml").write_text('threads = 2\nworkers = 2\nbacklog = 2\nbind = [":1", ":2"]\n')
        monkeypatch.setenv("GATEWRIGHT_WORKERS", "3")
        monkeypatch.setenv("GATEWRIGHT_THREADS", "3")
        found = settled("--config", "app.toml", "--threads", "4", "--bind", ":4")
        assert found == Settings(threads=4, workers=3, backlog=2, bind=(":4",))

    def test_round_trip(self, settled: Callable[..., Settings], capsys: pytest.CaptureFixture[str]) -> None:
        """What is printed can be given back."""
        words = ["--bind", "unix:/run/a b\x7f", "--access-log", "json", "--server-name", 'a "b" \\']
        assert run(["serve", "--print-settings", *words]) == 0
        Path("app.toml").write_text(capsys.readouterr().out, encoding="utf-8")
        expected = Settings(bind=("unix:/run/a b\x7f",), access_log="json", server_name='a "b" \\')
        assert settled("--config", "app.toml") == expected


class TestMistakes:
    @pytest.fixture
    def line(self, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
        """Return what a command says that cannot be carried out."""

        def carry_out(*arguments: str) -> str:
            status, printed = run(["serve", DEMO, *arguments]), capsys.readouterr()
            assert (status, printed.out, printed.err.count("\n")) == (2, "", 1)
            return printed.err.removeprefix("gatewright: ").rstrip()

        return carry_out

    def test_option(self, line: Callable[..., str]) -> None:
        """A wrong word of the command line is told with its option."""
        assert line("--threads", "four") == "--threads: threads is 'four', but must be a whole number"

    @pytest.mark.parametrize(
        "option, advice",
        [
            ("--thread=4", "--thread; is --threads meant?"),
            ("--acess-log", "--acess-log; is --access-log meant?"),
            ("--port", "--port; is --bind HOST:PORT meant?"),
            ("-w", "-w; is --workers meant?"),
            ("--reload", "--reload; gatewright serve --help lists them"),
        ],
    )
    def test_no_option(self, line: Callable[..., str], option: str, advice: str) -> None:
        """An option that there is not is told with the one that is meant, by its spelling or by other servers."""
        assert line(option, "4") == f"there is no option {advice}"

    def test_no_use(self, line: Callable[..., str]) -> None:
        """A word too many is told."""
        assert line("extra") == "there is nothing that 'extra' could be for"

    def test_twice(self, line: Callable[..., str]) -> None:
        """So is an address that is given twice."""
        assert line("--bind", ":1", "--bind", ":1") == "--bind: address ':1' is given twice"

    def test_variable(self, line: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
        """A wrong variable is told by its name, also if the command line counts before it."""
        monkeypatch.setenv("GATEWRIGHT_THREADS", "0")
        told = "GATEWRIGHT_THREADS: threads is 0, but must be a number from 1 to 4096"
        assert [line(), line("--threads", "4")] == [told, told]

    def test_file(self, line: Callable[..., str]) -> None:
        """A mistake in a file is told with the name of the file."""
        Path("app.toml").write_text("threads = 'four'")
        told = "app.toml: threads is 'four', but must be a whole number"
        assert line("--config", "app.toml") == told

    def test_pyproject(self, line: Callable[..., str]) -> None:
        """So is one in pyproject.toml."""
        Path("pyproject.toml").write_text("[tool.gatewright]\nthread = 4")
        assert line() == "pyproject.toml: there is no setting 'thread'; is 'threads' meant?"

    def test_no_file(self, line: Callable[..., str]) -> None:
        """So is a file that there is not."""
        assert line("--config", "app.toml") == "app.toml: cannot be read: No such file or directory"


class TestDryRun:
    def test_good(self, capsys: pytest.CaptureFixture[str]) -> None:
        """An application that can be served is said to be so."""
        assert (run(["serve", DEMO, "--dry-run"]), capsys.readouterr().out) == (0, f"{DEMO} can be served\n")

    def test_bad(self, capsys: pytest.CaptureFixture[str]) -> None:
        """One that cannot be imported is a mistake."""
        assert run(["serve", "no_such:app", "--dry-run"]) == 2
        assert capsys.readouterr().err.startswith("gatewright: no module named 'no_such'")


def test_other_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Other commands have no settings, and do not mind wrong ones."""
    monkeypatch.setenv("GATEWRIGHT_THREADS", "four")
    assert (run(["rules", "A09"]), capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize("access_log,lines", [("off", 2), ("json", 0)])
def test_streams(access_log: str, lines: int) -> None:
    """Where the access log goes there is nothing else; what is told goes to standard error then."""
    command = [sys.executable, "-m", "gatewright", "serve", DEMO, "--bind", "127.0.0.1:0", "--access-log", access_log]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        alarm = threading.Timer(60, process.kill)
        alarm.start()
        stream = process.stdout if access_log == "off" else process.stderr
        assert stream is not None
        first = stream.readline()
        process.terminate()
        stdout, stderr = process.communicate()
        alarm.cancel()
    told = re.findall("^(Serving|Stopped)", f"{first}{stdout}{stderr}", re.MULTILINE)
    assert (told, (access_log == "off") * 1 + stdout.count("\n")) == (["Serving", "Stopped"], lines)
