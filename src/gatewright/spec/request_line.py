"""The request line and what it asks for: RFC 9112 section 3, without I/O.

Text here is native strings of PEP 3333: every character stands for one byte (Latin-1).
"""

from __future__ import annotations

import re

from attrs import frozen

from gatewright.errors import RequestError
from gatewright.spec.grammar import is_token

__all__ = ["RequestLine", "Target", "decode_path", "is_host", "parse_request_line", "parse_target"]

# RFC 9112 section 2.3:  HTTP-version = HTTP-name "/" DIGIT "." DIGIT
_VERSION = re.compile(r"HTTP/([0-9])\.([0-9])")

# RFC 9112 section 3.2.  Wider than the ABNF: browsers send "|" and quotes as they are, and CPython's tests for wsgiref
# send bytes above 0x7F.  Neither can end the line or the word.  A fragment is never sent, so "#" is refused.
_TARGET = re.compile(r"[!\"$-~\x80-\xFF]+")

# RFC 9110 section 7.2:  Host = uri-host [ ":" port ], with the host of RFC 3986 section 3.2.2; IPvFuture is in no use.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]*)(?::[0-9]*)?")

# What ends the authority of an absolute target: RFC 3986 section 3.2 ("#" cannot occur here).
_AUTHORITY_END = re.compile(r"[/?]")

# RFC 3986 section 2.1:  pct-encoded = "%" HEXDIG HEXDIG, in either case
_HEXDIG = "0123456789ABCDEFabcdef"
_ENCODED = {high + low: chr(int(high + low, 16)) for high in _HEXDIG for low in _HEXDIG}


@frozen
class RequestLine:
    """The three words of a request line; ``version`` is (0, 9) when there are only two."""

    method: str
    target: str
    version: tuple[int, int]


@frozen
class Target:
    """What a request target names.

    Attributes:
        path: percent-encoded, "/" at least.
        query: what follows the first "?", or "".
        authority: host and port of an absolute target; None if the target does not say, and the Host field does.
    """

    path: str
    query: str
    authority: str | None = None


def parse_request_line(line: str) -> RequestLine:
    """Split a request line, given without its line end.

    Args:
        line: ``METHOD SP TARGET SP HTTP/1.x``, or ``GET SP TARGET``, which is HTTP/0.9.

    Raises:
        RequestError: 400 if it is anything else, 505 if it is another major version than 1.
    """
    words = line.split(" ")
    if len(words) not in (2, 3):
        raise RequestError(400, "request line is not three words with one space between")
    method, target = words[:2]
    if not is_token(method):
        raise RequestError(400, "method is not a token")
    if not _TARGET.fullmatch(target):
        raise RequestError(400, "request target is empty or has a character that it may not have")
    if len(words) == 3:
        return RequestLine(method, target, _version(words[2]))
    if method != "GET":
        raise RequestError(400, "request line without a version")
    return RequestLine(method, target, (0, 9))


def _version(word: str) -> tuple[int, int]:
    found = _VERSION.fullmatch(word)
    if found is None:
        raise RequestError(400, "HTTP version is not HTTP/digit.digit")
    if found[1] != "1":
        raise RequestError(505, "only HTTP/1 is served here")
    return 1, int(found[2])


def parse_target(method: str, target: str) -> Target:
    """Tell path, query and authority of a request target apart (RFC 9112 section 3.2).

    Args:
        method: of the request; it decides which forms are allowed.
        target: as it stands in the request line.  Two slashes at its start are two slashes of its path, never the
            start of a host.  ``*`` is the path "/", for a WSGI path is empty or starts with a slash.

    Raises:
        RequestError: 400 if it has none of the four forms or a form that the method does not allow; 501 for CONNECT.
    """
    if method == "CONNECT":
        raise RequestError(501, "CONNECT is for proxies")
    if target.startswith("/"):
        path, _, query = target.partition("?")
        return Target(path, query)
    if target == "*" and method == "OPTIONS":
        return Target("/", "")
    return _absolute_target(target)


def _absolute_target(target: str) -> Target:
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in {"http", "https"}:
        raise RequestError(400, "request target is neither a path nor an http URI")
    end = _AUTHORITY_END.search(rest)
    cut = end.start() if end else len(rest)
    authority = rest[:cut]
    # RFC 9110 section 4.2.1: an empty host is invalid.  User information is refused with it (section 4.2.4).
    if not is_host(authority) or authority.startswith(":") or not authority:
        raise RequestError(400, "request target has no valid host")
    path, _, query = rest[cut:].partition("?")
    return Target(path or "/", query, authority)


def is_host(text: str) -> bool:
    """Whether the text is a host with an optional port, as Host is; the host may be empty (RFC 9110 section 7.2)."""
    return _HOST.fullmatch(text) is not None


def decode_path(path: str) -> str:
    """Return a path as it goes into ``PATH_INFO``: each "%" with its two digits is the byte they stand for.

    ``%2F`` and ``%00`` are decoded like the others (RFC 3875 section 4.1.5).

    Args:
        path: percent-encoded, every character one byte.

    Raises:
        RequestError: 400 if a "%" is not followed by two hexadecimal digits (RFC 3986 section 2.1): what decodes the
            path twice, or repairs it, would read another path.
    """
    first, *parts = path.split("%")
    try:
        return first + "".join([_ENCODED[part[:2]] + part[2:] for part in parts])
    except KeyError as error:
        raise RequestError(400, "% without two hexadecimal digits in the path") from error
