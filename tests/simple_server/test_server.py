"""The servers: names, addresses, overriding, and that nothing ends them."""

from __future__ import annotations

import contextlib
import http.server
import io
import os
import re
import socket
import socketserver
import sys
import threading
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from platform import python_implementation, python_version
from typing import TYPE_CHECKING

import pytest

from gatewright import simple_server
from gatewright.errors import ConfigurationError
from gatewright.simple_server import (
    ServerHandler,
    ThreadingWSGIServer,
    WSGIRequestHandler,
    WSGIServer,
    demo_app,
    make_server,
)
from gatewright.types import ErrorStream, StartResponse, WSGIEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.simple_server.conftest import Recorder, Serve

GET = b"GET / HTTP/1.0\r\n\r\n"


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer with a word."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def closed(server: WSGIServer) -> WSGIServer:
    """Close a server that was only made to be looked at."""
    server.server_close()
    return server


def test_versions() -> None:
    """The versions are wsgiref's, to the letter: clients and tests know the Server field."""
    assert (simple_server.__version__, simple_server.software_version) == (
        "0.2",
        f"WSGIServer/0.2 {python_implementation()}/{python_version()}",
    )


def test_response(serve: Serve) -> None:
    """A response is an HTTP/1.0 one with Date, Server, and the length of a body of one block."""
    head, _, body = serve(hello).talk(GET).partition(b"\r\n\r\n")
    pattern = (
        rb"HTTP/1.0 200 OK\r\nDate: .+\r\nServer: WSGIServer/0.2 .+\r\nContent-Type: text/plain\r\nContent-Length: 5"
    )
    assert re.fullmatch(pattern, head)
    assert body == b"hello"


