"""What a type checker must refuse. Checked by mypy, pyright and pyrefly, never run.

Each ignore is an assertion: mypy's warn_unused_ignores, pyright's reportUnnecessaryTypeIgnoreComment and pyrefly's
unused-ignore complain of the line if the checker no longer refuses it. (pyright needs enableTypeIgnoreComments = false,
and pyrefly enabled-ignores = ["pyrefly"], to tell them apart.)
"""

import wsgiref.types
from collections import UserDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from gatewright.types import Environ, ErrorStream, Handler, InputStream, StartResponse, WSGIApplication, Write


def serve(app: WSGIApplication) -> None:
    """Stands for every function that takes an application."""


def read(environ: Environ) -> None:
    """Stands for every function that takes an Environ."""


# --- Applications ---------------------------------------------------------------------------------------------------


def returns_text(environ: Environ, start_response: StartResponse) -> str:
    return ""


def returns_bytes(environ: Environ, start_response: StartResponse) -> bytes:
    return b""


def returns_texts(environ: Environ, start_response: StartResponse) -> list[str]:
    return [""]


def returns_nothing(environ: Environ, start_response: StartResponse) -> None:
    start_response("200 OK", [])


def may_return_nothing(environ: Environ, start_response: StartResponse) -> list[bytes] | None:
    return None


def swapped(start_response: StartResponse, environ: Environ) -> list[bytes]:
    return []


def one_parameter(environ: Environ) -> list[bytes]:
    return []


def three_parameters(environ: Environ, start_response: StartResponse, settings: object) -> list[bytes]:
    return []


def by_keyword_only(*, environ: Environ, start_response: StartResponse) -> list[bytes]:
    return []


async def coroutine(environ: Environ, start_response: StartResponse) -> list[bytes]:
    return []


async def asynchronous(environ: Environ, start_response: StartResponse) -> AsyncIterator[bytes]:
    yield b""


