"""The standard library's WSGIEnvironment is understood: its keys are checked, and what is read from it stays Any."""

import wsgiref.types
from collections.abc import Callable, Iterable
from typing import Any, assert_type
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from gatewright import types
from gatewright.types import Environ

Alias = WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["REQUEST_METHD"]  # E: No server gives "REQUEST_METHD" in the environ; did you mean "REQUEST_METHOD"? (S04)  [wsgi-environ]
    environ["wsgi.input"] = 3  # E: environ["wsgi.input"] is to have read(), which "int" has not (S26)  [wsgi-environ]
    environ.get("http_host")  # E: No server gives "http_host" in the environ; did you mean "HTTP_HOST"? (S17)  [wsgi-environ]
    environ.setdefault("SERVER_PORT", 80)  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ]
    environ.update({"SERVER_PORT": 80})  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ]
    assert_type(environ["wsgi.input"], Any)
    assert_type(environ.get("REMOTE_USER"), Any | None)
    number: int = environ["REQUEST_METHOD"]
    return [environ["wsgi.input"]]


def by_module(environ: wsgiref.types.WSGIEnvironment, alias: Alias, maybe: WSGIEnvironment | None) -> None:
    environ["wsgi.url_sheme"]  # E: No server gives "wsgi.url_sheme" in the environ; did you mean "wsgi.url_scheme"? (S25)  [wsgi-environ]
    alias["wsgi.url_sheme"]  # E: No server gives "wsgi.url_sheme" in the environ; did you mean "wsgi.url_scheme"? (S25)  [wsgi-environ]
    if maybe is not None:
        maybe["wsgi.url_sheme"]  # E: No server gives "wsgi.url_sheme" in the environ; did you mean "wsgi.url_scheme"? (S25)  [wsgi-environ]


class Middleware:
    environ: WSGIEnvironment

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.environ = environ
        self.environ["SERVER_PORT"] = 80  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ]
        return self.app(environ, start_response)


def takes_dict(environ: dict[str, Any], environs: list[dict[str, Any]]) -> None: ...
def takes_environ(environ: Environ, environs: list[Environ]) -> None: ...
def takes_standard(environ: WSGIEnvironment, environs: list[WSGIEnvironment]) -> None: ...
def takes_applications(one: WSGIApplication, other: types.WSGIApplication) -> None: ...


def goes_everywhere(
    plain: dict[str, Any],
    plains: list[dict[str, Any]],
    environ: Environ,
    environs: list[Environ],
    standard: WSGIEnvironment,
    standards: list[WSGIEnvironment],
) -> None:
    takes_dict(standard, standards)
    takes_environ(standard, standards)
    takes_standard(plain, plains)
    takes_standard(environ, environs)
    takes_standard({}, [{}])
    takes_standard({**standard, "myapp.user": 1}, [standard.copy()])
    takes_standard(standard | {"myapp.user": 1}, [plain])
    takes_applications(application, application)
    takes_applications(Middleware(application), Middleware(application))
