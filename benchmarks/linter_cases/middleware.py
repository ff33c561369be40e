"""How middleware can go wrong (rules M02 to M09); the linter stands on both of its sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from linter_cases.programs import OK, TEXT, Application, Case, Lint, Program, Server

__all__ = ["CASES"]

_LENGTH = [*TEXT, ("Content-Length", "14")]


class Body:
    """A body of three blocks that can be closed."""

    def __init__(self) -> None:
        """Begin at the beginning."""
        self._blocks = iter((b"Hello", b", ", b"client!"))

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        """Close it."""


class Changed:
    """The body of middleware: that of the application, passed through a function; it is closed, or not."""

    def __init__(
        self, body: Any, change: Callable[[Iterator[bytes]], Iterator[bytes]] = iter, *, closes: bool = True
    ) -> None:
        """Wrap the application's."""
        self._body = body
        self._blocks = change(iter(body))
        self._closes = closes

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        """Close the application's, or forget it."""
        if self._closes:
            self._body.close()


def application(_environ: dict[str, Any], start_response: Application) -> Body:
    """Be an application in three blocks, with a Content-Length."""
    start_response(OK, _LENGTH[:])
    return Body()


def around(middleware: Callable[[Application], Application]) -> Program:
    """Return the program that serves the application within this middleware."""

    def program(lint: Lint) -> None:
        Server().serve(lint(middleware(lint(application))))

    return program


def changing(change: Callable[[Iterator[bytes]], Iterator[bytes]] = iter, *, closes: bool = True) -> Program:
    """Return the program with middleware that passes the blocks through this."""

    def middleware(inner: Application) -> Application:
        def outer(environ: dict[str, Any], start_response: Application) -> Changed:
            return Changed(inner(environ, start_response), change, closes=closes)

        return outer

    return around(middleware)


def in_pairs(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Join each two blocks."""
    for block in blocks:
        yield block + next(blocks, b"")


def in_pairs_at_once(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Join each two blocks, and yield at the first that there is nothing yet."""
    for block in blocks:
        yield b""
        yield block + next(blocks, b"")


def held_back(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield all but the last block, for which nothing is yielded."""
    for block in blocks:
        if block.endswith(b"!"):
            return
        yield block


def blanked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what is empty for the last block."""
    for block in blocks:
        yield b"" if block.endswith(b"!") else block


def louder(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Make the body longer."""
    for block in blocks:
        yield block.replace(b"!", b"!!!")


def without_length(change: Callable[[Iterator[bytes]], Iterator[bytes]]) -> Program:
    """Return the program with middleware that passes the blocks through this, and takes the Content-Length out."""

    def middleware(inner: Application) -> Application:
        def outer(environ: dict[str, Any], start_response: Application) -> Changed:
            def start(status: str, _headers: object, *exc_info: object) -> object:
                return start_response(status, TEXT[:], *exc_info)

            return Changed(inner(environ, start), change)

        return outer

    return around(middleware)


def draining(inner: Application) -> Application:
    """Be middleware that reads the body before it returns."""

    def outer(environ: dict[str, Any], start_response: Application) -> list[bytes]:
        body = inner(environ, start_response)
        try:
            return [b"".join(body)]
        finally:
            body.close()

    return outer


def writing(inner: Application) -> Application:
    """Be middleware that writes what the application yields."""

    def outer(environ: dict[str, Any], start_response: Application) -> list[bytes]:
        writes: list[Application] = []

        def start(*args: object) -> object:
            writes.append(start_response(*args))
            return writes[-1]

        body = inner(environ, start)
        try:
            for block in body:
                writes[-1](block)
        finally:
            body.close()
        return []

    return outer


CASES = (
    Case("M02", "two blocks are awaited for one", without_length(in_pairs), without_length(in_pairs_at_once)),
    Case("M03", "nothing is yielded for a block", without_length(held_back), without_length(blanked)),
    Case("M04", "the body is read before the return", around(draining), changing()),
    Case("M05", "yielded blocks are written", around(writing), changing()),
    Case("M06", "close() is not passed on", changing(closes=False), changing()),
    Case("M09", "a longer body, the old Content-Length", changing(louder), without_length(louder)),
)
