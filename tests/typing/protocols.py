"""The other protocols: what satisfies them, and how they stand to typeshed's. Checked by mypy, pyright and pyrefly, never run."""

import io
import socket
import sys
import tempfile
import wsgiref.handlers
import wsgiref.headers
import wsgiref.types
from collections.abc import Iterable, Iterator
from typing import IO, Any, assert_type

from werkzeug.datastructures import Headers as WerkzeugHeaders

from gatewright.headers import Headers
from gatewright.types import (
    CloseableIterable,
    ErrorStream,
    ExcInfo,
    FileWrapper,
    Handler,
    HeadersProtocol,
    InputStream,
    OptExcInfo,
    OutputStream,
    Readable,
    StartResponse,
    SupportsClose,
    WSGIApplication,
    Write,
)


def input_streams(binary: IO[bytes], file: io.BufferedReader, stdlib: wsgiref.types.InputStream) -> list[InputStream]:
    """Binary files are input streams, and so are typeshed's."""
    return [binary, file, stdlib, io.BytesIO(), sys.stdin.buffer, tempfile.TemporaryFile()]


def error_streams(text: IO[str]) -> list[ErrorStream]:
    """Text files are error streams."""
    return [text, sys.stderr, io.StringIO()]


def output_streams(binary: IO[bytes], connection: socket.socket, raw: io.RawIOBase) -> list[OutputStream]:
    """Binary files and the writing side of a socket take a response."""
    return [binary, raw, io.BytesIO(), sys.stdout.buffer, connection.makefile("wb"), connection.makefile("wb", 0)]


def readables(binary: IO[bytes], stdlib: wsgiref.types.InputStream, ours: InputStream) -> list[Readable]:
    """Anything with read(size) can be wrapped."""
    return [binary, stdlib, ours, io.BytesIO()]


def to_stdlib(
    body: InputStream, errors: ErrorStream, wrapper: FileWrapper, start: StartResponse, exc_info: OptExcInfo
) -> tuple[
    wsgiref.types.InputStream, wsgiref.types.ErrorStream, wsgiref.types.FileWrapper, wsgiref.types.StartResponse
]:
    """Our types go where typeshed's are wanted."""
    start("500 Oops", [], exc_info)
    return body, errors, wrapper, start


def from_stdlib(
    body: wsgiref.types.InputStream, wrapper: wsgiref.types.FileWrapper, start: wsgiref.types.StartResponse
) -> tuple[InputStream, FileWrapper, StartResponse]:
    """Typeshed's types go where ours are wanted; ErrorStream alone does not, see refused.py."""
    return body, wrapper, start


def exception_info(start_response: StartResponse) -> None:
    """What sys.exc_info() returns can be handed on as it is."""
    info: OptExcInfo = sys.exc_info()
    start_response("500 Oops", [], info)
    start_response("500 Oops", [], sys.exc_info())
    start_response("500 Oops", [], (None, None, None))
    if info[1] is not None:
        same: ExcInfo = info
        start_response("500 Oops", [], same)


class Wrapper:
    """A file wrapper of one's own, with a close()."""

    def __init__(self, filelike: Readable, blksize: int = 8192) -> None:
        self.filelike = filelike

    def __iter__(self) -> Iterator[bytes]:
        yield self.filelike.read(8192)

    def close(self) -> None:
        """Close the file if it can be closed."""
        if isinstance(self.filelike, SupportsClose):
            self.filelike.close()


def file_wrappers() -> list[FileWrapper]:
    """Classes and functions serve as wsgi.file_wrapper; typeshed's wsgiref.util.FileWrapper asks for IO[bytes]."""
    return [Wrapper, lambda file, block_size=8192: iter([file.read(block_size)])]


class Marked(Headers):
    """A subclass of ours."""


class StdlibMarked(wsgiref.headers.Headers):
    """A subclass of the standard library's."""


class WerkzeugBlock(WerkzeugHeaders):
    """Another library's headers with the one method that they lack."""

    def __bytes__(self) -> bytes:
        return str(self).encode("latin-1")


def headers() -> list[HeadersProtocol]:
    """What can be the product of a handler's headers_class."""
    return [Headers([]), Marked(), wsgiref.headers.Headers(), StdlibMarked([]), WerkzeugBlock()]


class Recorder:
    """A handler of one's own, without any base."""

    def run(self, application: WSGIApplication, /) -> None:
        self.body = application({}, self.start_response)

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Write:
        return print


def handlers(simple: wsgiref.handlers.SimpleHandler, cgi: wsgiref.handlers.CGIHandler) -> list[Handler]:
    """What runs an application, ours or the standard library's."""
    return [simple, cgi, Recorder()]


def bodies(body: Iterable[bytes], wrapper: Wrapper) -> CloseableIterable:
    """isinstance() narrows a body to one that must be closed."""
    if isinstance(body, SupportsClose):
        assert_type(body.close(), object)
        return body  # pyrefly: ignore[bad-return]  # it does not look for the methods of an intersection
    return wrapper
