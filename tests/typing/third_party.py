"""Published frameworks and middleware fit our types without a cast. Checked by mypy, pyright and pyrefly, never run.

Bottle, Django and Pyramid publish no types: mypy sees Any, pyright what it infers from their sources.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedFunctionDecorator=false

import wsgiref.simple_server
import wsgiref.types
import wsgiref.validate
from collections.abc import Iterable
from typing import Any, assert_type

import bottle
import falcon
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from flask import Flask
from pyramid.config import Configurator
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.profiler import ProfilerMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request, Response
from werkzeug.wsgi import ClosingIterator, get_current_url, get_input_stream, wrap_file

from gatewright.types import Environ, StartResponse, WSGIApplication


def serve(app: WSGIApplication) -> None:
    """Stands for every function that takes an application."""


@Request.application
def by_decorator(request: Request) -> Response:
    return Response(request.path)


def frameworks(module: str) -> None:
    """The applications of the frameworks, and the parts of them that are applications."""
    flask = Flask(module)
    serve(flask)
    serve(flask.wsgi_app)
    serve(get_wsgi_application())
    serve(WSGIHandler())
    serve(bottle.Bottle())
    serve(bottle.default_app())
    serve(falcon.App())
    serve(Configurator().make_wsgi_app())
    serve(by_decorator)
    serve(Response("an instance is an application"))


def their_middleware(ours: WSGIApplication, stdlib: wsgiref.types.WSGIApplication) -> None:
    """Their middleware takes our applications, and is one."""
    serve(ProxyFix(ours))
    serve(DispatcherMiddleware(ours, {"/stdlib": stdlib, "/ours": ours}))
    serve(DebuggedApplication(ours))
    serve(LintMiddleware(ours))
    serve(ProfilerMiddleware(ours))
    serve(SharedDataMiddleware(ours, {}))
    serve(wsgiref.validate.validator(ours))
    serve(wsgiref.simple_server.demo_app)
    assert_type(Client(ours).get("/").status_code, int)


def our_middleware(environ: Environ, start_response: StartResponse, module: str) -> Iterable[bytes]:
    """An Environ serves wherever werkzeug, Flask and their like want an environ."""
    request = Request(environ)
    assert_type(request.method, str)
    assert_type(get_current_url(environ), str)
    get_input_stream(environ).read()
    flask = Flask(module)
    with flask.request_context(environ):
        pass
    if request.path == "/file":
        return wrap_file(environ, open(module, "rb"))
    if request.path == "/flask":
        return ClosingIterator(flask(environ, start_response), [request.close])
    return Response("found")(environ, start_response)


def their_environs(builder: EnvironBuilder) -> None:
    """What they call an environ is ours."""
    environ: Environ = builder.get_environ()
    assert_type(environ["PATH_INFO"], str)
    same: dict[str, Any] = Request(environ).environ
    our_middleware(same, lambda status, headers, exc_info=None, /: print, "module")
