"""One connection from request to request: which follow, which do not, and how it ends."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from http_client import TIMEOUT, Client, Recorder, Turn

from gatewright.errors import RequestError
from gatewright.server.connection import HTTPConnection
from gatewright.server.handler import HTTPHandler
from gatewright.types import StartResponse, WSGIApplication
from gatewright.validate import checked
from gatewright.worker.contract import Interest

Talk = Callable[..., Any]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def hello(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer, and read nothing."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def streamed(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer in blocks, whose number nobody is told."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"hel"
    yield b"lo"


def put(path: bytes, body: bytes, *fields: bytes, length: int | None = None) -> bytes:
    """Return a request with a body."""
    size = len(body) if length is None else length
    lines = [b"PUT %b HTTP/1.1" % path, b"Host: x", b"Content-Length: %d" % size, *fields, b"", body]
    return b"\r\n".join(lines)


def test_one_after_the_other(talk: Talk) -> None:
    """A connection carries one request after the other."""
    client = talk(Recorder())
    bodies: list[bytes] = []
    for path in (b"/a", b"/b"):
        client.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        bodies.append(client.response().body)
    assert bodies == [b"/a ", b"/b "]


def test_pipelining(talk: Talk) -> None:
    """Requests that come before the answers to those before them are answered in their order, none lost (case 55)."""
    count = 200  # more than are answered in a row
    client = talk(Recorder())
    client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(count)))
    assert [client.response().body for _ in range(count)] == [b"/%d " % number for number in range(count)]


def test_pipelining_with_bodies(talk: Talk) -> None:
    """A body ends where it says, and what follows is the next request."""
    client = talk(Recorder())
    client.send(put(b"/a", b"GET / HTTP/1.1\r\n") + put(b"/b", b"x" * 100_000) + LAST)
    bodies = [client.response().body for _ in range(3)]
    assert bodies == [b"/a GET / HTTP/1.1\r\n", b"/b " + b"x" * 100_000, b"/last "]


@pytest.mark.parametrize("apart", [False, True])
def test_nothing_after_close(talk: Talk, apart: bool) -> None:
    """What comes after a request with Connection: close is not read as a request (case 55)."""
    recorder = Recorder()
    client = talk(recorder)
    if apart:
        client.send(LAST, GET)
    else:
        client.send(LAST + GET)
    response, rest = client.response(), client.rest()
    assert (response.fields["connection"], rest, len(recorder.environs)) == ("close", b"", 1)


def test_nothing_after_a_refusal(talk: Talk) -> None:
    """After a request that is refused the connection ends, and says so (cases 54, 56)."""
    recorder = Recorder()
    client = talk(recorder)
    client.send(GET + b"GET / HTTP/9.9\r\n\r\n" + GET)
    client.response()
    response = client.response()
    seen = (response.status, response.fields["connection"], client.rest(), len(recorder.environs))
    assert seen == (505, "close", b"", 1)


def test_a_refusal_arrives(talk: Talk) -> None:
    """A refusal reaches a client that goes on sending, though nobody reads that: no reset destroys it (case 59)."""
    client = talk(hello, request_line=100)
    client.send(b"GET /" + b"x" * 1_000_000)
    assert client.response().status == 414


def test_a_last_response_arrives(talk: Talk) -> None:
    """So does a response after which the connection ends, to a client that sends what nobody reads (case 59)."""
    client = talk(hello)
    client.send(put(b"/", b"x" * 1_000_000))
    response = client.response()
    assert (response.fields["connection"], response.body) == ("close", b"hello")


def test_http_1_0(talk: Talk) -> None:
    """A connection of HTTP/1.0 ends with the response."""
    client = talk(hello)
    client.send(b"GET / HTTP/1.0\r\n\r\n")
    response = client.response()
    assert (response.fields["connection"], response.fields["content-length"], client.rest()) == ("close", "5", b"")


def test_http_1_0_keep_alive(talk: Talk) -> None:
    """A client of HTTP/1.0 that asks for it keeps its connection, and is told so."""
    client = talk(hello)
    client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2)
    assert [client.response().fields["connection"] for _ in range(2)] == ["keep-alive"] * 2


def test_unknown_length(talk: Talk) -> None:
    """A response whose length nobody knows is chunked for HTTP/1.1, and the connection stays."""
    client = talk(checked(streamed))
    client.send(GET + LAST)
    responses = [client.response(), client.response()]
    assert [(response.fields["transfer-encoding"], response.body) for response in responses] == [
        ("chunked", b"hello")
    ] * 2


def test_unknown_length_in_http_1_0(talk: Talk) -> None:
    """For HTTP/1.0 it ends with the connection, whatever the client asked for (case 82)."""
    client = talk(checked(streamed))
    client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    response = client.response()
    assert (response.fields.get("transfer-encoding"), response.fields["connection"], response.body) == (
        None,
        "close",
        b"hello",
    )


def test_keep_alive_of_no_time(talk: Talk) -> None:
    """With no time between requests each response says that it is the last."""
    client = talk(hello, keep_alive=0)
    client.send(GET)
    assert (client.response().fields["connection"], client.rest()) == ("close", b"")


def test_options_of_the_server(talk: Talk) -> None:
    """OPTIONS * reaches the application with a path that is no path (RFC 9112 section 3.2.4)."""
    recorder = Recorder()
    client = talk(checked(recorder))
    client.send(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    client.response()
    assert recorder.environs[0]["REQUEST_METHOD"] == "OPTIONS"


# What is left of a body.


def test_a_short_body_that_nobody_reads(talk: Talk) -> None:
    """A body that the application did not read is dropped, and never read as a request (case 53)."""
    client = talk(hello)
    client.send(put(b"/", GET) + put(b"/", GET * 3000) + LAST)
    assert [client.response().body for _ in range(3)] == [b"hello"] * 3


def test_a_body_that_comes_late(talk: Talk) -> None:
    """A body that the application did not wait for is dropped when it comes (case 53)."""
    recorder = Recorder()

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return hello(environ, start_response) if environ["PATH_INFO"] == "/" else recorder(environ, start_response)

    client = talk(application, chunked_bodies="stream")
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.response()
    client.send(b"5\r\nGET /\r\n0\r\n\r\n" + LAST)
    assert client.response().body == b"/last "


def test_a_malformed_body_that_nobody_reads(talk: Talk) -> None:
    """If what is dropped is malformed, the connection ends; a second answer would be taken for the next request's."""
    client = talk(hello, chunked_bodies="stream")
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.response()
    client.send(b"x\r\n" + GET)
    assert client.rest() == b""


