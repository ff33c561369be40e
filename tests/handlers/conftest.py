"""Fixtures for the tests of handlers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from typing import Any, TypeAlias, cast

import pytest

from gatewright.handlers import BaseCGIHandler, SimpleHandler
from gatewright.types import HeaderList, StartResponse, WSGIApplication

MakeApp: TypeAlias = Callable[..., WSGIApplication]
Respond: TypeAlias = Callable[..., tuple[bytes, str]]


@pytest.fixture
def make_app() -> MakeApp:
    """Make an application: ``make_app(result, status, headers)``; each has a default."""

    def make(result: Any = (b"body",), status: Any = "200 OK", headers: Any = None) -> WSGIApplication:
        def app(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            fields: HeaderList = [("Content-Type", "text/plain")] if headers is None else headers
            start_response(status, fields)
            return list(cast("tuple[bytes, ...]", result)) if isinstance(result, tuple) else result

        return app

    return make


@pytest.fixture
def respond() -> Respond:
    """Run an application once: ``respond(app, HandlerClass, VARIABLE=...)`` returns what was sent and what was logged.

    The handler is one for CGI unless it is said otherwise: what that one sends does not depend on the time.
    """

    def run(
        app: WSGIApplication, handler_class: type[SimpleHandler] = BaseCGIHandler, **variables: str
    ) -> tuple[bytes, str]:
        sent, log = BytesIO(), StringIO()
        environ = {"REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", **variables}
        handler_class(BytesIO(), sent, log, environ).run(app)
        return sent.getvalue(), log.getvalue()

    return run


@pytest.fixture
def rules_in() -> Callable[[str], list[str]]:
    """Find the rules that a log names, in their order."""
    return re.compile(r"\b([SAM]\d\d) \(").findall
