from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

CheckTypes = Callable[[str, Path], set[tuple[str, int]]]

CHECKERS = ("mypy", "pyright", "pyrefly")
pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, CHECKERS)), reason="checkers come with the group typing"
)

PREAMBLE = """\
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, MutableMapping
from io import BytesIO
from typing import Any

import bottle
import cherrypy
import falcon
import falcon.asgi
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.asgi import get_asgi_application
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from flask import Flask
from prometheus_client import make_wsgi_app
from pyramid.config import Configurator
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.wrappers import Request, Response
from wsgidav.wsgidav_app import WsgiDAVApp
from wsgiref.simple_server import demo_app
from wsgiref.types import WSGIApplication as StdlibApplication
from wsgiref.validate import validator as stdlib_validator

from gatewright import simple_server
from gatewright.conformance import drive
from gatewright.handlers import BaseCGIHandler, BaseHandler, CGIHandler, IISCGIHandler, SimpleHandler
from gatewright.pytest_plugin import ServeApplication, ValidateApplication
from gatewright.simple_server import ServerHandler, ThreadingWSGIServer, WSGIServer, make_server
from gatewright.types import Environ, Handler, StartResponse, WSGIApplication
from gatewright.validate import Policy, checked, validator

flask = Flask(__name__)


@Request.application
def by_decorator(request: Request) -> Response:
    return Response(request.path)


def text(environ: Environ, start_response: StartResponse) -> str:
    return ""


def octets(environ: Environ, start_response: StartResponse) -> bytes:
    return b""


def texts(environ: Environ, start_response: StartResponse) -> list[str]:
    return [""]


def numbers(environ: Environ, start_response: StartResponse) -> Iterator[int]:
    yield 1


def nothing(environ: Environ, start_response: StartResponse) -> None:
    start_response("200 OK", [])


def perhaps_nothing(environ: Environ, start_response: StartResponse) -> list[bytes] | None:
    return None


def swapped(start_response: StartResponse, environ: Environ) -> list[bytes]:
    return []


def of_one(environ: Environ) -> list[bytes]:
    return []


def of_three(environ: Environ, start_response: StartResponse, settings: object) -> list[bytes]:
    return []


def by_keyword(*, environ: Environ, start_response: StartResponse) -> list[bytes]:
    return []


def without_exc_info(environ: Environ, start_response: Callable[[str], object]) -> list[bytes]:
    return []


async def coroutine(environ: Environ, start_response: StartResponse) -> list[bytes]:
    return []


async def asynchronous(environ: Environ, start_response: StartResponse) -> AsyncIterator[bytes]:
    yield b""


async def asgi(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None: ...


class NeedsAnInstance:
    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []


class NotIterable:
    def __init__(self, environ: Environ, start_response: StartResponse) -> None: ...


class Asynchronous:
    async def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []


def entries(
    ours: WSGIApplication,
    stdlib: StdlibApplication,
    base: BaseHandler,
    simple: SimpleHandler,
    cgi: CGIHandler,
    served: ServerHandler,
    own: Handler,
    server: WSGIServer,
    threads: ThreadingWSGIServer,
    wsgi_validated: ValidateApplication,
    wsgi_server: ServeApplication,
) -> None:
"""

# What takes an application.
ENTRIES = (
    'make_server("", 0, {})',
    'make_server("", 0, {}, ThreadingWSGIServer)',
    'make_server("", 0, app={}, handler_class=simple_server.WSGIRequestHandler)',
    "server.set_app({})",
    "threads.set_app({})",
    "server.application = {}",
    "validator({})",
    "checked({})",
    "checked({}, Policy())",
    "base.run({})",
    "simple.run({})",
    "cgi.run({})",
    "served.run({})",
    "own.run({})",
    "IISCGIHandler().run({})",
    "BaseCGIHandler(BytesIO(), BytesIO(), sys.stderr, {{}}).run({})",
    "drive({}, [])",
    "wsgi_validated({})",
    "wsgi_server({})",
)

GOOD = (
    "flask",
    "flask.wsgi_app",
    "get_wsgi_application()",
    "WSGIHandler()",
    "StaticFilesHandler(WSGIHandler())",
    "Configurator().make_wsgi_app()",
    "falcon.App()",
    "bottle.Bottle()",
    "bottle.default_app()",
    "by_decorator",
    'Response("an instance is an application")',
    'DispatcherMiddleware(flask, {"/ours": ours, "/stdlib": stdlib})',
    "ProxyFix(flask.wsgi_app)",
    'SharedDataMiddleware(ours, {"/static": "static"})',
    "DebuggedApplication(flask)",
    "cherrypy.Application(None)",
    "cherrypy.tree",
    "make_wsgi_app()",
    "WsgiDAVApp({})",
    "demo_app",
    "stdlib_validator(demo_app)",
    "stdlib",
    "validator(ours)",
    "NeedsAnInstance()",
)

# WsgiDAV publishes no types. pyright infers from its sources that a block may be a str, so that it refuses it for
# typeshed's type of an application, too.
MISTAKEN = {"pyright": ("WsgiDAVApp({})",)}

BAD = (
    "text",
    "octets",
    "texts",
    "numbers",
    "nothing",
    "perhaps_nothing",
    "swapped",
    "of_one",
    "of_three",
    "by_keyword",
    "without_exc_info",
    "coroutine",
    "asynchronous",
    "asgi",
    "NeedsAnInstance",
    "NotIterable",
    "Asynchronous()",
    "Flask",
    "falcon.asgi.App()",
    "get_asgi_application()",
    "bytes",
    '"module:app"',
    'lambda environ, start_response: "text"',
)

CONFIGURATION = """\
[tool.mypy]
strict = true
plugins = [{plugins}]
disable_error_code = ["import-untyped", "import-not-found"]

[tool.pyright]
typeCheckingMode = "standard"
"""


def calls_of(applications: Iterable[str]) -> list[str]:
    """Return a call of each entry with each application."""
    return [entry.format(application) for application in applications for entry in ENTRIES]


@pytest.fixture(scope="module", params=["mypy", "mypy with the plugin", "pyright", "pyrefly"])
def refused(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, check_types: CheckTypes
) -> list[str]:
    """Write a module with all calls, one a line; return those that a checker refuses, and rightly so."""
    checker, _, plugin = str(request.param).partition(" ")
    folder = tmp_path_factory.mktemp("matrix")
    configuration = CONFIGURATION.format(plugins='"gatewright.mypy_plugin"' if plugin else "")
    (folder / "pyproject.toml").write_text(configuration, "utf-8")
    text = PREAMBLE + "".join(f"    {call}\n" for call in calls_of(GOOD) + calls_of(BAD))
    (folder / "matrix.py").write_text(text, "utf-8")
    found, lines = check_types(checker, folder), text.splitlines()
    refusals = [lines[number - 1].strip() for _, number in sorted(found)]
    return [call for call in refusals if call not in calls_of(MISTAKEN.get(checker, ()))]


def test_good(refused: list[str]) -> None:
    """The applications of frameworks fit everything of ours that takes one, without an ignore or a cast."""
    assert [call for call in refused if call not in calls_of(BAD)] == []


def test_bad(refused: list[str]) -> None:
    """What is no application fits nothing of ours that takes one."""
    assert [call for call in calls_of(BAD) if call not in refused] == []