def test_a_long_body_that_nobody_reads(talk: Talk) -> None:
    """A body that is too long to be dropped ends the connection, which the response says (case 53)."""
    client = talk(hello)
    client.send(put(b"/", b"x" * 100, length=10_000_000))
    response = client.response()
    client.stop_sending()
    assert (response.fields["connection"], client.rest()) == ("close", b"")


def test_an_endless_body_that_nobody_reads(talk: Talk) -> None:
    """One that has no length is dropped up to a limit, then the connection ends (case 53)."""
    client = talk(hello, chunked_bodies="stream")
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.response()
    client.send(b"fffff\r\n" + b"x" * 500_000)
    client.stop_sending()
    assert client.rest() == b""


def test_a_body_kept_too_long(talk: Talk) -> None:
    """A body that an application holds on to cannot be read after the call: what follows is not the body."""
    kept: list[Any] = []

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        kept.append(environ["wsgi.input"])
        return hello(environ, start_response)

    client = talk(application)
    client.send(put(b"/", b"x" * 10, length=100_000))
    client.response()
    client.stop_sending()
    client.join()
    with pytest.raises(ValueError, match="closed"):
        kept[0].read(1)


# Bodies that are too much, or too little.


def test_too_long_a_body(talk: Talk) -> None:
    """A body that says it is too long is refused before the application is called (case 67)."""
    recorder = Recorder()
    client = talk(recorder, body_size=10)
    client.send(put(b"/", b"", length=11))
    assert (client.response().status, recorder.environs) == (413, [])


@pytest.mark.parametrize("bodies", ["store", "stream"])
def test_too_long_a_chunked_body(talk: Talk, bodies: str) -> None:
    """A chunked body is refused when it turns out to be too long (case 67)."""
    recorder = Recorder()
    client = talk(recorder, body_size=10, chunked_bodies=bodies)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"8\r\n12345678\r\n8\r\n")
    response = client.response()
    assert (response.status, response.fields["connection"], recorder.environs) == (413, "close", [])


