from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest

from gatewright.errors import ConfigurationError
from gatewright.gateways import fastcgi, running, scgi
from gatewright.gateways.fastcgi import events, records
from gatewright.sockets import Listener
from gatewright.types import StartResponse

VARIABLES = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/app/x", "PATH_INFO": ""}
TIMEOUT = 20.0


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Tell the split of the path."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode()]


EVENTS: list[events.Event] = [
    events.Begin(1, records.RESPONDER, keep_conn=False),
    events.Variables(1, VARIABLES),
    events.Input(1, b""),
]
FASTCGI = b"".join(map(events.encode, EVENTS))


@pytest.mark.parametrize(
    "gateway, request_", [(fastcgi, FASTCGI), (scgi, scgi.encode(VARIABLES))], ids=["fastcgi", "scgi"]
)
@pytest.mark.parametrize("threads", [1, 4])
def test_run(gateway: ModuleType, request_: bytes, threads: int) -> None:
    """A gateway serves where it says, until it is told to stop."""
    lines: list[str] = []
    answers: list[bytes] = []
    ready = threading.Event()

    def visit() -> None:
        assert ready.wait(TIMEOUT)
        host, _, port = lines[0].rpartition(" ")[2].rpartition(":")
        with socket.create_connection((host, int(port)), TIMEOUT) as client:
            client.sendall(request_)
            answers.append(b"".join(iter(lambda: client.recv(65_536), b"")))
        signal.raise_signal(signal.SIGTERM)

    def tell(line: str) -> None:
        lines.append(line)
        ready.set()

    visitor = threading.Thread(target=visit)
    visitor.start()
    gateway.run(application, "127.0.0.1:0", threads=threads, script_name="/app", ready=tell)
    visitor.join(TIMEOUT)
    assert b"\r\n\r\n/app|/x" in answers[0]


@pytest.mark.parametrize("gateway", [fastcgi, scgi])
def test_nowhere(gateway: ModuleType) -> None:
    """Without an address and without a socket from outside there is nowhere to listen."""
    with pytest.raises(ConfigurationError):
        gateway.run(application)


def test_allowed_web_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """FCGI_WEB_SERVER_ADDRS is heeded: what is no list of addresses is refused."""
    monkeypatch.setenv("FCGI_WEB_SERVER_ADDRS", "127.0.0.1,nowhere")
    with pytest.raises(ConfigurationError, match="nowhere"):
        fastcgi.run(application, "127.0.0.1:0")


@pytest.mark.parametrize(
    "multiprocess, inherited, own", [(False, False, True), (True, False, False), (False, True, False)]
)
def test_connections_in_a_row(monkeypatch: pytest.MonkeyPatch, multiprocess: bool, inherited: bool, own: bool) -> None:
    """Connections are accepted in a row only where no other process can have the listener."""
    batches: list[int] = []

    def serve(_connect: object, listeners: list[Listener], **options: Any) -> None:
        batches.append(options["batch"])
        for listener in listeners:
            listener.close()

    monkeypatch.setattr(running, "serve", serve)
    with socket.create_server(("127.0.0.1", 0)) as given:
        address = f"fd://{os.dup(given.fileno())}" if inherited else "127.0.0.1:0"
        scgi.run(application, "127.0.0.1:0", address, multiprocess=multiprocess)
    assert (batches[0] > 1) is own
