"""How a server can go wrong with streams, start_response, the end and files (rules S35 to S74)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from wsgiref.util import FileWrapper

from linter_cases.programs import HTML, OK, TEXT, Application, Case, Server, answer, asked, served

__all__ = ["CASES"]


class TextInput(BytesIO):
    """An input that reads text."""

    def read(self, size: int | None = -1, /) -> Any:
        """Return text."""
        return super().read(size).decode("latin-1")

    def readlines(self, hint: int | None = None, /) -> Any:
        """Return texts."""
        return [line.decode("latin-1") for line in super().readlines(hint)]

    def readline(self, size: int | None = -1, /) -> Any:
        """Return a line of text."""
        return super().readline(size).decode("latin-1")


class SizedInput:
    """An input of the time before PEP 3333: read() needs a size, and readline() takes none."""

    def read(self, _size: int, /) -> bytes:
        """Return the end."""
        return b""

    def readline(self) -> bytes:
        """Return the end."""
        return b""

    def readlines(self, _hint: int = -1, /) -> list[bytes]:
        """Return nothing."""
        return []

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over nothing."""
        return iter(())


def reading(method: str, *args: int) -> Application:
    """Return an application that calls a method of its input."""

    def application(environ: dict[str, Any], start_response: Application) -> object:
        getattr(environ["wsgi.input"], method)(*args)
        return answer()(environ, start_response)

    return application


class TwoArguments(Server):
    """A server whose start_response knows no exc_info."""

    def serve(self, application: Application) -> None:
        """Call the application."""

        def start_response(status: str, headers: Any) -> Callable[[bytes], object]:
            return self.start_response(status, headers)

        self.send(application(self.environ, start_response))


class Lenient(Server):
    """A server that takes every start."""

    def start_response(self, _status: str, _headers: Any, _exc_info: Any = None, /) -> Callable[[bytes], object]:
        """Start the response, again and again."""
        return self.write


class WithoutWrite(Server):
    """A server that returns nothing from start_response."""

    def start_response(self, _status: str, _headers: Any, _exc_info: Any = None, /) -> Any:
        """Start the response."""


class Leaving(Server):
    """A server that closes nothing."""

    def close(self, result: Any) -> None:
        """Forget what the application returned."""


def twice(_environ: dict[str, Any], start_response: Application) -> object:
    """Be an application that starts two responses."""
    start_response(OK, TEXT[:])
    start_response(OK, HTML[:])
    return [b"Hello, client!"]


def sending(_environ: dict[str, Any], start_response: Application) -> object:
    """Be an application that sends a file with what the server has for it."""
    start_response(OK, TEXT[:])
    return _environ["wsgi.file_wrapper"](BytesIO(b"Hello, client!"))


def one_argument(file: BytesIO) -> FileWrapper:
    """Be a file wrapper that takes no block size."""
    return FileWrapper(file)


def not_iterable(_file: BytesIO, _block_size: int = 8192) -> object:
    """Be a file wrapper that returns a number."""
    return 5


def _of_input(rule: str, what: str, stream: Callable[[], object], application: Application) -> Case:
    def breach(lint: Callable[[Application], Application]) -> None:
        Server({"wsgi.input": stream()}).serve(lint(application))

    return Case(rule, what, breach, served(application))


def _text() -> TextInput:
    return TextInput(b"Hello, server!")


_FILE = {"wsgi.file_wrapper": FileWrapper}

CASES = (
    _of_input("S35", "read() returns str", _text, reading("read", 5)),
    _of_input("S35", "readlines() returns a list of str", _text, reading("readlines")),
    Case("S35", "readlines() is called", None, served(reading("readlines"))),
    _of_input("S37", "read() needs a size", SizedInput, reading("read")),
    Case("S37", "read() is called without a size", None, served(reading("read"))),
    _of_input("S39", "readline() takes no size", SizedInput, reading("readline", 5)),
    Case("S39", "readline() is called with a size", None, served(reading("readline", 5))),
    Case("S42", "start_response takes two arguments", asked(TwoArguments), asked(Server)),
    Case("S43", "start_response returns None", asked(WithoutWrite), asked(Server)),
    Case("S47", "a second start is let pass", asked(Lenient, twice), asked(Lenient)),
    Case(
        "S50",
        "a hop-by-hop header is let pass",
        asked(Lenient, answer(OK, [*TEXT, ("Keep-Alive", "timeout=5")])),
        asked(Lenient),
    ),
    Case("S58", "close() is not called", asked(Leaving), asked(Server)),
    Case(
        "S73",
        "wsgi.file_wrapper takes no block size",
        served(sending, {"wsgi.file_wrapper": one_argument}),
        served(sending, _FILE),
    ),
    Case(
        "S74",
        "wsgi.file_wrapper returns an int",
        served(sending, {"wsgi.file_wrapper": not_iterable}),
        served(sending, _FILE),
    ),
)
