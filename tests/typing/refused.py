"""What a type checker must refuse. Checked by mypy and pyright, never run.

Each ignore is an assertion: mypy's warn_unused_ignores and pyright's reportUnnecessaryTypeIgnoreComment complain of
the line if the checker no longer refuses it. (pyright needs enableTypeIgnoreComments = false to tell the two apart.)
"""

import wsgiref.types
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
    serve(returns_text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a str is an iterable of str
    serve(returns_bytes)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # bytes are an iterable of int; [b"..."] is meant
    serve(returns_texts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # blocks are bytes
    serve(returns_nothing)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # there must be a body
    serve(may_return_nothing)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # None is no body
    serve(swapped)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # environ comes first
    serve(one_parameter)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # two arguments are passed
    serve(three_parameters)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # two arguments are passed
    serve(by_keyword_only)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # arguments come by position
    serve(coroutine)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a coroutine is no iterable of blocks
    serve(asynchronous)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a coroutine is no iterable of blocks
    serve(asgi)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # ASGI is another protocol
    serve(NeedsAnInstance)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an instance is the application, not the class
    serve(NeedsAnInstance())
    serve(NotIterable)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # what the class makes is the body
    serve("module:app")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a name is not what it names
    serve(optional)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # None cannot be called
    serve(lambda environ, start_response: "text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a str is an iterable of str


# --- Calls of start_response() and of applications ------------------------------------------------------------------


def start_without_exc_info(status: str, headers: list[tuple[str, str]], /) -> Write:
    return print


def start_without_write(status: str, headers: list[tuple[str, str]], exc_info: object = None, /) -> None:
    """Give no write() back."""


def calls(app: WSGIApplication, environ: Environ, start_response: StartResponse) -> None:
    start_response(200, [])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a status is text
    start_response("200 OK", {"Content-Type": "text/plain"})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # headers are a list
    start_response("200 OK", (("Content-Type", "text/plain"),))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # headers are a list
    start_response("200 OK", [("Content-Length", 5)])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # values are text
    start_response("200 OK", [["Content-Length", "5"]])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # each header is a tuple
    start_response("200 OK", [(b"Content-Length", b"5")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]  # names and values are str, not bytes
    start_response("200 OK")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # headers are not optional
    start_response("500 Oops", [], ValueError())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a triple as of sys.exc_info() is wanted
    start_response("500 Oops", [], True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a triple as of sys.exc_info() is wanted
    start_response(status="200 OK", headers=[])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # arguments go by position
    start_response("200 OK", [])("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # blocks are bytes
    app(environ=environ, start_response=start_response)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # arguments go by position
    app(environ, start_without_exc_info)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # applications may pass exc_info
    app(environ, start_without_write)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # applications may call write()
    app(None, start_response)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ is a dict
    app(environ, start_response).close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # only some bodies have it


# --- The environ ----------------------------------------------------------------------------------------------------


def from_others(
    texts: dict[str, str], objects: dict[str, object], few: Mapping[str, Any], many: MutableMapping[str, Any]
) -> None:
    read(texts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # wsgi.input is no str
    read(objects)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # values must be those of the keys
    read(few)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ can be changed
    read(many)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ is a dict
    read([("REQUEST_METHOD", "GET")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ is a dict
    read(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # an environ is a dict


def values(environ: Environ) -> None:
    number: int = environ["REQUEST_METHOD"]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # it is text
    number = environ["wsgi.version"]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # it is a tuple
    text: str = environ.get("QUERY_STRING")  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # it may be absent
    text = environ.get("wsgi.version")  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # it is a tuple
    environ["wsgi.input"].raed()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # misspelt
    environ["wsgi.input"].close()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # the stream is the server's
    environ["wsgi.input"].read(size=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # arguments go by position
    environ["wsgi.errors"].write(b"bytes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # it is a text stream
    environ["wsgi.file_wrapper"]("path")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # it takes a file
    environ.get("HTTP_HOST").lower()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # it may be absent
    environ.get("wsgi.file_wrapper")(environ["wsgi.input"])  # type: ignore[misc]  # pyright: ignore[reportOptionalCall]  # it may be absent
    environ.get("REQUEST_METHOD").lowercase()  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # str has no such method
    environ.setdefault("HTTP_HOST", "").lowercase()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # str has no such method
    environ[1] = "one"  # type: ignore[index]  # pyright: ignore[reportArgumentType]  # keys are text
    print(number, text)


# --- The other protocols --------------------------------------------------------------------------------------------


class AsynchronousHandler:
    async def run(self, application: WSGIApplication, /) -> None:
        """Return a coroutine that nobody awaits."""


def others(stdlib: wsgiref.types.ErrorStream) -> None:
    handler: Handler = AsynchronousHandler()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # run() must do its work when called
    errors: ErrorStream = stdlib  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # typeshed's writelines() takes lists only
    body: InputStream = ["a", "list"]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]  # a list cannot be read
    print(handler, errors, body)
