"""What is no application: one message for each, in place of mypy's own."""

import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import Any

from gatewright.types import Environ, StartResponse, WSGIApplication


def serve(app: WSGIApplication) -> None: ...


# --- What is returned


def returns_text(environ: Environ, start_response: StartResponse) -> str:
    return ""


def returns_bytes(environ: Environ, start_response: StartResponse) -> bytes:
    return b""


def returns_texts(environ: Environ, start_response: StartResponse) -> list[str]:
    return [""]


def yields_text(environ: Environ, start_response: StartResponse) -> Iterator[str]:
    yield ""


def returns_numbers(environ: Environ, start_response: StartResponse) -> list[int]:
    return [1]


def returns_nothing(environ: Environ, start_response: StartResponse) -> None:
    start_response("200 OK", [])


def may_return_nothing(environ: Environ, start_response: StartResponse) -> list[bytes] | None:
    return None


def may_return_text(environ: Environ, start_response: StartResponse) -> list[bytes] | str:
    return ""


def returns_number(environ: Environ, start_response: StartResponse) -> int:
    return 1


async def coroutine(environ: Environ, start_response: StartResponse) -> list[bytes]:
    return []


async def asynchronous(environ: Environ, start_response: StartResponse) -> AsyncIterator[bytes]:
    yield b""


serve(returns_text)  # E: "returns_text" returns "str": return a list of bytes, as in [text.encode()] (A08)  [wsgi-app]
serve(returns_bytes)  # E: "returns_bytes" returns "bytes": put it into a list, as in [body] (A08)  [wsgi-app]
serve(returns_texts)  # E: "returns_texts" returns "list[str]": encode each block, as in [text.encode()] (A09)  [wsgi-app]
serve(yields_text)  # E: "yields_text" returns "Iterator[str]": encode each block, as in [text.encode()] (A09)  [wsgi-app]
serve(returns_numbers)  # E: "returns_numbers" returns "list[int]": make each block bytes (A09)  [wsgi-app]
serve(returns_nothing)  # E: "returns_nothing" returns "None": return an iterable of bytes, such as [] after write() (A07)  [wsgi-app]
serve(may_return_nothing)  # E: "may_return_nothing" may return "None": return an iterable of bytes, such as [] after write() (A07)  [wsgi-app]
serve(may_return_text)  # E: "may_return_text" may return "str": return a list of bytes, as in [text.encode()] (A08)  [wsgi-app]
serve(returns_number)  # E: "returns_number" returns "int": return an iterable of bytes, as in [body] (A07)  [wsgi-app]
serve(coroutine)  # E: "coroutine" is asynchronous, and servers iterate over what it returns: drop async (A07)  [wsgi-app]
serve(asynchronous)  # E: "asynchronous" is asynchronous, and servers iterate over what it returns: drop async (A07)  [wsgi-app]
serve(functools.partial(returns_text))  # E: "partial[str]" returns "str": return a list of bytes, as in [text.encode()] (A08)  [wsgi-app]
serve(lambda environ, start_response: "text")  # E: This lambda returns "str": return a list of bytes, as in [text.encode()] (A08)  [wsgi-app]
serve(lambda environ, start_response: ["text"])  # E: This lambda returns "list[str]": encode each block, as in [text.encode()] (A09)  [wsgi-app]

# --- What is taken


def one_parameter(environ: Environ) -> list[bytes]:
    return []


def untyped(environ):
    return []


def three_parameters(environ: Environ, start_response: StartResponse, settings: object) -> list[bytes]:
    return []


def by_keyword(*, environ: Environ, start_response: StartResponse) -> list[bytes]:
    return []


def with_keyword(environ: Environ, start_response: StartResponse, *, db: str) -> list[bytes]:
    return []


def swapped(start_response: StartResponse, environ: Environ) -> list[bytes]:
    return []


def wrong_environ(environ: int, start_response: StartResponse) -> list[bytes]:
    return []


def wrong_start_response(environ: Environ, start_response: Callable[..., Callable[[bytes], None]]) -> list[bytes]:
    return []


def create_app() -> WSGIApplication:
    raise NotImplementedError


def create_app_for(name: str) -> WSGIApplication:
    raise NotImplementedError


