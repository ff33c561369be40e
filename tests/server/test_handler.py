"""Responses: how they are framed, what is refused, and how what goes wrong ends (section 8 of RFC 9110, PEP 3333)."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import h11
import pytest
from http_client import TIMEOUT, reset, small_buffers

from gatewright.server import HTTPHandler
from gatewright.types import ErrorStream, InputStream, StartResponse, WSGIEnvironment

Talk = Callable[..., Any]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
PAGE = b"A server error occurred.  Please contact the administrator."


def answering(
    body: Any, *headers: tuple[str, str], status: str = "200 OK"
) -> Callable[[dict[str, Any], StartResponse], Any]:
    """Return an application that answers with a body; made anew for each call if it is a function."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Any:
        start_response(status, list(headers))
        return body() if callable(body) else body

    return application


def blocks() -> Iterator[bytes]:
    """Make a body of two blocks."""
    yield b"hel"
    yield b"lo"


def failing() -> Iterator[bytes]:
    """Make a body that fails after its first block."""
    yield b"hel"
    raise ValueError("the application failed")


def fail() -> None:
    """Fail."""
    raise ValueError


# How the client learns where the body ends.


@pytest.mark.parametrize("body", [[b"hello"], (b"hello",), [b"hel", b"lo"], [b"", b"hello", b""], blocks])
def test_bodies(talk: Talk, body: Any) -> None:
    """A body arrives as it was given, in whatever it came, and the connection stays."""
    client = talk(answering(body))
    client.send(GET + GET)
    assert [client.response().body for _ in range(2)] == [b"hello"] * 2


@pytest.mark.parametrize("body", [[], [b""], ()])
def test_empty_bodies(talk: Talk, body: Any) -> None:
    """An empty body has the length 0."""
    client = talk(answering(body))
    client.send(GET)
    assert client.response().fields["content-length"] == "0"


@pytest.mark.parametrize("body", [[b"hello"], [b"hel", b"lo"], blocks])
def test_a_length_of_the_application(talk: Talk, body: Any) -> None:
    """A length that the application gives is the one that is sent (case 82)."""
    client = talk(answering(body, ("content-length", "5")))
    client.send(GET)
    response = client.response()
    assert (response.fields["content-length"], response.fields.get("transfer-encoding")) == ("5", None)


def test_a_large_block(talk: Talk) -> None:
    """A body that is larger than what the system holds arrives whole."""
    client = talk(answering([b"x" * 5_000_000]))
    client.send(GET)
    assert len(client.response().body) == 5_000_000


@pytest.mark.parametrize("body", [[b"hello"], [b"hel", b"lo"], blocks])
def test_head(talk: Talk, body: Any) -> None:
    """HEAD has no body, and the next response is intact (case 77)."""
    client = talk(answering(body))
    client.send(HEAD + GET)
    assert (client.response("HEAD").body, client.response().body) == (b"", b"hello")


def test_head_says_what_get_says(talk: Talk) -> None:
    """The fields of HEAD are those of GET (case 77)."""
    client = talk(answering([b"hello"], ("Content-Type", "text/plain")))
    client.send(HEAD + GET)
    of_head, of_get = client.response("HEAD").fields, client.response().fields
    assert {**of_head, "date": ""} == {**of_get, "date": ""}


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@pytest.mark.parametrize("body", [[], [b"not to be sent"], blocks])
def test_without_content(talk: Talk, status: str, body: Any) -> None:
    """204 and 304 have neither a body nor its framing, and the next response is intact (case 78)."""
    client = talk(answering(body, status=status))
    client.send(GET + GET)
    responses = [client.response(), client.response()]
    framing = {"content-length", "transfer-encoding"}
    assert [framing & response.fields.keys() for response in responses] == [set(), set()]