async def asgi(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """An ASGI application."""


class NeedsAnInstance:
    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return []


class NotIterable:
    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        """Make a body that is none."""


def applications(optional: WSGIApplication | None) -> None:
    serve(returns_text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # a str is an iterable of str
    serve(returns_bytes)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # bytes are an iterable of int; [b"..."] is meant
    serve(returns_texts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # blocks are bytes
    serve(returns_nothing)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # there must be a body
    serve(may_return_nothing)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # None is no body
    serve(swapped)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # environ comes first
    serve(one_parameter)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # two arguments are passed
    serve(three_parameters)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # two arguments are passed
    serve(by_keyword_only)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # arguments come by position
    serve(coroutine)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # a coroutine is no iterable of blocks
    serve(asynchronous)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # a coroutine is no iterable of blocks
    serve(asgi)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # ASGI is another protocol
    serve(NeedsAnInstance)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # an instance is the application, not the class
    serve(NeedsAnInstance())
    serve(NotIterable)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # what the class makes is the body
    serve("module:app")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # a name is not what it names
    serve(optional)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # None cannot be called
    serve(lambda environ, start_response: "text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # a str is an iterable of str


# --- Calls of start_response() and of applications ------------------------------------------------------------------


def start_without_exc_info(status: str, headers: list[tuple[str, str]], /) -> Write:
    return print


def start_without_write(status: str, headers: list[tuple[str, str]], exc_info: object = None, /) -> None:
    """Give no write() back."""


def calls(app: WSGIApplication, environ: Environ, start_response: StartResponse) -> None:
    start_response(200, [])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # a status is text
    start_response("200 OK", {"Content-Type": "text/plain"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # headers are a list
    start_response("200 OK", (("Content-Type", "text/plain"),))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # headers are a list
    start_response("200 OK", [("Content-Length", 5)])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # values are text
    start_response("200 OK", [["Content-Length", "5"]])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # each header is a tuple
    start_response("200 OK", [(b"Content-Length", b"5")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # names and values are str, not bytes
    start_response("200 OK")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # pyrefly: ignore[bad-argument-count]  # headers are not optional
    start_response("500 Oops", [], ValueError())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # a triple as of sys.exc_info() is wanted
    start_response("500 Oops", [], True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # a triple as of sys.exc_info() is wanted
    start_response(status="200 OK", headers=[])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # pyrefly: ignore[unexpected-keyword]  # arguments go by position
    start_response("200 OK", [])("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # blocks are bytes
    app(environ=environ, start_response=start_response)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # pyrefly: ignore[unexpected-keyword]  # arguments go by position
    app(environ, start_without_exc_info)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # applications may pass exc_info
    app(environ, start_without_write)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # applications may call write()
    app(None, start_response)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # an environ is a dict
    app(environ, start_response).close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # pyrefly: ignore[missing-attribute]  # only some bodies have it


# --- The environ ----------------------------------------------------------------------------------------------------


# pyrefly takes whatever it is for an Environ, which has Any among its bases there.
def from_others(
    texts: dict[str, str],
    objects: dict[str, object],
    few: Mapping[str, Any],
    many: MutableMapping[str, Any],
    own: UserDict[str, Any],
) -> None:
    read(texts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # wsgi.input is no str
    read(objects)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # values must be those of the keys
    read(few)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ can be changed
    read(many)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ is a dict
    read(own)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ is a builtin dict
    read([("REQUEST_METHOD", "GET")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ is a dict
    read(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ is a dict


def values(environ: Environ) -> None:
    number: int = environ["REQUEST_METHOD"]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # pyrefly: ignore[bad-assignment]  # it is text
    number = environ["wsgi.version"]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # pyrefly: ignore[bad-assignment]  # it is a tuple
    text: str = environ.get("QUERY_STRING")  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # pyrefly: ignore[bad-assignment]  # it may be absent
    text = environ.get("wsgi.version")  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # pyrefly: ignore[bad-assignment]  # it is a tuple
    environ["wsgi.input"].raed()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # pyrefly: ignore[missing-attribute]  # misspelt
    environ["wsgi.input"].close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # pyrefly: ignore[missing-attribute]  # the stream is the server's
    environ["wsgi.input"].read(size=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # pyrefly: ignore[unexpected-keyword]  # arguments go by position
    environ["wsgi.errors"].write(b"bytes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # it is a text stream
    environ["wsgi.file_wrapper"]("path")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[bad-argument-type]  # it takes a file
    environ.get("HTTP_HOST").lower()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # pyrefly: ignore[missing-attribute]  # it may be absent
    environ.get("wsgi.file_wrapper")(environ["wsgi.input"])  # type: ignore[misc]  # pyright: ignore[reportOptionalCall]  # pyrefly: ignore[not-callable]  # it may be absent
    environ.get("REQUEST_METHOD").lowercase()  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # pyrefly: ignore[missing-attribute]  # str has no such method
    environ.setdefault("HTTP_HOST", "").lowercase()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # pyrefly: ignore[missing-attribute]  # str has no such method
    number = environ  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # it is a dict; Any to pyrefly
    environ.raed("PATH_INFO")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # misspelt; Any to pyrefly
    environ("PATH_INFO")  # type: ignore[operator]  # pyright: ignore[reportCallIssue]  # it is a dict; Any to pyrefly
    environ[1] = "one"  # type: ignore[index]  # pyright: ignore[reportArgumentType]  # pyrefly: ignore[unsupported-operation]  # keys are text
    print(number, text)


# --- The other protocols --------------------------------------------------------------------------------------------


class AsynchronousHandler:
    async def run(self, application: WSGIApplication, /) -> None:
        """Return a coroutine that nobody awaits."""


def others(stdlib: wsgiref.types.ErrorStream) -> None:
    handler: Handler = AsynchronousHandler()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # pyrefly: ignore[bad-assignment]  # run() must do its work when called
    errors: ErrorStream = stdlib  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # pyrefly: ignore[bad-assignment]  # typeshed's writelines() takes lists only
    body: InputStream = ["a", "list"]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # pyrefly: ignore[bad-assignment]  # a list cannot be read
    print(handler, errors, body)
