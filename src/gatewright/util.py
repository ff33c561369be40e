"""Helps with environs and files: the URL of a request, path segments, test defaults, files as iterables."""

from __future__ import annotations

import posixpath

from gatewright.errors import MissingVariable
from gatewright.spec.grammar import HOP_BY_HOP

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping
    from typing import Any

    from gatewright.types import Readable

__all__ = [
    "FileWrapper",
    "application_uri",
    "guess_scheme",
    "is_hop_by_hop",
    "request_uri",
    "setup_testing_defaults",
    "shift_path_info",
]

_DEFAULT_PORTS = {"http": "80", "https": "443"}


class FileWrapper:
    """Makes an iterable of a file: the ``wsgi.file_wrapper`` of handlers that have none of their own.

    It has a ``close()`` method if the file has one: that one.

    Args:
        filelike: the file; only ``read(size)`` is asked of it.
        blksize: the size of the blocks, in bytes.
    """

    close: Callable[[], object]
    """The file's, if it has one."""

    def __init__(self, filelike: Readable, blksize: int = 8192) -> None:
        self.filelike = filelike
        self.blksize = blksize
        close = getattr(filelike, "close", None)
        if close is not None:
            self.close = close

    def __iter__(self) -> Iterator[bytes]:
        """Return the wrapper itself: it can be read once."""
        return self

    def __next__(self) -> bytes:
        """Return the next block."""
        if data := self.filelike.read(self.blksize):
            return data
        raise StopIteration

    def __getitem__(self, key: object) -> bytes:
        """Return the next block, whatever the key; deprecated since Python 3.8.

        Raises:
            IndexError: the file is at its end.
        """
        from warnings import warn  # only for those who still index

        warn("FileWrapper ignores the index; iterate over it instead", DeprecationWarning, stacklevel=2)
        if data := self.filelike.read(self.blksize):
            return data
        raise IndexError(key)


def guess_scheme(environ: Mapping[str, Any]) -> str:
    """Return "https" if the variable ``HTTPS`` is "on", "yes" or "1", as web servers set it, else "http"."""
    return "https" if environ.get("HTTPS") in ("yes", "on", "1") else "http"


def application_uri(environ: Mapping[str, Any]) -> str:
    """Return the URI at which the application stands: without ``PATH_INFO`` and query.

    Args:
        environ: the environ (PEP 3333, "URL Reconstruction").

    Raises:
        MissingVariable: ``wsgi.url_scheme`` is missing (rule S25), or, where there is no ``HTTP_HOST``,
            ``SERVER_NAME`` or ``SERVER_PORT`` (rule S14).
    """
    from urllib.parse import quote  # the handlers import this module and never need it

    scheme = _required(environ, "wsgi.url_scheme", "S25")
    host = environ.get("HTTP_HOST")
    if not host:
        host = _required(environ, "SERVER_NAME", "S14")
        port = _required(environ, "SERVER_PORT", "S14")
        if port != _DEFAULT_PORTS.get(scheme, "80"):
            host = f"{host}:{port}"
    path = quote(environ.get("SCRIPT_NAME") or "/", encoding="latin-1")
    return f"{scheme}://{host}{path}"


def request_uri(environ: Mapping[str, Any], include_query: bool = True) -> str:  # wsgiref's own
    """Return the URI of the request.

    Args:
        environ: the environ (PEP 3333, "URL Reconstruction").
        include_query: whether to add the query string.

    Raises:
        MissingVariable: as from :func:`application_uri`.
    """
    from urllib.parse import quote

    path = quote(environ.get("PATH_INFO", ""), safe="/;=,", encoding="latin-1")
    if not environ.get("SCRIPT_NAME"):
        path = path[1:]  # application_uri() ends in "/" then
    query = environ.get("QUERY_STRING") if include_query else None
    return application_uri(environ) + path + (f"?{query}" if query else "")


def shift_path_info(environ: MutableMapping[str, Any]) -> str | None:
    """Move the first segment of ``PATH_INFO`` to the end of ``SCRIPT_NAME``.

    Empty segments and "." are skipped, ".." takes one off ``SCRIPT_NAME``.  A ``PATH_INFO`` of just "/" gives an empty
    segment and a ``SCRIPT_NAME`` with a slash at its end, which tells "/x/" from "/x".

    Args:
        environ: the environ; it is changed in place.

    Returns:
        The segment, or None if there is none left.
    """
    path_info: str = environ.get("PATH_INFO", "")
    if not path_info:
        return None
    first, *inner = path_info.split("/")
    if first or not inner:  # rule S09 wants a slash in front; treat a path without one as if it had it
        inner = [first, *inner]
    segments = [segment for segment in inner[:-1] if segment not in ("", ".")] + inner[-1:]
    name, rest = segments[0], segments[1:]
    script_name = posixpath.normpath(f"{environ.get('SCRIPT_NAME', '')}/{name}").rstrip("/")
    environ["SCRIPT_NAME"] = script_name if name else f"{script_name}/"
    environ["PATH_INFO"] = "".join(f"/{segment}" for segment in rest)
    return None if name == "." else name


def setup_testing_defaults(environ: MutableMapping[str, Any]) -> None:
    """Add what PEP 3333 requires of an environ and is not there yet, with values made up for tests.

    Args:
        environ: the environ; it is changed in place.  What it holds already stays.
    """
    from io import BytesIO, StringIO

    environ.setdefault("SERVER_NAME", "127.0.0.1")
    environ.setdefault("SERVER_PROTOCOL", "HTTP/1.0")
    environ.setdefault("HTTP_HOST", environ["SERVER_NAME"])
    environ.setdefault("REQUEST_METHOD", "GET")
    if "SCRIPT_NAME" not in environ and "PATH_INFO" not in environ:
        environ["SCRIPT_NAME"] = ""
        environ["PATH_INFO"] = "/"
    environ.setdefault("wsgi.version", (1, 0))
    for flag in ("wsgi.run_once", "wsgi.multithread", "wsgi.multiprocess"):
        environ.setdefault(flag, 0)
    environ.setdefault("wsgi.input", BytesIO())
    environ.setdefault("wsgi.errors", StringIO())
    scheme = environ.setdefault("wsgi.url_scheme", guess_scheme(environ))
    if scheme in _DEFAULT_PORTS:
        environ.setdefault("SERVER_PORT", _DEFAULT_PORTS[scheme])


def is_hop_by_hop(header_name: str) -> bool:
    """Whether this field is one that PEP 3333 forbids to applications ("Other HTTP Features"); case is ignored."""
    return header_name.lower() in HOP_BY_HOP


def _required(environ: Mapping[str, Any], key: str, rule: str) -> str:
    try:
        return str(environ[key])
    except KeyError:
        from gatewright.spec.rules import RULES  # the handlers import this module, and CGI pays for each import

        raise MissingVariable(f"the environ lacks {key!r}: {RULES[rule]}") from None
