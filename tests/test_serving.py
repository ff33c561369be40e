"""What ``gatewright serve`` starts for web servers, and what it refuses."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from gatewright.errors import ConfigurationError
from gatewright.server import Settings
from gatewright.serving import GatewayOptions, logged_to_console, prepare

DEMO = "gatewright.simple_server:demo_app"
TIME_LIMIT = 60  # seconds that a process may take to start or to end, on a slow machine

SCGI_REQUEST = b"70:CONTENT_LENGTH\0000\0SCGI\0001\0REQUEST_METHOD\0GET\0REQUEST_URI\0/\0SCRIPT_NAME\0\0,"


class Gateway:
    """A running ``gatewright serve`` and the line that it printed."""

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        self.process = process
        self.line = line

    def stop(self) -> tuple[int, str, str]:
        """Send SIGTERM; return the exit status and what was printed since the first line, both streams."""
        self.process.send_signal(signal.SIGTERM)
        stdout, stderr = self.process.communicate(timeout=TIME_LIMIT)
        return self.process.returncode, stdout, stderr


@contextmanager
def serving(*arguments: str, stdin: int = subprocess.DEVNULL) -> Generator[Gateway]:
    """Run ``gatewright serve``; it is killed, and the block fails, if it is too slow."""
    command = [sys.executable, "-m", "gatewright", "serve", DEMO, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=stdin, stdout=pipe, stderr=pipe, text=True) as process:
        alarm = threading.Timer(TIME_LIMIT, process.kill)
        alarm.start()
        try:
            assert process.stdout is not None
            yield Gateway(process, process.stdout.readline())
        finally:
            alarm.cancel()
            process.kill()


def answer_over_scgi(client: socket.socket) -> bytes:
    """Return the status line of a response."""
    with client:
        client.settimeout(TIME_LIMIT)
        client.sendall(SCGI_REQUEST)
        return b"".join(iter(lambda: client.recv(65536), b"")).partition(b"\r\n")[0]


def test_scgi_over_tcp() -> None:
    """SCGI is served at the address that was printed, which is no URL."""
    with serving("--protocol", "scgi", "--bind", "127.0.0.1:0") as gateway:
        found = re.fullmatch(rf"Serving {DEMO} by SCGI on 127\.0\.0\.1:(\d+) \(Ctrl-C stops it\)\n", gateway.line)
        assert found, gateway.line
        client = socket.create_connection(("127.0.0.1", int(found[1])), TIME_LIMIT)
        assert answer_over_scgi(client) == b"Status: 200 OK"


def test_unix_socket(tmp_path: Path) -> None:
    """A Unix socket has the permissions that were asked for, and is gone afterwards."""
    path = tmp_path / "socket"
    with serving("--protocol", "fastcgi", "--bind", f"unix:{path}", "--socket-mode", "620") as gateway:
        assert gateway.line == f"Serving {DEMO} by FastCGI on unix:{path} (Ctrl-C stops it)\n"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o620
        assert (gateway.stop(), path.exists()) == ((0, "Stopped\n", ""), False)


def test_inherited_socket() -> None:
    """Without an address, the socket that the process was started with is served."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        serving("--protocol", "scgi", stdin=listener.fileno()) as gateway,
    ):
        client = socket.create_connection(listener.getsockname(), TIME_LIMIT)
        assert answer_over_scgi(client) == b"Status: 200 OK"
        assert f"127.0.0.1:{listener.getsockname()[1]}" in gateway.line


def test_two_addresses() -> None:
    """A gateway may listen in several places."""
    with serving("--protocol", "scgi", "--bind", "127.0.0.1:0", "--bind", "[::1]:0") as gateway:
        ports = re.findall(r":(\d+)[, ]", gateway.line)
        places = zip(["127.0.0.1", "::1"], map(int, ports), strict=True)
        clients = [socket.create_connection(place, TIME_LIMIT) for place in places]
        assert [answer_over_scgi(client) for client in clients] == [b"Status: 200 OK"] * 2


def test_peers() -> None:
    """Who may not connect is refused, and standard error says so."""
    with serving("--protocol", "scgi", "--bind", "127.0.0.1:0", "--allow", "192.0.2.1") as gateway:
        port = int(re.findall(r":(\d+) ", gateway.line)[0])
        with socket.create_connection(("127.0.0.1", port), TIME_LIMIT) as client:
            client.shutdown(socket.SHUT_WR)  # Linux accepts a connection that says nothing 15 seconds later
            assert client.recv(1) == b""
        told = r"[-\d]{10} [\d:,]{12} \[\d+\] refused a connection from 127\.0\.0\.1, which is not an allowed address\n"
        assert re.fullmatch(told, gateway.stop()[2])


@pytest.mark.parametrize(
    "options, line",
    [
        (GatewayOptions(script_name=""), "--script-name is for --protocol fastcgi and scgi"),
        (GatewayOptions(allow="127.0.0.1"), "--allow is for --protocol fastcgi and scgi"),
    ],
)
def test_not_for_http(options: GatewayOptions, line: str) -> None:
    """What HTTP has no use for is refused by name."""
    with pytest.raises(ConfigurationError) as refusal:
        prepare("http", Settings(), options)
    assert str(refusal.value) == line


