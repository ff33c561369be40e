"""Listening sockets from whoever started this process, who are real."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gatewright.errors import ConfigurationError
from gatewright.sockets import InheritedAddress, inherited, listen

TIME_LIMIT = 60

# Says what it inherited, whether standard input can be read, and what is left in the environment; serves one client.
CHILD = """
import os, sys
from gatewright.sockets import inherited
found = inherited()
print(*[listener.address for listener in found], sep=",", end="|")
print(repr(sys.stdin.read()), *[name for name in os.environ if name.startswith("LISTEN_")], sep=",", flush=True)
for listener in found[:1]:
    connection, _ = listener.socket.accept()
    connection.sendall(b"served")
    connection.close()
    listener.close()
"""


@contextmanager
def child(*, stdin: socket.socket | None = None, shell: str = "exec") -> Generator[subprocess.Popen[str]]:
    """Start a Python that says what it inherited; the words of shell come before the command."""
    script = f"{shell} '{sys.executable}' -c '{CHILD}'"
    descriptor = subprocess.DEVNULL if stdin is None else stdin.fileno()
    with subprocess.Popen(["/bin/sh", "-c", script], stdin=descriptor, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    """Return the line that a child printed."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def served(address: tuple[str, int] | str, family: socket.AddressFamily) -> bytes:
    """Return what a server sends."""
    with socket.socket(family) as client:
        client.settimeout(TIME_LIMIT)
        client.connect(address)
        return client.recv(100)


@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_tcp(family: socket.AddressFamily, host: str) -> None:
    """A listening TCP socket as standard input is recognised, and served; standard input is empty then."""
    with socket.create_server((host, 0), family=family) as sock, child(stdin=sock) as process:
        pair = f"[{host}]" if ":" in host else host
        assert said(process) == f"http://{pair}:{sock.getsockname()[1]}|''"
        assert served(sock.getsockname(), family) == b"served"


def test_unix(path: str) -> None:
    """A listening Unix socket as standard input is recognised; its file is left to whoever made it."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)
        sock.listen()
        with child(stdin=sock) as process:
            assert said(process) == f"unix:{path}|''"
            assert served(path, socket.AF_UNIX) == b"served"
            process.wait(TIME_LIMIT)
    assert os.path.lexists(path)


def test_connected_socket() -> None:
    """A socket that does not listen, as inetd leaves it, is not taken for one that does."""
    ours, theirs = socket.socketpair()
    with ours, child(stdin=theirs) as process:
        theirs.close()
        ours.shutdown(socket.SHUT_WR)
        assert said(process) == "|''"


def test_nothing() -> None:
    """Standard input that is no socket is left alone."""
    with child() as process:
        assert said(process) == "|''"


def test_systemd() -> None:
    """The sockets of systemd are those from number 3 on; the environment does not pass them on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        shell = "export LISTEN_FDS=2 LISTEN_PID=$$ LISTEN_FDNAMES=a:b; exec 3<&0 4<&0 0</dev/null; exec"
        with child(stdin=sock, shell=shell) as process:
            address = f"http://127.0.0.1:{sock.getsockname()[1]}"
            assert said(process) == f"{address},{address}|''"
            assert served(sock.getsockname(), socket.AF_INET) == b"served"


def test_systemd_for_another() -> None:
    """Sockets that were another process's are not taken, and the environment is cleared of them."""
    shell = "export LISTEN_FDS=1 LISTEN_PID=1; exec"
    with child(shell=shell) as process:
        assert said(process) == "|''"


def test_systemd_mistaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that is none is told in one line."""
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "many")
    with pytest.raises(ConfigurationError, match=r"^LISTEN_FDS is 'many', which is no number$"):
        inherited()


@pytest.mark.skipif(shutil.which("spawn-fcgi") is None, reason="needs spawn-fcgi: apt-get install spawn-fcgi")
def test_spawn_fcgi(path: str, tmp_path: Path) -> None:
    """What spawn-fcgi starts finds its socket."""
    (tmp_path / "child.py").write_text(CHILD)
    pid_file = tmp_path / "pid"
    command = ["spawn-fcgi", "-s", str(tmp_path / path), "-P", str(pid_file), "--", sys.executable, "child.py"]
    subprocess.run(command, check=True, capture_output=True, timeout=TIME_LIMIT)
    try:
        assert served(str(tmp_path / path), socket.AF_UNIX) == b"served"
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(pid_file.read_text()), signal.SIGKILL)


ACTIVATE = shutil.which("systemd-socket-activate")


@pytest.mark.skipif(ACTIVATE is None, reason="needs systemd-socket-activate: apt-get install systemd")
def test_systemd_socket_activate(path: str, tmp_path: Path) -> None:
    """What systemd starts when a client comes finds its socket."""
    (tmp_path / "child.py").write_text(CHILD)
    paths = [f"--setenv=PYTHONPATH={os.environ['PYTHONPATH']}"] if "PYTHONPATH" in os.environ else []
    command = [str(ACTIVATE), *paths, "-l", str(tmp_path / path), sys.executable, "child.py"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("Listening on ")
            assert served(str(tmp_path / path), socket.AF_UNIX) == b"served"
        finally:
            process.kill()


def test_by_number() -> None:
    """fd://N takes the descriptor itself, and says where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port, number = sock.getsockname()[1], os.dup(sock.fileno())
    with listen(InheritedAddress(number)) as listener:
        assert (str(listener.address), listener.socket.fileno()) == (f"http://127.0.0.1:{port}", number)


def test_socket_without_a_name() -> None:
    """A Unix socket with a name that is no path is called by its number."""
    sock = socket.socket(socket.AF_UNIX)
    sock.bind("")  # Linux gives it a name that nobody else has
    sock.listen()
    number = sock.detach()
    with listen(InheritedAddress(number)) as listener:
        assert listener.address == InheritedAddress(number)


@pytest.mark.parametrize("number", [1, 99999])
def test_no_listening_socket(number: int) -> None:
    """A descriptor of something else, or of nothing, is refused by its number."""
    with pytest.raises(ConfigurationError, match=f"^address fd://{number} is not a listening socket"):
        listen(InheritedAddress(number))
