"""What is an application: not a word about any of it."""

import functools
import wsgiref.simple_server
import wsgiref.types
import wsgiref.validate
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, overload

from gatewright.handlers import CGIHandler, SimpleHandler
from gatewright.simple_server import WSGIRequestHandler, WSGIServer, demo_app, make_server
from gatewright.types import Environ, StartResponse, WSGIApplication
from gatewright.validate import checked, validator

T = TypeVar("T")
A = TypeVar("A", bound=WSGIApplication)


def serve(app: WSGIApplication) -> None: ...
def serve_many(*apps: WSGIApplication, **named: WSGIApplication) -> None: ...
def serve_std(app: wsgiref.types.WSGIApplication) -> None: ...
def serve_optional(app: WSGIApplication | None = None) -> None: ...
def serve_either(app: WSGIApplication | str) -> None: ...
def bound(app: A) -> A:
    return app


# --- Functions


def plain(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    return []


def of_dict(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    return []


def of_std(
    environ: wsgiref.types.WSGIEnvironment, start_response: wsgiref.types.StartResponse
) -> Iterator[bytes]:
    yield b""


def generator(environ: Environ, start_response: StartResponse) -> Generator[bytes, None, None]:
    yield b""


def of_callable(
    environ: Environ, start_response: Callable[[str, list[tuple[str, str]]], object]
) -> tuple[bytes, ...]:
    return ()


def of_any(environ: Any, start_response: Callable[..., Any]) -> Any:
    return []


def with_more(
    environ: Environ, start_response: StartResponse, extra: int = 0, *more: int, k: int = 1, **kw: Any
) -> list[bytes]:
    return []


def starred(*args: Any, **kw: Any) -> list[bytes]:
    return []


def by_position(e: Environ, s: StartResponse, /) -> list[bytes]:
    return []


def never(environ: Environ, start_response: StartResponse) -> NoReturn:
    raise NotImplementedError


def untyped(environ, start_response):
    return "?"


def to_bind(config: str, environ: Environ, start_response: StartResponse) -> list[bytes]:
    return []


def same(f: Callable[..., T]) -> Callable[..., T]:
    return f


@same
def decorated(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    return []


@checked
def decorated_with_ours(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    return []


for app in (plain, of_dict, of_std, generator):
    serve(app)
serve(plain)
serve(of_dict)
serve(of_std)
serve(generator)
serve(of_callable)
serve(of_any)
serve(with_more)
serve(starred)
serve(by_position)
serve(never)
serve(untyped)
serve(functools.partial(to_bind, "x"))
serve(functools.partial(with_more, k=3))
serve(decorated)
serve(decorated_with_ours)
serve(lambda environ, start_response: [b""])
serve(lambda e, s: [])
serve(lambda *args: [b""])
serve(lambda e, s: plain(e, s))
serve((lambda: plain)())
serve({"a": plain}["a"])
serve_std(plain)
serve_std(of_dict)
serve_std(of_std)
serve_std(generator)
serve_std(of_callable)
serve_std(of_any)
serve_std(with_more)
serve_std(starred)
serve_std(lambda e, s: [b""])
serve_std(lambda e, s: [])

# --- Classes


class Application:
    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []

    def method(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []

    @classmethod
    def of_class(cls, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []

    @staticmethod
    def of_none(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []

    @property
    def wrapped(self) -> WSGIApplication:
        return self


class MyApplication(Application): ...


class Body:
    def __init__(self, environ: Environ, start_response: StartResponse) -> None: ...
    def __iter__(self) -> Iterator[bytes]:
        yield b""


class Overloaded:
    @overload
    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]: ...
    @overload
    def __call__(self, environ: int) -> int: ...
    def __call__(self, environ: Any, start_response: Any = None) -> Any: ...


class ByAttribute:
    __call__: WSGIApplication


class Whatever:
    def __getattr__(self, name: str) -> Any: ...


@dataclass
class Data:
    app: WSGIApplication
    run: Callable[[WSGIApplication], None]


serve(Application())
serve(Application().method)
serve(Application().of_class)
serve(Application.of_class)
serve(Application.of_none)
serve(Application().wrapped)
serve(MyApplication())
serve(Body)
serve_std(Body)
serve(Overloaded())
serve(ByAttribute())
serve(Whatever().application)
Data(plain, serve).run(plain)

# --- What wraps them


def std_to_std(app: wsgiref.types.WSGIApplication) -> wsgiref.types.WSGIApplication:
    return app


def ours_to_callable(app: WSGIApplication) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    return app


serve(std_to_std(plain))
serve(ours_to_callable(std_to_std(ours_to_callable(plain))))
serve(validator(checked(plain)))
serve(wsgiref.validate.validator(plain))
serve(wsgiref.simple_server.demo_app)
serve(demo_app)
bound(plain)
bound(Application())

# --- Where they go


def variables(
    either: Application | Callable[[Environ, StartResponse], list[bytes]],
    optional: WSGIApplication | None,
    class_: type[Body],
    anything: Any,
    server: WSGIServer,
    handler: SimpleHandler,
    several: list[WSGIApplication],
    named: dict[str, WSGIApplication],
) -> None:
    serve(either)
    serve(class_)
    serve(anything)
    serve(anything.application)
    serve(plain if anything else generator)
    serve(optional or plain)
    serve_optional(optional)
    serve_many(*several, **named)
    serve_many(plain, generator, x=plain)
    server.set_app(None)
    server.set_app(optional)
    server.set_app(plain)
    handler.run(plain)
    SimpleHandler.run(handler, plain)


serve_optional()
serve_optional(None)
serve_optional(plain)
serve_either("module:app")
serve_either(plain)
CGIHandler().run(plain)
make_server("", 0, plain)
make_server("", 0, plain, WSGIServer)
make_server("", 0, plain, handler_class=WSGIRequestHandler)
make_server(app=plain, port=0, host="")
wsgiref.simple_server.make_server("", 0, plain)
wsgiref.validate.validator(plain)