@pytest.mark.parametrize(
    "settings, line",
    [
        (Settings(workers=3), "workers is 3, but --protocol scgi has no such setting; leave it out"),
        (Settings(server_name=""), "server_name is '', but --protocol scgi has no such setting; leave it out"),
    ],
)
def test_not_for_gateways(settings: Settings, line: str) -> None:
    """What a gateway has no use for is refused by name."""
    with pytest.raises(ConfigurationError) as refusal:
        prepare("scgi", settings, GatewayOptions())
    assert str(refusal.value) == line


def test_mistaken() -> None:
    """A list of peers that is none is refused before the application is loaded."""
    with pytest.raises(ConfigurationError, match=r"^'localhost' is not a list of IP addresses"):
        prepare("scgi", Settings(), GatewayOptions(allow="localhost"))


@pytest.mark.parametrize(
    "settings, line",
    [
        (Settings(bind=("fd://99999",)), "address fd://99999 is not a listening socket"),
        (
            Settings(bind=("unix:s",), socket_owner=":no-such-group"),
            "address unix:s: there is no group 'no-such-group'",
        ),
    ],
)
@pytest.mark.parametrize("protocol", ["http", "fastcgi", "scgi"])
def test_cannot_be_done(
    protocol: Literal["http", "fastcgi", "scgi"],
    settings: Settings,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What only the system can tell is refused when it is tried."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=f"^{re.escape(line)}"):
        prepare(protocol, settings, GatewayOptions())(DEMO, False)


@pytest.fixture
def silenced() -> Generator[logging.Logger]:
    """Silence a logger of ours, as dictConfig does with those that it does not know."""
    logger = logging.getLogger("gatewright.access")
    logger.disabled = True
    yield logger
    logger.disabled = False


def test_loggers(silenced: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log goes on although the application, as it was imported, has silenced all loggers that there were."""
    served: list[object] = []

    def serve(_target: str, _settings: Settings, *, wrap: Callable[[object], object], ready: object) -> int:
        served.extend([wrap(DEMO), ready])
        return 0

    monkeypatch.setattr("gatewright.server.serve", serve)
    prepare("http", Settings(), GatewayOptions())(DEMO, False)
    assert (served[0], silenced.disabled) == (DEMO, False)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no disk that is always full")
def test_full_disk(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An access log that cannot be written is told once, in a line, and stops nobody."""
    with open("/dev/full", "w", buffering=1, encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with logged_to_console(Settings(access_log="json")):
            for _ in range(3):
                logging.getLogger("gatewright.access").info("a line")
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()
    told = capsys.readouterr().err
    assert (told.count("\n"), "lines of the access log are lost: [Errno 28] " in told) == (1, True)


# What systemd does: the socket is descriptor 3, and the variables are for this process and no child of it.
LIKE_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "gatewright", *sys.argv[2:]])
"""


def test_systemd(write_module: Callable[[str, str], Path]) -> None:
    """What the service of the documentation starts serves HTTP on the socket that systemd has made."""
    unit = (Path(__file__).parents[1] / "docs" / "server" / "hello.service").read_text("utf-8")
    command = unit.partition("ExecStart=/srv/hello/venv/bin/gatewright ")[2].partition("\n")[0].split()
    write_module("hello", f"from {DEMO.replace(':', ' import ')} as application")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place, number = listener.getsockname(), listener.fileno()
        started = [sys.executable, "-c", LIKE_SYSTEMD, str(number), *command, "--access-log", "json"]
        process = subprocess.Popen(started, pass_fds=[number], stdout=subprocess.PIPE, text=True)
    alarm = threading.Timer(TIME_LIMIT, process.kill)
    alarm.start()
    with socket.create_connection(place, TIME_LIMIT) as client:
        client.sendall(b"GET /?one HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        assert client.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"
    process.terminate()
    stdout, _ = process.communicate()
    alarm.cancel()
    assert [json.loads(line)["target"] for line in stdout.splitlines()] == ["/?one"]


def connected(process: subprocess.Popen[bytes], path: Path) -> socket.socket:
    """Connect to a socket as soon as it listens; it has a path before that."""
    while True:
        assert process.poll() is None
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(TIME_LIMIT)
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            client.close()
        else:
            return client


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """The server starts, serves and stops although nothing that it says can be written."""
    path = tmp_path / "s"
    command = [sys.executable, "-m", "gatewright", "serve", DEMO, "--bind", f"unix:{path}", "--access-log", "combined"]
    with open("/dev/full", "w") as full, subprocess.Popen(command, stdout=full, stderr=full) as process:
        alarm = threading.Timer(TIME_LIMIT, process.kill)
        alarm.start()
        try:
            with connected(process, path) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = b"".join(iter(lambda: client.recv(65_536), b""))
            process.send_signal(signal.SIGTERM)
            assert (answer[:12], process.wait(TIME_LIMIT)) == (b"HTTP/1.1 200", 0)
        finally:
            alarm.cancel()
            process.kill()
