from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO
from typing import Any

import pytest

from gatewright.errors import ClientDisconnected, RequestError
from gatewright.handlers import BaseCGIHandler
from gatewright.types import StartResponse, WSGIApplication
from gatewright.util import FileWrapper

MakeApp = Callable[..., WSGIApplication]
Respond = Callable[..., tuple[bytes, str]]

GONE = [ConnectionResetError, BrokenPipeError, ConnectionAbortedError, TimeoutError]


class Failure(Exception):
    pass


class Body:
    """A body that counts how often it is closed; an exception among its blocks is raised."""

    def __init__(self, *blocks: bytes | BaseException) -> None:
        self.blocks = blocks
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for block in self.blocks:
            if isinstance(block, BaseException):
                raise block
            yield block

    def close(self) -> None:
        """Count."""
        self.closed += 1


class LostConnection(BytesIO):
    """What a handler writes to when the client has gone after so many bytes."""

    def __init__(self, error: type[OSError], after: int = 0) -> None:
        super().__init__()
        self.error, self.after = error, after

    def write(self, data: Any, /) -> int:
        """Write, unless it is too much."""
        if self.tell() + len(data) > self.after:
            raise self.error
        return super().write(data)


class UnflushableSink(BytesIO):
    def flush(self) -> None:
        """Notice that the client is gone."""
        raise BrokenPipeError


def run(app: WSGIApplication, sink: BytesIO, **variables: str) -> str:
    """Run the application and return what was logged."""
    log = StringIO()
    BaseCGIHandler(BytesIO(), sink, log, {"REQUEST_METHOD": "GET", **variables}).run(app)
    return log.getvalue()


# --- close() --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body, status, headers, variables",
    [
        (Body(b"a", b"b"), "200 OK", [], {}),
        (Body(), "200 OK", [], {}),
        (Body(Failure()), "200 OK", [], {}),
        (Body(b"a", Failure()), "200 OK", [], {}),
        (Body(SystemExit()), "200 OK", [], {}),
        (Body(RequestError(400, "bad")), "200 OK", [], {}),
        (Body(ClientDisconnected(400, "gone")), "200 OK", [], {}),
        (Body(b"a", b"b"), "200 OK", [("Content-Length", "1")], {}),
        (Body(b"a"), "200 OK", [("Content-Length", "2")], {}),
        (Body(b"a"), "200 OK", [("Content-Length", "x")], {}),
        (Body(b"a", b"b"), "200 OK", [], {"REQUEST_METHOD": "HEAD"}),
        (Body(b"a", b"b"), "304 Not Modified", [], {}),
        (Body(), "204 No Content", [], {}),
    ],
    ids=[
        *("success", "empty", "error", "error after the head", "exit", "bad request", "disconnected"),
        *("too long", "too short", "bad length", "HEAD", "304", "204"),
    ],
)
def test_closed_once(
    body: Body, status: str, headers: Any, variables: dict[str, str], make_app: MakeApp, respond: Respond
) -> None:
    """The body is closed exactly once, however the call ends (rule S58)."""
    respond(make_app(body, status, headers), **variables)
    assert body.closed == 1


@pytest.mark.parametrize("error", GONE)
@pytest.mark.parametrize("after", [0, 40], ids=["head", "body"])
def test_closed_when_the_client_leaves(error: type[OSError], after: int, make_app: MakeApp) -> None:
    """The body is closed once when the client leaves, too."""
    body = Body(b"a" * 20, b"b" * 20, b"c" * 20)
    run(make_app(body), LostConnection(error, after))
    assert body.closed == 1


def test_file_is_closed(make_app: MakeApp, respond: Respond) -> None:
    """A file that was wrapped is closed (rule S76)."""
    file = BytesIO(b"content")
    sent, _ = respond(make_app(FileWrapper(file)))
    assert (file.closed, sent[-7:]) == (True, b"content")


