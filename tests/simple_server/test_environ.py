"""What the application is told of a request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gatewright.simple_server import ThreadingWSGIServer, WSGIRequestHandler, WSGIServer
from gatewright.types import StartResponse, WSGIEnvironment
from gatewright.validate import validator

if TYPE_CHECKING:
    from tests.simple_server.conftest import Recorder, Serve


@pytest.mark.parametrize(
    "target, path, query",
    [
        (b"/", "/", ""),
        (b"/a/b?c=d?e", "/a/b", "c=d?e"),
        (b"/%e9%2F%00?%e9", "/\xe9/\0", "%e9"),
        (b"/\x80%80?\xff", "/\x80\x80", "\xff"),
        (b"/\x85\xa0", "/\x85\xa0", ""),
        (b"/%E2%82%AC", "/\xe2\x82\xac", ""),
        (b"http://example.org:81/a%20b?c", "/a b", "c"),
        (b"http://example.org?c", "/", "c"),
    ],
)
def test_path_and_query(serve: Serve, recorder: Recorder, target: bytes, path: str, query: str) -> None:
    """The path is decoded to bytes as Latin-1, the query is not; of an absolute target only its path counts."""
    serve(recorder).talk(b"GET %b HTTP/1.0\r\n\r\n" % target)
    assert (recorder.environ["PATH_INFO"], recorder.environ["QUERY_STRING"]) == (path, query)


def test_two_slashes(serve: Serve, recorder: Recorder) -> None:
    """Two slashes at the start of a path stay two; http.server makes them one (cpython#87389)."""
    serve(recorder).talk(b"GET //evil/x HTTP/1.0\r\n\r\n")
    assert recorder.environ["PATH_INFO"] == "//evil/x"


def test_host_of_absolute_target(serve: Serve, recorder: Recorder) -> None:
    """The host of an absolute target goes before the Host field (RFC 9112 section 3.2.2)."""
    serve(recorder).talk(b"GET http://example.org:81/ HTTP/1.1\r\nHost: other\r\n\r\n")
    assert recorder.environ["HTTP_HOST"] == "example.org:81"


def test_asterisk(serve: Serve, recorder: Recorder) -> None:
    """``OPTIONS *`` asks the root."""
    serve(recorder).talk(b"OPTIONS * HTTP/1.0\r\n\r\n")
    assert recorder.environ["PATH_INFO"] == "/"


@pytest.mark.parametrize(
    "fields, expected",
    [
        (b"X-A: b", {"HTTP_X_A": "b"}),
        (b"X-A: \t b c \t", {"HTTP_X_A": "b c"}),
        (b"X-A: \x85\xe9\xa0", {"HTTP_X_A": "\x85\xe9\xa0"}),
        (b"X-A: a\r\nx-a: b\r\nX-A: c", {"HTTP_X_A": "a,b,c"}),
        (b"Cookie: a=1\r\nCookie: b=2", {"HTTP_COOKIE": "a=1; b=2"}),
        (b"X_Real: 1\r\nX-Real: 2\r\nX_Real: 3", {"HTTP_X_REAL": "2"}),
        (b"X_Real: 1", {}),
        (b"Proxy: http://evil", {}),
        (b"Content_Length: 3\r\nContent_Type: x", {"CONTENT_LENGTH": "", "CONTENT_TYPE": ""}),
        (b"Content-Type: a/b", {"CONTENT_TYPE": "a/b"}),
        (b"Content-Length: 0", {"CONTENT_LENGTH": "0"}),
        (b"Path-Info: /x", {"HTTP_PATH_INFO": "/x", "PATH_INFO": "/"}),
        (b"Remote-User: root", {"HTTP_REMOTE_USER": "root"}),
    ],
)
def test_fields(serve: Serve, recorder: Recorder, fields: bytes, expected: dict[str, str]) -> None:
    """Fields become variables: repeated ones joined, those with an underscore and Proxy left out, none lost else."""
    serve(recorder).talk(b"GET / HTTP/1.0\r\n%b\r\n\r\n" % fields)
    shown = {name for name in recorder.environ if name.startswith("HTTP_")} | expected.keys()
    assert {name: recorder.environ[name] for name in shown} == expected


@pytest.mark.parametrize("name", ["CONTENT_TYPE", "CONTENT_LENGTH"])
def test_no_invented_content(serve: Serve, recorder: Recorder, name: str) -> None:
    """A request without a body has no type and no length; the stdlib says that it is text/plain."""
    serve(recorder).talk(b"GET / HTTP/1.0\r\n\r\n")
    assert recorder.environ[name] == ""


def test_content_is_no_field(serve: Serve, recorder: Recorder) -> None:
    """Content-Type and Content-Length have variables of their own, and no others (rule S12)."""
    serve(recorder).talk(b"POST / HTTP/1.0\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\nx")
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & recorder.environ.keys()


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_protocol(serve: Serve, recorder: Recorder, version: str) -> None:
    """SERVER_PROTOCOL is the version of the request, not of the response (rule S16)."""
    serve(recorder).talk(f"GET / {version}\r\nHost: x\r\n\r\n".encode())
    assert recorder.environ["SERVER_PROTOCOL"] == version


@pytest.mark.parametrize(
    "name, value",
    [
        ("REQUEST_METHOD", "PATCH"),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("REMOTE_HOST", ""),
        ("SCRIPT_NAME", ""),
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("SERVER_SOFTWARE", "WSGIServer/0.2"),
        ("SERVER_NAME", "127.0.0.1"),
        ("wsgi.url_scheme", "http"),
        ("wsgi.multithread", False),
        ("wsgi.multiprocess", False),
        ("wsgi.run_once", False),
        ("wsgi.input_terminated", True),
    ],
)
def test_variable(serve: Serve, recorder: Recorder, name: str, value: object) -> None:
    """The other variables are wsgiref's."""
    serve(recorder).talk(b"PATCH / HTTP/1.0\r\n\r\n")
    assert recorder.environ[name] == value


def test_port(serve: Serve, recorder: Recorder) -> None:
    """SERVER_PORT is the port that was found."""
    running = serve(recorder)
    running.talk(b"GET / HTTP/1.0\r\n\r\n")
    assert recorder.environ["SERVER_PORT"] == str(running.server.server_address[1])


def test_multithread(serve: Serve, recorder: Recorder) -> None:
    """A server with threads says so (bpo-8138)."""
    serve(recorder, ThreadingWSGIServer).talk(b"GET / HTTP/1.0\r\n\r\n")
    assert recorder.environ["wsgi.multithread"]


def test_process_environment_is_not_shown(serve: Serve, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process environment, with its secrets, is not part of an environ (bpo-7250)."""
    monkeypatch.setitem(os.environ, "SECRET", "x")
    serve(recorder).talk(b"GET / HTTP/1.0\r\n\r\n")
    assert not (os.environ.keys() - {"SERVER_NAME", "SERVER_PORT"}) & recorder.environ.keys()


def test_each_request_has_its_own(serve: Serve, recorder: Recorder) -> None:
    """What one request set is gone in the next one."""
    running = serve(recorder)
    running.talk(b"GET / HTTP/1.0\r\nX: y\r\n\r\n")
    running.talk(b"GET / HTTP/1.0\r\n\r\n")
    assert "HTTP_X" not in recorder.environs[1]


def test_chunked(serve: Serve, recorder: Recorder) -> None:
    """A chunked body is decoded, and has the length that it has then (RFC 9112 section 7.1.3)."""
    serve(recorder).talk(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    assert recorder.bodies == [b"abc"]
    assert recorder.environ["CONTENT_LENGTH"] == "3"
    assert "HTTP_TRANSFER_ENCODING" not in recorder.environ


def test_read_everything(serve: Serve, recorder: Recorder) -> None:
    """``read()`` returns at the end of the body though the client sends nothing more; the stdlib's waits for ever."""
    serve(recorder).talk(b"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")
    assert recorder.bodies == [b"abc"]


@pytest.mark.parametrize(
    "request_",
    [
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST //x?y HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
        b"POST http://x HTTP/1.1\r\nHost: y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
)
def test_valid(serve: Serve, request_: bytes) -> None:
    """The validator finds nothing wrong with the server."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        environ["wsgi.input"].read(9)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"valid"]

    assert serve(validator(app)).talk(request_).endswith(b"\r\n\r\nvalid")


def test_base_environ_is_extended(serve: Serve, recorder: Recorder) -> None:
    """A server that extends setup_environ() adds variables to every environ."""

    class Server(WSGIServer):
        def setup_environ(self) -> None:
            super().setup_environ()
            self.base_environ["deploy.stage"] = "test"

    serve(recorder, Server).talk(b"GET / HTTP/1.0\r\n\r\n")
    assert recorder.environ["deploy.stage"] == "test"


def test_path_is_changed(serve: Serve, recorder: Recorder) -> None:
    """A request handler that changes its path before get_environ() is heard."""

    class Handler(WSGIRequestHandler):
        def get_environ(self) -> WSGIEnvironment:
            self.path = "/other?q"
            return super().get_environ()

    serve(recorder, handler_class=Handler).talk(b"GET /x HTTP/1.0\r\n\r\n")
    assert (recorder.environ["PATH_INFO"], recorder.environ["QUERY_STRING"]) == ("/other", "q")
