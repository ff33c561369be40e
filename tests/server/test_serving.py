"""The server inside a program, on threads of the caller's choice."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from http_client import TIMEOUT, Recorder

from gatewright.errors import ConfigurationError
from gatewright.server import Server, Settings
from gatewright.server.serving import _Quota  # pyright: ignore[reportPrivateUsage]  # what serve() counts with
from gatewright.types import StartResponse
from gatewright.validate import checked

Live = Callable[..., Any]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Door:
    """An application that does not answer until it may, where the path is /wait."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse, /) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/wait":
            self.inside.release()
            assert self.open.wait(TIMEOUT)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["PATH_INFO"].encode()]


@pytest.mark.parametrize("threads", [1, 3])
def test_serving(live: Live, threads: int) -> None:
    """A request is answered, and the environ breaks no rule."""
    client = live(checked(Recorder()), threads=threads).connect()
    client.send(GET)
    assert client.response().body == b"/ "


def test_two_addresses() -> None:
    """It serves on each of its addresses."""
    with Server(Recorder(), Settings(bind=("127.0.0.1:0", "[::1]:0"))) as server:
        ports = {str(address).rpartition(":")[2] for address in server.addresses}
    assert len(ports) == 2


def test_a_unix_socket(tmp_path: Path) -> None:
    """It serves on a Unix socket, whose clients have no address, and removes the file."""
    path, recorder = tmp_path / "s", Recorder()
    with Server(checked(recorder), Settings(bind=(f"unix:{path}",))), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT)
        client.connect(str(path))
        client.sendall(GET)
        client.recv(1000)
    environ = recorder.environs[0]
    seen = (environ["REMOTE_ADDR"], environ["SERVER_NAME"], environ["SERVER_PORT"], path.exists())
    assert seen == ("", "localhost", "80", False)


def test_a_slow_call_stalls_nobody(live: Live) -> None:
    """While a call lasts, other connections are served."""
    door = Door()
    server = live(door, threads=2)
    slow, fast = server.connect(), server.connect()
    slow.send(GET.replace(b"/ ", b"/wait "))
    assert door.inside.acquire(timeout=TIMEOUT)
    fast.send(GET)
    body = fast.response().body
    door.open.set()
    assert (body, slow.response().body) == (b"/", b"/wait")


def test_stop_waits_for_requests() -> None:
    """A request in flight when the server stops is answered, and told that it was the last."""
    door = Door()
    server = Server(door, Settings(bind=("127.0.0.1:0",), threads=2))
    server.start()
    address: Any = server.addresses[0]
    with socket.create_connection((address.host, address.port), TIMEOUT) as client:
        client.sendall(GET.replace(b"/ ", b"/wait "))
        assert door.inside.acquire(timeout=TIMEOUT)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        door.open.set()
        answer = b"".join(iter(lambda: client.recv(1000), b""))
        stopping.join(TIMEOUT)
    assert (answer.endswith(b"\r\n\r\n/wait"), stopping.is_alive()) == (True, False)


def test_stop_answers_what_is_on_its_way(live: Live) -> None:
    """An idle connection may still send a request when the server stops, and is told that it was the last."""
    server = live(Recorder())
    client = server.connect()
    client.send(GET)
    client.response()
    server.server._worker.stop()
    client.send(GET)
    assert (client.response().status, client.rest()) == (200, b"")


def test_stop_ends_idle_connections(live: Live) -> None:
    """An idle connection that sends nothing then ends."""
    server = live(Recorder(), keep_alive=60)
    client = server.connect()
    client.send(GET)
    client.response()
    server.server.stop()
    assert client.rest() == b""


def test_starts_once() -> None:
    """A server cannot be started again."""
    with Server(Recorder(), Settings(bind=("127.0.0.1:0",))) as server, pytest.raises(RuntimeError):
        server.start()


def test_on_a_thread_of_the_callers() -> None:
    """run() serves on the thread that calls it, until another one calls stop()."""
    server = Server(Recorder(), Settings(bind=("127.0.0.1:0",), threads=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    server.stop()
    thread.join(TIMEOUT)
    assert not thread.is_alive()


def test_an_address_in_use() -> None:
    """An address that is in use is an error of one line."""
    any_port = Settings(bind=("127.0.0.1:0",))
    with Server(Recorder(), any_port) as server, pytest.raises(ConfigurationError) as refusal:
        Server(Recorder(), Settings(bind=(str(server.addresses[0]).removeprefix("http://"),)))
    assert "\n" not in str(refusal.value)


def test_only_one_process() -> None:
    """Inside a program there is one process, whatever the settings say, and environ tells so."""
    recorder = Recorder()
    with Server(recorder, Settings(bind=("127.0.0.1:0",), workers=4, threads=1)) as server:
        address: Any = server.addresses[0]
        with socket.create_connection((address.host, address.port), TIMEOUT) as client:
            client.sendall(GET)
            client.recv(1000)
    environ = recorder.environs[0]
    assert (environ["wsgi.multiprocess"], environ["wsgi.multithread"]) == (False, False)


def test_quota() -> None:
    """After so many requests, and some more at random, a worker asks once to be replaced."""
    asked: list[int] = []
    quota = _Quota(Settings(max_requests=10, max_requests_jitter=5), lambda: asked.append(1))
    before: list[int] = []
    for _ in range(40):
        quota.spend()
        before.append(len(asked))
    assert (before[8], before[14], before[39]) == (0, 1, 1)


def test_no_quota() -> None:
    """Without a number it never does."""
    asked: list[int] = []
    quota = _Quota(Settings(), lambda: asked.append(1))
    for _ in range(100):
        quota.spend()
    assert asked == []


@pytest.mark.parametrize("form,part", [("combined", '"GET /a?b=c HTTP/1.1" 200 3 "-" "me"'), ("json", '"status": 200')])
def test_access_log(live: Live, form: str, part: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each response is a line of the access log."""
    with caplog.at_level(logging.INFO, "gatewright.access"):
        client = live(Recorder(), access_log=form).connect()
        client.send(b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\nConnection: close\r\n\r\n")
        client.response()
        client.rest()
    assert [part in record.getMessage() for record in caplog.records] == [True]