@pytest.mark.parametrize("status", ["100 Continue", "101 Switching Protocols", "103 Early Hints"])
def test_interim_status(talk: Talk, status: str) -> None:
    """After 1xx the client waits for the final response, so nothing follows that it would take for that (case 78)."""
    client = talk(answering([b"not to be sent"], status=status))
    client.send(GET + GET)
    found = client.response()
    framing = {"content-length", "transfer-encoding"} & found.fields.keys()
    assert (found.status, found.fields["connection"], framing, client.rest()) == (int(status[:3]), "close", set(), b"")


def test_own_fields(talk: Talk) -> None:
    """Each response has Date and Server; those of the application take their place."""
    client = talk(answering([b"x"]))
    client.send(GET)
    assert {"date", "server"} <= client.response().fields.keys()
    client = talk(answering([b"x"], ("Date", "Mon"), ("Server", "mine")))
    client.send(GET)
    fields = client.response().fields
    assert (fields["date"], fields["server"]) == ("Mon", "mine")


def test_no_server_name(talk: Talk) -> None:
    """The Server field can be left out."""
    client = talk(answering([b"x"]), server_name="")
    client.send(GET)
    assert "server" not in client.response().fields


@pytest.mark.parametrize("request_bytes", [GET, OLD, OLD.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n")])
@pytest.mark.parametrize("body", [[b"hello"], [b"hel", b"lo"], blocks, []])
def test_another_reads_it(talk: Talk, request_bytes: bytes, body: Any) -> None:
    """A client of another make reads the same response, whole."""
    client = talk(answering(body, ("Content-Type", "text/plain")))
    client.send(request_bytes)
    client.stop_sending()
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    peer.send(h11.EndOfMessage())
    peer.receive_data(client.rest())
    peer.receive_data(b"")
    events = h11_events(peer)
    data = b"".join(bytes(event.data) for event in events if isinstance(event, h11.Data))
    expected = b"" if body == [] else b"hello"
    assert (data, type(events[-1])) == (expected, h11.EndOfMessage)


def h11_events(peer: h11.Connection) -> list[object]:
    """Return the events of one response."""
    events: list[object] = []
    while not events or not isinstance(events[-1], h11.EndOfMessage):
        events.append(peer.next_event())
        assert events[-1] is not h11.NEED_DATA
    return events


# What is refused.


@pytest.mark.parametrize(
    "header",
    [
        ("X-A", "a\r\nX-B: b"),
        ("X-A", "a\nb"),
        ("X-A", "a\0"),
        ("X-A", "a\x1b[31m"),
        ("X-A", "a\x7f"),
        ("X-A\r\n", "a"),
        ("X-A\0", "a"),
        ("X-A:", "a"),
        ("X-A", "\u20ac"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Content-Length", "-1"),
        ("Content-Length", "1, 1"),
        ("X-A", b"a"),
    ],
)
@pytest.mark.parametrize("body", [[b"hello"], blocks])
def test_refused_headers(talk: Talk, header: Any, body: Any) -> None:
    """What would break the head apart or contradict the framing becomes an error page (cases 72, 75, 76)."""
    client = talk(answering(body, header))
    client.send(GET + GET)
    assert [client.response().status for _ in range(2)] == [500, 500]


@pytest.mark.parametrize(
    "status",
    ["200 OK\r\nX-A: b", "200 OK\n", "200 \0", "200 \x1b[31m", "200 \u20ac", "200", "OK", "2000 OK", None, 201],
)
def test_refused_status(talk: Talk, status: Any) -> None:
    """So does what is no status (cases 72, 76)."""
    client = talk(answering([b"x"], status=status))
    client.send(GET)
    assert client.response().status == 500


OPTIMIZED = """
import socket
from gatewright.server import Server, Settings

def application(environ, start_response):
    start_response(*{answer!r})
    return [b"x"]

with Server(application, Settings(bind=("127.0.0.1:0",))) as server:
    place = server.addresses[0]
    with socket.create_connection((place.host, place.port), {TIMEOUT}) as client:
        client.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        print(client.makefile("rb").readline())
"""


@pytest.mark.parametrize("answer", [("200 OK", [("X-A", "a\r\nX-B: b")]), ("200 OK\r\nX-A: b", [])])
def test_refused_when_optimized(run_python: Callable[..., Any], answer: object) -> None:
    """Python may not optimize that away (case 72)."""
    done = run_python("-O", "-c", OPTIMIZED.format(answer=answer, TIMEOUT=TIMEOUT))
    assert done.stdout == "b'HTTP/1.1 500 Internal Server Error\\r\\n'\n"


def test_two_lengths(talk: Talk) -> None:
    """So do two lengths, even if they are the same (case 75)."""
    client = talk(answering([b"x"], ("Content-Length", "1"), ("content-length", "1")))
    client.send(GET)
    assert client.response().status == 500


@pytest.mark.parametrize("result", [None, 5, "hello", b"bytes", ["hello"], [None], {"a": 1}])
def test_results_that_are_no_body(talk: Talk, result: Any) -> None:
    """A result that is no iterable of bytes is an error page, and nothing of it is sent (case 81)."""
    client = talk(answering(result))
    client.send(GET)
    response = client.response()
    assert (response.status, response.body) == (500, PAGE)


@pytest.mark.parametrize("failure", [ValueError, SystemExit, GeneratorExit, RecursionError])
def test_an_application_that_fails(
    talk: Talk, failure: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    """An application that raises, or wants to exit, is an error page without its traceback, which the log has."""

    def application(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise failure("secret")

    client = talk(application)
    client.send(GET + GET)
    bodies = [client.response().body for _ in range(2)]
    assert (bodies, "secret" in capsys.readouterr().err) == ([PAGE, PAGE], True)


def test_no_start_response(talk: Talk) -> None:
    """An application that does not call start_response() is an error page (case 81)."""

    def application(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        return [b"x"]

    client = talk(application)
    client.send(GET)
    assert client.response().status == 500


# What goes wrong after the head.


def test_failed_after_the_head(talk: Talk) -> None:
    """A chunked response that failed has no last chunk (case 80)."""
    client = talk(answering(failing))
    client.send(GET)
    with pytest.raises(EOFError):
        client.response()


def test_failed_after_the_head_with_a_length(talk: Talk) -> None:
    """A response of a length that failed is shorter than that, and the connection ends (case 80)."""
    client = talk(answering(failing, ("Content-Length", "5")))
    client.send(GET + GET)
    with pytest.raises(EOFError, match="hel"):
        client.response()


def test_failed_after_the_head_in_http_1_0(talk: Talk) -> None:
    """A response that would end with the connection is reset: its end would look like that of a whole one (case 80)."""
    client = talk(answering(failing))
    client.send(OLD)
    with pytest.raises(ConnectionResetError):
        client.response()


def test_failed_with_a_body_left(talk: Talk) -> None:
    """It is reset, too, if the client still sends what nobody reads."""
    client = talk(answering(failing), chunked_bodies="stream")
    client.send(b"PUT / HTTP/1.0\r\nContent-Length: 1000000\r\n\r\nx")
    with pytest.raises(ConnectionResetError):
        client.response()


@pytest.mark.parametrize("body", [[b"hell"], [b"he", b"ll"]])
def test_too_short(talk: Talk, body: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A body that is shorter than it said ends the connection, and the log says so (case 79)."""
    client = talk(answering(body, ("Content-Length", "5")))
    client.send(GET + GET)
    with pytest.raises(EOFError, match="hell"):
        client.response()
    assert "A41" in capsys.readouterr().err


@pytest.mark.parametrize("body", [[b"hello!"], [b"hel", b"lo!"]])
def test_too_long(talk: Talk, body: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A body that is longer than it said is cut off, and the log says so (case 79)."""
    client = talk(answering(body, ("Content-Length", "5")))
    client.send(GET)
    response, rest = client.response(), client.rest()
    assert (response.body, rest, "A41" in capsys.readouterr().err) == (b"hello", b"", True)


# close().


class Body:
    """A body that knows whether it was closed."""

    def __init__(self, *body: bytes, fails: bool = False) -> None:
        self.closed = 0
        self._body = body
        self._fails = fails

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body
        if self._fails:
            raise ValueError("it failed")

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("request_bytes", [GET, HEAD, OLD])
@pytest.mark.parametrize("status", ["200 OK", "304 Not Modified"])
@pytest.mark.parametrize(
    "fails,headers", [(False, []), (True, []), (False, [("Content-Length", "2")]), (False, [("X", "\n")])]
)
def test_close(talk: Talk, request_bytes: bytes, status: str, *, fails: bool, headers: list[tuple[str, str]]) -> None:
    """An iterable is closed once, whatever its end (case 83)."""
    body = Body(b"hel", b"lo", fails=fails)

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if headers != [("X", "\n")]:
            start_response(status, headers)
        return body

    client = talk(application)
    client.send(request_bytes)
    client.stop_sending()
    client.join()
    assert body.closed == 1


def test_close_when_the_client_is_gone(talk: Talk) -> None:
    """It is closed also if the client left in the middle of it (case 83)."""
    body = Body(*[b"x" * 100_000] * 100)
    client = talk(answering(body), small=True)
    client.send(GET)
    client.head()
    client._file.close()
    reset(client.socket)
    client.join()
    assert body.closed == 1


# write(), exc_info, files.


def test_write(talk: Talk) -> None:
    """What is written comes before what is returned."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"hel")
        write(b"lo ")
        return [b"world"]

    client = talk(application)
    client.send(GET + GET)
    assert [client.response().body for _ in range(2)] == [b"hello world"] * 2


def test_blocks_as_they_are_made(talk: Talk) -> None:
    """A block is sent before the next one is made."""
    made: list[bytes] = []

    def body() -> Iterator[bytes]:
        yield b"first"
        made.append(client.socket.recv(10_000))
        yield b"second"

    client = talk(answering(body))
    client.send(GET)
    client.stop_sending()
    client.join()
    assert made[0].endswith(b"\r\n\r\n5\r\nfirst\r\n")


def test_exc_info_before_the_head(talk: Talk) -> None:
    """An application may change its mind until the head was sent."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("X-Old", "1")])
        try:
            fail()
        except ValueError:
            start_response("503 Later", [("X-New", "1")], sys.exc_info())
        return [b"later"]

    client = talk(application)
    client.send(GET)
    response = client.response()
    assert (response.status, "x-old" in response.fields, response.body) == (503, False, b"later")


def test_exc_info_after_the_head(talk: Talk) -> None:
    """Afterwards it may not: the exception comes back, and the response stays cut short."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"first"
        try:
            fail()
        except ValueError:
            start_response("500 Oops", [], sys.exc_info())
        yield b"never"

    client = talk(application)
    client.send(GET)
    with pytest.raises(EOFError):
        client.response()


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """Make a file that no buffer holds."""
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 20_000)
    return path


def sending(path: Path, *headers: tuple[str, str], skip: int = 0) -> Callable[..., Iterable[bytes]]:
    """Return an application that sends a file."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        file = path.open("rb")
        file.seek(skip)
        blocks: Iterable[bytes] = environ["wsgi.file_wrapper"](file)
        return blocks

    return application


@pytest.mark.parametrize("headers", [[], [("Content-Length", "5120000")]])
def test_files(talk: Talk, large_file: Path, headers: list[tuple[str, str]]) -> None:
    """A file arrives whole, with its length, and the connection stays."""
    client = talk(sending(large_file, *headers))
    client.send(GET + HEAD + GET)
    responses = [client.response(), client.response("HEAD"), client.response()]
    assert [int(response.fields["content-length"]) for response in responses] == [5_120_000] * 3
    assert responses[2].body == large_file.read_bytes()


def test_part_of_a_file(talk: Talk, large_file: Path) -> None:
    """A file is sent from where it stands, as far as the length says."""
    client = talk(sending(large_file, ("Content-Length", "10"), skip=5))
    client.send(GET)
    assert client.response().body == bytes(range(5, 15))


def test_a_file_after_the_head(talk: Talk, large_file: Path) -> None:
    """After something was written the response is chunked, and so is the file."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])(b"before ")
        blocks: Iterable[bytes] = environ["wsgi.file_wrapper"](large_file.open("rb"))
        return blocks

    client = talk(application)
    client.send(GET)
    assert client.response().body == b"before " + large_file.read_bytes()


def test_what_is_no_file(talk: Talk) -> None:
    """What only reads like a file is read."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        blocks: Iterable[bytes] = environ["wsgi.file_wrapper"](io.BytesIO(b"hello"))
        return blocks

    client = talk(application)
    client.send(GET)
    assert client.response().body == b"hello"


def test_a_file_to_a_slow_client(talk: Talk, large_file: Path) -> None:
    """A client that takes its time gets the file."""
    client = talk(sending(large_file))
    small_buffers(client.connection.socket)
    client.send(GET)
    assert client.response().body == large_file.read_bytes()


# Override points of wsgiref.


def served_by(talk: Talk, handler_class: type[HTTPHandler], body: Any = (b"hello",)) -> Any:
    """Return the response of a handler, and see to it that another one can follow."""
    client = talk(answering(list(body)), handler_class)
    client.send(GET + GET)
    client.response()
    return client.response()


def test_cleanup_headers(talk: Talk) -> None:
    """cleanup_headers() adds to the headers."""

    class Handler(HTTPHandler):
        def cleanup_headers(self) -> None:
            super().cleanup_headers()
            assert self.headers is not None
            self.headers["X-Mine"] = "1"

    assert served_by(talk, Handler).fields["x-mine"] == "1"


def test_send_headers(talk: Talk) -> None:
    """send_headers() is called once for each response."""

    class Handler(HTTPHandler):
        def send_headers(self) -> None:
            assert self.headers is not None
            self.headers["X-Mine"] = "1"
            super().send_headers()

    assert served_by(talk, Handler).fields["x-mine"] == "1"


def test_send_preamble(talk: Talk) -> None:
    """A preamble of one's own says nothing of the framing, so the response ends with the connection."""

    class Handler(HTTPHandler):
        def send_preamble(self) -> None:
            self._write(b"HTTP/1.1 299 Mine\r\nConnection: close\r\n")

    client = talk(answering([b"hel", b"lo"]), Handler)
    client.send(GET + GET)
    response = client.response()
    assert (response.status, response.body) == (299, b"hello")


def test_error_output(talk: Talk) -> None:
    """error_output() makes the error page."""

    class Handler(HTTPHandler):
        def error_output(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("418 Mine", [("Content-Type", "text/plain")], sys.exc_info())
            return [environ["PATH_INFO"].encode()]

    response = served_by(talk, Handler, body=["no bytes"])
    assert (response.status, response.body) == (418, b"/")


def test_log_exception(talk: Talk) -> None:
    """log_exception() is told what went wrong."""
    seen: list[Any] = []

    class Handler(HTTPHandler):
        def log_exception(self, exc_info: Any) -> None:
            seen.append(exc_info[0])

    served_by(talk, Handler, body=["no bytes"])
    assert seen == [AssertionError] * 2


def test_close_is_called(talk: Talk) -> None:
    """close() is called at the end of each call."""
    closed: list[int] = []

    class Handler(HTTPHandler):
        def close(self) -> None:
            closed.append(self.bytes_sent)
            super().close()

    client = talk(answering([b"hello"]), Handler)
    client.send(GET)
    client.stop_sending()
    client.join()
    assert closed == [5]


def test_variables(talk: Talk) -> None:
    """add_cgi_vars(), get_scheme(), get_stdin() and get_stderr() make the environ."""
    seen: list[Any] = []
    stdin, stderr = io.BytesIO(b"mine"), io.StringIO()

    class Handler(HTTPHandler):
        def add_cgi_vars(self) -> None:
            self.environ["REMOTE_USER"] = "me"

        def get_scheme(self) -> str:
            return "https"

        def get_stdin(self) -> InputStream:
            return stdin

        def get_stderr(self) -> ErrorStream:
            return stderr

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.append([environ[name] for name in ("REMOTE_USER", "wsgi.url_scheme", "wsgi.input", "wsgi.errors")])
        start_response("200 OK", [])
        return [b""]

    client = talk(application, Handler)
    client.send(GET)
    client.response()
    assert seen == [["me", "https", stdin, stderr]]


def test_class_attributes(talk: Talk) -> None:
    """server_software, error_status, error_body and wsgi_file_wrapper are as the class has them."""

    class Handler(HTTPHandler):
        server_software = "mine/1"
        error_status = "599 Mine"
        error_body = b"mine"
        wsgi_file_wrapper = None

    def application(environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise ValueError("wsgi.file_wrapper" in environ)

    client = talk(application, Handler)
    client.send(GET)
    response = client.response()
    assert (response.status, response.body, response.fields["server"]) == (599, b"mine", "mine/1")


@pytest.mark.parametrize("name", ["_write", "_flush", "finish_response", "start_response", "write", "finish_content"])
def test_steps(talk: Talk, name: str) -> None:
    """Each step of a response can be overridden, and is taken."""
    taken: list[str] = []

    def step(self: HTTPHandler, *args: Any) -> Any:
        taken.append(name)
        return getattr(HTTPHandler, name)(self, *args)

    kind: type[HTTPHandler] = type("Handler", (HTTPHandler,), {name: step})
    assert (served_by(talk, kind).body, bool(taken)) == (b"hello", True)


class Answered:
    """An exchange whose response is dropped."""

    is_modern = keeps_alive = True
    server_line = ""
    has_body = is_logged = False

    def __init__(self) -> None:
        self.environ: WSGIEnvironment = {"REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1"}

    def send(self, data: bytes) -> None:
        """Drop it."""

    def send_last(self, head: bytes, body: bytes) -> None:
        """Drop it."""

    def descriptor(self) -> int:
        """Return none."""
        return -1

    def wait_until_writable(self) -> None:
        """Do not wait."""

    def is_reusable(self) -> bool:
        """Return that it is."""
        return True

    def log_response(self, status: int, size: int) -> None:
        """Log nothing."""


def state(handler: HTTPHandler) -> dict[str, object]:
    """Return what a handler keeps, but for what has no meaning before the application has answered."""
    slots: list[tuple[str, ...]] = [getattr(kind, "__slots__", ()) for kind in type(handler).__mro__]
    names = {name for group in slots for name in group}
    later = {"field_length", "length_computed", "sends_content", "status_code"}
    return {name: getattr(handler, name) for name in names - later if hasattr(handler, name)}


@pytest.mark.parametrize(
    "body, renewed", [([b"hello"], True), ([None], True), ([b"hel", b"lo"], False), ((b"hello",), False)]
)
def test_renewal(body: Iterable[bytes], renewed: bool) -> None:
    """After a response of one block a handler can be as one that was just made, and hold nothing of the call."""
    exchange = Answered()
    exchange.environ["wsgi.errors"] = io.StringIO()  # for the one that ends as an error page
    handler = HTTPHandler(exchange)
    handler.run(answering(body))
    assert (handler.is_whole, handler.renew()) == (True, renewed)
    if renewed:
        assert state(handler) == state(HTTPHandler(exchange))