def test_closed_on_interrupt(make_app: MakeApp) -> None:
    """A KeyboardInterrupt passes through to the server, after the body was closed."""
    body = Body(b"a", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(make_app(body), BytesIO())
    assert body.closed == 1


def test_interrupt_in_the_application() -> None:
    """A KeyboardInterrupt in the application itself passes through too, and sends nothing."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        raise KeyboardInterrupt

    sink = BytesIO()
    with pytest.raises(KeyboardInterrupt):
        run(app, sink)
    assert sink.getvalue() == b""


def test_error_in_close(make_app: MakeApp) -> None:
    """An error in close() after the response is logged; no error page follows, and close() is not repeated."""

    class Stubborn(Body):
        def close(self) -> None:
            super().close()
            raise Failure

    body, sink = Stubborn(b"body"), BytesIO()
    log = run(make_app(body), sink)
    assert (body.closed, sink.getvalue()[-4:], log.count("Traceback")) == (1, b"body", 1)


def test_close_that_is_no_method(make_app: MakeApp, respond: Respond) -> None:
    """A body without close() has nothing to be closed."""
    assert respond(make_app(iter([b"body"])))[0].endswith(b"body")


def test_closed_before_the_error_page(respond: Respond) -> None:
    """What an error in mid-body closes is the application's body; the error page has its own close()."""
    first, page = Body(Failure()), Body(b"page")

    class Handler(BaseCGIHandler):
        def error_output(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            start_response("500 Oops", [], None if first.closed == 0 else (None, None, None))
            return page

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return first

    respond(app, Handler)
    assert (first.closed, page.closed) == (1, 1)


# --- Errors of the application --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [Failure(), SystemExit(3), GeneratorExit(), ConnectionResetError(), OSError()], ids=repr
)
def test_error_page(error: BaseException, respond: Respond) -> None:
    """An error of the application's leads to the error page; SystemExit and its own lost connections are errors too."""

    def app(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise error

    sent, log = respond(app)
    assert (sent[:11], type(error).__name__ in log) == (b"Status: 500", True)


@pytest.mark.parametrize("error", [Failure(), SystemExit(3), BrokenPipeError(), TimeoutError()], ids=repr)
def test_cut_short(error: BaseException, make_app: MakeApp, respond: Respond) -> None:
    """Once the head was sent an error ends the response there, and is logged all the same."""
    sent, log = respond(make_app(Body(b"half", error), headers=[]))
    assert (sent, type(error).__name__ in log) == (b"Status: 200 OK\r\n\r\nhalf", True)


def test_one_traceback(make_app: MakeApp, respond: Respond) -> None:
    """An error in mid-body is logged as that error alone, not as another one on top of it (bpo-29183)."""
    _, log = respond(make_app(Body(b"half", Failure())))
    assert (log.count("Traceback"), log.count("During handling")) == (1, 0)


def test_state_stays_after_an_error(make_app: MakeApp) -> None:
    """After an error in mid-body the status is still there for those who log it (bpo-29183)."""
    handler = BaseCGIHandler(BytesIO(), BytesIO(), StringIO(), {})
    handler.run(make_app(Body(b"half", Failure()), "202 Accepted"))
    assert (handler.status, handler.headers_sent, handler.bytes_sent) == ("202 Accepted", True, 4)


def test_state_is_reset(make_app: MakeApp) -> None:
    """After a response nothing of it is left in the handler."""
    handler = BaseCGIHandler(BytesIO(), BytesIO(), StringIO(), {})
    handler.run(make_app())
    state = (handler.result, handler.headers, handler.status, handler.environ, handler.headers_sent, handler.bytes_sent)
    assert state == (None, None, None, {}, False, 0)


@pytest.mark.parametrize("second", ["200 OK", "304 Not Modified"])
def test_two_runs(second: str, make_app: MakeApp) -> None:
    """A handler whose response was complete can run again, as in wsgiref."""
    sink = BytesIO()
    handler = BaseCGIHandler(BytesIO(), sink, StringIO(), {"REQUEST_METHOD": "GET"})
    handler.run(make_app((), second, []))
    sink.truncate(sink.seek(0))
    handler.run(make_app(headers=[]))
    assert sink.getvalue() == b"Status: 200 OK\r\nContent-Length: 4\r\n\r\nbody"


# --- The client leaves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", GONE)
@pytest.mark.parametrize("after", [0, 40], ids=["head", "body"])
def test_client_leaves(error: type[OSError], after: int, make_app: MakeApp) -> None:
    """A client that leaves is nobody's error: nothing is raised or logged (bpo-27682)."""
    assert run(make_app((b"a" * 20, b"b" * 20, b"c" * 20)), LostConnection(error, after)) == ""


def test_client_leaves_before_the_flush(make_app: MakeApp) -> None:
    """A loss that only flushing reveals is the same."""
    assert run(make_app(), UnflushableSink()) == ""


@pytest.mark.parametrize("status", ["204 No Content", "200 OK"])
def test_client_leaves_before_an_empty_body(status: str, make_app: MakeApp) -> None:
    """So it is where there is a head only."""
    assert run(make_app((), status), UnflushableSink()) == ""


def test_client_leaves_before_the_excess(make_app: MakeApp) -> None:
    """A client that is gone takes precedence over a body that is too long."""
    app = make_app((b"body and more",), headers=[("Content-Length", "4")])
    assert run(app, LostConnection(BrokenPipeError, 39)) == ""


def test_handler_is_used_again(make_app: MakeApp) -> None:
    """A handler whose client went away serves the next call like the first."""
    handler = BaseCGIHandler(BytesIO(), LostConnection(BrokenPipeError), StringIO(), {"REQUEST_METHOD": "GET"})
    handler.run(make_app())
    handler.stdout = BytesIO()
    handler.run(make_app(headers=[]))
    assert handler.stdout.getvalue() == b"Status: 200 OK\r\nContent-Length: 4\r\n\r\nbody"


def test_client_leaves_during_the_error_page(make_app: MakeApp) -> None:
    """An error is logged, and that its page reached nobody is not."""
    log = run(make_app(Body(Failure())), LostConnection(BrokenPipeError))
    assert (log.count("Traceback"), "BrokenPipeError" in log) == (1, False)


# --- The client's fault ---------------------------------------------------------------------------------------------


class BadInput(BytesIO):
    """A request body that turns out to be broken when it is read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        """Find out."""
        raise self.error


def upload(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    """Read the request body and answer with it."""
    data = environ["wsgi.input"].read(10)
    start_response("200 OK", [])
    return [data]


def run_upload(error: Exception) -> tuple[bytes, str]:
    """Return what is sent and logged when reading the request body raises the error."""
    sink, log = BytesIO(), StringIO()
    BaseCGIHandler(BadInput(error), sink, log, {"REQUEST_METHOD": "POST"}).run(upload)
    return sink.getvalue(), log.getvalue()


@pytest.mark.parametrize(
    "error, status",
    [
        (RequestError(400, "no chunk size"), b"400 Bad Request"),
        (RequestError(408, "too slow"), b"408 Request Timeout"),
        (RequestError(599, "unheard of"), b"599 "),
    ],
)
def test_bad_request(error: RequestError, status: bytes) -> None:
    """A request body that is broken is answered with its status and an explanation."""
    sent, _ = run_upload(error)
    assert (sent[: 8 + len(status)], sent.rpartition(b"\n")[2]) == (b"Status: " + status, error.message.encode())


def test_bad_request_is_one_line() -> None:
    """It is logged in one line, without a traceback."""
    assert run_upload(RequestError(400, "no chunk size"))[1] == "gatewright: bad request: 400 no chunk size\n"


def test_disconnected() -> None:
    """A client that leaves amid its request is neither answered nor logged."""
    assert run_upload(ClientDisconnected(400, "gone")) == (b"", "")
