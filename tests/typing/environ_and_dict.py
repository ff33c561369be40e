"""An Environ goes where a dict is wanted and the reverse. Checked by mypy, pyright and pyrefly, never run."""

import wsgiref.types
import wsgiref.util
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, assert_type

from gatewright.types import Environ, StartResponse, SupportsClose, WSGIApplication, WSGIEnvironment


def takes_environ(environ: Environ) -> str:
    """Stands for a function of code typed with gatewright."""
    return environ["REQUEST_METHOD"]


def takes_dict(environ: dict[str, Any]) -> None:
    """Stands for werkzeug.Request, and everything else that is typed as the standard library types it."""


def takes_mapping(environ: Mapping[str, object], changing: MutableMapping[str, Any]) -> None:
    """Stands for functions that ask for less than a dict."""


def from_dict(plain: dict[str, Any], alias: WSGIEnvironment, stdlib: wsgiref.types.WSGIEnvironment) -> None:
    """Every way to write the plain type is an Environ, copies and joins included."""
    takes_environ(plain)
    takes_environ(alias)
    takes_environ(stdlib)
    takes_environ(plain.copy())
    takes_environ({**plain, "SCRIPT_NAME": "/app", "myframework.depth": 1})
    again: Environ = plain
    takes_environ(again)


def from_display(body: object) -> None:
    """A dict display is an Environ where one is expected, as tests write them."""
    takes_environ({})
    takes_environ({"REQUEST_METHOD": "GET"})
    takes_environ({"REQUEST_METHOD": "GET", "wsgi.version": (1, 0), "wsgi.input": body})
    environ: Environ = {"REQUEST_METHOD": "GET", "wsgi.run_once": False}
    environ["wsgi.input"] = body


def to_dict(environ: Environ) -> None:
    """An Environ serves as a dict, in the standard library too."""
    takes_dict(environ)
    takes_dict(environ.copy())
    takes_dict(environ | {"SCRIPT_NAME": "/app"})
    takes_mapping(environ, environ)
    assert_type(wsgiref.util.request_uri(environ), str)
    wsgiref.util.setup_testing_defaults(environ)
    plain: dict[str, Any] = environ
    stdlib: wsgiref.types.WSGIEnvironment = environ
    takes_environ(plain | stdlib)


def middleware(app: WSGIApplication) -> WSGIApplication:
    """The usual middleware: Environ in its own signature, any application inside."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/app"
        return app(environ, start_response)

    return application


class Closing:
    """Middleware as a class; closes what the application returned."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the call on."""
        body = self.app(environ, start_response)
        try:
            yield from body
        finally:
            if isinstance(body, SupportsClose):
                body.close()


def around_stdlib(app: wsgiref.types.WSGIApplication) -> wsgiref.types.WSGIApplication:
    """Middleware typed with the standard library's alias serves our names."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return app(environ, start_response)

    return Closing(middleware(application))


def configured(**settings: int) -> Callable[[WSGIApplication], WSGIApplication]:
    """A factory of middleware."""
    return middleware if settings else Closing
