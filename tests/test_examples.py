from __future__ import annotations

import http.client
import io
import json
import os
import re
import runpy
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from gatewright.errors import RequestError
from gatewright.handlers import SimpleHandler
from gatewright.server import Server, Settings
from gatewright.simple_server import WSGIRequestHandler, demo_app, make_server
from gatewright.sockets import TCPAddress
from gatewright.types import (
    HeaderList,
    OptExcInfo,
    StartResponse,
    SupportsClose,
    Write,
    WSGIApplication,
    WSGIEnvironment,
)
from gatewright.util import setup_testing_defaults
from gatewright.validate import validator

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
TIME_LIMIT = 30  # seconds that a client waits

Example: TypeAlias = dict[str, Any]


def load(name: str) -> Example:
    """Run an example as a module and return its names."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name=name)


def lines_of(name: str, start: str, end: str) -> int:
    """Count the lines of an example from the first that starts with one text to the next that starts with another."""
    lines = [line for line in (EXAMPLES / f"{name}.py").read_text("utf-8").splitlines() if line.strip()]
    first = next(index for index, line in enumerate(lines) if line.startswith(start))
    return next(index for index, line in enumerate(lines) if index > first and line.startswith(end)) - first


def answer(*blocks: bytes) -> WSGIApplication:
    """Return an application that answers with these blocks, and fails at one that is empty."""

    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        for block in blocks:
            if not block:
                raise LookupError("the middle of the body")
            yield block

    return application


def broken(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    """Fail before the response starts."""
    raise LookupError("the start")


def discard(_status: str, _headers: HeaderList, _exc_info: OptExcInfo | None = None, /) -> Write:
    """Stand for the server's start_response."""
    return bytes


def call(application: WSGIApplication, environ: WSGIEnvironment) -> bytes:
    """Call an application as a server does, and return the body."""
    setup_testing_defaults(environ)
    body = application(environ, discard)
    content = b"".join(body)
    if isinstance(body, SupportsClose):
        body.close()
    return content


@contextmanager
def client_of(
    application: WSGIApplication, handler_class: type[WSGIRequestHandler]
) -> Generator[http.client.HTTPConnection]:
    """Serve an application on a free port and return a connection to it."""
    with make_server("127.0.0.1", 0, application, handler_class=handler_class) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=TIME_LIMIT)
        try:
            yield connection
        finally:
            connection.close()
            server.shutdown()
            thread.join(TIME_LIMIT)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_loads(path: Path) -> None:
    """Every example can be imported, and imports nothing that is not there."""
    assert load(path.stem)["__doc__"]


class TestReadme:
    """What the README shows and Sybil cannot run; every Python block in it is run by ``nox -s docs``."""

    @pytest.fixture
    def text(self) -> str:
        """Return the README with each paragraph on one line."""
        return re.sub(r"(?<=\S)\n(?=\S)", " ", (EXAMPLES.parent.parent / "README.md").read_text("utf-8"))

    def test_log(self, text: str) -> None:
        """The log that is shown is what a status without a reason writes."""

        def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200", [("Content-Type", "text/plain")])
            return []

        environ: dict[str, Any] = {}
        setup_testing_defaults(environ)
        log = io.StringIO()
        SimpleHandler(io.BytesIO(), io.BytesIO(), log, environ).run(validator(application))
        first, last = log.getvalue().splitlines()[0], log.getvalue().splitlines()[-1]
        assert (first in text, last in text) == (True, True)

    def test_demo(self, text: str) -> None:
        """What the server answers to curl begins and ends as it is shown."""
        with Server(demo_app, Settings(bind=("127.0.0.1:0",))) as server:
            address = server.addresses[0]
            assert isinstance(address, TCPAddress)
            with closing(http.client.HTTPConnection(address.host, address.port, timeout=TIME_LIMIT)) as client:
                client.request("GET", "/", headers={"Accept": "*/*", "Host": "127.0.0.1:8000"})
                lines = client.getresponse().read().decode().splitlines()
        assert f"{lines[0]}\n\n{lines[2]} {lines[3]} ... {lines[-1]}" in text


class TestHello:
    def test_greeting(self) -> None:
        """It greets whom the query names, and breaks no rule."""
        assert call(validator(load("hello")["application"]), {"QUERY_STRING": "you"}) == b"Hello, you!\n"


class TestGopher:
    def ask(self, line: bytes, application: WSGIApplication) -> bytes:
        """Serve one connection; send a line, return what comes back."""
        names = load("gopher")["GopherRequest"].handle.__globals__
        names["application"] = application
        with socketserver.TCPServer(("127.0.0.1", 0), names["GopherRequest"]) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=TIME_LIMIT) as client:
                client.sendall(line)
                answered = b"".join(iter(lambda: client.recv(65_536), b""))
            thread.join(TIME_LIMIT)
        return answered

    def test_response(self) -> None:
        """The body is sent, and no head."""
        assert self.ask(b"/\r\n", answer(b"one", b" two")) == b"one two"

    @pytest.mark.parametrize("line", [b"cake\r\n", b"/cake\r\n", b"/cake\n"])
    def test_path(self, line: bytes) -> None:
        """The line is the path, with a slash before it or not."""

        def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [environ["PATH_INFO"].encode("latin-1")]

        assert self.ask(line, validator(echo)) == b"/cake"

    def test_error_page(self, capsys: pytest.CaptureFixture[str]) -> None:
        """An application that fails is answered with the error page, and the log has the reason."""
        answered = self.ask(b"/\r\n", broken)
        assert (answered[:23], "LookupError: the start" in capsys.readouterr().err) == (
            b"A server error occurred",
            True,
        )

    def test_length(self) -> None:
        """The gateway is as short as the documentation says."""
        assert lines_of("gopher", "class ", "if __name__") < 15


