from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from typing import Any

import pytest

from gatewright.errors import RequestError
from gatewright.handlers import BaseCGIHandler
from gatewright.spec.checks import Violation
from gatewright.spec.rules import RULES
from gatewright.types import OptExcInfo, StartResponse, WSGIApplication

MakeApp = Callable[..., WSGIApplication]
Respond = Callable[..., tuple[bytes, str]]


class Failure(Exception):
    pass


def failing(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
    """Fail."""
    raise Failure("for a secret reason")


def test_page(respond: Respond) -> None:
    """The error page is that of wsgiref."""
    assert respond(failing)[0] == (
        b"Status: 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 59\r\n\r\n"
        b"A server error occurred.  Please contact the administrator."
    )


def test_page_for_head(respond: Respond) -> None:
    """The answer to HEAD has the head of the page only."""
    assert respond(failing, REQUEST_METHOD="HEAD")[0].endswith(b"\r\nContent-Length: 59\r\n\r\n")


def test_page_tells_nothing(respond: Respond) -> None:
    """What went wrong is for the log and not for the visitor."""
    sent, log = respond(failing)
    assert (b"secret" in sent, "Failure: for a secret reason" in log) == (False, True)


def test_page_by_attributes(respond: Respond) -> None:
    """The page can be changed by class attributes, as in wsgiref."""

    class Handler(BaseCGIHandler):
        error_status = "503 Busy"
        error_headers = [("Retry-After", "5")]  # noqa: RUF012  # as users write it
        error_body = b"Later."

    assert respond(failing, Handler)[0] == b"Status: 503 Busy\r\nRetry-After: 5\r\nContent-Length: 6\r\n\r\nLater."


def test_page_by_instance() -> None:
    """So it can on an instance."""
    sink = BytesIO()
    handler = BaseCGIHandler(BytesIO(), sink, StringIO(), {})
    handler.error_body = b"Sorry."
    handler.run(failing)
    assert sink.getvalue().endswith(b"\r\n\r\nSorry.")


def test_error_headers_stay(respond: Respond) -> None:
    """The list of headers on the class stays as it is."""
    respond(failing)
    assert BaseCGIHandler.error_headers == [("Content-Type", "text/plain")]


def test_own_page(respond: Respond) -> None:
    """error_output() is a WSGI application that may use what it was given."""

    class Handler(BaseCGIHandler):
        def error_output(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            start_response("500 Oops", [], (None, None, None))
            return [environ["REQUEST_METHOD"].encode(), b" failed"]

    assert respond(failing, Handler)[0] == b"Status: 500 Oops\r\n\r\nGET failed"


def test_no_page_after_the_head(make_app: MakeApp, respond: Respond) -> None:
    """Once the head was sent no page is appended to what is there."""
    sent, _ = respond(make_app((b"half", "wrong"), headers=[]))
    assert sent == b"Status: 200 OK\r\n\r\nhalf"


def test_page_replaces_the_response(respond: Respond) -> None:
    """Nothing of the response that failed shows in the page."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("X-Own", "y"), ("Content-Length", "3")])
        raise Failure

    sent, _ = respond(app)
    assert (b"X-Own" in sent, b"Content-Length: 59\r\n" in sent) == (False, True)


# --- The log --------------------------------------------------------------------------------------------------------


def test_cause_names_the_rule(make_app: MakeApp, respond: Respond) -> None:
    """Where a rule was broken the log has it before the traceback's last line, with its remedy (cpython#58857)."""
    _, log = respond(make_app(headers=[("Connection", "close")]))
    assert "RuleBroken: A20 (application must not): send hop-by-hop header fields. Seen: Hop-by-hop header" in log


def test_traceback_limit(respond: Respond) -> None:
    """traceback_limit bounds the frames that are logged."""

    class Handler(BaseCGIHandler):
        traceback_limit = 1

    assert respond(failing, Handler)[1].count("  File ") == 1


def test_own_log(respond: Respond) -> None:
    """log_exception() may be replaced."""
    logged: list[BaseException | None] = []

    class Handler(BaseCGIHandler):
        def log_exception(self, exc_info: OptExcInfo) -> None:
            logged.append(exc_info[1])

    assert (respond(failing, Handler)[1], [type(error) for error in logged]) == ("", [Failure])


class FlushCounter(StringIO):
    flushes = 0

    def flush(self) -> None:
        """Count."""
        self.flushes += 1


@pytest.mark.parametrize("error", [Failure(), RequestError(400, "bad")], ids=["error", "bad request"])
def test_log_is_flushed(error: Exception) -> None:
    """What was logged is out, whatever happens next."""

    def app(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise error

    log = FlushCounter()
    BaseCGIHandler(BytesIO(), BytesIO(), log, {}).run(app)
    assert log.flushes == 1


def test_log_violation() -> None:
    """A breach that stops nothing is one line, and out."""
    log = FlushCounter()
    BaseCGIHandler(BytesIO(), BytesIO(), log, {}).log_violation(Violation(RULES["A41"], "too short"))
    assert (log.getvalue(), log.flushes) == (f"gatewright: {Violation(RULES['A41'], 'too short').explanation}\n", 1)


# --- Errors in the page ---------------------------------------------------------------------------------------------


class BrokenPage(BaseCGIHandler):
    def error_output(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        raise ZeroDivisionError


def test_error_in_the_page(respond: Respond) -> None:
    """An error while the page is made is the server's to hear of."""
    with pytest.raises(ZeroDivisionError):
        respond(failing, BrokenPage)


def test_error_in_the_page_resets() -> None:
    """After it the handler is closed, like after any other call."""
    handler = BrokenPage(BytesIO(), BytesIO(), StringIO(), {"A": "1"})
    with pytest.raises(ZeroDivisionError):
        handler.run(failing)
    assert (handler.environ, handler.result) == ({}, None)
