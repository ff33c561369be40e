"""The types of WSGI: what applications, servers, gateways and middleware hand to each other (PEP 3333)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, TypeAlias, runtime_checkable

__all__ = [
    "CloseableIterable",
    "Environ",
    "ErrorStream",
    "ExcInfo",
    "FileWrapper",
    "Handler",
    "HeaderList",
    "HeadersProtocol",
    "InputStream",
    "OptExcInfo",
    "OutputStream",
    "Readable",
    "StartResponse",
    "SupportsClose",
    "WSGIApplication",
    "WSGIEnvironment",
    "Write",
]

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType]
OptExcInfo: TypeAlias = ExcInfo | tuple[None, None, None]
HeaderList: TypeAlias = list[tuple[str, str]]
Write: TypeAlias = Callable[[bytes], object]
WSGIEnvironment: TypeAlias = dict[str, Any]


class StartResponse(Protocol):
    """The ``start_response`` callable that a server hands to an application (PEP 3333, "The start_response() Callable")."""

    def __call__(self, status: str, headers: HeaderList, exc_info: OptExcInfo | None = ..., /) -> Write: ...


class WSGIApplication(Protocol):
    """A WSGI application: called once per request, by position (PEP 3333, "The Application/Framework Side")."""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse, /) -> Iterable[bytes]: ...


class Environ(Protocol):
    """Placeholder."""


class InputStream(Protocol):
    """``wsgi.input`` (PEP 3333, "Input and Error Streams")."""

    def read(self, size: int = ..., /) -> bytes: ...
    def readline(self, size: int = ..., /) -> bytes: ...
    def readlines(self, hint: int = ..., /) -> list[bytes]: ...
    def __iter__(self) -> Iterator[bytes]: ...


class ErrorStream(Protocol):
    """``wsgi.errors`` (PEP 3333, "Input and Error Streams")."""

    def flush(self) -> object: ...
    def write(self, s: str, /) -> object: ...
    def writelines(self, seq: Iterable[str], /) -> object: ...


class OutputStream(Protocol):
    """Where a handler sends the response: ``write`` takes each block whole, as :class:`io.BufferedIOBase` does."""

    def write(self, data: bytes, /) -> int | None: ...
    def flush(self) -> object: ...


class Readable(Protocol):
    """What ``wsgi.file_wrapper`` takes: anything with ``read(size)``."""

    def read(self, size: int = ..., /) -> bytes: ...


@runtime_checkable
class SupportsClose(Protocol):
    """An object with a ``close()`` method."""

    def close(self) -> object: ...


class CloseableIterable(Protocol):
    """An iterable of body blocks that the server must close (PEP 3333, rule S58)."""

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> object: ...


class FileWrapper(Protocol):
    """``wsgi.file_wrapper`` (PEP 3333, "Optional Platform-Specific File Handling")."""

    def __call__(self, file: Readable, block_size: int = ..., /) -> Iterable[bytes]: ...


class HeadersProtocol(Protocol):
    """What a handler asks of its ``headers_class``."""

    def __contains__(self, name: str, /) -> bool: ...
    def __getitem__(self, name: str, /) -> str | None: ...
    def __setitem__(self, name: str, value: str, /) -> None: ...
    def __delitem__(self, name: str, /) -> None: ...
    def __bytes__(self) -> bytes: ...
    def setdefault(self, name: str, value: str, /) -> str: ...


class Handler(Protocol):
    """Runs one application call."""

    def run(self, application: WSGIApplication, /) -> None: ...
