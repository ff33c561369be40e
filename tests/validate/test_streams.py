from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest

from gatewright.spec.checks import Violation
from gatewright.types import HeaderList, OptExcInfo, StartResponse, Write, WSGIApplication
from gatewright.validate import Action, ErrorWrapper, InputWrapper, Policy, WSGIWarning, checked, validator

MakeEnviron = Callable[..., dict[str, Any]]

Call = Callable[..., bytes]
Refusal = Callable[..., str]
Found = Callable[..., list[str]]
Messages = Callable[..., tuple[str, str]]
Use = Callable[[Any], object]


def start(_status: str, _headers: HeaderList, _exc_info: OptExcInfo | None = None, /) -> Write:
    """Be a server's start_response()."""
    return lambda _: None


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


# --- What servers owe -----------------------------------------------------------------------------------------------


class Meagre(BytesIO):
    """An input of before PEP 3333."""

    def read(self, size: int, /) -> bytes:  # type: ignore[override]  # the fault
        return super().read(size)

    def readline(self) -> bytes:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # the fault
        return super().readline()


MEAGRE: dict[str, Use] = {"S37": lambda stream: stream.read(), "S39": lambda stream: stream.readline(5)}


@pytest.mark.parametrize("rule", MEAGRE)
def test_meagre_input(rule: str, make_environ: MakeEnviron) -> None:
    """A server whose read() needs a size, or whose readline() takes none, breaks a rule (S37, S39)."""
    violations: list[Violation] = []
    app = checked(
        using(lambda environ: MEAGRE[rule](environ["wsgi.input"])),
        Policy(should=Action.REPORT, report=violations.append),
    )
    with pytest.raises(TypeError):
        app(make_environ(wsgi_input=Meagre(b"body")), start)
    assert [violation.rule.id for violation in violations] == [rule]


@pytest.mark.parametrize("rule", MEAGRE)
def test_good_input(rule: str, found: Found) -> None:
    """Where the server's stream takes both, both may be used (S37, S39)."""
    assert found(using(lambda environ: MEAGRE[rule](environ["wsgi.input"]))) == []


def test_narrow_errors(make_environ: MakeEnviron) -> None:
    """A server whose error log does not take every character breaks a rule (S28)."""
    narrow = TextIOWrapper(BytesIO(), "ascii", write_through=True)
    with pytest.warns(WSGIWarning, match="S28"), pytest.raises(UnicodeEncodeError):
        validator(using(lambda environ: environ["wsgi.errors"].write("\u20ac")))(
            make_environ(wsgi_errors=narrow), start
        )


@pytest.mark.parametrize("encoding, text", [("utf-8", "\u20ac"), ("ascii", "e")])
def test_wide_errors(encoding: str, text: str, found: Found) -> None:
    """What the log takes passes (S28)."""
    log = TextIOWrapper(BytesIO(), encoding, write_through=True)
    assert found(using(lambda environ: environ["wsgi.errors"].write(text)), wsgi_errors=log) == []


def test_surrogates_are_no_characters(make_environ: MakeEnviron) -> None:
    """A server's log need not take what is no character (S28)."""
    log = TextIOWrapper(BytesIO(), "utf-8", write_through=True)
    with pytest.raises(UnicodeEncodeError):
        validator(using(lambda environ: environ["wsgi.errors"].write("\udce9")))(make_environ(wsgi_errors=log), start)


# --- What applications owe ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "length, reads, expected",
    [
        ("4", [5], ["A33"]),
        ("4", [4], []),
        ("4", [2, 2], []),
        ("4", [2, 3, 3], ["A33"]),
        ("4", [-1, 1], ["A33"]),
        ("4", [-1, 0, -1], []),
        ("", [99], []),
        (..., [99], []),
    ],
)
def test_beyond_content_length(length: Any, reads: list[int], expected: list[str], found: Found) -> None:
    """An application that asks for more than CONTENT_LENGTH leaves breaks a rule, which is said once (A33)."""
    app = using(lambda environ: [environ["wsgi.input"].read(size) for size in reads])
    assert found(app, CONTENT_LENGTH=length, wsgi_input=BytesIO(b"body+more")) == expected


def test_beyond_content_length_terminated(found: Found) -> None:
    """Where the server says that it ends the input, any size may be asked for (A33)."""
    app = using(lambda environ: environ["wsgi.input"].read(99))
    assert found(app, CONTENT_LENGTH="4", wsgi_input_terminated=True) == []


@pytest.mark.parametrize("key, name", [("wsgi.input", "seek"), ("wsgi.input", "fileno"), ("wsgi.errors", "tell")])
def test_unlisted_attribute(key: str, name: str, refusal: Refusal) -> None:
    """The use of an attribute that PEP 3333 does not list is refused, though the server's stream has it (A31)."""
    assert refusal(using(lambda environ: getattr(environ[key], name))) == "A31"


def test_unlisted_attribute_is_asked_about(call: Call) -> None:
    """To ask whether there is one is no use of it, and the answer is no (A31)."""
    answers: list[bool] = []
    call(using(lambda environ: answers.append(hasattr(environ["wsgi.input"], "seek"))))
    assert answers == [False]


def test_unlisted_method_is_called(found: Found) -> None:
    """Where breaches are not raised, the server's method answers, and its call is reported (A31)."""
    assert found(using(lambda environ: environ["wsgi.input"].seek(0))) == ["A31"]


def test_unlisted_method_is_looked_up(found: Found) -> None:
    """To look a method up is no breach (A31)."""
    assert found(using(lambda environ: getattr(environ["wsgi.input"], "seek", None))) == []


def test_copies() -> None:
    """The wrappers can be asked for what they have not, and copied, before they have anything."""
    assert not hasattr(InputWrapper.__new__(InputWrapper), "input")
