from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO
from subprocess import CompletedProcess
from traceback import walk_tb
from types import TracebackType
from typing import Any, cast

import pytest
from hypothesis import given, strategies as st

from gatewright.errors import ForbiddenCharacter
from gatewright.handlers import BaseCGIHandler, response
from gatewright.types import ExcInfo, HeaderList, StartResponse, WSGIApplication

MakeApp = Callable[..., WSGIApplication]
Respond = Callable[..., tuple[bytes, str]]
RulesIn = Callable[[str], list[str]]
RunPython = Callable[..., CompletedProcess[str]]

ERROR_PAGE = (
    b"Status: 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 59\r\n\r\n"
    b"A server error occurred.  Please contact the administrator."
)

STARTS: dict[str, tuple[Any, Any]] = {
    "A12": (200, []),
    "A13": ("200", []),
    "A14": ("200 OK\r\nX: y", []),
    "A15": ("200 OK", ()),
    "A16": ("200 OK", [("X", 1)]),
    "A17": ("200 OK", [("X\r\nY", "")]),
    "A18": ("200 OK", [("X", "a\r\nY: b")]),
    "A19": ("200 OK", [("X", "\u20ac")]),
    "A20": ("200 OK", [("Transfer-Encoding", "chunked")]),
}


def current_exc_info(message: str = "wrong") -> ExcInfo:
    """Return what sys.exc_info() gives in an except clause."""
    try:
        int(message)
    except ValueError:
        return cast("ExcInfo", sys.exc_info())
    raise AssertionError


def test_response(make_app: MakeApp, respond: Respond) -> None:
    """Status, fields, an empty line and the body are sent, in this order, and nothing is logged."""
    expected = b"Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody"
    assert respond(make_app()) == (expected, "")


def test_fields_in_order(make_app: MakeApp, respond: Respond) -> None:
    """Fields are sent in the application's order, each as often as it gave it."""
    fields = [("Set-Cookie", "b"), ("X", ""), ("Set-Cookie", "a")]
    sent, _ = respond(make_app((), headers=fields))
    assert sent == b"Status: 200 OK\r\nSet-Cookie: b\r\nX: \r\nSet-Cookie: a\r\nContent-Length: 0\r\n\r\n"


# --- What start_response refuses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", STARTS)
def test_refused(rule: str, make_app: MakeApp, respond: Respond, rules_in: RulesIn) -> None:
    """A bad start leads to the error page, and the log names the rule (cpython#143916, cpython#144370)."""
    status, headers = STARTS[rule]
    sent, log = respond(make_app(status=status, headers=headers))
    assert (sent, rules_in(log)) == (ERROR_PAGE, [rule])


@pytest.mark.parametrize("rule", STARTS)
def test_refused_at_once(rule: str) -> None:
    """start_response() raises itself, so that the traceback points at the application's line (rule S49)."""
    handler = BaseCGIHandler(BytesIO(), BytesIO(), StringIO(), {})
    status, headers = STARTS[rule]
    with pytest.raises(AssertionError) as raised:
        handler.start_response(status, headers)
    assert raised.value.args[0].rule.id == rule


@pytest.mark.parametrize("rule", ["A14", "A17", "A18"])
def test_forbidden_character(rule: str) -> None:
    """A character that would break the head apart is a ValueError too, as CPython's is (cpython#143916)."""
    handler = BaseCGIHandler(BytesIO(), BytesIO(), StringIO(), {})
    with pytest.raises(ForbiddenCharacter):
        handler.start_response(*STARTS[rule])


@pytest.mark.parametrize("rule", STARTS)
def test_refused_when_optimised(rule: str, run_python: RunPython, rules_in: RulesIn) -> None:
    """Python -O does not take the checks away (cpython#150726)."""
    status, headers = STARTS[rule]
    code = f"""
import sys
from io import BytesIO
from gatewright.handlers import BaseCGIHandler, response
BaseCGIHandler(BytesIO(), sys.stdout.buffer, sys.stderr, {{}}).run(lambda e, s: s({status!r}, {headers!r}) and [])
"""
    done = run_python("-O", "-c", code)
    assert (done.stdout.split("\n")[0].strip(), rules_in(done.stderr)) == ("Status: 500 Internal Server Error", [rule])


