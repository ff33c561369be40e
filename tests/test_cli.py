from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib.metadata import Distribution, distributions
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

import pytest

import gatewright
from gatewright import cli
from gatewright.cli import run
from gatewright.spec.rules import RULES

WriteModule = Callable[[str, str], Path]
RunPython = Callable[..., CompletedProcess[str]]

DEMO = "gatewright.simple_server:demo_app"
TIME_LIMIT = 60  # seconds that a process may take to start or to end, on a slow machine

# It breaks a rule of PEP 3333 that a server can live with: Status is a header of CGI, not of HTTP.
BREACH = """
    def application(environ, start_response):
        start_response("200 OK", [("Status", "300")])
        return [b"served"]
    """


@pytest.fixture(autouse=True)
def _heed_ctrl_c() -> Iterator[None]:
    """Undo what a shell does to tests in the background: it has them, and what they start, ignore Ctrl-C."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Server:
    """A running ``gatewright serve``: the line that it printed, and where it listens."""

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        self.process = process
        self.line = line
        found = re.search(r" on (?:http://(?P<host>.+):(?P<port>\d+)|unix:(?P<path>.+)) with ", line)
        assert found, line
        self.host, self.port, self.path = (found["host"] or "").strip("[]"), int(found["port"] or 0), found["path"]

    def get(self, target: str = "/") -> tuple[int, str]:
        """Return the status and text of a response."""
        connection = HTTPConnection(self.host, self.port, timeout=TIME_LIMIT)
        if self.path:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(TIME_LIMIT)
            connection.sock.connect(self.path)
        try:
            connection.request("GET", target, headers={"Host": "test"})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal; return the exit status and what was printed since the first line, both streams."""
        self.process.send_signal(number)
        stdout, stderr = self.process.communicate(timeout=TIME_LIMIT)
        return self.process.returncode, stdout, stderr


