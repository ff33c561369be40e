from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import Any

import pytest

from gatewright.handlers import BaseCGIHandler, CGIHandler, IISCGIHandler, SimpleHandler
from gatewright.types import StartResponse, WSGIApplication

MakeApp = Callable[..., WSGIApplication]
Respond = Callable[..., tuple[bytes, str]]
RunPython = Callable[..., CompletedProcess[str]]
Run = Callable[..., tuple[bytes, dict[str, Any]]]


def test_status_field(make_app: MakeApp, respond: Respond) -> None:
    """A CGI handler sends the status as a field, and neither Date nor Server (RFC 3875 section 6.3.3)."""
    assert respond(make_app(status="202 Accepted", headers=[]))[0] == (
        b"Status: 202 Accepted\r\nContent-Length: 4\r\n\r\nbody"
    )


@pytest.mark.parametrize("name", ["Status", "sTATUS"])
def test_status_of_the_application(name: str, make_app: MakeApp, respond: Respond) -> None:
    """It refuses a Status field of the application's, each time: the web server would see two (rule A23)."""
    app = make_app(headers=[(name, "404 Not Found")])
    for _ in range(2):
        sent, log = respond(app)
        assert (sent.count(b"tatus: "), "A23 (application must not)" in log) == (1, True)


def test_status_of_the_application_over_http(make_app: MakeApp, respond: Respond) -> None:
    """Over HTTP the field means nothing, and passes as in wsgiref."""
    app = make_app(headers=[("Status", "404 Not Found")])
    assert b"\r\nStatus: 404 Not Found\r\n" in respond(app, SimpleHandler)[0]


def test_not_origin_server(make_app: MakeApp, respond: Respond) -> None:
    """It does not ask for SERVER_PROTOCOL and sends a head to any client."""
    assert respond(make_app(), BaseCGIHandler, SERVER_PROTOCOL="HTTP/0.9")[0].startswith(b"Status: ")


@pytest.fixture
def run_script(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a CGI handler where the process environment is these variables; return what it sent and the environ."""

    def run(handler_class: type[CGIHandler] = CGIHandler, **variables: str) -> tuple[bytes, dict[str, Any]]:
        monkeypatch.setattr(os, "environ", {"REQUEST_METHOD": "POST", **variables})
        stdin, stdout = io.BytesIO(b"input"), io.BytesIO()
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stdin))
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=stdout))
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        seen: dict[str, Any] = {}

        def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
            seen.update(environ)
            start_response("200 OK", [])
            return [environ["wsgi.input"].read()]

        handler_class().run(app)
        return stdout.getvalue(), seen

    return run


def test_streams_of_the_process(run_script: Run) -> None:
    """A CGI script reads from standard input and answers to standard output."""
    assert run_script()[0] == b"Status: 200 OK\r\nContent-Length: 5\r\n\r\ninput"


def test_flags(run_script: Run) -> None:
    """A CGI script serves one request, in one of many processes."""
    _, environ = run_script()
    flags = [environ[f"wsgi.{name}"] for name in ("run_once", "multithread", "multiprocess")]
    assert flags == [True, False, True]


def test_environ(run_script: Run) -> None:
    """The environ is the process environment at the time of the call."""
    assert run_script(PATH_INFO="/a", SPAM="eggs")[1].items() >= {"PATH_INFO": "/a", "SPAM": "eggs"}.items()


def test_nothing_stays(run_script: Run) -> None:
    """Nothing of one call's environment reaches the next (bpo-7250)."""
    run_script(HTTP_X="secret")
    assert "HTTP_X" not in run_script()[1]


def test_os_environ_is_empty() -> None:
    """The class holds no copy of the process environment (bpo-7250)."""
    assert CGIHandler.os_environ == IISCGIHandler.os_environ == {}


@pytest.mark.parametrize(
    "script_name, path_info, expected",
    [
        ("/app.py", "/app.py/page", "/page"),
        ("/app.py", "/app.py", ""),
        ("/app.py", "/app.pyx", "/app.pyx"),
        ("/app.py", "/other", "/other"),
        ("", "/page", "/page"),
    ],
)
def test_iis(script_name: str, path_info: str, expected: str, run_script: Run) -> None:
    """The handler for IIS takes off PATH_INFO what repeats SCRIPT_NAME."""
    _, environ = run_script(IISCGIHandler, SCRIPT_NAME=script_name, PATH_INFO=path_info)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script_name, expected)


def test_iis_without_paths(run_script: Run) -> None:
    """Without both there is nothing to take off."""
    assert run_script(IISCGIHandler)[1]["PATH_INFO"] == ""


def test_real_process(run_python: RunPython, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that a web server starts answers with a CGI response."""
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    code = "from gatewright import handlers, simple_server; handlers.CGIHandler().run(simple_server.demo_app)"
    assert run_python("-c", code).stdout.startswith("Status: 200 OK\nContent-Type: text/plain; charset=utf-8\n")
