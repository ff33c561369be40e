from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any

import pytest
from http_client import tcp_pair

from gatewright.server import HTTPHandler, Settings
from gatewright.server.base_environ import base_environ
from gatewright.server.service import Service
from gatewright.types import StartResponse, WSGIEnvironment
from gatewright.util import FileWrapper


def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer."""
    start_response("200 OK", [])
    return []


class WithoutFiles(HTTPHandler):
    wsgi_file_wrapper = None


def made(handler_class: type[HTTPHandler] = HTTPHandler, **settings: Any) -> WSGIEnvironment:
    """Return the variables of a connection over TCP."""
    ours, theirs = tcp_pair()
    with ours, theirs:
        environ = base_environ(Service(application, Settings(**settings), handler_class), theirs, ours.getsockname())
        environ["expected"] = (*theirs.getsockname(), *ours.getsockname())
    return environ


def test_addresses() -> None:
    """Host and port of both ends are told."""
    environ = made()
    name, port, peer, peer_port = environ["expected"]
    seen = [environ[key] for key in ("SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT")]
    assert seen == [name, str(port), peer, str(peer_port)]


def test_ipv6() -> None:
    """An IPv6 address stands in brackets where a name would stand, and without them where the client's stands."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        environ = base_environ(Service(application), listener, ("::1", 1, 0, 0))
    assert (environ["SERVER_NAME"], environ["REMOTE_ADDR"]) == ("[::1]", "::1")


def test_unix() -> None:
    """A Unix socket has no addresses, and SERVER_NAME and SERVER_PORT may not be empty (rule S15)."""
    one, two = socket.socketpair()
    with one, two:
        environ = base_environ(Service(application), one, "")
    seen = [environ.get(key) for key in ("SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT")]
    assert seen == ["localhost", "80", "", None]


@pytest.mark.parametrize(
    "settings,truth",
    [({"threads": 1}, (False, False)), ({"threads": 2}, (True, False)), ({"threads": 1, "workers": 2}, (False, True))],
)
def test_threads_and_processes(settings: dict[str, int], truth: tuple[bool, bool]) -> None:
    """Whether other threads and processes may call the application is told truthfully."""
    environ = made(HTTPHandler, **settings)
    assert (environ["wsgi.multithread"], environ["wsgi.multiprocess"]) == truth


def test_software() -> None:
    """SERVER_SOFTWARE is the name of the server, and there even if the Server field is not."""
    assert (made(server_name="mine")["SERVER_SOFTWARE"], made(server_name="")["SERVER_SOFTWARE"]) == (
        "mine",
        "gatewright",
    )


def test_file_wrapper() -> None:
    """A handler that has no file wrapper offers none."""
    assert (made()["wsgi.file_wrapper"], "wsgi.file_wrapper" in made(WithoutFiles)) == (FileWrapper, False)


def test_nothing_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the process is not the request's (case 94)."""
    monkeypatch.setenv("SECRET_OF_THE_PROCESS", "1")
    assert "SECRET_OF_THE_PROCESS" not in made()
