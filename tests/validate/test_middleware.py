"""Middleware between two validators."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any

import pytest

from gatewright.types import StartResponse, WSGIApplication
from gatewright.validate import validator

MakeEnviron = Callable[..., dict[str, Any]]
Found = Callable[..., list[str]]
Refusal = Callable[..., str]
Middleware = Callable[[Any], Any]

TYPE = ("Content-Type", "text/plain")


def start(_status: str, _headers: Any, _exc_info: Any = None, /) -> Any:
    """Be a server's start_response()."""
    return len


class Blocks:
    """The body of the application, which remembers that it was closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"one", b"two", b"three"])

    def close(self) -> None:
        self.closed = True


def application(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Send three blocks."""
    start_response("200 OK", [TYPE, ("Content-Length", "11")])
    return Blocks()


class Body:
    """A body that passes close() on, if it is told to."""

    def __init__(self, blocks: Iterator[bytes], inner: Any, *, closing: bool = True) -> None:
        self.blocks = blocks
        self.inner = inner
        self.closing = closing

    def __iter__(self) -> Iterator[bytes]:
        return self.blocks

    def close(self) -> None:
        if self.closing:
            self.inner.close()


def changing(change: Callable[[Iterator[bytes]], Iterator[bytes]], *, closing: bool = True) -> Middleware:
    """Make middleware that changes the body like this."""

    def wrap(app: WSGIApplication) -> Any:
        def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            inner = app(environ, start_response)
            return Body(change(iter(inner)), inner, closing=closing)

        return middleware

    return wrap


def reading_early(app: WSGIApplication) -> Any:
    """Read all before anything is returned."""

    def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        inner: Any = app(environ, start_response)
        blocks = [*inner]
        inner.close()
        return blocks

    return middleware


def writing(app: WSGIApplication) -> Any:
    """Write what the application yields."""

    def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        written: list[Any] = []

        def keep_write(*args: Any) -> Any:
            written.append(start_response(*args))
            return written[0]

        inner: Any = app(environ, keep_write)
        for block in inner:
            written[0](block)
        inner.close()
        return []

    return middleware


def passing(app: WSGIApplication) -> Any:
    """Do nothing."""

    def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return app(environ, start_response)

    return middleware


def without_length(app: WSGIApplication) -> Any:
    """Drop Content-Length and change the body."""

    def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: Any, *more: Any) -> Any:
            return start_response(status, [field for field in headers if field[0] != "Content-Length"], *more)

        inner = app(environ, start)
        return Body((block * 2 for block in inner), inner)

    return middleware


def pairs(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Make one block of two."""
    for block in blocks:
        yield block + next(blocks, b"")


def empty_while_gathering(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield something at once."""
    for block in blocks:
        yield b""
        yield block


def skipping_the_end(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Keep the last block back and give it to nobody."""
    kept: list[bytes] = []
    for block in blocks:
        if block == b"three":
            kept.append(block)
        else:
            yield block


def another_thread(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Read ahead where nobody waits for it."""
    ahead: list[bytes] = []
    thread = threading.Thread(target=lambda: ahead.extend(blocks))
    thread.start()
    thread.join(10)
    yield from ahead


CASES: list[tuple[Middleware, list[str]]] = [
    (passing, []),
    (without_length, []),
    (changing(iter), []),
    (changing(lambda blocks: (block for block in blocks)), []),
    (changing(empty_while_gathering), []),
    (changing(another_thread), []),
    (changing(pairs), ["M02"]),
    (changing(lambda blocks: iter(lambda: b"".join(blocks), b"")), ["M02"]),
    (changing(skipping_the_end), ["M09", "M03"]),
    (reading_early, ["M04"]),
    (writing, ["A29", "M05", "M05", "M05", "M04"]),
    (changing(iter, closing=False), ["M06"]),
    (changing(lambda blocks: (block + block for block in blocks)), ["M09"]),
    (changing(lambda blocks: (block[1:] for block in blocks)), ["M09"]),
]


@pytest.mark.parametrize("middleware, expected", CASES, ids=[*map(str, range(len(CASES)))])
def test_middleware(middleware: Middleware, expected: list[str], found: Found) -> None:
    """Middleware between two validators that breaks a rule is found, and its conforming twin is not (M02 to M09)."""
    assert found(middleware(validator(application))) == expected
    gc.collect()  # nothing that was found is said again


CONFORMING = [case[0] for case in CASES if not case[1]]


@pytest.mark.parametrize("middleware", CONFORMING, ids=[*map(str, range(len(CONFORMING)))])
def test_own_rules(middleware: Middleware, found: Found) -> None:
    """A validator around a validator, with and without middleware between, finds no fault (M01)."""
    assert found(validator(middleware(validator(validator(application))))) == []


def twice(app: WSGIApplication) -> Any:
    """Compose a response of two."""

    def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        parts: list[bytes] = []
        for _ in range(2):
            inner: Any = app(dict(environ), start)
            parts += inner
            inner.close()
        start_response("200 OK", [TYPE])
        return [b"".join(parts)]

    return middleware


def of_another_resource(app: WSGIApplication) -> Any:
    """Make a response of another one."""

    def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        inner: Any = app(environ | {"PATH_INFO": "/template"}, start)
        page = b"".join(inner)
        inner.close()
        start_response("200 OK", [TYPE])
        return [page]

    return middleware


def of_another_request(app: WSGIApplication) -> Any:
    """Make a response of a request of its own."""

    def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return of_another_resource(app)(environ | {"wsgi.input": BytesIO()}, start_response)  # type: ignore[no-any-return]  # a double

    return middleware


@pytest.mark.parametrize("composer", [twice, of_another_resource, of_another_request])
def test_composed(composer: Middleware, found: Found) -> None:
    """An application that asks others is not their middleware (M04)."""
    assert found(composer(validator(application))) == []


def shifting(app: WSGIApplication) -> Any:
    """Move a part of the path, as a dispatcher does, and read the body early."""

    def middleware(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return reading_early(app)(environ | {"SCRIPT_NAME": "/app", "PATH_INFO": "/page"}, start_response)  # type: ignore[no-any-return]  # a double

    return middleware


def test_dispatcher(found: Found) -> None:
    """What moves the border between SCRIPT_NAME and PATH_INFO is middleware still (M04)."""
    assert found(shifting(validator(application)), PATH_INFO="/app/page") == ["M04"]


def test_environ_of_another_time(make_environ: MakeEnviron) -> None:
    """An environ that is used once more does not make one call the middleware of the next (M04)."""
    environ = make_environ()
    for _ in range(2):
        result: Any = validator(reading_early(application))(environ, start)
        assert b"".join(result) == b"onetwothree"
        result.close()
