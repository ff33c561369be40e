"""The types of WSGI: what applications, servers, gateways and middleware hand to each other (PEP 3333).

A drop-in for :mod:`wsgiref.types`, with more names. Everything here can be imported, subclassed and read by
:func:`typing.get_type_hints` at run time; the module imports the standard library only. Third-party protocols stay
structural: nobody has to inherit from these classes to satisfy a checker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, overload, runtime_checkable

if TYPE_CHECKING:
    from typing import Literal, Self, TypeVar

    from _typeshed import SupportsKeysAndGetItem

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
"""What :func:`sys.exc_info` returns while an exception is being handled."""

OptExcInfo: TypeAlias = ExcInfo | tuple[None, None, None]
"""What :func:`sys.exc_info` returns at any time."""

HeaderList: TypeAlias = list[tuple[str, str]]
"""Response headers: a true list of true ``(name, value)`` tuples, names unique or not (PEP 3333)."""

Write: TypeAlias = Callable[[bytes], object]
"""The imperative ``write()`` that ``start_response`` returns; what it returns means nothing (PEP 3333)."""

WSGIEnvironment: TypeAlias = dict[str, Any]
"""The environ as it is: a builtin dict. Annotate with :class:`Environ` to have its keys checked."""


# --- Streams --------------------------------------------------------------------------------------------------------


class InputStream(Protocol):
    """``wsgi.input``: the request body (PEP 3333, "Input and Error Streams").

    Sizes and hints are in bytes; a negative size, or none, means all that is left. An exhausted stream answers
    ``b""``. Closing is not in the contract: the stream is the server's.
    """

    def read(self, size: int = ..., /) -> bytes: ...
    def readline(self, size: int = ..., /) -> bytes: ...
    def readlines(self, hint: int = ..., /) -> list[bytes]: ...
    def __iter__(self) -> Iterator[bytes]: ...


class ErrorStream(Protocol):
    """``wsgi.errors``: a text stream for diagnostics (PEP 3333, "Input and Error Streams").

    ``writelines`` takes any iterable of str, as text files do; typeshed's protocol promises lists only, so that a
    value *declared* as ``wsgiref.types.ErrorStream`` does not fit here, although every text file fits both.
    """

    def flush(self) -> object: ...
    def write(self, s: str, /) -> object: ...
    def writelines(self, seq: Iterable[str], /) -> object: ...


class OutputStream(Protocol):
    """Where a handler sends the response: a binary file, or the writing side of a socket.

    ``write`` returns the number of bytes it took; None stands for all of them (:class:`io.BufferedIOBase` always takes
    all, :class:`io.RawIOBase` may not). Both methods raise OSError when the client is gone.
    """

    def write(self, data: bytes, /) -> int | None: ...
    def flush(self) -> object: ...


class Readable(Protocol):
    """What ``wsgi.file_wrapper`` takes: anything with ``read(size)``, in bytes; ``b""`` is the end.

    ``close`` is optional and therefore not part of the type; a wrapper offers it if the file does (PEP 3333, "Optional
    Platform-Specific File Handling").
    """

    def read(self, size: int = ..., /) -> bytes: ...


# --- Applications and what they are given ---------------------------------------------------------------------------


class StartResponse(Protocol):
    """The callable that begins a response (PEP 3333, "The start_response() Callable").

    Args, all by position:
        status: ``"200 OK"``: three digits, one space, a reason phrase.
        headers: The response headers. The server may keep and change the list.
        exc_info: Only for an error response, which may replace a status and headers that are not sent yet; when they
            are, the server raises this exception again. ``(None, None, None)`` counts as none.

    Returns:
        The imperative ``write`` callable, for applications that cannot return an iterable.
    """

    def __call__(self, status: str, headers: HeaderList, exc_info: OptExcInfo | None = ..., /) -> Write: ...


class WSGIApplication(Protocol):
    """A WSGI application: called once per request, by position (PEP 3333, "The Application/Framework Side").

    ``environ`` is a plain ``dict`` here: parameters are contravariant, and with :class:`Environ` in its place checkers
    refuse nearly every published application. Yours may still be declared with :class:`Environ`.

    Returns:
        The body, in blocks of bytes. If the object has a ``close`` method the server calls it once, at the end.
    """

    def __call__(self, environ: dict[str, Any], start_response: StartResponse, /) -> Iterable[bytes]: ...


@runtime_checkable
class SupportsClose(Protocol):
    """An object with a ``close()`` method, such as the bodies that a server must close (PEP 3333, rule S58).

    ``isinstance(body, SupportsClose)`` narrows an ``Iterable[bytes]`` in middleware. From Python 3.12 on it does not
    see a ``close`` that comes from ``__getattr__``; servers ask with :func:`getattr` for that reason.
    """

    def close(self) -> object: ...


class CloseableIterable(Protocol):
    """A body that must be closed: blocks of bytes, and ``close()`` (PEP 3333, rule S58)."""

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> object: ...


class FileWrapper(Protocol):
    """``wsgi.file_wrapper`` (PEP 3333, "Optional Platform-Specific File Handling").

    Args, all by position:
        file: The file, from where it stands to its end.
        block_size: A suggestion, in bytes, which the server may disregard.

    Returns:
        A body. It has ``close`` if the file has it.
    """

    def __call__(self, file: Readable, block_size: int = ..., /) -> Iterable[bytes]: ...


# --- What handlers are made of --------------------------------------------------------------------------------------


class HeadersProtocol(Protocol):
    """What a handler asks of the object that its ``headers_class`` makes of a header list.

    Names are case-insensitive. ``__getitem__`` returns None for a missing name and ``__delitem__`` keeps quiet about
    it, as :class:`wsgiref.headers.Headers` does; ``__bytes__`` is the header block with the empty line that ends it.
    """

    def __contains__(self, name: str, /) -> bool: ...
    def __getitem__(self, name: str, /) -> str | None: ...
    def __setitem__(self, name: str, value: str, /) -> None: ...
    def __delitem__(self, name: str, /) -> None: ...
    def items(self) -> Iterable[tuple[str, str]]: ...
    def __bytes__(self) -> bytes: ...
    def setdefault(self, name: str, value: str, /) -> str: ...


class Handler(Protocol):
    """Runs one application call and sends its response.

    ``run`` returns None: a coroutine function, which would do nothing, does not fit. After it the handler is spent.
    """

    def run(self, application: WSGIApplication, /) -> None: ...


# --- Environ --------------------------------------------------------------------------------------------------------

if TYPE_CHECKING:
    _T = TypeVar("_T")

    # Grouped by the type of the value: a checker compares a call with every overload, so one overload per key would
    # cost several times as much.
    _RequiredText: TypeAlias = Literal[  # PEP 3333, "environ Variables": always there, and never empty
        "REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "wsgi.url_scheme"
    ]
    _OptionalText: TypeAlias = Literal[
        # PEP 3333 and RFC 3875, section 4.1
        "AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO", "PATH_TRANSLATED",
        "QUERY_STRING", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_IDENT", "REMOTE_USER", "SCRIPT_NAME", "SERVER_SOFTWARE",
        # What web servers add, through CGI, FastCGI and SCGI; PEP 3333 names HTTPS
        "CONTEXT_DOCUMENT_ROOT", "CONTEXT_PREFIX", "DOCUMENT_ROOT", "DOCUMENT_URI", "FCGI_ROLE", "HTTPS", "RAW_URI",
        "REDIRECT_QUERY_STRING", "REDIRECT_STATUS", "REDIRECT_URI", "REDIRECT_URL", "REMOTE_PORT", "REQUEST_SCHEME",
        "REQUEST_URI", "SCGI", "SCRIPT_FILENAME", "SERVER_ADDR", "SERVER_ADMIN", "SSL_CIPHER", "SSL_CLIENT_CERT",
        "SSL_CLIENT_I_DN", "SSL_CLIENT_S_DN", "SSL_CLIENT_VERIFY", "SSL_PROTOCOL", "SSL_TLS_SNI", "UNIQUE_ID",
        # Request headers (RFC 3875, section 4.1.18): the set is open, these are the well-known ones
        "HTTP_ACCEPT", "HTTP_ACCEPT_CHARSET", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_AUTHORIZATION",
        "HTTP_CACHE_CONTROL", "HTTP_CONNECTION", "HTTP_CONTENT_ENCODING", "HTTP_CONTENT_RANGE", "HTTP_COOKIE",
        "HTTP_DATE", "HTTP_DEPTH", "HTTP_DESTINATION", "HTTP_EXPECT", "HTTP_FORWARDED", "HTTP_FROM", "HTTP_HOST",
        "HTTP_IF", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_RANGE",
        "HTTP_IF_UNMODIFIED_SINCE", "HTTP_LAST_EVENT_ID", "HTTP_LOCK_TOKEN", "HTTP_ORIGIN", "HTTP_OVERWRITE",
        "HTTP_PRAGMA", "HTTP_RANGE", "HTTP_REFERER", "HTTP_SEC_FETCH_DEST", "HTTP_SEC_FETCH_MODE",
        "HTTP_SEC_FETCH_SITE", "HTTP_TE", "HTTP_TRACEPARENT", "HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE",
        "HTTP_USER_AGENT", "HTTP_VIA", "HTTP_X_CSRFTOKEN", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX", "HTTP_X_FORWARDED_PROTO", "HTTP_X_HTTP_METHOD_OVERRIDE",
        "HTTP_X_REAL_IP", "HTTP_X_REQUESTED_WITH", "HTTP_X_REQUEST_ID",
    ]  # fmt: skip  # one key a line would take a page
    _Text: TypeAlias = _RequiredText | _OptionalText
    _RequiredFlag: TypeAlias = Literal["wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once"]
    _OptionalFlag: TypeAlias = Literal["wsgi.input_terminated"]
    _Flag: TypeAlias = _RequiredFlag | _OptionalFlag
    _Version: TypeAlias = Literal["wsgi.version"]
    _Input: TypeAlias = Literal["wsgi.input"]
    _Errors: TypeAlias = Literal["wsgi.errors"]
    _Wrapper: TypeAlias = Literal["wsgi.file_wrapper"]

    class _AnyToPyrefly:
        """Nothing; to pyrefly Any: it takes no protocol for a dict that has no Any among its bases."""

    TYPE_CHECKING_WITH_PYREFLY: Literal[False] = False
    if TYPE_CHECKING_WITH_PYREFLY:
        from typing import Any as _AnyToPyrefly  # type: ignore[unreachable]  # see above

    # What stands here, and not in Environ itself, is not asked of a dict that is given as an Environ.
    class _Values(dict[str, Any]):
        # "| Any" where a server always has a value: code that is tested with less may ask whether there is one.
        @overload  # type: ignore[override]  # no checker sees that the last overload covers dict's
        def get(self, key: _RequiredText, default: None = None, /) -> str | Any: ...
        @overload
        def get(self, key: _OptionalText, default: None = None, /) -> str | None: ...
        @overload
        def get(self, key: _Input, default: None = None, /) -> InputStream | Any: ...
        @overload
        def get(self, key: _Errors, default: None = None, /) -> ErrorStream | Any: ...
        @overload
        def get(self, key: _RequiredFlag, default: None = None, /) -> bool | Any: ...
        @overload
        def get(self, key: _OptionalFlag, default: None = None, /) -> bool | None: ...
        @overload
        def get(self, key: _Version, default: None = None, /) -> tuple[int, int] | Any: ...
        @overload
        def get(self, key: _Wrapper, default: None = None, /) -> FileWrapper | None: ...
        @overload
        def get(self, key: str, default: None = None, /) -> Any | None: ...
        @overload
        def get(self, key: _Text, default: _T, /) -> str | _T: ...
        @overload
        def get(self, key: _Input, default: _T, /) -> InputStream | _T: ...
        @overload
        def get(self, key: _Errors, default: _T, /) -> ErrorStream | _T: ...
        @overload
        def get(self, key: _Flag, default: _T, /) -> bool | _T: ...
        @overload
        def get(self, key: _Version, default: _T, /) -> tuple[int, int] | _T: ...
        @overload
        def get(self, key: _Wrapper, default: _T, /) -> FileWrapper | _T: ...
        @overload
        def get(self, key: str, default: object, /) -> Any: ...
        def get(self, key: str, default: object = None, /) -> Any: ...  # pyright: ignore[reportIncompatibleMethodOverride]  # as above

        @overload  # type: ignore[override]  # no checker sees that the last overload covers dict's
        def pop(self, key: _Text, /) -> str: ...
        @overload
        def pop(self, key: _Input, /) -> InputStream: ...
        @overload
        def pop(self, key: _Errors, /) -> ErrorStream: ...
        @overload
        def pop(self, key: _Flag, /) -> bool: ...
        @overload
        def pop(self, key: _Version, /) -> tuple[int, int]: ...
        @overload
        def pop(self, key: _Wrapper, /) -> FileWrapper: ...
        @overload
        def pop(self, key: str, /) -> Any: ...
        @overload
        def pop(self, key: _Text, default: _T, /) -> str | _T: ...
        @overload
        def pop(self, key: _Input, default: _T, /) -> InputStream | _T: ...
        @overload
        def pop(self, key: _Errors, default: _T, /) -> ErrorStream | _T: ...
        @overload
        def pop(self, key: _Flag, default: _T, /) -> bool | _T: ...
        @overload
        def pop(self, key: _Version, default: _T, /) -> tuple[int, int] | _T: ...
        @overload
        def pop(self, key: _Wrapper, default: _T, /) -> FileWrapper | _T: ...
        @overload
        def pop(self, key: str, default: object, /) -> Any: ...
        def pop(self, key: str, default: object = ..., /) -> Any: ...  # pyright: ignore[reportIncompatibleMethodOverride]  # as above

        @overload  # type: ignore[override]  # likewise
        def setdefault(self, key: _Text, default: str, /) -> str: ...
        @overload
        def setdefault(self, key: _Input, default: InputStream, /) -> InputStream: ...
        @overload
        def setdefault(self, key: _Errors, default: ErrorStream, /) -> ErrorStream: ...
        @overload
        def setdefault(self, key: _Flag, default: bool, /) -> bool: ...
        @overload
        def setdefault(self, key: _Version, default: tuple[int, int], /) -> tuple[int, int]: ...
        @overload
        def setdefault(self, key: _Wrapper, default: FileWrapper, /) -> FileWrapper: ...
        @overload
        def setdefault(self, key: str, default: object = None, /) -> Any: ...
        def setdefault(self, key: str, default: object = None, /) -> Any: ...  # pyright: ignore[reportIncompatibleMethodOverride]  # as above

        # An attribute of a class that is an Environ is one; pyrefly would look for this in Any, and find Any.
        def __get__(self, instance: object, owner: object = None, /) -> Self: ...
        def __set__(self, instance: object, value: Environ, /) -> None: ...

    # dict makes an Environ fit where a dict is wanted: app(environ, ...), werkzeug.Request(environ), and gives it its
    # other methods, dict displays and mapping patterns; SupportsKeysAndGetItem lets mypy infer {**environ}.
    class _Dict(  # type: ignore[misc]  # two are no protocols, but meant
        _Values,  # pyright: ignore[reportGeneralTypeIssues]  # the same
        SupportsKeysAndGetItem[str, Any],
        _AnyToPyrefly,  # pyright: ignore[reportGeneralTypeIssues]  # the same
        Protocol,
    ):
        """To checkers, a dict."""
else:

    class _Dict(Protocol):
        """To checkers, a dict."""


class Environ(_Dict, Protocol):
    """The environ of a request, with the type of every key of PEP 3333 and RFC 3875; unknown keys are Any.

    For annotations: every ``dict[str, Any]`` is an Environ to mypy, pyright and pyrefly, and an Environ goes wherever
    a dict is wanted. What a server always provides is never None; the rest is None in ``get`` without a default. The
    flags read as bool, the meaning PEP 3333 gives them, although some servers put 0 and 1.

    The price of being a dict to checkers: assigning a wrong value to a known key goes unnoticed. To pyrefly an Environ
    has Any among its bases, so that there an attribute that does not exist does, too.
    """

    # mypy infers dict[str, Any] for {...} given as an Environ from the Any in here.
    def __setitem__(self, key: str, value: Any, /) -> None: ...
    # dict joins dicts with any keys; an environ has str only
    def __or__(self, other: dict[str, Any], /) -> Environ: ...  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # see above
    def copy(self) -> Environ: ...
    def __reversed__(self) -> Iterator[str]: ...  # which collections.UserDict has not: an environ is a builtin dict

    if TYPE_CHECKING:
        # Overloads stand in the order of dict's own, form by form, or mypy does not take a dict for an Environ.

        @overload
        def __getitem__(self, key: _Text, /) -> str: ...
        @overload
        def __getitem__(self, key: _Input, /) -> InputStream: ...
        @overload
        def __getitem__(self, key: _Errors, /) -> ErrorStream: ...
        @overload
        def __getitem__(self, key: _Flag, /) -> bool: ...
        @overload
        def __getitem__(self, key: _Version, /) -> tuple[int, int]: ...
        @overload
        def __getitem__(self, key: _Wrapper, /) -> FileWrapper: ...
        @overload
        def __getitem__(self, key: str, /) -> Any: ...
    else:
        # Checkers read the overloads above; evaluating them at each import would cost more than the rest of the module.

        def __getitem__(self, key: str, /) -> Any: ...
        def get(self, key: str, default: object = None, /) -> Any: ...
        def pop(self, key: str, default: object = ..., /) -> Any: ...
        def setdefault(self, key: str, default: object = None, /) -> Any: ...