def test_tab_in_value(make_app: MakeApp, respond: Respond) -> None:
    """HTAB may stand in a value (python/cpython PR 144118)."""
    assert b"\r\nX: a\tb\r\n" in respond(make_app(headers=[("X", "a\tb")]))[0]


@pytest.mark.parametrize("status", ["200 ", "200  OK", "299 caf\xe9", "999 X"])
def test_harmless_status(status: str, make_app: MakeApp, respond: Respond) -> None:
    """A status that every client reads is sent as it is, even where the validator would complain."""
    assert respond(make_app(status=status))[0].startswith(f"Status: {status}\r\n".encode("latin-1"))


def test_headers_are_not_mutated(make_app: MakeApp, respond: Respond) -> None:
    """The list that the application gave stays as it is, so it may serve for the next response."""
    headers = [("Content-Type", "text/plain")]
    respond(make_app(headers=headers))
    assert headers == [("Content-Type", "text/plain")]


def test_headers_are_copied(respond: Respond) -> None:
    """What the application does to its list afterwards reaches nobody."""

    def app(_: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        headers = [("X", "y")]
        start_response("204 No Content", headers)
        headers.append(("Y", "\r\n"))
        return []

    assert respond(app) == (b"Status: 204 No Content\r\nX: y\r\n\r\n", "")


# --- A second call --------------------------------------------------------------------------------------------------


def test_second_call(respond: Respond, rules_in: RulesIn) -> None:
    """A second call without exc_info is an error (A26)."""

    def app(_: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    sent, log = respond(app)
    assert (sent, rules_in(log)) == (ERROR_PAGE, ["A26"])


def test_second_call_after_a_refused_one(respond: Respond, rules_in: RulesIn) -> None:
    """The first call counts even if it raised (A26, rule S47)."""

    def app(_: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        with pytest.raises(ForbiddenCharacter):
            start_response("200 OK", [("X", "\n")])
        start_response("200 OK", [])
        return []

    sent, log = respond(app)
    assert (sent, rules_in(log)) == (ERROR_PAGE, ["A26"])


def test_replaced(respond: Respond) -> None:
    """With exc_info, and nothing sent yet, status and headers are replaced (rule S45)."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("X", "first")])
        yield b""
        start_response("503 Busy", [("Y", "second")], current_exc_info())
        yield b"busy"

    assert respond(app) == (b"Status: 503 Busy\r\nY: second\r\n\r\nbusy", "")


def test_replaced_in_vain(respond: Respond, rules_in: RulesIn) -> None:
    """If the replacement is refused, nothing of the first response is sent either."""

    def app(_: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        with pytest.raises(ForbiddenCharacter):
            start_response("500 Oops", [("X", "\n")], current_exc_info())
        return [b"body"]

    sent, log = respond(app)
    assert (sent, rules_in(log)) == (ERROR_PAGE, ["A05"])


def late(exc_info: Any) -> WSGIApplication:
    """Make an application that gives exc_info, outside an except clause, when its response is half sent."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"half"
        start_response("500 Oops", [], exc_info)

    return app


def test_too_late(respond: Respond) -> None:
    """Once the head was sent exc_info itself is raised, outside `except` too, not "No active exception" (rule S46)."""
    sent, log = respond(late(current_exc_info("wrong")))
    last_line = log.splitlines()[-2]  # of the traceback
    assert (sent, last_line) == (
        b"Status: 200 OK\r\n\r\nhalf",
        "ValueError: invalid literal for int() with base 10: 'wrong'",
    )


def test_too_late_with_traceback(respond: Respond) -> None:
    """It is raised with its own traceback."""
    assert "in current_exc_info" in respond(late(current_exc_info()))[1]


def test_too_late_without_exception(respond: Respond, rules_in: RulesIn) -> None:
    """Three Nones cannot be raised; the second call is the error (A26)."""
    assert rules_in(respond(late((None, None, None)))[1]) == ["A26"]


@pytest.mark.parametrize("exc_info", ["wrong", (ValueError,), (ValueError, "wrong", None)], ids=repr)
def test_no_exc_info(exc_info: Any, respond: Respond, rules_in: RulesIn) -> None:
    """What is no exc_info is refused (A24)."""
    assert rules_in(respond(late(exc_info))[1]) == ["A24"]


def test_exc_info_is_let_go() -> None:
    """The frames that the exception passed on its way out hold no reference to it: no cycle (rule S48)."""
    handler = BaseCGIHandler(BytesIO(), BytesIO(), StringIO(), {})
    handler.setup_environ()
    handler.start_response("200 OK", [])
    handler.write(b"half")
    error = current_exc_info()[1]
    with pytest.raises(ValueError, match="wrong") as raised:
        handler.start_response("500 Oops", [], (type(error), error, cast("TracebackType", error.__traceback__)))
    frames = [frame for frame, _ in walk_tb(raised.tb) if frame.f_code.co_filename == response.__file__]
    held = [[*frame.f_locals.values()] for frame in frames]
    assert not any(error in [*values, *gc.get_referents(*values)] for values in held)


# --- No start at all ------------------------------------------------------------------------------------------------


def silent(result: Any) -> WSGIApplication:
    """Make an application that never calls start_response()."""
    return lambda _, __: result


@pytest.mark.parametrize(
    "result, rule",
    [([], "A06"), ([b""], "A06"), (iter(()), "A06"), ([b"body"], "A05"), (iter([b"", b"body"]), "A05"), (None, "A07")],
    ids=["empty", "empty block", "empty iterator", "body", "iterator", "None"],
)
def test_not_started(result: Any, rule: str, respond: Respond, rules_in: RulesIn) -> None:
    """Without start_response() there is an error page, and the log names a rule rather than an AttributeError."""
    sent, log = respond(silent(result))
    assert (sent, rules_in(log)) == (ERROR_PAGE, [rule])


def test_send_headers_before_start(rules_in: RulesIn) -> None:
    """A handler that sends the head by itself learns that there is none (A06)."""
    handler = BaseCGIHandler(BytesIO(), BytesIO(), StringIO(), {})
    with pytest.raises(AssertionError) as raised:
        handler.send_headers()
    assert rules_in(str(raised.value.__cause__)) == ["A06"]


@pytest.mark.parametrize("method", ["cleanup_headers", "set_content_length"])
def test_nothing_to_clean_up(method: str) -> None:
    """Without headers there is nothing to add to."""
    handler = BaseCGIHandler(BytesIO(), BytesIO(), StringIO(), {})
    getattr(handler, method)()
    assert handler.headers is None


def test_started_while_iterating(respond: Respond) -> None:
    """start_response() may be called as late as for the first block (rule S59)."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"late"

    assert respond(app) == (b"Status: 200 OK\r\n\r\nlate", "")


# --- Whatever comes -------------------------------------------------------------------------------------------------

TEXT = st.text(max_size=4)
STATUSES = st.sampled_from(["200 OK", "204 No Content", "304 Not Modified", "100 Continue", "200", ""]) | TEXT
NAMES = st.sampled_from(["Content-Length", "content-length", "X", "Connection", "Status"]) | TEXT
VALUES = st.sampled_from(["0", "3", "-1", "99"]) | TEXT
BLOCKS = st.lists(st.sampled_from([b"", b"a", b"abc"]) | st.none() | TEXT, max_size=3) | st.none() | st.binary()


@given(STATUSES, st.lists(st.tuples(NAMES, VALUES), max_size=3), BLOCKS, st.sampled_from(["GET", "HEAD", ""]))
def test_well_formed_or_error_page(status: str, headers: HeaderList, result: Any, method: str) -> None:
    """Whatever an application gives, nothing is raised and what is sent begins with a whole, well-formed head."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, headers)
        return result  # type: ignore[no-any-return]  # it is what is tested

    sent, log = BytesIO(), StringIO()
    BaseCGIHandler(BytesIO(), sent, log, {"REQUEST_METHOD": method}).run(app)
    head, end, body = sent.getvalue().partition(b"\r\n\r\n")
    first, *others = [line.split(b": ", 1) for line in head.split(b"\r\n")]
    fields = dict(others)
    assert first[0] == b"Status"
    assert first[1][:3].isdigit()
    assert end
    assert len(body) <= int(fields.get(b"Content-Length", b"9999"))
