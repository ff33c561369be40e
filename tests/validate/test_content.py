"""The body against its headers, write() against the iterable, and what may follow an error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from gatewright.spec.checks import Violation
from gatewright.types import HeaderList, StartResponse, WSGIApplication
from gatewright.validate import Action, Policy, WSGIWarning, checked

MakeEnviron = Callable[..., dict[str, Any]]
Call = Callable[..., bytes]
Found = Callable[..., list[str]]
Refusal = Callable[..., str]

TYPE = ("Content-Type", "text/plain")


def body(*blocks: bytes, status: str = "200 OK", length: str | None = None, write: tuple[bytes, ...] = ()) -> Any:
    """Make an application that writes and then yields blocks."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        writer = start_response(status, [TYPE] if length is None else [TYPE, ("content-LENGTH", length)])
        for block in write:
            writer(block)
        return iter(blocks)

    return app


@pytest.mark.parametrize(
    "app, changes, expected",
    [
        (body(b"body", length="4"), {}, []),
        (body(b"bo", b"", b"dy", length="4"), {}, []),
        (body(b"body", length="5"), {}, ["A41"]),
        (body(b"body", length="3"), {}, ["A41"]),
        (body(b"body", b"more", length="3"), {}, ["A41"]),
        (body(length="1"), {}, ["A41"]),
        (body(length="0"), {}, []),
        (body(b"body", length="+4"), {}, ["A41"]),
        (body(b"body", length="4, 4"), {}, ["A41"]),
        (body(b"body", length=""), {}, ["A41"]),
        (body(length="4"), {"REQUEST_METHOD": "HEAD"}, []),
        (body(length="4", status="304 Not Modified"), {}, []),
        (body(b"dy", write=(b"bo",), length="4"), {}, ["A29"]),
        (body(b"dy", write=(b"body",), length="4"), {}, ["A29", "A41"]),
        (body(write=(b"body",), length="5"), {}, ["A29", "A41"]),
    ],
)
def test_content_length(app: Any, changes: dict[str, Any], expected: list[str], found: Found) -> None:
    """Content-Length is one valid number, and that of the bytes that are written and yielded (A41)."""
    assert found(app, **changes) == expected


def test_two_content_lengths(found: Found) -> None:
    """There is one Content-Length at most, even if two agree (A41)."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [TYPE, ("Content-Length", "4"), ("Content-Length", "4")])
        return [b"body"]

    assert found(app) == ["A41"]


@pytest.mark.parametrize(
    "app, changes, expected",
    [
        (body(b"body"), {"REQUEST_METHOD": "HEAD"}, ["A42"]),
        (body(b"", b"body", b"body"), {"REQUEST_METHOD": "HEAD"}, ["A42"]),
        (body(b""), {"REQUEST_METHOD": "HEAD"}, []),
        (body(b"body", status="204 No Content"), {}, ["A42"]),
        (body(b"body", status="304 Not Modified"), {}, ["A42"]),
        (body(b"body", status="103 Early Hints"), {}, ["A42"]),
        (body(b"", status="204 No Content"), {}, []),
        (body(b"body", status="205 Reset Content"), {}, []),
        (body(write=(b"body",), status="204 No Content"), {}, ["A29", "A42"]),
        (body(write=(b"",), status="204 No Content"), {}, ["A29"]),
    ],
)
def test_no_content(app: Any, changes: dict[str, Any], expected: list[str], found: Found) -> None:
    """There is no content where none may be, which is said once (A42)."""
    assert found(app, **changes) == expected


def test_no_content_is_binding(refusal: Refusal) -> None:
    """Content where none may be is an error (A42)."""
    assert refusal(body(b"body", status="204 No Content")) == "A42"


# --- len() ----------------------------------------------------------------------------------------------------------


class Sized:
    """A body of two blocks that says how many it has."""

    def __init__(self, length: object) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length  # type: ignore[return-value]  # or what is not a length  # pyright: ignore[reportReturnType]

    def __iter__(self) -> Iterator[bytes]:
        return iter((b"bo", b"dy"))


@pytest.mark.parametrize(
    "length, expected", [(2, []), (1, ["A10"]), (3, ["A10"]), (0, ["A10"]), (-1, []), ("two", []), (None, [])]
)
def test_len(length: object, expected: list[str], found: Found) -> None:
    """A length that a server can get is the right one (A10)."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [TYPE])
        return Sized(length)

    assert found(app) == expected


# --- write() --------------------------------------------------------------------------------------------------------


def test_write_is_old(call: Call) -> None:
    """The use of write() is a reason to warn, once for each call (A29)."""
    with pytest.warns(WSGIWarning, match="A29") as warnings:
        call(body(write=(b"a", b"b")))
    assert len(warnings) == 1


def test_write_is_not_used(found: Found) -> None:
    """An application that yields its body has no use for write() (A29)."""
    assert found(body(b"a", b"b")) == []


