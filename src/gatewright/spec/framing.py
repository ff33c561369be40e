"""Field lines, and how long a request's body is: RFC 9112 sections 2.2, 5, 6 and 7.1, without I/O.

Where the standard lets a recipient repair or ignore, these functions refuse: two parties that repair the same request
in two ways disagree about where the next one starts, and that is request smuggling.  Every check takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from attrs import frozen

from gatewright.errors import RequestError
from gatewright.spec.grammar import control_in_value, is_digits, is_token
from gatewright.spec.request_line import is_host

__all__ = [
    "NO_BODY",
    "Field",
    "Framing",
    "body_framing",
    "check_trailer",
    "line_text",
    "parse_chunk_size",
    "parse_field_line",
    "request_framing",
]

Field = tuple[str, str]
"""A field's name as it was sent, and its value without the white space around it."""

# 10**18 bytes is more than there are, and every shorter number fits in a C ssize_t: no OverflowError anywhere.
MAX_LENGTH_DIGITS = 18

MAX_METADATA = 16_384
"""Bytes of chunk extensions and trailers that one body may have: nobody reads them, so a flood of them is an attack."""

# Trailers that would change how the request was framed or routed; RFC 9110 section 6.5.1 forbids them.
_FORBIDDEN_TRAILERS = frozenset({"content-length", "host", "transfer-encoding"})

# RFC 9112 section 7.1:  chunk-size [ chunk-ext ] CRLF, chunk-size = 1*HEXDIG, bounded here, as the RFC advises;
# section 7.1.1:  chunk-ext = *( ";" token [ "=" ( token / quoted-string ) ] ), without white space, which it calls bad.
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xFF]|\\[\t -~\x80-\xFF])*+"'
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;%b(?:=(?:%b|%b))?)*+\r\n" % (_TOKEN, _TOKEN, _QUOTED))

# RFC 9110 section 5.3: a field that is not a list must not be repeated.  These decide who reads the request, and how.
_SINGLE = ("host", "content-type")


@frozen
class Framing:
    """Where a request's body ends.

    Attributes:
        length: bytes of the body; 0 if it is chunked.
        chunked: whether it ends with its last chunk instead.
    """

    length: int = 0
    chunked: bool = False


NO_BODY = Framing()


def line_text(line: bytes, *, bare_lf: bool = False) -> str:
    r"""Return a line without its line end, as a native string (RFC 9112 section 2.2).

    Args:
        line: with its line end.
        bare_lf: whether LF alone may end a line.  The RFC allows it; what stands before a server must then agree.

    Raises:
        RequestError: 400 if the line ends in no other way than end-of-file or, unless allowed, a bare LF.
    """
    if line.endswith(b"\r\n"):
        return line[:-2].decode("latin-1")
    if bare_lf and line.endswith(b"\n"):
        return line[:-1].decode("latin-1")
    raise RequestError(400, "a line of the head does not end as a line must")


def parse_field_line(line: str) -> Field:
    """Split a field line, given without its line end (RFC 9112 section 5).

    Raises:
        RequestError: 400 if the line is folded, has no colon, its name is no token (white space before the colon
            included), or its value has a control character (a CR in the middle included).
    """
    name, colon, value = line.partition(":")
    if not is_token(name):
        if line[:1] in {" ", "\t"}:
            raise RequestError(400, "a header line starts with white space")
        raise RequestError(400, "a header name is not a token")
    if not colon:
        raise RequestError(400, "a header line has no colon")
    # Not a bare strip(): it would take U+0085 and U+00A0 for white space too.
    value = value.strip(" \t")
    if not value.isprintable() and control_in_value(value):  # the first is fast, and true of most
        raise RequestError(400, f"the value of {name} has a control character")
    return name, value


def request_framing(version: tuple[int, int], fields: Sequence[Field]) -> Framing:
    """Return how long the body of a request is, after checking the fields that decide who reads it.

    Args:
        version: HTTP version of the request.
        fields: all of its fields.

    Raises:
        RequestError: 400 if Host is missing (HTTP/1.1), repeated or malformed (RFC 9112 section 3.2), or Content-Type
            repeated; and as :func:`body_framing` says.
    """
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    for name in _SINGLE:
        if len(values.get(name, ())) > 1:
            raise RequestError(400, f"repeated {name.title()}")
    hosts = values.get("host")
    if hosts is None and version >= (1, 1):
        raise RequestError(400, "HTTP/1.1 request without Host")
    if hosts and not is_host(hosts[0]):
        raise RequestError(400, "Host is not a host with an optional port")
    return body_framing(version, values.get("content-length", ()), values.get("transfer-encoding", ()))


def body_framing(
    version: tuple[int, int], content_lengths: Sequence[str], transfer_encodings: Sequence[str]
) -> Framing:
    """Return how long a request's body is (RFC 9112 section 6.3).

    Args:
        version: HTTP version of the request.
        content_lengths: value of every Content-Length field, in order.
        transfer_encodings: value of every Transfer-Encoding field, in order.

    Raises:
        RequestError: 400 if the fields contradict each other, are repeated or malformed; 501 if they name a transfer
            coding other than ``chunked`` (section 6.1).
    """
    if not transfer_encodings:
        return Framing(_content_length(content_lengths)) if content_lengths else NO_BODY
    if content_lengths:
        raise RequestError(400, "both Content-Length and Transfer-Encoding")
    if version < (1, 1):
        raise RequestError(400, "Transfer-Encoding before HTTP/1.1")
    if [value.lower() for value in transfer_encodings] != ["chunked"]:
        _refuse_coding(transfer_encodings)
    return Framing(chunked=True)


def _content_length(values: Sequence[str]) -> int:
    """Take one number only: RFC 9112 section 6.3 lets "3, 3" be folded to 3, but nobody honest sends it."""
    if len(values) > 1:
        raise RequestError(400, "repeated Content-Length")
    if not is_digits(values[0]):
        raise RequestError(400, "Content-Length is not a number")
    if len(values[0]) > MAX_LENGTH_DIGITS:
        raise RequestError(400, "Content-Length is too long a number")
    return int(values[0])


def _refuse_coding(values: Sequence[str]) -> NoReturn:
    """RFC 9112 section 6.1: 501 for a coding that is not known here; section 7.1: chunked is last, and once."""
    codings = [coding.strip(" \t").lower() for value in values for coding in value.split(",")]
    if all(map(is_token, codings)) and "chunked" not in codings[:-1]:
        raise RequestError(501, "transfer coding other than chunked")
    raise RequestError(400, "malformed Transfer-Encoding")


def parse_chunk_size(line: bytes) -> int:
    """Return the size in a chunk's first line, given with its CRLF; extensions are skipped (RFC 9112 section 7.1).

    Raises:
        RequestError: 400 if the line is not 1 to 16 hexadecimal digits, with or without extensions, and CRLF; or an
            extension is not as section 7.1.1 has it.
    """
    found = _CHUNK_LINE.fullmatch(line)
    if found is None:
        raise RequestError(400, "malformed chunk size")
    return int(found[1], 16)


def check_trailer(line: bytes) -> None:
    """Check one line after the last chunk, given with its line end (RFC 9110 section 6.5.1).

    Nothing comes of it: trailers must not be merged into the header fields, and WSGI has no other place.

    Raises:
        RequestError: 400 if it is no field line, or a field that would change how the request was framed or routed.
    """
    name, _ = parse_field_line(line_text(line))
    if name.lower() in _FORBIDDEN_TRAILERS:
        raise RequestError(400, f"trailer {name}")