@contextmanager
def serving(*arguments: str, bind: str = "127.0.0.1:0") -> Generator[Server]:
    """Run ``gatewright serve``; it is killed, and the block fails, if it is too slow."""
    command = [sys.executable, "-m", "gatewright", "serve", *arguments, "--bind", bind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        alarm = threading.Timer(TIME_LIMIT, process.kill)
        alarm.start()
        try:
            assert process.stdout is not None
            yield Server(process, process.stdout.readline())
        finally:
            alarm.cancel()
            process.kill()


class TestServe:
    def test_response(self) -> None:
        """The application that was named answers at the address that was printed."""
        with serving(DEMO) as server:
            status, text = server.get("/path")
        assert (status, text[:12]) == (200, "Hello world!")

    def test_line(self) -> None:
        """One line says what is served, where, and how to stop it; port 0 shows as the port that was found."""
        with serving(DEMO) as server:
            place = f"http://127.0.0.1:{server.port}"
            assert server.line == f"Serving {DEMO} on {place} with 1 worker of 8 threads (Ctrl-C stops it)\n"

    def test_factory(self, write_module: WriteModule) -> None:
        """What a factory in the current directory makes is served."""
        write_module("made", f"def make():\n    from {DEMO.replace(':', ' import ')} as made\n    return made")
        with serving("made:make()") as server:
            assert server.get()[0] == 200

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
    def test_end(self, number: int) -> None:
        """Ctrl-C and SIGTERM end it with status 0 and no traceback."""
        with serving(DEMO) as server:
            assert server.stop(number) == (0, "Stopped\n", "")

    def test_open_connection_does_not_delay_the_end(self) -> None:
        """A client that sends nothing does not keep the server from ending."""
        with serving(DEMO) as server, socket.create_connection((server.host, server.port)):
            server.get()
            assert server.stop()[0] == 0

    def test_slow_client_does_not_keep_others_waiting(self) -> None:
        """Each connection has its thread."""
        with serving(DEMO) as server, socket.create_connection((server.host, server.port)):
            assert server.get()[0] == 200

    def test_ipv6(self) -> None:
        """An IPv6 address is given and printed in brackets."""
        with serving(DEMO, bind="[::1]:0") as server:
            assert (server.get()[0], "http://[::1]:" in server.line) == (200, True)

    def test_unix_socket(self, tmp_path: Path) -> None:
        """A Unix socket is served, and gone afterwards."""
        path = tmp_path / "socket"
        with serving(DEMO, bind=f"unix:{path}") as server:
            assert stat.S_ISSOCK(path.stat().st_mode)
            assert server.get()[0] == 200
            server.stop()
        assert not path.exists()


class TestCheck:
    def test_without(self, write_module: WriteModule) -> None:
        """Without --check the application is served as it is."""
        write_module("breach", BREACH)
        with serving("breach:application") as server:
            assert server.get()[0] == 200

    def test_breach(self, write_module: WriteModule) -> None:
        """With --check a breach of PEP 3333 is a server error."""
        write_module("breach", BREACH)
        with serving("breach:application", "--check") as server:
            assert server.get()[0] == 500

    def test_log(self, write_module: WriteModule) -> None:
        """The log names the rule that was broken."""
        write_module("breach", BREACH)
        with serving("breach:application", "--check") as server:
            server.get()
            assert "RuleBroken" in server.stop()[2]


@pytest.fixture
def taken() -> Iterator[int]:
    """Listen on a port that is then not free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


class Mistake(NamedTuple):
    """How a command ended that could not be carried out."""

    status: int
    stdout: str
    stderr: str


@pytest.fixture
def mistake(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Mistake]:
    """Carry out a command in this process."""
    monkeypatch.setattr(sys, "path", sys.path[:])

    def carry_out(*arguments: str) -> Mistake:
        status, printed = run(arguments), capsys.readouterr()
        return Mistake(status, printed.out, printed.err)

    return carry_out


class TestMistakes:
    @pytest.mark.parametrize(
        "arguments,line",
        [
            (["no_such:app"], "no module named 'no_such' in the current directory or on Python's path"),
            (["json:lods"], "'json' has no attribute 'lods'; did you mean 'loads'?"),
            (["json:__name__"], "'json:__name__' is an object of type 'str', which cannot be called"),
            (["json"], "'json' is not of the form MODULE:APP or MODULE:FACTORY(); is 'json:application' meant?"),
        ],
    )
    def test_application(self, run_python: RunPython, arguments: list[str], line: str) -> None:
        """An application that cannot be imported ends with one line on standard error and status 2."""
        done = run_python("-m", "gatewright", "serve", *arguments, "--bind", "127.0.0.1:0", "--workers", "3")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"gatewright: {line}\n")

    def test_no_application(self, mistake: Callable[..., Mistake]) -> None:
        """So does a command that names none."""
        line = "gatewright: there is no application to serve; name one as MODULE:APP\n"
        assert mistake("serve") == (2, "", line)

    @pytest.mark.parametrize(
        "bind", ["8000", "127.0.0.1:http", "127.0.0.1:99999", "::1:8000", "unix:", "a b:1", "a..b:1"]
    )
    def test_address(self, mistake: Callable[..., Mistake], bind: str) -> None:
        """An address that cannot be used ends likewise, and is quoted."""
        ended = mistake("serve", DEMO, "--bind", bind)
        assert (ended.status, ended.stderr.count("\n"), bind in ended.stderr) == (2, 1, True)

    def test_port_in_use(self, mistake: Callable[..., Mistake], taken: int) -> None:
        """A port that another program listens on ends likewise."""
        line = f"gatewright: address http://127.0.0.1:{taken} is in use by another program\n"
        assert mistake("serve", DEMO, "--bind", f"127.0.0.1:{taken}") == (2, "", line)

    def test_unix_socket_in_use(self, mistake: Callable[..., Mistake], tmp_path: Path) -> None:
        """A Unix socket that another program listens on ends likewise, and stays."""
        path = tmp_path / "socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            ended = mistake("serve", DEMO, "--bind", f"unix:{path}")
        assert (ended.status, ended.stderr.count("\n"), path.exists()) == (2, 1, True)

    def test_process(self, run_python: RunPython) -> None:
        """The status is that of the process."""
        done = run_python("-m", "gatewright", "serve", "json", "--dry-run")
        line = "'json' is not of the form MODULE:APP or MODULE:FACTORY(); is 'json:application' meant?"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"gatewright: {line}\n")


class TestAudit:
    def test_conforming(self, mistake: Callable[..., Mistake]) -> None:
        """An application that conforms ends with status 0 and a line that says so."""
        ended = mistake("check", DEMO)
        assert (ended.status, ended.stdout.splitlines()[0]) == (0, f"{DEMO}: no breach in 60 calls")

    def test_breach(self, mistake: Callable[..., Mistake], write_module: WriteModule) -> None:
        """A breach of level must ends with status 1, and the rule is named once."""
        write_module("audited_breach", BREACH)
        ended = mistake("check", "audited_breach:application")
        assert (ended.status, ended.stdout.count("A23 (")) == (1, 1)

    def test_breach_of_should(self, mistake: Callable[..., Mistake], write_module: WriteModule) -> None:
        """A breach of level should is told, and the status is 0."""
        write_module("audited_should", BREACH.replace('("Status", "300")', ""))
        ended = mistake("check", "audited_should:application", "--method", "GET")
        assert (ended.status, "A43 (application should)" in ended.stdout) == (0, True)

    def test_requests(self, mistake: Callable[..., Mistake], write_module: WriteModule) -> None:
        """Paths, methods and data are those that were asked for."""
        source = """
            def application(environ, start_response):
                data = environ["wsgi.input"].read(9)
                raise ValueError(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["CONTENT_TYPE"], data)
            """
        write_module("audited_requests", source)
        options = ["--path", "/a", "--path", "/b", "--method", "PUT", "--data", "é", "--content-type", "text/plain"]
        told = mistake("check", "audited_requests:application", *options).stdout
        assert "ValueError: ('PUT', '/b', 'text/plain', b'\\xc3\\xa9')" in told

    @pytest.mark.parametrize("name", ["json", "sarif"])
    def test_format(self, mistake: Callable[..., Mistake], write_module: WriteModule, name: str) -> None:
        """What the application prints is no part of a report for programs."""
        printing = "def application(environ, start_response):\n    print('printed')\n    return []\nprint('imported')"
        write_module("audited_print", printing)
        ended = mistake("check", "audited_print:application", "--format", name)
        assert (ended.status, bool(json.loads(ended.stdout)), "printed" in ended.stderr) == (1, True, True)

    @pytest.mark.parametrize(
        "arguments,line",
        [
            (["no_such:app"], "no module named 'no_such' in the current directory or on Python's path"),
            ([DEMO, "--path", "x"], "path 'x' does not begin with a slash"),
            ([DEMO, "--method", "a b"], "method 'a b' is no method of HTTP"),
            ([DEMO, "--method", "GET", "--data", "x"], "there is data, but no method that sends any, such as POST"),
        ],
    )
    def test_mistake(self, mistake: Callable[..., Mistake], arguments: list[str], line: str) -> None:
        """A command that cannot be carried out ends with one line on standard error and status 2."""
        assert mistake("check", *arguments) == (2, "", f"gatewright: {line}\n")

    def test_interrupt(self, mistake: Callable[..., Mistake], write_module: WriteModule) -> None:
        """Ctrl-C ends it with one line and the status that shells have for it."""
        write_module("audited_long", "def application(environ, start_response):\n    raise KeyboardInterrupt")
        assert mistake("check", "audited_long:application") == (130, "", "gatewright: stopped\n")


SLOW = """
    import time

    def application(environ, start_response):
        time.sleep(0.5)
        start_response("204 No Content", [])
        return []
    """


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
class TestProgress:
    def watch(self, *arguments: str) -> str:
        """Return what the command shows on a terminal that is its standard error."""
        import pty

        ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
        command = [sys.executable, "-m", "gatewright", "check", *arguments]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment) as process:
            os.close(theirs)
            alarm = threading.Timer(TIME_LIMIT, process.kill)
            alarm.start()
            shown = b"".join(iter(lambda: read_terminal(ours), b""))
            alarm.cancel()
        os.close(ours)
        return shown.decode()

    def test_bar(self, write_module: WriteModule) -> None:
        """A bar shows how far it is, if it takes longer than a second."""
        write_module("slow", SLOW)
        assert "Checking" in self.watch("slow:application", "--method", "GET")

    def test_no_bar(self) -> None:
        """Nothing is shown where it does not; on a busy machine it may take that long now and then."""
        assert any(self.watch(DEMO, "--method", "GET") == "" for _ in range(5))


def read_terminal(descriptor: int) -> bytes:
    """Read what is there; nothing once the other side is closed, which Linux reports as an error."""
    try:
        return os.read(descriptor, 1024)
    except OSError:
        return b""


class TestRules:
    def test_list(self, mistake: Callable[..., Mistake]) -> None:
        """All rules are listed."""
        ended = mistake("rules")
        assert (ended.status, re.findall(r"^\w+", ended.stdout, re.MULTILINE)) == (0, list(RULES))

    def test_explanation(self, mistake: Callable[..., Mistake]) -> None:
        """Those that are named are explained, in whatever case they are written."""
        ended = mistake("rules", "a09", "S47")
        assert (ended.status, re.findall(r"^[AS]\d\d", ended.stdout, re.MULTILINE)) == (0, ["A09", "S47"])

    @pytest.mark.parametrize("name,guess", [("A9", "did you mean A09?"), ("nothing", "gatewright rules lists them")])
    def test_unknown(self, mistake: Callable[..., Mistake], name: str, guess: str) -> None:
        """An id that there is not ends with one line, a guess in it, and status 2."""
        assert mistake("rules", "A01", name) == (2, "", f"gatewright: there is no rule '{name}'; {guess}\n")

    def test_closed_pipe(self) -> None:
        """A reader that has seen enough is no reason for a traceback."""
        command = [sys.executable, "-m", "gatewright", "rules"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert (process.stderr.read(), process.wait(TIME_LIMIT)) == ("", 1)


def nothing_installed(name: str) -> list[Distribution]:
    """Stand for importlib.metadata.distributions() where there is no gatewright."""
    return [] if name == "gatewright" else list(distributions(name=name))


class TestStubs:
    def test_folder(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The folder that is printed holds the stubs."""
        run(["stubs"])
        assert (Path(capsys.readouterr().out.strip()) / "wsgiref" / "__init__.pyi").is_file()

    def test_installed(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """What was installed stands beside site-packages: in it, mypy takes no folder for its mypy_path."""
        monkeypatch.setattr(cli, "__file__", str(tmp_path / "gatewright" / "cli.py"))
        run(["stubs"])
        assert Path(capsys.readouterr().out.strip()).parts[-3:] == ("share", "gatewright", "stubs")

    def test_missing(self, mistake: Callable[..., Mistake], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """An installation without them is told in one line."""
        monkeypatch.setattr(cli, "__file__", str(tmp_path / "gatewright" / "cli.py"))
        monkeypatch.setattr("importlib.metadata.distributions", nothing_installed)
        expected = "gatewright: this installation of gatewright came without its stubs of wsgiref\n"
        assert mistake("stubs") == (2, "", expected)


class TestCommand:
    def test_version(self, run_python: RunPython) -> None:
        """--version prints the version."""
        assert run_python("-m", "gatewright", "--version").stdout == f"{gatewright.__version__}\n"

    def test_help(self, run_python: RunPython) -> None:
        """--help names the commands that there are."""
        text = run_python("-m", "gatewright", "--help").stdout
        assert [name in text for name in ("check", "rules", "serve", "stubs")] == [True] * 4

    def test_help_of_serve(self, run_python: RunPython) -> None:
        """Its help shows each option."""
        text = run_python("-m", "gatewright", "serve", "--help").stdout
        options = ("--bind", "--check", "127.0.0.1:8000", "--protocol", "--threads", "--backlog", "--socket-mode")
        assert [option for option in options if option not in text] == []

    def test_script(self) -> None:
        """The command that is installed is the same as the module."""
        script = Path(sys.executable).with_name("gatewright")
        done = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
        assert done.stdout == f"{gatewright.__version__}\n"

    def test_without_extra(self, run_python: RunPython) -> None:
        """Without cyclopts, one line says what to install."""
        code = "import sys; sys.modules['cyclopts'] = None; import gatewright.__main__ as m; m.main()"
        done = run_python("-c", code)
        expected = 'gatewright: the command line needs cyclopts: pip install "gatewright[cli]"\n'
        assert (done.returncode, done.stderr) == (2, expected)