def late(*, yielding: bool) -> WSGIApplication:
    """Make an application whose iterable writes what it should yield, or yields it."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [TYPE])

        def blocks() -> Iterator[bytes]:
            if yielding:
                yield b"body"
            else:
                write(b"body")

        return blocks()

    return app


def test_write_within_the_iterable(found: Found) -> None:
    """write() is not called from within the iterable (A30)."""
    assert found(late(yielding=False)) == ["A30", "A29"]


def test_yield_within_the_iterable(found: Found) -> None:
    """The iterable yields instead (A30)."""
    assert found(late(yielding=True)) == []


@pytest.mark.parametrize("arguments", [(), (b"a", b"b")])
def test_write_takes_one(arguments: tuple[bytes, ...], refusal: Refusal) -> None:
    """write() takes one argument (A28)."""

    def app(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [TYPE])(*arguments)
        return []

    assert refusal(app) == "A28"


# --- Errors ---------------------------------------------------------------------------------------------------------


def failing(*, trapping: bool, lazily: bool) -> WSGIApplication:
    """Make an application whose error handler traps what start_response() raises, or does not."""

    def handle(start_response: StartResponse) -> None:
        try:
            _zero = 1 / 0
        except ZeroDivisionError:
            try:
                start_response("500 Oops", [TYPE], sys.exc_info())
            except ZeroDivisionError:
                if not trapping:
                    raise

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [TYPE])
        handle(start_response)
        return [b"Oops"]

    def lazy(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [TYPE])
        yield b"body"
        handle(start_response)

    return lazy if lazily else app


def run_after_headers_were_sent(app: WSGIApplication, environ: dict[str, Any]) -> list[str]:
    """Call the application from a server that has sent its headers: any error is raised again."""
    violations: list[Violation] = []
    policy = Policy(must=Action.REPORT, should=Action.REPORT, report=violations.append)

    def start_response(_status: str, _headers: HeaderList, exc_info: Any = None, /) -> Any:
        if exc_info:
            raise exc_info[1]
        return len

    result: Any = None
    try:
        result = checked(app, policy)(environ, start_response)
        list(result)
    except ZeroDivisionError:
        violations.extend(())
    finally:
        if result is not None:
            list(result)  # not to be taken for the application's going on
            result.close()
    return [violation.rule.id for violation in violations]


@pytest.mark.parametrize("lazily", [False, True])
@pytest.mark.parametrize("trapping, expected", [(True, ["A27"]), (False, [])])
def test_trapped(trapping: bool, expected: list[str], lazily: bool, make_environ: MakeEnviron) -> None:
    """What start_response() raises when it was given exc_info reaches the server (A27)."""
    assert run_after_headers_were_sent(failing(trapping=trapping, lazily=lazily), make_environ()) == expected


def with_error(*, handling: bool) -> WSGIApplication:
    """Make an application that passes an error that it has caught, or one that nobody raised."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        exc_info: Any = (ValueError, ValueError(), None)
        if handling:
            try:
                _zero = 1 / 0
            except ZeroDivisionError:
                exc_info = sys.exc_info()
        start_response("500 Oops", [TYPE], exc_info)
        return []

    return app


@pytest.mark.parametrize("handling, expected", [(False, ["A25"]), (True, [])])
def test_error_handler(handling: bool, expected: list[str], found: Found) -> None:
    """An error that was never raised is not from an error handler (A25)."""
    assert found(with_error(handling=handling)) == expected


# --- Servers that let pass what they should refuse ------------------------------------------------------------------


def starting(*calls: tuple[str, list[tuple[str, str]]], blocks: list[bytes]) -> WSGIApplication:
    """Make an application that starts its response so many times."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        for status, headers in calls:
            start_response(status, headers)
        return blocks

    return app


@pytest.mark.parametrize(
    "app, expected",
    [
        (starting(("200 OK", [TYPE]), ("200 OK", [TYPE]), blocks=[b"body"]), ["A26", "S47"]),
        (starting(("200 OK", [TYPE]), ("200 OK", [TYPE]), blocks=[]), ["A26", "S47"]),
        (starting(("200 OK", [TYPE]), blocks=[]), []),
        (starting(("200 OK", [TYPE, ("Connection", "close")]), blocks=[b"body"]), ["A20", "S50"]),
        (starting(("200 OK", [TYPE, ("Connection", "close")]), blocks=[b""]), ["A20"]),
    ],
)
def test_lenient_server(app: WSGIApplication, expected: list[str], found: Found) -> None:
    """A server that goes on to the end has let pass what is fatal (S47, S50)."""
    assert found(app) == expected


def test_strict_server(make_environ: MakeEnviron) -> None:
    """A server that refuses is not accused of anything (S47)."""
    violations: list[Violation] = []
    calls: list[object] = []

    def start_response(_status: str, _headers: HeaderList, _exc_info: Any = None, /) -> Any:
        calls.append(_status)
        if len(calls) > 1:
            raise RuntimeError
        return len

    app = starting(("200 OK", [TYPE]), ("200 OK", [TYPE]), blocks=[])
    with pytest.raises(RuntimeError):
        checked(app, Policy(must=Action.REPORT, report=violations.append))(make_environ(), start_response)
    assert [violation.rule.id for violation in violations] == ["A26"]


def test_refused_call_counts(refusal: Refusal) -> None:
    """A first call that was refused is a call: the second needs exc_info (A26, S47)."""

    def app(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            start_response(200, [])
        except AssertionError:
            start_response("200 OK", [TYPE])
        return []

    assert refusal(app) == "A26"
