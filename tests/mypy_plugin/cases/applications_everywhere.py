"""Where applications are taken: the hook looks at what is called, and knows no names."""

import wsgiref.handlers
import wsgiref.simple_server
import wsgiref.types
import wsgiref.validate
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

from gatewright.handlers import BaseHandler, SimpleHandler
from gatewright.simple_server import ThreadingWSGIServer, WSGIServer, make_server
from gatewright.types import Environ, StartResponse, WSGIApplication
from gatewright.validate import checked, validator


def wrong(environ: Environ, start_response: StartResponse) -> bytes:
    return b""


def right(environ: Environ, start_response: StartResponse) -> list[bytes]:
    return []


# --- Ours

make_server("", 0, wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
make_server("", 0, wrong, ThreadingWSGIServer)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
make_server(app=wrong, port=0, host="")  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
validator(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
checked(application=wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
checked(validator(checked(wrong)))  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]


class MyHandler(SimpleHandler): ...


def ours(handler: MyHandler, base: BaseHandler, server: WSGIServer) -> None:
    handler.run(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
    base.run(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
    MyHandler.run(handler, wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
    server.set_app(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
    server.set_app(None)


# --- The standard library's

wsgiref.simple_server.make_server("", 0, wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
wsgiref.validate.validator(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]


class TheirHandler(wsgiref.handlers.SimpleHandler): ...


def theirs(handler: TheirHandler, server: wsgiref.simple_server.WSGIServer) -> None:
    handler.run(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
    server.set_app(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]


# --- The user's


def ours_or_none(app: WSGIApplication | None = None) -> None: ...
def std(app: wsgiref.types.WSGIApplication) -> None: ...
def std_or_name(app: wsgiref.types.WSGIApplication | str) -> None: ...
def spelt_out(app: Callable[[dict[str, Any], StartResponse], Iterable[bytes]]) -> None: ...
def many(*apps: WSGIApplication, **named: WSGIApplication) -> None: ...


@overload
def by_overloads(app: WSGIApplication) -> int: ...
@overload
def by_overloads(app: WSGIApplication, name: str) -> str: ...
def by_overloads(app: WSGIApplication, name: str = "") -> int | str:
    return name


class Middleware:
    def __init__(self, app: WSGIApplication, level: int = 0) -> None: ...
    @classmethod
    def around(cls, app: WSGIApplication) -> None: ...
    @staticmethod
    def beside(app: WSGIApplication) -> None: ...


class MyMiddleware(Middleware): ...


class Made:
    def __new__(cls, app: WSGIApplication) -> "Made":
        return super().__new__(cls)


@dataclass
class Data:
    app: WSGIApplication


class Pair(NamedTuple):
    app: WSGIApplication
    name: str


ours_or_none(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
std(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
std(lambda environ, start_response: ["text"])  # E: This lambda returns "list[str]": encode each block, as in [text.encode()] (A09)  [wsgi-app]
std_or_name(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
spelt_out(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
many(right, wrong, x=wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
by_overloads(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
by_overloads(wrong, "name")  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
Middleware(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
MyMiddleware(level=1, app=wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
MyMiddleware.around(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
MyMiddleware.beside(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
MyMiddleware(right).around(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
Made(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
Data(wrong)  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
Pair(wrong, "name")  # E: "wrong" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]

# --- Where mypy gives a plugin no say, its own message stays

_app: WSGIApplication = wrong  # E: Incompatible types in assignment (expression has type "Callable[[Environ, StartResponse], bytes]", variable has type "WSGIApplication")  [assignment] # N: "WSGIApplication.__call__" has type "Callable[[dict[str, Any], StartResponse], Iterable[bytes]]"


@overload
def app_or_name(app: WSGIApplication) -> int: ...
@overload
def app_or_name(app: str) -> str: ...
def app_or_name(app: WSGIApplication | str) -> int | str:
    return ""


@checked  # E: Argument 1 to "checked" has incompatible type "Callable[[Environ, StartResponse], bytes]"; expected "WSGIApplication"  [arg-type] # N: "WSGIApplication.__call__" has type "Callable[[dict[str, Any], StartResponse], Iterable[bytes]]"
def decorated(environ: Environ, start_response: StartResponse) -> bytes:
    return b""


many(*[wrong])  # E: Argument 1 to "many" has incompatible type "*list[Callable[[Environ, StartResponse], bytes]]"; expected "WSGIApplication"  [arg-type]

# --- What is ignored

validator(wrong)  # type: ignore[wsgi-app]
validator(wrong)  # type: ignore[arg-type]
validator(wrong)  # type: ignore
