from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gatewright.types import HeaderList, OptExcInfo, StartResponse, WSGIApplication
from gatewright.validate import WriteWrapper, WSGIWarning, validator

MakeEnviron = Callable[..., dict[str, Any]]
Call = Callable[..., bytes]
Refusal = Callable[..., str]
Messages = Callable[..., tuple[str, str]]

TYPE = ("Content-Type", "text/plain")


class Text(str):
    __slots__ = ()


class Pairs(list[Any]):
    pass


def starting(*arguments: Any, **keywords: Any) -> WSGIApplication:
    """Make an application that calls start_response() like this."""

    def app(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(*arguments, **keywords)
        return []

    return app


def raised() -> OptExcInfo:
    """Return what an error handler gets."""
    exc_info: OptExcInfo = (None, None, None)
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        exc_info = sys.exc_info()
    return exc_info


# The arguments that break a rule, their twin that keeps it, and whether wsgiref has a message
CASES: list[tuple[str, tuple[Any, ...], tuple[Any, ...], bool]] = [
    ("A04", (), ("200 OK", [TYPE]), True),
    ("A04", ("200 OK",), ("200 OK", [TYPE], None), True),
    ("A04", ("200 OK", [TYPE], None, None), ("200 OK", [TYPE], ()), True),
    ("A12", (200, [TYPE]), ("200 OK", [TYPE]), True),
    ("A12", (b"200 OK", [TYPE]), ("299 My Own", [TYPE]), True),
    ("A12", (Text("200 OK"), [TYPE]), ("200 OK", [TYPE]), True),
    ("A13", ("20 OK", [TYPE]), ("201 Created", [TYPE]), True),
    ("A13", ("099 OK", [TYPE]), ("999 OK", [TYPE]), True),
    ("A13", ("200", [TYPE]), ("200 O", [TYPE]), False),
    ("A13", ("200 ", [TYPE]), ("200 OK", [TYPE]), False),
    ("A13", ("200  OK", [TYPE]), ("200 O  K", [TYPE]), False),
    ("A13", ("abc OK", [TYPE]), ("200 abc", [TYPE]), False),
    ("A13", ("", [TYPE]), ("404 Not Found", [TYPE]), False),
    ("A14", ("200 OK\r\nX: y", [TYPE]), ("200 OK X: y", [TYPE]), False),
    ("A14", ("200 OK\n", [TYPE]), ("200 OK", [TYPE]), False),
    ("A15", ("200 OK", (TYPE,)), ("200 OK", [TYPE]), True),
    ("A15", ("200 OK", Pairs([TYPE])), ("200 OK", [TYPE]), True),
    ("A16", ("200 OK", [["X", "y"], TYPE]), ("200 OK", [("X", "y"), TYPE]), True),
    ("A16", ("200 OK", [("X", 1), TYPE]), ("200 OK", [("X", "1"), TYPE]), True),
    ("A16", ("200 OK", [(b"X", "y"), TYPE]), ("200 OK", [("X", "y"), TYPE]), True),
    ("A16", ("200 OK", [("X", "y", "z"), TYPE]), ("200 OK", [("X", "y"), TYPE]), False),
    ("A17", ("200 OK", [("X Y", "z"), TYPE]), ("200 OK", [("1X", "z"), TYPE]), True),
    ("A17", ("200 OK", [("X-", "z"), TYPE]), ("200 OK", [("X-Y", "z"), TYPE]), True),
    ("A17", ("200 OK", [("X_", "z"), TYPE]), ("200 OK", [("X_Y", "z"), TYPE]), True),
    ("A17", ("200 OK", [("X:", "z"), TYPE]), ("200 OK", [("X.A!", "z"), TYPE]), False),
    ("A18", ("200 OK", [("X", "a\r\nY: b"), TYPE]), ("200 OK", [("X", "a\tb"), TYPE]), True),
    ("A18", ("200 OK", [("X", "a\x7f"), TYPE]), ("200 OK", [("X", "a\x80"), TYPE]), False),
    ("A19", ("200 OK", [("X", "\u20ac"), TYPE]), ("200 OK", [("X", "\xe9"), TYPE]), False),
    ("A19", ("200 \u20ac", [TYPE]), ("200 \xe9", [TYPE]), False),
    ("A20", ("200 OK", [("Connection", "close"), TYPE]), ("200 OK", [("X-Connection", "close"), TYPE]), False),
    ("A20", ("200 OK", [("te", "trailers"), TYPE]), ("200 OK", [("Trailer", "X"), TYPE]), False),
    ("A23", ("200 OK", [("Status", "200 OK"), TYPE]), ("200 OK", [("X-Status", "200 OK"), TYPE]), True),
    ("A24", ("200 OK", [TYPE], "error"), ("200 OK", [TYPE], sys.exc_info()), True),
    ("A24", ("200 OK", [TYPE], (1, 2, 3)), ("200 OK", [TYPE], raised()), False),
    (
        "A22",
        ("200 OK", [("Transfer-Encoding", "chunked"), TYPE]),
        ("200 OK", [("Content-Encoding", "br"), TYPE]),
        False,
    ),
    ("A21", ("200 OK", [("Proxy-Connection", "close"), TYPE]), ("200 OK", [("X-Proxy", "close"), TYPE]), False),
]


@pytest.mark.parametrize("rule, bad", [case[:2] for case in CASES])
def test_bad(rule: str, bad: tuple[Any, ...], refusal: Refusal) -> None:
    """A call that breaks a rule is refused, and the error names the rule."""
    assert refusal(starting(*bad)) == rule


@pytest.mark.parametrize("good", [case[2] for case in CASES])
def test_good(good: tuple[Any, ...], call: Call) -> None:
    """Its twin that keeps the rule passes, without a warning."""
    assert call(starting(*good)) == b""


@pytest.mark.parametrize("bad", [case[1] for case in CASES if case[3]])
def test_message(bad: tuple[Any, ...], messages: Messages) -> None:
    """The message is that of wsgiref, where it has one."""
    ours, theirs = messages(starting(*bad))
    assert ours == theirs != ""


@pytest.mark.parametrize("bad", [case[1] for case in CASES])
def test_always_a_message(bad: tuple[Any, ...], call: Call) -> None:
    """There always is a message, where wsgiref has none or another exception (cpython#58857)."""
    with pytest.raises(AssertionError, match=r"."):
        call(starting(*bad))


def test_keywords(refusal: Refusal) -> None:
    """The arguments are given by position (A03)."""
    assert refusal(starting("200 OK", [TYPE], exc_info=None)) == "A03"


def test_keywords_message(messages: Messages) -> None:
    """The message is that of wsgiref."""
    ours, theirs = messages(starting("200 OK", [TYPE], exc_info=None))
    assert ours == theirs


def test_second_call(refusal: Refusal) -> None:
    """A second call needs exc_info (A26)."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        starting("200 OK", [TYPE])(environ, start_response)
        return starting("200 OK", [TYPE])(environ, start_response)

    assert refusal(app) == "A26"


def test_second_call_with_exc_info(call: Call) -> None:
    """With it, it passes."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        starting("200 OK", [TYPE])(environ, start_response)
        return starting("500 Oops", [TYPE], raised())(environ, start_response)

    assert call(app) == b""


def test_handed_on(make_environ: MakeEnviron) -> None:
    """The server gets the very objects that the application gave."""
    headers, given = [TYPE], list[Any]()

    def start_response(*arguments: Any) -> Any:
        given.extend(arguments)
        return len

    result = validator(starting("200 OK", headers))(make_environ(), start_response)
    result.close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # ours has it
    assert (given, given[1] is headers) == (["200 OK", headers], True)


OLD_CODE = pytest.mark.filterwarnings(r"ignore:write\(\) was called:gatewright.validate.WSGIWarning")

# --- write() --------------------------------------------------------------------------------------------------------


def writing(*blocks: Any, status: str = "200 OK", headers: Any = (TYPE,)) -> WSGIApplication:
    """Make an application that writes these blocks."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        write = start_response(status, [*headers])
        for block in blocks:
            write(block)
        return []

    return app


@OLD_CODE
def test_write(call: Call) -> None:
    """What is written reaches the server as it is."""
    assert call(writing(b"a", b"", b"b")) == b"ab"


@pytest.mark.parametrize("block", ["text", None, bytearray(b"a")])
def test_write_no_bytes(block: Any, refusal: Refusal) -> None:
    """write() takes bytes only (A28)."""
    assert refusal(writing(block)) == "A28"


@pytest.mark.parametrize("write", [None, b"write"])
def test_no_write(write: Any, make_environ: MakeEnviron) -> None:
    """A server whose start_response() returns no callable breaks a rule (S43); wsgiref wraps it (hypercorn#331)."""

    def start_response(_status: str, _headers: HeaderList, _exc_info: OptExcInfo | None = None, /) -> Any:
        return write

    with pytest.raises(AssertionError) as raised:
        validator(starting("200 OK", [TYPE]))(make_environ(), start_response)
    assert raised.value.args[0].rule.id == "S43"


def test_write_wrapper() -> None:
    """The wrapper can be made from the server's callable alone, as in wsgiref."""
    written: list[bytes] = []
    WriteWrapper(written.append)(b"a")
    assert written == [b"a"]


# --- Content-Type ---------------------------------------------------------------------------------------------------


def yielding(*blocks: bytes, status: str = "200 OK", headers: Any = ()) -> WSGIApplication:
    """Make an application that yields these blocks."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [*headers])
        return blocks

    return app


@OLD_CODE
@pytest.mark.parametrize(
    "app",
    [yielding(b"body"), yielding(b"", b"body"), writing(b"body", headers=())],
    ids=["yielded", "after an empty block", "written"],
)
def test_no_content_type(app: WSGIApplication, call: Call) -> None:
    """Content without Content-Type is a reason to warn (A43): once, with the id."""
    with pytest.warns(WSGIWarning, match=r"^No Content-Type header found in headers \(A43\)$") as warnings:
        call(app)
    assert [str(warning.message)[-5:] for warning in warnings if "write()" not in str(warning.message)] == ["(A43)"]


@OLD_CODE
@pytest.mark.parametrize(
    "app, changes",
    [
        (yielding(b"body", headers=[("content-TYPE", "a/b")]), {}),
        (yielding(), {}),
        (yielding(b""), {}),
        (writing(b"", headers=()), {}),
        (yielding(b""), {"REQUEST_METHOD": "HEAD"}),
        (writing(b"", headers=()), {"REQUEST_METHOD": "HEAD"}),
        (yielding(b"", status="304 Not Modified"), {}),
        (yielding(status="204 No Content", headers=[TYPE]), {}),
    ],
    ids=["any case", "no content", "empty", "empty write", "HEAD", "HEAD write", "304", "204 with type"],
)
def test_content_type(app: WSGIApplication, changes: dict[str, Any], call: Call) -> None:
    """Nothing is said where there is a Content-Type or no content, which wsgiref refuses (A43)."""
    call(app, **changes)


def test_warning_points_at_the_caller(call: Call) -> None:
    """The warning can be made an error."""
    with pytest.raises(WSGIWarning):
        call(yielding(b"body"))
