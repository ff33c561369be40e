"""How an application can go wrong (rules A03 to A43)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from linter_cases.programs import HTML, OK, TEXT, Application, Case, Program, answer, served

__all__ = ["CASES"]

FAILED = "500 Internal Server Error"
GOOD = served(answer())


class Text(str):
    """A string that is none of the builtin kind."""

    __slots__ = ()


class Fields(list[tuple[str, str]]):
    """A list that is none of the builtin kind."""


class TwoBlocks:
    """A body that may be wrong about its length."""

    def __init__(self, length: int) -> None:
        """Claim this length."""
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return iter((b"Hello, ", b"client!"))


def fail() -> None:
    """Fail."""
    raise ValueError("no")


def starting(*start: Any, **keywords: Any) -> Program:
    """Return the program of an application that calls start_response with these arguments."""
    return served(answer(*start, **keywords))


def status(text: object) -> Program:
    """Return the program of an application with this status."""
    return served(answer(text, TEXT[:]))


def fields(*more: object) -> Program:
    """Return the program of an application with these headers, too."""
    return served(answer(OK, [*TEXT, *more]))


def returning(result: object) -> Program:
    """Return the program of an application that starts a good response and returns this."""
    return served(answer(body=result))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # it may be wrong


def silent(result: object) -> Program:
    """Return the program of an application that returns this and starts nothing."""

    def application(_environ: object, _start_response: object) -> object:
        return result

    return served(application)


def with_length(length: str, *more: tuple[str, str], body: tuple[bytes, ...] = (b"Hello",)) -> Program:
    """Return the program of an application with this Content-Length."""
    return served(answer(OK, [*TEXT, ("Content-Length", length), *more], body=body))


def of_stream(key: str, method: str, *args: object, **changes: object) -> Program:
    """Return the program of an application that calls a method of one of its streams."""

    def application(environ: dict[str, Any], start_response: Application) -> object:
        getattr(environ[key], method)(*args)
        return answer()(environ, start_response)

    return served(application, changes)


def writing(*blocks: object) -> Program:
    """Return the program of an application that calls write() with these arguments."""

    def application(_environ: dict[str, Any], start_response: Application) -> object:
        start_response(OK, TEXT[:])(*blocks)
        return []

    return served(application)


def failing(triple: Callable[[], object], *, body: tuple[bytes, ...] = (b"Sorry",)) -> Program:
    """Return the program of an application that gives this exc_info from an error handler."""

    def application(_environ: dict[str, Any], start_response: Application) -> object:
        start_response(OK, TEXT[:])
        try:
            fail()
        except ValueError:
            start_response(FAILED, HTML[:], triple())
        return body

    return served(application)


def writes_late(_environ: dict[str, Any], start_response: Application) -> Iterator[bytes]:
    """Be an application that calls write() when it is asked for a block."""
    write = start_response(OK, TEXT[:])
    yield b"Hello, "
    write(b"client!")


def starts_late(_environ: dict[str, Any], start_response: Application) -> Iterator[bytes]:
    """Be an application that starts its response when it has given a block."""
    yield b"Hello, "
    start_response(OK, TEXT[:])


def starts_twice(_environ: dict[str, Any], start_response: Application) -> list[bytes]:
    """Be an application that changes its mind."""
    start_response(OK, TEXT[:])
    start_response(OK, HTML[:])
    return [b"Hello, client!"]


def without_handler(_environ: dict[str, Any], start_response: Application) -> list[bytes]:
    """Be an application that gives an exception that was never raised."""
    error = ValueError("no")
    start_response(FAILED, TEXT[:], (ValueError, error, None))
    return [b"Sorry"]


def sent_then_failed(*, trap: bool) -> Program:
    """Return the program of an application that fails after a block was sent, and may trap what that leads to."""

    def application(_environ: dict[str, Any], start_response: Application) -> Iterator[bytes]:
        start_response(OK, TEXT[:])
        yield b"Hello, "
        try:
            try:
                fail()
            except ValueError:
                start_response(FAILED, TEXT[:], sys.exc_info())
        except ValueError:
            if not trap:
                raise
        yield b"client!"

    return served(application)


def lengthy(length: int) -> Program:
    """Return the program of an application whose body claims this number of blocks."""
    return returning(TwoBlocks(length))


def asking_for_connection(environ: dict[str, Any], start_response: Application) -> object:
    """Be an application that decides by a field of the connection."""
    body = b"upgraded" if environ.get("HTTP_CONNECTION") == "upgrade" else b"as it is"
    return answer(body=[body])(environ, start_response)


def bodiless(start: str, *, method: str = "GET", body: tuple[bytes, ...] = ()) -> Program:
    """Return the program of an application whose response may have no content, and has this."""
    headers = TEXT[:] if method == "HEAD" else []
    return served(answer(start, headers, body=body), {"REQUEST_METHOD": method})


_UPGRADE = {"HTTP_CONNECTION": "upgrade"}
_SORRY = (b"Sorry",)

_CALLS = (
    Case("A03", "start_response by keyword", starting(status=OK, headers=TEXT[:]), GOOD),
    Case("A04", "start_response with one argument", starting(OK), GOOD),
    Case("A04", "start_response with four arguments", starting(OK, TEXT[:], None, None), GOOD),
    Case("A05", "a block before start_response", served(starts_late), GOOD),
    Case("A05", "a list of blocks without start_response", silent([b"Hello, client!"]), GOOD),
    Case("A06", "an empty list without start_response", silent([]), served(answer(body=[]))),
    Case("A07", "returns None", returning(None), returning([])),
    Case("A07", "returns an int", returning(5), returning([])),
    Case("A08", "returns bytes", returning(b"Hello"), GOOD),
    Case("A08", "returns str", returning("Hello"), GOOD),
    Case("A09", "yields str", returning(["Hello"]), GOOD),
    Case("A09", "yields bytearray", returning([bytearray(b"Hello")]), GOOD),
    Case("A10", "`len()` is 1, blocks are 2", lengthy(1), lengthy(2)),
    Case("A24", "exc_info is a list", failing(lambda: [*sys.exc_info()]), failing(sys.exc_info)),
    Case("A24", "exc_info is (1, 2, 3)", failing(lambda: (1, 2, 3)), failing(sys.exc_info)),
    Case("A25", "exc_info that was never raised", served(without_handler), failing(sys.exc_info)),
    Case("A26", "a second start without exc_info", served(starts_twice), failing(sys.exc_info)),
    Case("A27", "what start_response raises is trapped", sent_then_failed(trap=True), sent_then_failed(trap=False)),
    Case("A28", "write() of str", writing("Hello"), GOOD),
    Case("A28", "write() of two blocks", writing(b"Hello, ", b"client!"), GOOD),
    Case("A29", "write() is used", writing(b"Hello"), GOOD),
    Case("A30", "write() within the iterable", served(writes_late), GOOD),
)

_HEADS = (
    Case("A12", "status is bytes", status(b"200 OK"), GOOD),
    Case("A12", "status of a subclass of str", status(Text(OK)), GOOD),
    Case("A13", "status `200`", status("200"), GOOD),
    Case("A13", "status `200OK`", status("200OK"), GOOD),
    Case("A13", "status `200` and a space", status("200 "), GOOD),
    Case("A13", "status `200` and two spaces", status("200  OK"), GOOD),
    Case("A13", "status `2000 OK`", status("2000 OK"), GOOD),
    Case("A13", "status `abc OK`", status("abc OK"), GOOD),
    Case("A14", "status ends in CR LF", status("200 OK\r\n"), GOOD),
    Case("A14", "status holds NUL", status("200 O\x00K"), GOOD),
    Case("A15", "headers are a tuple", starting(OK, tuple(TEXT)), GOOD),
    Case("A15", "headers of a subclass of list", starting(OK, Fields(TEXT)), GOOD),
    Case("A16", "a header is a list", fields(["X-Two", "2"]), fields(("X-Two", "2"))),
    Case("A16", "a header of three items", fields(("X-Two", "2", "3")), fields(("X-Two", "2"))),
    Case("A16", "a value is an int", fields(("X-Two", 2)), fields(("X-Two", "2"))),
    Case("A17", "a name holds a colon", fields(("X:Y", "2")), fields(("X-Y", "2"))),
    Case("A17", "a name holds a space", fields(("X Y", "2")), fields(("X-Y", "2"))),
    Case("A17", "a name ends in a hyphen", fields(("X-", "2")), fields(("X-Y", "2"))),
    Case("A17", "the name `1X`", None, fields(("1X", "2"))),
    Case("A17", "the name `X.A!B`", None, fields(("X.A!B", "2"))),
    Case("A18", "a value holds CR LF", fields(("X", "1\r\nY: 2")), fields(("X", "1 Y: 2"))),
    Case("A18", "a value holds DEL", fields(("X", "1\x7f2")), fields(("X", "1 2"))),
    Case("A18", "a value holds a tab", None, fields(("X", "1\t2"))),
    Case("A19", "a value holds a euro sign", fields(("X-Price", "2 €")), fields(("X-Price", "2 \xa3"))),
    Case("A19", "the status holds a euro sign", status("200 €"), status("200 \xa3")),
    Case("A20", "Keep-Alive", fields(("Keep-Alive", "timeout=5")), GOOD),
    Case("A20", "Connection", fields(("Connection", "close")), GOOD),
    Case("A21", "Proxy-Connection", fields(("Proxy-Connection", "keep-alive")), GOOD),
    Case("A22", "Transfer-Encoding", fields(("Transfer-Encoding", "chunked")), GOOD),
    Case("A23", "a Status header", fields(("Status", "200 OK")), fields(("X-Status", "200 OK"))),
)

_STREAMS = (
    Case("A31", "wsgi.input.seek()", of_stream("wsgi.input", "seek", 0), of_stream("wsgi.input", "read", 0)),
    Case("A31", "wsgi.errors.isatty()", of_stream("wsgi.errors", "isatty"), of_stream("wsgi.errors", "flush")),
    Case("A32", "wsgi.input.close()", of_stream("wsgi.input", "close"), of_stream("wsgi.input", "read", 0)),
    Case("A32", "wsgi.errors.close()", of_stream("wsgi.errors", "close"), of_stream("wsgi.errors", "flush")),
    Case(
        "A33",
        "read(100) where 5 bytes are left",
        of_stream("wsgi.input", "read", 100, CONTENT_LENGTH="5"),
        of_stream("wsgi.input", "read", 5, CONTENT_LENGTH="5"),
    ),
    Case("A34", "wsgi.errors.write() of bytes", of_stream("wsgi.errors", "write", b"no"), GOOD),
    Case("A37", "HTTP_CONNECTION decides", served(asking_for_connection, _UPGRADE), served(answer(), _UPGRADE)),
)

_HTTP = (
    Case("A41", "Content-Length 3, 5 bytes", with_length("3"), with_length("5")),
    Case("A41", "Content-Length 9, 5 bytes", with_length("9"), with_length("5")),
    Case("A41", "Content-Length `5 bytes`", with_length("5 bytes"), with_length("5")),
    Case("A41", "two Content-Lengths", with_length("5", ("Content-Length", "9")), with_length("5")),
    Case("A42", "content with 204", bodiless("204 No Content", body=_SORRY), bodiless("204 No Content")),
    Case("A42", "204 without Content-Length", None, bodiless("204 No Content")),
    Case("A42", "content with 304", bodiless("304 Not Modified", body=_SORRY), bodiless("304 Not Modified")),
    Case("A42", "content with HEAD", bodiless(OK, method="HEAD", body=_SORRY), bodiless(OK, method="HEAD")),
    Case("A43", "content without Content-Type", served(answer(OK, [])), GOOD),
    Case("A43", "no content, no Content-Type", None, served(answer(OK, [], body=()))),
)

CASES = (*_CALLS, *_HEADS, *_STREAMS, *_HTTP)
