from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any, cast

import pytest

from gatewright.types import StartResponse, WSGIApplication
from gatewright.util import FileWrapper
from gatewright.validate import IteratorWrapper, PartialIteratorWrapper, validator

MakeEnviron = Callable[..., dict[str, Any]]
Call = Callable[..., bytes]
Refusal = Callable[..., str]
Messages = Callable[..., tuple[str, str]]

TYPE = ("Content-Type", "text/plain")


def returning(result: Any, *, start: bool = True) -> WSGIApplication:
    """Make an application that returns this, started or not; a tuple stands for a new iterator over it."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if start:
            start_response("200 OK", [TYPE])
        return iter(cast("tuple[bytes, ...]", result)) if isinstance(result, tuple) else result

    return app


# What breaks a rule, its twin that keeps it, and whether wsgiref has a message
CASES: list[tuple[str, WSGIApplication, WSGIApplication, bool]] = [
    ("A05", returning([b"body"], start=False), returning([b"body"]), True),
    ("A05", returning((b"", b"body"), start=False), returning((b"", b"body")), True),
    ("A06", returning([], start=False), returning([]), False),
    ("A06", returning((), start=False), returning(()), False),
    ("A07", returning(None), returning([]), True),
    ("A07", returning(False), returning(()), True),
    ("A07", returning(7), returning([b"7"]), False),
    ("A08", returning("page"), returning([b"page"]), True),
    ("A08", returning(b"page"), returning((b"page",)), True),
    ("A09", returning(["text"]), returning([b"text"]), True),
    ("A09", returning((b"a", None)), returning((b"a", b"")), True),
    ("A09", returning([bytearray(b"a")]), returning({b"a": 1}), True),
]


@pytest.mark.parametrize("rule, bad", [case[:2] for case in CASES], ids=[*map(str, range(len(CASES)))])
def test_bad(rule: str, bad: WSGIApplication, refusal: Refusal) -> None:
    """A body that breaks a rule is refused, and the error names the rule."""
    assert refusal(bad) == rule


@pytest.mark.parametrize("good", [case[2] for case in CASES], ids=[*map(str, range(len(CASES)))])
def test_good(good: WSGIApplication, call: Call) -> None:
    """Its twin that keeps the rule passes, without a warning."""
    call(good)


MESSAGES = [case[1] for case in CASES if case[3]]


@pytest.mark.parametrize("bad", MESSAGES, ids=[*map(str, range(len(MESSAGES)))])
def test_message(bad: WSGIApplication, messages: Messages) -> None:
    """The message is that of wsgiref, where it has one."""
    ours, theirs = messages(bad)
    assert ours.removeprefix("The application must return an iterable, not False") in theirs != ""


def test_blocks_pass_one_by_one(make_environ: MakeEnviron, start_response: StartResponse) -> None:
    """Nothing is gathered or looked at ahead: each block passes when it is asked for (rules M02 to M04)."""
    asked: list[int] = []

    def blocks() -> Iterator[bytes]:
        for n in range(3):
            asked.append(n)
            yield b"%d" % n

    result = validator(returning(blocks()))(make_environ(), start_response)
    steps = [(len(asked), block, len(asked)) for block in result]
    result.close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # ours has it
    assert steps == [(1, b"0", 1), (2, b"1", 2), (3, b"2", 3)]


def test_error_of_the_application(call: Call) -> None:
    """An error of the application's passes through unchanged."""

    def app(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        call(app)


# --- close() --------------------------------------------------------------------------------------------------------


class Body:
    """A body that counts how often it is closed."""

    closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"body"])

    def close(self) -> None:
        """Count."""
        self.closed += 1


def test_close_is_passed_on(call: Call) -> None:
    """close() reaches the application's body, once (rule M06)."""
    body = Body()
    call(returning(body))
    assert body.closed == 1


def test_read_after_close() -> None:
    """A server that goes on reading after close() breaks a rule (S58)."""
    result = IteratorWrapper([b"a"], None)
    result.close()
    with pytest.raises(AssertionError, match=r"^Iterator read after closed$") as raised:
        next(result)
    assert raised.value.args[0].rule.id == "S58"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_never_closed(capsys: pytest.CaptureFixture[str]) -> None:
    """A server that never closes is reported when the body is collected, in wsgiref's words (S58)."""
    IteratorWrapper([b"a"], None)
    gc.collect()
    assert capsys.readouterr().err.startswith("Iterator garbage collected without being closed")


def test_never_closed_names_the_rule() -> None:
    """The error that nobody catches names the rule (S58)."""
    result = IteratorWrapper([b"a"], None)
    with pytest.raises(AssertionError) as raised:
        result.__del__()  # what the collector calls
    result.close()
    assert raised.value.args[0].rule.id == "S58"


def test_closed_is_not_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """A body that was closed is collected in silence."""
    IteratorWrapper([b"a"], None).close()
    gc.collect()
    assert capsys.readouterr().err == ""


class Unwilling:
    def __iter__(self) -> Iterator[bytes]:
        raise ZeroDivisionError


def test_never_iterated(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    """A body that cannot even be iterated over is not said to be left open."""
    with pytest.raises(ZeroDivisionError):
        call(returning(Unwilling()))
    gc.collect()
    assert capsys.readouterr().err == ""


# --- Files ----------------------------------------------------------------------------------------------------------


def sending(file: Any, *, start: bool = True) -> WSGIApplication:
    """Make an application that returns the file, wrapped."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if start:
            start_response("200 OK", [TYPE])
        return environ["wsgi.file_wrapper"](file)  # type: ignore[no-any-return]  # environ holds Any

    return app


def test_file_passes(make_environ: MakeEnviron, start_response: StartResponse) -> None:
    """A file reaches the server as it is, which could not recognise it otherwise (rule S60)."""
    environ = make_environ() | {"wsgi.file_wrapper": FileWrapper}
    result = validator(sending(BytesIO(b"body")))(environ, start_response)
    assert type(result) is FileWrapper


def test_file_before_start(refusal: Refusal) -> None:
    """A file before start_response() is body before it (A05)."""
    assert refusal(sending(BytesIO(), start=False), wsgi_file_wrapper=FileWrapper) == "A05"


def test_wrapper_that_is_no_class(call: Call) -> None:
    """Where the wrapper is a function its results are known by identity."""

    def wrap(file: BytesIO, block_size: int = 1) -> FileWrapper:
        return FileWrapper(file, block_size)

    assert call(sending(BytesIO(b"a\nb")), wsgi_file_wrapper=wrap) == b"a\nb"


# --- The classes of wsgiref -----------------------------------------------------------------------------------------


def test_partial_iterator() -> None:
    """A partial wrapper is a checked iterator once it is iterated over."""
    result = iter(PartialIteratorWrapper([b"a"]))
    blocks = [*result]
    result.close()
    assert (type(result), blocks) == (IteratorWrapper, [b"a"])


def test_list_of_starts() -> None:
    """As in wsgiref a list may say that start_response() was called."""
    result = IteratorWrapper([b"a"], [None])
    blocks = [*result]
    result.close()
    assert blocks == [b"a"]


def test_empty_list_of_starts() -> None:
    """A list that is still empty says that it was not (A05)."""
    result = IteratorWrapper([b"a"], [])
    with pytest.raises(AssertionError) as raised:
        next(result)
    result.close()
    assert raised.value.args[0].rule.id == "A05"


def test_started_while_iterating(call: Call) -> None:
    """start_response() may be called as late as for the first block."""

    def app(_: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [TYPE])
        yield b"body"

    assert call(app) == b"body"
