"""Fixtures for the tests of the validator."""

from __future__ import annotations

import wsgiref.validate
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, TypeAlias

import pytest

from gatewright.errors import RuleBroken
from gatewright.spec.checks import Violation
from gatewright.types import HeaderList, OptExcInfo, StartResponse, Write
from gatewright.util import setup_testing_defaults
from gatewright.validate import Action, Policy, checked, validator

Environ: TypeAlias = dict[str, Any]
MakeEnviron: TypeAlias = Callable[..., Environ]
Call: TypeAlias = Callable[..., bytes]
Refusal: TypeAlias = Callable[..., str]
Found: TypeAlias = Callable[..., list[str]]


def serve(application: Callable[..., Iterable[bytes]], environ: Environ) -> bytes:
    """Be a server that does everything right: return the body, written and yielded, and close it."""
    body = BytesIO()

    def start_response(_status: str, _headers: HeaderList, _exc_info: OptExcInfo | None = None, /) -> Write:
        return body.write

    result = application(environ, start_response)
    try:
        for block in result:
            body.write(block)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    return body.getvalue()


@pytest.fixture
def make_environ() -> MakeEnviron:
    """Make a good environ with these changes; ``wsgi_`` stands for ``wsgi.``, and ... takes a variable out."""

    def make(**changes: Any) -> Environ:
        environ: Environ = {"QUERY_STRING": ""}
        setup_testing_defaults(environ)
        environ |= {key.replace("wsgi_", "wsgi."): value for key, value in changes.items()}
        return {key: value for key, value in environ.items() if value is not ...}

    return make


@pytest.fixture
def start_response() -> StartResponse:
    """Return the start_response() of a server that throws away what is written."""

    def start(_status: str, _headers: HeaderList, _exc_info: OptExcInfo | None = None, /) -> Write:
        return len

    return start


@pytest.fixture
def call(make_environ: MakeEnviron) -> Call:
    """Call a checked application from a good server: ``call(app, **changes to the environ)`` returns the body."""

    def run(app: Any, **changes: Any) -> bytes:
        return serve(validator(app), make_environ(**changes))

    return run


@pytest.fixture
def refusal(call: Call) -> Refusal:
    """Return the id of the rule that is broken, after a look at the error: its argument and its cause agree on it."""

    def run(app: Any, **changes: Any) -> str:
        with pytest.raises(AssertionError) as raised:
            call(app, **changes)
        rule_id: str = raised.value.args[0].rule.id
        assert isinstance(raised.value.__cause__, RuleBroken)
        assert str(raised.value.__cause__).startswith(f"{rule_id} (")
        return rule_id

    return run


@pytest.fixture
def found(make_environ: MakeEnviron) -> Found:
    """Return the ids of the rules that a call breaks, none of them raised: ``found(app, **changes to the environ)``."""

    def run(app: Any, **changes: Any) -> list[str]:
        violations: list[Violation] = []
        policy = Policy(must=Action.REPORT, should=Action.REPORT, report=violations.append)
        serve(checked(app, policy), make_environ(**changes))
        return [violation.rule.id for violation in violations]

    return run


@pytest.fixture
def messages(call: Call, make_environ: MakeEnviron) -> Callable[..., tuple[str, str]]:
    """Return what our validator and wsgiref's say of one case."""

    def run(app: Any, **changes: Any) -> tuple[str, str]:
        with pytest.raises(AssertionError) as ours:
            call(app, **changes)
        with pytest.raises(AssertionError) as theirs:
            serve(wsgiref.validate.validator(app), make_environ(**changes))
        return str(ours.value), str(theirs.value)

    return run
