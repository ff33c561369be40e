"""wsgi.file_wrapper, called and answered rightly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any

import pytest

from gatewright.spec.checks import Violation
from gatewright.spec.rules import Party
from gatewright.types import StartResponse, WSGIApplication
from gatewright.util import FileWrapper
from gatewright.validate import Action, Policy, checked, validator

MakeEnviron = Callable[..., dict[str, Any]]
Found = Callable[..., list[str]]
Refusal = Callable[..., str]


def start(_status: str, _headers: Any, _exc_info: Any = None, /) -> Any:
    """Be a server's start_response()."""
    return len


def sending(*args: Any, **kw: Any) -> WSGIApplication:
    """Make an application that returns what the wrapper makes of these arguments."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](*args, **kw)  # type: ignore[no-any-return]  # environ holds Any

    return app


def one(file: Any) -> Any:
    """Take no block size."""
    return FileWrapper(file)


def three(file: Any, size: int, more: int, /) -> Any:
    """Take too much."""
    return FileWrapper(file, size + more)


def closing(result: Any) -> Callable[..., Any]:
    """Make a wrapper that returns this."""

    def wrapper(_file: Any, _size: int = 1) -> Any:
        return result

    return wrapper


class Closeless:
    def __iter__(self) -> Iterator[bytes]:
        return iter([b"body"])


class Readable:
    """A file without close()."""

    def read(self, _size: int = -1, /) -> bytes:
        return b""


@pytest.mark.parametrize(
    "wrapper, file, expected",
    [
        (FileWrapper, BytesIO(), []),
        (closing(FileWrapper(BytesIO())), BytesIO(), []),
        (one, BytesIO(), ["S73"]),
        (closing(iter([b"body"])), BytesIO(), ["S76"]),
        (closing(Closeless()), Readable(), []),
        (FileWrapper, Readable(), []),
    ],
)
def test_wrapper(wrapper: Any, file: Any, expected: list[str], found: Found) -> None:
    """The server's wrapper takes one argument or two, and what it makes can be closed like the file (S73, S76)."""
    assert found(sending(file), wsgi_file_wrapper=wrapper) == expected


def test_wrapper_of_three(refusal: Refusal) -> None:
    """A wrapper that needs more than the file breaks a rule (S73)."""
    assert refusal(sending(BytesIO()), wsgi_file_wrapper=three) == "S73"


def test_no_iterable(refusal: Refusal) -> None:
    """A wrapper that makes no iterable breaks a rule (S74)."""
    assert refusal(sending(BytesIO()), wsgi_file_wrapper=closing(7)) == "S74"


@pytest.mark.parametrize(
    "args, kw, expected",
    [
        ((BytesIO(),), {}, []),
        ((BytesIO(), 4096), {}, []),
        ((BytesIO(),), {"blksize": 4096}, ["S73"]),
        (("path",), {}, ["S73"]),
    ],
)
def test_use(args: tuple[Any, ...], kw: dict[str, Any], expected: list[str], make_environ: MakeEnviron) -> None:
    """The application gives a file, and a size by position; the breach is its own (S73)."""
    violations: list[Violation] = []
    policy = Policy(must=Action.REPORT, report=violations.append)
    environ = make_environ() | {"wsgi.file_wrapper": FileWrapper}
    checked(sending(*args, **kw), policy)(environ, start)
    assert [violation.rule.id for violation in violations if violation.side is Party.APPLICATION] == expected


@pytest.mark.parametrize("wrapper", [FileWrapper, closing(FileWrapper(BytesIO()))], ids=["class", "function"])
def test_sendfile_survives(wrapper: Any, make_environ: MakeEnviron) -> None:
    """What the wrapper makes reaches the server as it is, so that it can be recognised (S60)."""
    environ = make_environ() | {"wsgi.file_wrapper": wrapper}
    assert type(validator(sending(BytesIO()))(environ, start)) is FileWrapper


def test_environ_is_restored(make_environ: MakeEnviron) -> None:
    """The server finds its own wrapper in the environ afterwards: some look for it there."""
    environ = make_environ() | {"wsgi.file_wrapper": FileWrapper}
    validator(sending(BytesIO()))(environ, start)
    assert environ["wsgi.file_wrapper"] is FileWrapper


def test_file_within_two_validators(make_environ: MakeEnviron) -> None:
    """A file passes through a validator around a validator."""
    environ = make_environ() | {"wsgi.file_wrapper": FileWrapper}
    assert type(validator(validator(sending(BytesIO())))(environ, start)) is FileWrapper