serve(one_parameter)  # E: "one_parameter" takes one argument, and servers pass two: write def one_parameter(environ, start_response) (A01)  [wsgi-app]
serve(untyped)  # E: "untyped" takes one argument, and servers pass two: write def untyped(environ, start_response) (A01)  [wsgi-app]
serve(three_parameters)  # E: "three_parameters" needs three arguments, and servers pass two: give "settings" a default (A01)  [wsgi-app]
serve(by_keyword)  # E: "by_keyword" takes its arguments by keyword, and servers pass them by position: drop * (A01)  [wsgi-app]
serve(with_keyword)  # E: "with_keyword" needs a keyword argument, and servers pass none: give "db" a default (A01)  [wsgi-app]
serve(swapped)  # E: "swapped" takes its arguments in the wrong order: environ comes first (A01)  [wsgi-app]
serve(wrong_environ)  # E: "wrong_environ" takes "int" where servers pass environ: annotate it with gatewright.types.Environ (A01)  [wsgi-app]
serve(wrong_start_response)  # E: "wrong_start_response" takes "Callable[..., Callable[[bytes], None]]" where servers pass start_response: annotate it with gatewright.types.StartResponse (A01)  [wsgi-app]
serve(create_app)  # E: "create_app" returns an application and is none: pass create_app() (A01)  [wsgi-app]
serve(create_app_for)  # E: "create_app_for" returns an application and is none: pass create_app_for(...) (A01)  [wsgi-app]
serve(lambda environ: [b""])  # E: This lambda takes one argument, and servers pass two: write lambda environ, start_response: ... (A01)  [wsgi-app]

# --- Classes and their instances


class Site:
    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []

    def page(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []


class SiteOf(Site):
    def __init__(self, root: str) -> None: ...


class Half:
    def __call__(self, environ: Environ) -> list[bytes]:
        return []


class NoBody:
    def __init__(self, environ: Environ, start_response: StartResponse) -> None: ...


class TextBody:
    def __init__(self, environ: Environ, start_response: StartResponse) -> None: ...
    def __iter__(self) -> Iterator[str]:
        yield ""


class Nothing: ...


def class_of_sites(site: type[Site]) -> None:
    serve(site)  # E: Instances of "site" are applications, the class is not: pass site(...) (A01)  [wsgi-app]


serve(Site)  # E: Instances of "Site" are applications, the class is not: pass Site() (A01)  [wsgi-app]
serve(SiteOf)  # E: Instances of "SiteOf" are applications, the class is not: pass SiteOf(...) (A01)  [wsgi-app]
serve(Site.page)  # E: "Site.page" is taken from the class and lacks self: pass Site(...).page (A01)  [wsgi-app]
serve(Half)  # E: "Half" takes one argument, and servers pass two: write def __call__(self, environ, start_response) (A01)  [wsgi-app]
serve(Half())  # E: "Half" takes one argument, and servers pass two: write def __call__(self, environ, start_response) (A01)  [wsgi-app]
serve(NoBody)  # E: The body that "NoBody" makes does not yield bytes: write __iter__ for it (A07)  [wsgi-app]
serve(TextBody)  # E: The body that "TextBody" makes does not yield bytes: write __iter__ for it (A09)  [wsgi-app]
serve(Nothing)  # E: "Nothing" takes no arguments, and servers pass two: write def __init__(self, environ, start_response) (A01)  [wsgi-app]
serve(Nothing())  # E: An application is wanted, and "Nothing" cannot be called: pass f(environ, start_response) (A01)  [wsgi-app]

# --- ASGI


async def asgi(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None: ...


class ASGI:
    async def __call__(self, s: Any, r: Any, x: Any) -> None: ...


serve(asgi)  # E: "asgi" is an ASGI application: serve it with an ASGI server, or wrap it in an adapter such as a2wsgi.ASGIMiddleware (A01)  [wsgi-app]
serve(ASGI())  # E: "ASGI" is an ASGI application: serve it with an ASGI server, or wrap it in an adapter such as a2wsgi.ASGIMiddleware (A01)  [wsgi-app]
serve(ASGI)  # E: "ASGI" is an ASGI application: serve it with an ASGI server, or wrap it in an adapter such as a2wsgi.ASGIMiddleware (A01)  [wsgi-app]

# --- What cannot be called

serve("module:app")  # E: An application is wanted, and "str" cannot be called: pass f(environ, start_response) (A01)  [wsgi-app]
serve((returns_text, returns_text))  # E: An application is wanted, and "tuple[Callable[[Environ, StartResponse], str], Callable[[Environ, StartResponse], str]]" cannot be called: pass f(environ, start_response) (A01)  [wsgi-app]
serve(None)  # E: An application is wanted, and None cannot be called: pass f(environ, start_response) (A01)  [wsgi-app]
serve(json)  # E: "json" is a module: pass the application in it, json.NAME (A01)  [wsgi-app]


def optional(app: WSGIApplication | None, other: WSGIApplication | Callable[[], None]) -> None:
    serve(app)  # E: "app" may be None, which cannot be called: make sure that it is not (A01)  [wsgi-app]
    serve(other)  # E: "Callable[[], None]" takes no arguments, and servers pass two: write def other(environ, start_response) (A01)  [wsgi-app]
