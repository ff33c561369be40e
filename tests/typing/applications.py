"""Every shape of application that PEP 3333 allows is a WSGIApplication. Checked by mypy, pyright and pyrefly, never run."""

import functools
import wsgiref.simple_server
import wsgiref.types
import wsgiref.validate
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

from gatewright.types import Environ, StartResponse, WSGIApplication, WSGIEnvironment

P = ParamSpec("P")
R = TypeVar("R")


def serve(app: WSGIApplication, *more: WSGIApplication) -> None:
    """Stands for every function that takes applications."""


def function(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"by write()")
    return [b"by return"]


def with_environ(environ: Environ, start_response: StartResponse) -> tuple[bytes, ...]:
    start_response("200 OK", [], None)
    return (environ["PATH_INFO"].encode("latin-1"),)


def with_alias(environ: WSGIEnvironment, start_response: wsgiref.types.StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return iter([b""])


def other_names(env: dict[str, Any], respond: StartResponse, /, status: str = "200 OK") -> list[bytes]:
    respond(status, [])
    return []


def generator(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield b"block"


def full_generator(environ: Environ, start_response: StartResponse) -> Generator[bytes, None, None]:
    start_response("200 OK", [])
    yield b"block"


def loosely(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [])
    return []


def by_callable(environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [])
    return []


def configured(greeting: bytes, environ: Environ, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [])
    return [greeting]


class Instance:
    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b""]

    def method(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b""]

    @classmethod
    def class_method(cls, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b""]

    @staticmethod
    def static_method(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b""]


class IteratorClass:
    """Called, it makes the body (PEP 3333, "The Application/Framework Side", AppClass)."""

    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        self.start_response = start_response

    def __iter__(self) -> Iterator[bytes]:
        self.start_response("200 OK", [])
        yield b"block"


class Body:
    def __iter__(self) -> Iterator[bytes]:
        return iter([b"block"])

    def close(self) -> None:
        """Release what the body holds."""


def closeable(environ: Environ, start_response: StartResponse) -> Body:
    start_response("200 OK", [])
    return Body()


def decorator(app: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(app)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return app(*args, **kwargs)

    return wrapper


@decorator
def decorated(environ: Environ, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [])
    return []


def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
    return print


def accepted(ours: WSGIApplication, stdlib: wsgiref.types.WSGIApplication) -> None:
    """None of these needs a cast or an ignore."""
    serve(function, with_environ, with_alias, other_names, generator, full_generator, loosely, by_callable)
    serve(functools.partial(configured, b"hello"), closeable, decorated)
    serve(lambda environ, start_response: [environ["PATH_INFO"].encode()])
    serve(Instance(), Instance().method, Instance.class_method, Instance.static_method, IteratorClass)
    serve(ours, stdlib, wsgiref.simple_server.demo_app, wsgiref.validate.validator(ours))
    mounts: dict[str, WSGIApplication] = {"": function, "/b": Instance(), "/c": IteratorClass}
    serve(*mounts.values())


def both_ways(ours: WSGIApplication, stdlib: wsgiref.types.WSGIApplication) -> None:
    """Ours and the standard library's type are the same to a checker."""
    to_stdlib: wsgiref.types.WSGIApplication = ours
    to_ours: WSGIApplication = stdlib
    with wsgiref.simple_server.make_server("127.0.0.1", 0, ours) as server:
        server.set_app(to_ours)
        server.set_app(to_stdlib)


def calling(app: WSGIApplication, environ: Environ, plain: dict[str, Any], write: Callable[[bytes], object]) -> None:
    """A server may pass its own start_response, with or without an annotated exc_info."""
    app(environ, start)
    app(plain, lambda status, headers, exc_info=None: write)