def test_log(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """A request is logged in a line with its status and the bytes of its body."""
    serve(hello).talk(GET)
    assert re.fullmatch(r'127\.0\.0\.1 - - \[.+\] "GET / HTTP/1\.0" 200 5\n', capsys.readouterr().err)


def test_demo_app(serve: Serve) -> None:
    """The demo application greets and shows its environ, sorted."""
    lines = serve(demo_app).talk(b"GET /\xc3\xa9 HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")[2].decode().splitlines()
    assert lines[:2] == ["Hello world!", ""]
    assert lines[2:] == sorted(lines[2:])
    assert "PATH_INFO = '/\xc3\xa9'" in lines


def test_handle_request() -> None:
    """``handle_request()`` serves one request and returns."""
    with (
        make_server("127.0.0.1", 0, hello) as server,
        socket.create_connection(("127.0.0.1", server.server_port)) as client,
    ):
        client.settimeout(20)
        client.sendall(GET)
        server.handle_request()
        assert client.recv(15) == b"HTTP/1.0 200 OK"


def test_application_can_be_changed(serve: Serve) -> None:
    """``set_app()`` sets the application of the requests to come."""
    running = serve(demo_app)
    running.server.set_app(hello)
    assert running.talk(GET).endswith(b"hello")


def test_no_application(serve: Serve) -> None:
    """A server without an application says so."""
    running = serve(hello)
    running.server.set_app(None)
    assert running.talk(GET).startswith(b"HTTP/1.0 503 ")


def no_lookup(*_args: object) -> str:
    """Stand for a function that nobody may call."""
    raise AssertionError("looked up in the DNS")


@pytest.mark.parametrize("function", ["getfqdn", "gethostbyaddr", "gethostbyname_ex"])
def test_no_dns(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting looks no name up, which can take half a minute (cpython#106505, cpython#100374)."""
    monkeypatch.setattr(socket, function, no_lookup)
    assert closed(make_server("127.0.0.1", 0, hello)).server_name == "127.0.0.1"


@pytest.mark.parametrize("host, name", [("", "me"), ("0.0.0.0", "me"), ("localhost", "localhost")])
def test_server_name(host: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is called what it was asked to bind to, or what the machine is called."""
    monkeypatch.setattr(socket, "gethostname", lambda: "me")
    assert closed(make_server(host, 0, hello)).base_environ["SERVER_NAME"] == name


def test_machine_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """SERVER_NAME is never empty (rule S15)."""
    monkeypatch.setattr(socket, "gethostname", lambda: "")
    assert closed(make_server("", 0, hello)).base_environ["SERVER_NAME"] == "localhost"


def test_ipv6(serve: Serve, recorder: Recorder) -> None:
    """An IPv6 host is served without subclassing (prometheus/client_python#567), in brackets where CGI wants them."""
    serve(recorder, host="::1").talk(GET)
    assert (recorder.environ["REMOTE_ADDR"], recorder.environ["SERVER_NAME"]) == ("::1", "[::1]")


class IPv6Server(WSGIServer):
    address_family = socket.AF_INET6


def test_family_of_a_subclass() -> None:
    """A subclass that chose its family keeps it."""
    assert closed(make_server("::1", 0, hello, IPv6Server)).socket.family == socket.AF_INET6


def test_family_of_an_instance() -> None:
    """An instance that chose its family before it is bound keeps it, as Django's does."""

    class Server(WSGIServer):
        def __init__(self, server_address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
            self.address_family = socket.AF_INET6
            super().__init__(server_address, handler)

    assert closed(Server(("::1", 0), WSGIRequestHandler)).socket.family == socket.AF_INET6


def test_unknown_host() -> None:
    """A host that cannot be resolved is the OSError that it is in the stdlib."""
    with pytest.raises(OSError, match=r".+"):
        make_server("host.invalid", 0, hello)


def test_port_in_use() -> None:
    """A port in use is the OSError that it is in the stdlib."""
    with make_server("127.0.0.1", 0, hello) as server, pytest.raises(OSError, match="in use"):
        make_server("127.0.0.1", server.server_port, hello)


@pytest.mark.parametrize("name, value", [("REMOTE_ADDR", ""), ("SERVER_NAME", "localhost"), ("SERVER_PORT", "80")])
def test_unix_socket(
    serve: Serve, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A Unix socket is served; its clients have no address, and the server has the name and port of the default."""
    monkeypatch.chdir(tmp_path)
    serve(recorder, ThreadingWSGIServer, host="unix:s").talk(GET)
    assert recorder.environ[name] == value


def test_unix_socket_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server class takes a path where it takes an address; the file is removed with the server."""
    monkeypatch.chdir(tmp_path)
    with WSGIServer("s", WSGIRequestHandler):
        assert os.path.exists("s")
    assert not os.path.exists("s")


def test_unix_socket_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Unix socket in use is refused and left alone."""
    monkeypatch.chdir(tmp_path)
    with make_server("unix:s", 0, hello):
        with pytest.raises(ConfigurationError, match="is in use by another program"):
            make_server("unix:s", 0, hello)
        assert os.path.exists("s")


def test_threads(serve: Serve) -> None:
    """A ThreadingWSGIServer serves a request while another one is running."""
    together = threading.Barrier(2)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        together.wait(20)
        return hello(environ, start_response)

    running = serve(app, ThreadingWSGIServer)
    with running.connect() as first:
        first.sendall(GET)
        assert running.talk(GET).endswith(b"hello")
        assert first.recv(15) == b"HTTP/1.0 200 OK"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_processes(serve: Serve) -> None:
    """A server that forks says that it has several processes, and no threads."""

    class Server(socketserver.ForkingMixIn, WSGIServer):
        pass

    assert b"wsgi.multiprocess = True\nwsgi.multithread = False" in serve(demo_app, Server).talk(GET)


@pytest.mark.parametrize("error", [LookupError, SystemExit, GeneratorExit, RecursionError, MemoryError])
def test_exceptions_do_not_end_the_server(
    serve: Serve, capsys: pytest.CaptureFixture[str], error: type[BaseException]
) -> None:
    """Whatever an application raises is a 500 with a traceback in the log, and the server goes on."""

    def app(_environ: WSGIEnvironment, _start_response: StartResponse) -> list[bytes]:
        raise error

    running = serve(app)
    answers = [running.talk(GET)[:12], running.talk(GET)[:12]]
    assert (answers, "Traceback" in capsys.readouterr().err) == ([b"HTTP/1.0 500"] * 2, True)


def test_error_outside_the_application(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """What goes wrong in a request handler is a traceback in the log, and the server goes on."""

    class Handler(WSGIRequestHandler):
        def get_environ(self) -> WSGIEnvironment:
            raise LookupError("no environ")

    running = serve(hello, handler_class=Handler)
    assert [running.talk(GET), running.talk(GET)] == [b"", b""]
    assert "LookupError: no environ" in capsys.readouterr().err


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError, TimeoutError])
def test_client_errors_are_not_printed(serve: Serve, capsys: pytest.CaptureFixture[str], error: type[OSError]) -> None:
    """A connection that breaks in a subclass's own loop leaves no traceback either."""

    class Handler(WSGIRequestHandler):
        def handle_one_request(self) -> None:
            raise error

    serve(hello, handler_class=Handler).talk(b"")
    assert capsys.readouterr().err == ""


def test_closed_standard_error(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose standard error is closed goes on, logged or not."""
    stderr = io.StringIO()
    stderr.close()
    running = serve(hello)
    monkeypatch.setattr(sys, "stderr", stderr)
    answers = [running.talk(GET)[:15], running.talk(GET)[:15]]
    monkeypatch.undo()
    assert answers == [b"HTTP/1.0 200 OK"] * 2


def test_gateway_handler_class(serve: Serve) -> None:
    """A request handler names the class that runs the application (cpython#84877)."""

    class Polite(ServerHandler):
        error_body = b"Sorry."

    class Handler(WSGIRequestHandler):
        gateway_handler_class = Polite

    def app(_environ: WSGIEnvironment, _start_response: StartResponse) -> list[bytes]:
        raise LookupError

    assert serve(app, handler_class=Handler).talk(GET).endswith(b"Sorry.")


def test_gateway_handler_knows_its_request(serve: Serve) -> None:
    """A gateway handler finds its request through ``request_handler``, with http.server's attributes."""
    seen: list[object] = []

    class Curious(ServerHandler):
        def cleanup_headers(self) -> None:
            request = self.request_handler
            seen.extend([request.command, request.path, type(request.headers)])
            super().cleanup_headers()

    class Handler(WSGIRequestHandler):
        gateway_handler_class = Curious

    serve(hello, handler_class=Handler).talk(b"PUT /x HTTP/1.0\r\n\r\n")
    assert seen == ["PUT", "/x", HTTPMessage]


def test_error_stream(serve: Serve) -> None:
    """``get_stderr()`` says where ``wsgi.errors`` goes."""
    errors = io.StringIO()

    class Handler(WSGIRequestHandler):
        def get_stderr(self) -> ErrorStream:
            return errors

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        environ["wsgi.errors"].write("noted")
        return hello(environ, start_response)

    serve(app, handler_class=Handler).talk(GET)
    assert errors.getvalue() == "noted"


def test_log_of_a_response_cut_short(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """A response that the application did not finish has its line too, with the bytes that were sent."""

    def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "100")])
        yield b"half"
        raise ValueError

    serve(application).talk(GET)
    assert capsys.readouterr().err.endswith('"GET / HTTP/1.0" 200 4\n')


def test_log_can_be_silenced(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """``log_message()`` takes every line of the log."""

    class Handler(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            pass

    running = serve(hello, handler_class=Handler)
    running.talk(GET + b"\0")
    running.talk(b"\0" + GET)
    assert capsys.readouterr().err == ""


def test_log_of_a_broken_status(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """A request whose error page fails too is logged without a status (bpo-29183)."""

    class Failing(ServerHandler):
        def error_output(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
            raise LookupError("no page")

    class Handler(WSGIRequestHandler):
        gateway_handler_class = Failing

    def app(_environ: WSGIEnvironment, _start_response: StartResponse) -> list[bytes]:
        raise LookupError("no answer")

    serve(app, handler_class=Handler).talk(GET)
    assert '"GET / HTTP/1.0" - 0' in capsys.readouterr().err


def test_http_server_underneath() -> None:
    """Servers and request handlers are http.server's, as documented."""
    assert issubclass(WSGIServer, http.server.HTTPServer)
    assert issubclass(WSGIRequestHandler, http.server.BaseHTTPRequestHandler)


def test_no_response_waits_for_another(serve: Serve) -> None:
    """Responses in several writes are not held back for the client's confirmation (Nagle's algorithm is off)."""

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            options.append(self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    options: list[int] = []
    running = serve(hello, handler_class=Handler)
    with contextlib.closing(HTTPConnection("127.0.0.1", running.server.server_port, timeout=20)) as client:
        client.request("GET", "/")
        client.getresponse().read()
    assert all(options)
