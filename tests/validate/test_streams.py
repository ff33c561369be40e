from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO
from typing import Any

import pytest

from gatewright.types import StartResponse, WSGIApplication
from gatewright.validate import ErrorWrapper, InputWrapper

Call = Callable[..., bytes]
Refusal = Callable[..., str]
Messages = Callable[..., tuple[str, str]]
Use = Callable[[Any], object]


def using(use: Callable[[dict[str, Any]], object]) -> WSGIApplication:
    """Make an application that uses its environ like this."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        use(environ)
        start_response("204 No Content", [])
        return []

    return app


# What breaks a rule and its twin that keeps it
INPUT: list[tuple[str, Use, Use]] = [
    ("S37", lambda stream: stream.read(), lambda stream: stream.read(-1)),
    ("S37", lambda stream: stream.read(1, 2), lambda stream: stream.read(1)),
    ("A31", lambda stream: stream.readline(1, 2), lambda stream: stream.readline(1)),
    ("A31", lambda stream: stream.readlines(1, 2), lambda stream: stream.readlines(1)),
    ("A32", lambda stream: stream.close(), lambda stream: stream.readline()),
]
ERRORS: list[tuple[str, Use, Use]] = [
    ("A34", lambda stream: stream.write(b"bytes"), lambda stream: stream.write("text")),
    ("A34", lambda stream: stream.writelines([b"bytes"]), lambda stream: stream.writelines(["text"])),
    ("A32", lambda stream: stream.close(), lambda stream: stream.flush()),
]
CASES = [
    *[("wsgi.input", *case) for case in INPUT],
    *[("wsgi.errors", *case) for case in ERRORS],
]


@pytest.mark.parametrize("key, rule, bad", [case[:3] for case in CASES], ids=[*map(str, range(len(CASES)))])
def test_bad(key: str, rule: str, bad: Use, refusal: Refusal) -> None:
    """A use of a stream that breaks a rule is refused, and the error names the rule."""
    assert refusal(using(lambda environ: bad(environ[key]))) == rule


@pytest.mark.parametrize("key, good", [(case[0], case[3]) for case in CASES], ids=[*map(str, range(len(CASES)))])
def test_good(key: str, good: Use, call: Call) -> None:
    """Its twin that keeps the rule passes."""
    assert call(using(lambda environ: good(environ[key]))) == b""


@pytest.mark.parametrize("key", ["wsgi.input", "wsgi.errors"])
def test_close_message(key: str, messages: Messages) -> None:
    """What wsgiref says of close() is what is said here."""
    ours, theirs = messages(using(lambda environ: environ[key].close()))
    assert ours == theirs != ""


def test_read_without_size_message(messages: Messages) -> None:
    """read() without a size is refused with wsgiref's message, which is empty (bpo-18610)."""
    assert messages(using(lambda environ: environ["wsgi.input"].read())) == ("", "")


def test_read_without_size_explains(call: Call) -> None:
    """What is missing there is told by the violation (cpython#58857)."""
    with pytest.raises(AssertionError) as raised:
        call(using(lambda environ: environ["wsgi.input"].read()))
    assert raised.value.args[0].message == "input.read() takes one argument, the size, not 0"


class Stream(BytesIO):
    """An input that answers with whatever it is told to."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def read(self, *_: Any) -> Any:
        return self.answer

    readline = readlines = read


READS: dict[str, Use] = {
    "read": lambda stream: stream.read(1),
    "readline": lambda stream: stream.readline(),
    "readlines": lambda stream: stream.readlines(),
    "iter": lambda stream: next(iter(stream)),
}


@pytest.mark.parametrize("method", READS)
@pytest.mark.parametrize("answer", ["text", ["text"], bytearray(b"x")], ids=repr)
def test_no_bytes(method: str, answer: Any, refusal: Refusal) -> None:
    """A server whose input returns anything but bytes breaks a rule (S35)."""
    assert refusal(using(lambda environ: READS[method](environ["wsgi.input"])), wsgi_input=Stream(answer)) == "S35"


def test_reading() -> None:
    """Reading gives what the server's stream gives."""
    stream = InputWrapper(BytesIO(b"abc\ndef\nghi\njkl\n"))
    parts = [stream.read(2), stream.readline(), stream.readline(2), stream.readlines(), stream.read(1)]
    assert parts == [b"ab", b"c\n", b"de", [b"f\n", b"ghi\n", b"jkl\n"], b""]


def test_iterating() -> None:
    """Iterating gives lines, one at a time."""
    source = BytesIO(b"a\nb\n")
    lines = iter(InputWrapper(source))
    assert (next(lines), source.tell(), [*lines]) == (b"a\n", 2, [b"b\n"])


def test_writing() -> None:
    """Writing reaches the server's stream at once and flushes when it is told to."""

    class Log(StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    log = Log()
    errors = ErrorWrapper(log)
    errors.write("a")
    errors.writelines(iter(["b", "c"]))
    errors.flush()
    assert (log.getvalue(), log.flushed) == ("abc", 1)


def test_lines_are_written_one_by_one() -> None:
    """writelines() asks for a line when the one before was written."""
    log, seen = StringIO(), list[str]()

    def lines() -> Iterator[str]:
        for line in "abc":
            seen.append(log.getvalue())
            yield line

    ErrorWrapper(log).writelines(lines())
    assert seen == ["", "a", "ab"]