def test_a_malformed_body(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    """A body that turns out to be malformed is an error where it is read, and 400 if nobody catches it (case 25)."""
    reading = threading.Event()

    def application(environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"].read(1)
        reading.set()
        environ["wsgi.input"].read(1)
        return []

    client = talk(application, chunked_bodies="stream")
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1")
    assert reading.wait(TIMEOUT)
    client.send(b"z\r\n" + GET)
    response = client.response()
    assert (response.status, response.fields["connection"], client.rest()) == (400, "close", b"")
    assert "bad request" in capsys.readouterr().err


def test_a_stored_chunked_body(talk: Talk) -> None:
    """A chunked body that was stored has a length, which environ tells, and no coding."""
    recorder = Recorder()
    client = talk(checked(recorder))
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n")
    client.response()
    environ = recorder.environs[0]
    seen = (environ["CONTENT_LENGTH"], "HTTP_TRANSFER_ENCODING" in environ, environ["body"])
    assert seen == ("5", False, b"abcde")


def test_a_large_stored_body(talk: Talk) -> None:
    """What is too large for memory is stored in a file."""
    body = bytes(range(256)) * 4096
    client = talk(Recorder())
    client.send(
        b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    )
    assert client.response().body == b"/ " + body


def test_gone_amid_the_body(talk: Talk) -> None:
    """A client that goes in the middle of an upload is an error for the application that reads it."""
    failures: list[BaseException] = []

    def application(environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        try:
            environ["wsgi.input"].read(200_000)
        except RequestError as failure:
            failures.append(failure)
            raise
        return []

    client = talk(application)
    client.send(put(b"/", b"x", length=200_000))
    client.stop_sending()
    assert (client.rest(), [str(failure) for failure in failures]) == (
        b"",
        ["400 the connection ended in the middle of the body"],
    )


# 100 Continue.


def test_continue(talk: Talk) -> None:
    """A client that waits for permission to send its body gets it, once, when the application reads (cases 57, 58)."""
    client = talk(checked(Recorder()))
    client.send(put(b"/", b"", b"Expect: 100-continue", length=5))
    interim = client.head()
    client.send(b"he", b"llo")
    assert (interim, client.response().body) == ((100, {}), b"/ hello")


def test_continue_for_a_stored_body(talk: Talk) -> None:
    """If the server reads the body before the application is called, it is the server that permits."""
    client = talk(checked(Recorder()))
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n")
    interim = client.head()
    client.send(b"5\r\nhello\r\n0\r\n\r\n" + LAST)
    assert (interim, client.response().body, client.response().body) == ((100, {}), b"/ hello", b"/last ")


def test_no_continue_if_answered(talk: Talk) -> None:
    """An application that answers without reading gives no permission, and the connection ends (case 57)."""
    client = talk(hello)
    client.send(put(b"/", b"", b"Expect: 100-continue", length=5))
    response = client.response()
    assert (response.status, response.fields["connection"]) == (200, "close")


def test_no_continue_after_the_head(talk: Talk) -> None:
    """There is no interim response after the head of the final one (case 57)."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"first "
        yield environ["wsgi.input"].read(5)

    client = talk(application)
    client.send(put(b"/", b"", b"Expect: 100-continue", length=5))
    status, fields = client.head()
    client.send(b"hello")
    assert (status, fields["connection"], b"hello" in client.rest()) == (200, "close", True)


def test_no_continue_if_it_has_come(talk: Talk) -> None:
    """Who does not wait for permission needs none (RFC 9110 section 10.1.1), and the connection stays."""
    client = talk(Recorder())
    client.send(put(b"/", b"hello", b"Expect: 100-continue") + LAST)
    assert [client.response().body, client.response().body] == [b"/ hello", b"/last "]


def test_no_continue_for_http_1_0(talk: Talk) -> None:
    """HTTP/1.0 does not know interim responses (case 57)."""
    client = talk(Recorder())
    client.send(put(b"/", b"hello", b"Expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert client.response().body == b"/ hello"


def test_another_expectation(talk: Talk) -> None:
    """An expectation that nobody knows is refused (case 57)."""
    client = talk(Recorder())
    client.send(put(b"/", b"hello", b"Expect: the-best"))
    assert client.response().status == 417


# What is not to happen.


def test_ends_quietly(talk: Talk) -> None:
    """A client that goes between requests, or in the middle of one, is no error and gets no answer."""
    client = talk(hello)
    client.send(b"GET / HT")
    client.stop_sending()
    assert (client.rest(), client.served.failure) == (b"", None)


def test_half_closed(talk: Talk) -> None:
    """A client that has said all it had to say still gets its answers (case 60)."""
    client = talk(hello)
    client.send(GET * 3)
    client.stop_sending()
    assert [client.response().body for _ in range(3)] + [client.rest()] == [b"hello"] * 3 + [b""]


def test_half_closed_is_no_work(live: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that has said all it had to say, and takes no more, is not looked at again and again (case 60).

    At first it may be: the system takes a little more of the response each time that it hears of what has arrived.
    """
    calls: dict[HTTPConnection, int] = {}
    on_ready = HTTPConnection.on_ready

    def counted(connection: HTTPConnection, turn: Any) -> Interest:
        calls[connection] = calls.get(connection, 0) + 1
        return on_ready(connection, turn)

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * (50_000_000 if environ["PATH_INFO"] == "/large" else 1)]

    monkeypatch.setattr(HTTPConnection, "on_ready", counted)
    server = live(application)
    half_closed, other = server.connect(), server.connect()
    half_closed.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    half_closed.head()
    half_closed.stop_sending()
    first = next(iter(calls))

    def looks() -> int:
        """Return how often it is looked at while others are served."""
        before = calls[first]
        for _ in range(80):
            other.send(GET)
            other.response()
        return calls[first] - before

    assert any(looks() == 0 for _ in range(20))


def test_nothing_is_held_between_requests(talk: Talk) -> None:
    """An idle connection holds neither the last request's environ nor its handler."""
    client: Any = talk(hello)
    client.send(GET)
    client.response()
    client.stop_sending()
    client.join()
    assert (client.connection.environ, client.connection._handler) == ({}, None)


class Body(list[bytes]):
    """A body that can be told apart."""


# Path, status and body of what is answered, in all the ways that a response can take.
KINDS: dict[str, tuple[int, Any]] = {
    "/short": (200, [b"short"]),
    "/blocks": (201, [b"blo", b"cks"]),
    "/list": (202, Body([b"list"])),
    "/none": (204, []),
    "/error": (500, [None]),
}


def any_kind(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer in one of the ways."""
    status: int
    body: Iterable[bytes]
    status, body = KINDS[environ["PATH_INFO"]]
    start_response(f"{status} x", [("X-Path", environ["PATH_INFO"])])
    return body


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_a_response_after_another(talk: Talk, first: str, second: str) -> None:
    """Whatever the responses before were like, the next is as if it were the first."""
    client = talk(any_kind)
    for path in ("/short", first, second, "/short", second):
        client.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
        response = client.response()
        status, body = KINDS[path]
        assert response.status == status
        if status != 500:
            assert (response.body, response.fields["x-path"]) == (b"".join(body), path)


def test_a_subclass_is_made_for_each_request(talk: Talk) -> None:
    """A handler class of a user's may keep what it likes in its instances: each has one call."""
    made: list[HTTPHandler] = []

    class Counted(HTTPHandler):
        def run(self, application: WSGIApplication) -> None:
            made.append(self)
            super().run(application)

    client = talk(hello, Counted)
    for _ in range(3):
        client.send(GET)
        client.response()
    assert len({id(handler) for handler in made}) == 3


def test_nothing_to_read(talk: Talk) -> None:
    """A connection that was just accepted may have nothing to be read yet."""
    client: Any = talk(hello)
    assert client.connection.on_ready(Turn()) is Interest.READ


def test_environ_is_sound(talk: Talk) -> None:
    """The environ and the streams of the server break no rule, not even one that only asks."""
    recorder = Recorder()
    client: Client = talk(checked(recorder))
    client.send(put(b"/a%20b?c=d", b"hello", b"Cookie: a=b", b"Cookie: c=d"))
    assert client.response().body == b"/a b hello"


def test_an_empty_body_is_at_its_end(talk: Talk) -> None:
    """A request without a body has an input that is empty."""
    kinds: list[Any] = []

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        kinds.append(environ["wsgi.input"].read())
        return hello(environ, start_response)

    client = talk(application)
    client.send(GET)
    client.response()
    assert kinds == [io.BytesIO().read()]


@pytest.mark.parametrize("chunked_bodies", ["store", "stream"])
def test_a_chunked_body_ends(talk: Talk, chunked_bodies: str) -> None:
    """The application finds the end of a chunked body, is told that it will, and of no length that is not (case 17)."""
    seen: list[object] = []

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"]
        seen.extend([environ.get("CONTENT_LENGTH"), environ["wsgi.input_terminated"]])
        seen.extend([body.read(3), body.read(), body.read(), body.read(1), body.readline()])
        return hello(environ, start_response)

    client = talk(application, chunked_bodies=chunked_bodies)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
    client.response()
    length = "5" if chunked_bodies == "store" else None
    assert seen == [length, True, b"hel", b"lo", b"", b"", b""]