class TestNetstrings:
    def exchange(self, application: WSGIApplication, *requests: bytes) -> bytes:
        """Send netstrings, return what comes back."""
        stream, answers = io.BytesIO(b"".join(b"%d:%b," % (len(each), each) for each in requests)), io.BytesIO()
        load("netstrings")["serve"](application, stream, answers)
        return answers.getvalue()

    def test_response(self) -> None:
        """Head and first block are one netstring, each other block is one, and an empty one ends the response."""
        head = b"Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n"
        expected = b"%d:%bone,3:two,0:," % (len(head) + 3, head)
        assert self.exchange(answer(b"one", b"two"), b"GET /", b"") == expected

    def test_requests(self) -> None:
        """One stream carries one request after the other; each application call sees its own path and body."""

        def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [environ["PATH_INFO"].encode("latin-1"), environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))]

        answers = self.exchange(validator(echo), b"POST /a", b"first", b"POST /b", b"second")
        assert [word in answers for word in (b"/a,5:first,0:,", b"/b,6:second,0:,")] == [True, True]

    def test_error_page(self, capsys: pytest.CaptureFixture[str]) -> None:
        """An application that fails is answered with the error page, and the log has the reason."""
        answers = self.exchange(broken, b"GET /", b"")
        seen = (b"Status: 500 Internal Server Error" in answers, "LookupError: the start" in capsys.readouterr().err)
        assert seen == (True, True)

    def test_response_that_is_cut_short(self) -> None:
        """A body that breaks off has no netstring that says it is complete."""
        assert self.exchange(answer(b"one", b""), b"GET /", b"").endswith(b"one,")

    def test_script(self) -> None:
        """As a script it answers on its standard streams."""
        command = [sys.executable, str(EXAMPLES / "netstrings.py")]
        done = subprocess.run(command, input=b"6:GET /x,0:,", capture_output=True, timeout=TIME_LIMIT, check=True)
        assert b"PATH_INFO = '/x'" in done.stdout

    def test_length(self) -> None:
        """The handler is as short."""
        assert lines_of("netstrings", "class ", "def ") < 15


class TestJSONErrors:
    def test_page(self) -> None:
        """An application that fails is answered with JSON."""
        example = load("json_errors")
        with client_of(example["broken"], example["RequestHandler"]) as client:
            client.request("GET", "/cake")
            response = client.getresponse()
            page = json.loads(response.read())
        detail = "A server error occurred.  Please contact the administrator."
        expected = {"status": "500 Internal Server Error", "detail": detail}
        assert (response.status, response.headers["Content-Type"], page) == (500, "application/json", expected)

    def test_sound_response(self) -> None:
        """What does not fail is answered as ever."""
        with client_of(answer(b"one"), load("json_errors")["RequestHandler"]) as client:
            client.request("GET", "/")
            assert client.getresponse().read() == b"one"

    def test_client_error(self) -> None:
        """A client's own fault, which shows when the application reads the body, has the client's status, as JSON."""

        def read(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
            raise RequestError(400, "malformed chunk size")

        with client_of(read, load("json_errors")["RequestHandler"]) as client:
            client.request("GET", "/")
            response = client.getresponse()
            page = json.loads(response.read())
        assert (response.status, page) == (400, {"status": "400 Bad Request", "detail": "malformed chunk size"})


@pytest.mark.skipif(not hasattr(os, "sendfile"), reason="this platform has no os.sendfile")
class TestSendfile:
    @pytest.fixture
    def calls(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """Record how many bytes each call of os.sendfile sent."""
        sent: list[int] = []
        original = os.sendfile

        def spy(*arguments: int) -> int:
            sent.append(original(*arguments))
            return sent[-1]

        monkeypatch.setattr(os, "sendfile", spy)
        return sent

    def fetch(self, path: Path, wrap: Callable[[WSGIApplication], WSGIApplication] = lambda each: each) -> bytes:
        """Serve one file and return what the client got."""
        example = load("sendfile")
        with client_of(wrap(example["file_application"](path)), example["RequestHandler"]) as client:
            client.request("GET", "/")
            return client.getresponse().read()

    def test_file(self, tmp_path: Path, calls: list[int]) -> None:
        """The client gets the whole file, and every byte of it went through os.sendfile."""
        content = os.urandom(1_000_000)
        (tmp_path / "file").write_bytes(content)
        assert (self.fetch(tmp_path / "file") == content, sum(calls)) == (True, 1_000_000)

    def test_validator(self, tmp_path: Path, calls: list[int]) -> None:
        """The validator does not stand in its way."""
        (tmp_path / "file").write_bytes(b"content")
        assert (self.fetch(tmp_path / "file", validator), sum(calls)) == (b"content", 7)


class TestMiddleware:
    def test_count(self) -> None:
        """It reports the bytes of the body once the body is closed, and closes the application's own."""
        counts: list[int] = []
        closed: list[bool] = []

        class Body(list[bytes]):
            def close(self) -> None:
                closed.append(True)

        def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Body:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return Body([b"one", b"two"])

        call(validator(load("middleware")["count_bytes"](application, counts.append)), {})
        assert (counts, closed) == ([6], [True])
