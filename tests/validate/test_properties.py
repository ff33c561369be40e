"""Whatever comes, the outcome is a violation or a pass."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from typing import Any

from hypothesis import given, settings, strategies as st

from gatewright.spec.checks import Violation, violation_of
from gatewright.util import FileWrapper, setup_testing_defaults
from gatewright.validate import Action, Policy, checked

ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 300),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.sampled_from([(), [], {}, (1, 0), object(), BytesIO(), StringIO(), FileWrapper, len, ValueError]),
)
KEYS = st.sampled_from(
    [
        *["REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_LENGTH", "SERVER_NAME", "SERVER_PORT"],
        *["SERVER_PROTOCOL", "wsgi.version", "wsgi.url_scheme", "wsgi.input", "wsgi.errors", "wsgi.multithread"],
        *["wsgi.file_wrapper", "wsgi.input_terminated", "HTTP_X", "HTTP_CONTENT_LENGTH", "X.Y", 7, b"X", None],
    ]
)
ENVIRONS = st.dictionaries(KEYS, ANYTHING | st.just(...), max_size=4)

NAMES = st.sampled_from(["Content-Type", "Content-Length", "Connection", "Transfer-Encoding", "X-", "Status"])
HEADERS = st.lists(
    st.tuples(NAMES | st.text(max_size=4), st.sampled_from(["0", "4", "text/plain"]) | st.text(max_size=4)) | ANYTHING,
    max_size=3,
)
STATUSES = st.sampled_from(["200 OK", "204 No Content", "304 Not Modified", "99 X", "200"])
TRIPLES = st.sampled_from([None, (None, None, None), (ValueError, ValueError(), None), (1, 2, 3), "error"])
STARTS = st.tuples(st.just("start"), st.tuples(STATUSES | ANYTHING, HEADERS | ANYTHING)) | st.tuples(
    st.just("start"), st.tuples(STATUSES, HEADERS, TRIPLES | ANYTHING)
)
STEPS = st.one_of(
    STARTS,
    st.tuples(st.just("start"), st.lists(ANYTHING, max_size=4)),
    st.tuples(st.just("write"), st.lists(ANYTHING, max_size=2)),
    st.tuples(st.sampled_from(["read", "readline", "readlines", "close"]), st.lists(st.integers(-1, 9), max_size=2)),
    st.tuples(st.sampled_from(["log", "logs", "flush", "file"]), st.lists(ANYTHING, max_size=2)),
)
BLOCKS = st.lists(st.binary(max_size=4) | ANYTHING, max_size=4)

Programme = tuple[list[Any], list[Any], Any, bool]
PROGRAMMES = st.tuples(st.lists(STEPS, max_size=4), st.lists(STEPS, max_size=2), BLOCKS | ANYTHING, st.booleans())


def step(name: str, args: Any, environ: Any, start_response: Any, known: dict[str, Any]) -> None:
    """Do one thing that an application does."""
    targets: dict[str, Callable[[], Any]] = {
        "start": lambda: start_response,
        "write": lambda: known.get("write", len),
        "read": lambda: environ["wsgi.input"].read,
        "readline": lambda: environ["wsgi.input"].readline,
        "readlines": lambda: environ["wsgi.input"].readlines,
        "close": lambda: environ["wsgi.input"].close,
        "log": lambda: environ["wsgi.errors"].write,
        "logs": lambda: environ["wsgi.errors"].writelines,
        "flush": lambda: environ["wsgi.errors"].flush,
        "file": lambda: environ["wsgi.file_wrapper"],
    }
    result = targets[name]()(*args)
    if name == "start":
        known["write"] = result


def application_of(programme: Programme) -> Any:
    """Make an application that follows a programme, at once and while it is iterated over."""
    first, later, result, lazily = programme

    def app(environ: Any, start_response: Any) -> Any:
        known: dict[str, Any] = {}

        def blocks() -> Iterator[Any]:
            blocks_of: list[Any] = [*result] if isinstance(result, list) else [result]
            for block in blocks_of:
                for name, args in later:
                    step(name, args, environ, start_response, known)
                yield block

        for name, args in first:
            step(name, args, environ, start_response, known)
        return blocks() if lazily else result

    return app


def start(*_: Any) -> Any:
    """Be a server's start_response()."""
    return len


def serve(app: Any, environ: Any) -> None:
    """Be a server."""
    result = app(environ, start)
    try:
        for _ in result:
            pass
    finally:
        if hasattr(result, "close"):
            result.close()


def outcome(app: Any, environ: Any) -> BaseException | None:
    """Return what the call raises."""
    try:
        serve(app, environ)
    except Exception as error:  # noqa: BLE001  # whatever it is
        return error
    return None


def environ_of(changes: dict[Any, Any]) -> dict[Any, Any]:
    """Return a good environ with these changes."""
    environ: dict[Any, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"wsgi.file_wrapper": FileWrapper} | changes
    return {key: value for key, value in environ.items() if value is not ...}


EXAMPLES = settings(max_examples=200)


@EXAMPLES
@given(ENVIRONS, PROGRAMMES)
def test_raised_or_passed(changes: dict[Any, Any], programme: Programme) -> None:
    """Where breaches are raised, each error is a violation, or the call fails without the validator as well."""
    policy = Policy(should=Action.RAISE)
    error = outcome(checked(application_of(programme), policy), environ_of(changes))
    if error is not None and violation_of(error) is None:
        assert outcome(application_of(programme), environ_of(changes)) is not None


@EXAMPLES
@given(ENVIRONS, PROGRAMMES)
def test_reported_or_passed(changes: dict[Any, Any], programme: Programme) -> None:
    """Where none is raised, what ends well without the validator ends well with it."""
    found: list[Violation] = []
    policy = Policy(must=Action.REPORT, should=Action.REPORT, report=found.append)
    with_validator = outcome(checked(application_of(programme), policy), environ_of(changes))
    assert with_validator is None or outcome(application_of(programme), environ_of(changes)) is not None


@EXAMPLES
@given(st.dictionaries(st.sampled_from(["HTTP_X", "QUERY_STRING"]), st.text(st.characters(max_codepoint=255))), BLOCKS)
def test_conforming(changes: dict[str, str], blocks: list[Any]) -> None:
    """A program that conforms is never accused, around one validator or two."""
    body = [block for block in blocks if type(block) is bytes]

    def app(_: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(sum(map(len, body))))])
        return body

    strict = Policy(should=Action.RAISE)

    def start_response(_status: str, _headers: Any, exc_info: Any = None, /) -> Any:
        del exc_info
        return len

    result: Any = checked(checked(app, strict), strict)(environ_of(changes), start_response)
    assert list(result) == body
    result.close()
    assert sys.exc_info() == (None, None, None)
