"""The requests: every method, bodies of every delivery, and responses that are not taken to their end."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from attrs import evolve, frozen

from gatewright.errors import ConfigurationError
from gatewright.spec.grammar import is_token
from gatewright.util import FileWrapper

__all__ = ["METHODS", "Kind", "Request", "environ_of", "requests_for"]

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
"""The methods of RFC 9110 and RFC 5789 that reach applications, and an extension: PROPFIND (RFC 4918)."""

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
"""Methods whose requests have no content that means anything (RFC 9110 section 9.3)."""

_FORM: Final = "application/x-www-form-urlencoded"


@frozen
class Kind:
    """What is special about a request.

    Attributes:
        words: the same in words, to stand behind the method and the path.
        body: the content of the request.
        content_type: the type of that content.
        chunked: whether the length is not told, and the input ends by itself (``wsgi.input_terminated``).
        blocks: how many blocks of the response that are not empty are taken before it is closed; None takes all.
        threads: how many threads send the request at the same time.
    """

    words: str = ""
    body: bytes = b""
    content_type: str = ""
    chunked: bool = False
    blocks: int | None = None
    threads: int = 1


_KINDS: Final = (
    Kind(),
    Kind("a second time"),
    Kind("closed unread", blocks=0),
    Kind("closed after the first block", blocks=1),
    Kind("in two threads", threads=2),
)

_BODIES: Final = (
    Kind("with a form", b"name=value", _FORM),
    Kind("with a body of 1 MiB", b"x" * 2**20, "application/octet-stream"),
    Kind("with a chunked body", b"x" * 2**16, "application/octet-stream", chunked=True),
)


@frozen
class Request:
    """One request: method, path with an optional query, and what is special about it."""

    method: str
    target: str
    kind: Kind = _KINDS[0]

    def __str__(self) -> str:
        """Return it as a report names it: ``GET /, closed unread``."""
        return f"{self.method} {self.target}" + (f", {self.kind.words}" if self.kind.words else "")


def requests_for(
    targets: Iterable[str] = ("/",),
    methods: Iterable[str] = METHODS,
    data: bytes | None = None,
    content_type: str = _FORM,
) -> list[Request]:
    """Make the requests that find most of what an application can do wrong.

    Args:
        targets: the paths, in percent-encoding or as text, each with an optional query.
        methods: the methods.
        data: the content of requests that have any; None makes some up: a form, a large body and a chunked one.
        content_type: the type of ``data``.

    Returns:
        The requests, by path and method, in the order to send them.

    Raises:
        ConfigurationError: a path does not begin with a slash, a method is no token (RFC 9110 section 9.1), or there is
            data and no request to send it with.
    """
    bodies = _BODIES if data is None else _bodies_of(data, content_type)
    pairs = [(_expect_path(target), _expect_method(method)) for target in targets for method in methods]
    if data is not None and all(method in _WITHOUT_BODY for _, method in pairs):
        raise ConfigurationError("there is data, but no method that sends any, such as POST")
    return [
        Request(method, target, kind)
        for target, method in pairs
        for kind in (_KINDS if method in _WITHOUT_BODY else (*_KINDS, *bodies))
    ]


def _bodies_of(data: bytes, content_type: str) -> tuple[Kind, ...]:
    plain = Kind("with the data", data, content_type)
    return plain, evolve(plain, words="with the data, chunked", chunked=True)


def _expect_path(target: str) -> str:
    if not target.startswith("/"):
        raise ConfigurationError(f"path {target!r} does not begin with a slash")
    return target


def _expect_method(method: str) -> str:
    if not is_token(method):
        raise ConfigurationError(f"method {method!r} is no method of HTTP")
    return method


def environ_of(request: Request) -> dict[str, Any]:
    """Return a new environ for the request, as a server makes it that is to be found at http://localhost/."""
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "*/*",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.kind.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    return environ | _content_of(request)


def _content_of(request: Request) -> dict[str, Any]:
    if request.kind.chunked:
        length: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    elif request.method in _WITHOUT_BODY:
        length = {}
    else:
        length = {"CONTENT_LENGTH": str(len(request.kind.body))}
    return length | ({"CONTENT_TYPE": request.kind.content_type} if request.kind.content_type else {})
