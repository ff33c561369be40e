"""How a connection goes on after a request, or ends."""

from __future__ import annotations

import io
import socket
import struct
import threading
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from gatewright.simple_server import ServerHandler, ThreadingWSGIServer, WSGIRequestHandler, request_handler
from gatewright.simple_server.request_handler import DRAIN_LIMIT
from gatewright.types import StartResponse, WSGIEnvironment

if TYPE_CHECKING:
    from tests.simple_server.conftest import Recorder, Serve

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


class KeepAlive(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"


def path_app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer with the path, and leave the body unread."""
    start_response("200 OK", [])
    return [environ["PATH_INFO"].encode()]


def stream_app(_environ: WSGIEnvironment, start_response: StartResponse) -> object:
    """Answer with a body whose length nobody knows."""
    start_response("200 OK", [])
    return iter([b"a", b"b"])


def short_app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer with less than was declared."""
    start_response("200 OK", [("Content-Length", "9")])
    return [b"abc"]


def failing_app(_environ: WSGIEnvironment, _start_response: StartResponse) -> list[bytes]:
    """Answer with nothing."""
    raise LookupError("no answer")


def not_modified_app(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer that there is nothing new."""
    start_response("304 Not Modified", [])
    return []


def test_one_request_only(serve: Serve, recorder: Recorder) -> None:
    """A connection serves one request, as wsgiref's do, and says HTTP/1.0."""
    serve(recorder).talk(GET + LAST)
    assert len(recorder.environs) == 1


def test_no_connection_field(serve: Serve, recorder: Recorder) -> None:
    """An HTTP/1.0 response has no Connection field."""
    assert b"\r\nConnection:" not in serve(recorder).talk(GET)


def test_keep_alive(serve: Serve) -> None:
    """With ``protocol_version = "HTTP/1.1"`` requests follow each other, answered in order."""
    answer = serve(path_app, handler_class=KeepAlive).talk(GET + LAST)
    assert [part.rpartition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK\r\n")] == [b"", b"/", b"/last"]


def test_keep_alive_with_a_real_client(serve: Serve) -> None:
    """http.client keeps its one connection over several requests, with bodies that the application does not read."""
    server = serve(path_app, ThreadingWSGIServer, KeepAlive).server
    client = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    sockets: set[object] = set()
    for path in ("/a", "/b", "/c"):
        client.request("POST", path, body=b"x" * 100_000)
        sockets.add(client.sock)
        assert client.getresponse().read() == path.encode()
    client.close()
    assert len(sockets) == 1


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: TE, close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
        CHUNKED,
    ],
)
def test_closed_by_request(serve: Serve, recorder: Recorder, request_: bytes) -> None:
    """A client that wants the connection closed, an old one, and one that sent chunks get it closed, and are told."""
    answer = serve(recorder, handler_class=KeepAlive).talk(request_ + GET)
    assert (answer.count(b"HTTP/1.1 "), answer.count(b"\r\nConnection: close\r\n")) == (1, 1)


def test_old_client_keeps_alive(serve: Serve, recorder: Recorder) -> None:
    """An HTTP/1.0 client that asks for it keeps its connection, and is told."""
    answer = serve(recorder, handler_class=KeepAlive).talk(
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"
    )
    assert (answer.count(b"HTTP/1.1 200"), answer.count(b"\r\nConnection: keep-alive\r\n")) == (2, 1)


@pytest.mark.parametrize("app", [stream_app, short_app, failing_app])
def test_closed_by_response(serve: Serve, app: object) -> None:
    """A response of unknown length, one that falls short and an error end the connection; only so does it end."""
    assert serve(app, handler_class=KeepAlive).talk(GET + GET).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("app", [stream_app, failing_app])
def test_close_is_announced(serve: Serve, app: object) -> None:
    """A connection that the response will end says so in its head."""
    assert b"\r\nConnection: close\r\n" in serve(app, handler_class=KeepAlive).talk(GET)


@pytest.mark.parametrize(
    "app, request_",
    [(not_modified_app, GET), (stream_app, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")],
)
def test_kept_without_content(serve: Serve, app: object, request_: bytes) -> None:
    """A response that has no content by its nature needs no length to keep the connection (cpython#62299)."""
    assert serve(app, handler_class=KeepAlive).talk(request_ + LAST).count(b"HTTP/1.1 ") == 2


def test_unread_body_is_no_request(serve: Serve) -> None:
    """A body that the application did not read is skipped, never parsed as the next request (werkzeug#2397)."""
    body = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    answer = serve(path_app, handler_class=KeepAlive).talk(request + LAST)
    assert (answer.count(b"HTTP/1.1 "), b"smuggled" in answer, answer[-5:]) == (2, False, b"/last")


@pytest.fixture
def long_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the server read on for longer than a busy machine takes to send what these tests do."""
    monkeypatch.setattr(request_handler, "LINGER_TIME", 60.0)


@pytest.mark.usefixtures("long_moment")
def test_long_unread_body_closes(serve: Serve) -> None:
    """A body too long to skip ends the connection, and the answer arrives all the same."""
    length = DRAIN_LIMIT + 1
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (length, b"x" * length)
    assert serve(path_app, handler_class=KeepAlive).talk(request + LAST).endswith(b"\r\n\r\n/")


@pytest.mark.usefixtures("long_moment")
def test_answer_to_unread_body_arrives(serve: Serve) -> None:
    """A closing server reads on for a moment, or a reset would destroy its answer (RFC 9112 section 9.6)."""
    request = b"POST / HTTP/1.0\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000
    assert serve(path_app).talk(request).endswith(b"\r\n\r\n/")


@pytest.mark.usefixtures("long_moment")
def test_refusal_arrives(serve: Serve, recorder: Recorder) -> None:
    """A refused request with a long body gets its error, not a reset."""
    request = b"POST / HTTP/1.0\r\nContent-Length: +5\r\n\r\n" + b"x" * 5_000_000
    assert serve(recorder).talk(request).startswith(b"HTTP/1.0 400 ")


def test_refusal_closes(serve: Serve, recorder: Recorder) -> None:
    """Nothing is parsed after a request that was refused."""
    answer = serve(recorder, handler_class=KeepAlive).talk(GET + b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
    assert (answer.count(b"HTTP/1.1 200"), answer.count(b"HTTP/1.1 400"), len(recorder.environs)) == (1, 1, 1)


def test_head_keeps_in_step(serve: Serve) -> None:
    """The answer to HEAD has no body, so that the next answer is where the client looks for it."""
    answer = serve(path_app, handler_class=KeepAlive).talk(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + LAST)
    assert answer.split(b"\r\n\r\n")[1].startswith(b"HTTP/1.1 200")


def test_continue(serve: Serve, recorder: Recorder) -> None:
    """A client that waits for ``100 Continue`` gets it once, before the response."""
    with serve(recorder, handler_class=KeepAlive).connect() as client, client.makefile("rb") as answers:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert [answers.readline(), answers.readline()] == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
        client.sendall(b"abc")
        assert answers.readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\nExpect: 100-continue\r\n\r\n",
        b"POST / HTTP/1.0\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
    ],
)
def test_no_continue(serve: Serve, recorder: Recorder, request_: bytes) -> None:
    """A request that is refused, and one of HTTP/1.0, get no ``100 Continue``."""
    assert b" 100 Continue" not in serve(recorder, handler_class=KeepAlive).talk(request_)


def test_expectation_refused(serve: Serve, recorder: Recorder) -> None:
    """A request handler that refuses an expectation answers alone, and the connection closes."""

    class Refusing(KeepAlive):
        def handle_expect_100(self) -> bool:
            self.send_error(417)
            return False

    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    answer = serve(recorder, handler_class=Refusing).talk(request + GET)
    assert (answer[:12], answer.count(b"HTTP/1.1 "), recorder.environs) == (b"HTTP/1.1 417", 1, [])


@pytest.mark.parametrize(
    "request_, code",
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", b"400"),
    ],
)
def test_malformed_chunk(serve: Serve, recorder: Recorder, request_: bytes, code: bytes) -> None:
    """A chunk that is malformed is the client's error, not the server's, and ends the connection."""
    answer = serve(recorder, handler_class=KeepAlive).talk(request_ + GET)
    assert (answer[:12], answer.count(b"HTTP/1.1 ")) == (b"HTTP/1.1 " + code, 1)


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.0\r\nContent-Length: 9\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ],
)
def test_bad_body_is_one_line(
    serve: Serve, recorder: Recorder, capsys: pytest.CaptureFixture[str], request_: bytes
) -> None:
    """A body that is cut short or malformed is logged in a line, without a traceback."""
    serve(recorder).talk(request_, cut=True)
    log = capsys.readouterr().err
    assert ("code 400" in log, "Traceback" in log) == (True, False)


def test_malformed_chunk_comes_first(serve: Serve, recorder: Recorder) -> None:
    """An application is not called for a chunked body that is malformed."""
    serve(recorder).talk(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n")
    assert recorder.environs == []


def test_chunked_body_too_long(serve: Serve, recorder: Recorder) -> None:
    """A chunked body that is longer than the server stores is refused."""

    class Small(WSGIRequestHandler):
        max_chunked_length = 2

    assert serve(recorder, handler_class=Small).talk(CHUNKED).startswith(b"HTTP/1.0 413 ")


def test_client_that_resets(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """A client that resets its connection while it is answered leaves no traceback, and the server goes on."""
    reset = threading.Event()

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> object:
        start_response("200 OK", [])
        yield b"x"
        assert reset.wait(20)
        for _ in range(100):
            yield b"x" * 65536

    server = serve(app)
    with server.connect() as client:
        client.sendall(GET)
        client.recv(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    reset.set()
    assert server.talk(GET).startswith(b"HTTP/1.0 200 OK\r\n")
    assert "Traceback" not in capsys.readouterr().err


def test_client_that_resets_first(serve: Serve, recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    """A client that resets its connection in the middle of a head leaves no traceback."""
    server = serve(recorder)
    with server.connect() as client:
        client.sendall(b"GET / HTTP/1.0\r\n")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.talk(GET)
    assert "Traceback" not in capsys.readouterr().err


class Impatient(KeepAlive):
    timeout = 0.05


@pytest.mark.parametrize(
    "request_", [b"", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na", GET]
)
def test_silent_client(serve: Serve, recorder: Recorder, capsys: pytest.CaptureFixture[str], request_: bytes) -> None:
    """With ``timeout`` set, a client that falls silent anywhere loses its connection, without a traceback."""
    serve(recorder, handler_class=Impatient).talk(request_)
    assert "Traceback" not in capsys.readouterr().err


def test_client_that_does_not_read(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """With ``timeout`` set, a client that stops reading is given up, without a traceback."""
    done = threading.Event()

    class Blocks:
        def __iter__(self) -> Blocks:
            return self

        def __next__(self) -> bytes:
            return b"x" * 1_000_000

        def close(self) -> None:
            done.set()

    def app(_environ: WSGIEnvironment, start_response: StartResponse) -> Blocks:
        start_response("200 OK", [])
        return Blocks()

    server = serve(app, handler_class=Impatient)
    with server.connect() as client:
        client.sendall(GET)
        assert done.wait(20)
    server.talk(b"", cut=True)
    assert "Traceback" not in capsys.readouterr().err


def test_loop_of_a_subclass(serve: Serve) -> None:
    """A subclass that runs requests itself, as Django's does, ends a connection after chunks that it cannot read."""

    class Own(KeepAlive):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.parse_request():
                return
            application = self.server.get_app()
            assert application is not None
            handler = ServerHandler(io.BytesIO(), self.wfile, self.get_stderr(), self.get_environ())
            handler.http_version = "1.1"
            handler.request_handler = self
            handler.run(application)

    assert serve(path_app, handler_class=Own).talk(GET + CHUNKED + GET).count(b"HTTP/1.1 200 OK") == 2
