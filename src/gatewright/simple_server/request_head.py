"""Reading one request's head from a connection, strictly and within bounds, before anything is answered."""

from __future__ import annotations

import io
from http import HTTPStatus

from attrs import frozen

from gatewright.errors import RequestError
from gatewright.spec.framing import Field, Framing, line_text, parse_field_line, request_framing
from gatewright.spec.request_line import RequestLine, Target, parse_request_line, parse_target

__all__ = ["MAX_LINE", "RequestHead", "read_request_head", "read_request_line"]

MAX_LINE = 65_536
"""Bytes of one line, its line end included; http.server's limit."""

MAX_FIELDS = 99
"""How many field lines; http.server's limit, which counts the empty line, is 100."""

MAX_FIELD_BYTES = 262_144
"""Bytes of all field lines together."""

MAX_BLANK_LINES = 8
"""Empty lines before a request line that are skipped; RFC 9112 section 2.2 asks for one at least."""


@frozen
class RequestHead:
    """A request's head, checked.

    Attributes:
        line: the request line.
        target: what its target names.
        framing: how long the body is that follows.
        field_lines: the field lines as they were sent, without the empty line.
    """

    line: RequestLine
    target: Target
    framing: Framing
    field_lines: bytes


def read_request_line(first: bytes, file: io.BufferedIOBase) -> bytes:
    """Return the first line that is not empty, or what there is of it at the end of the file.

    Args:
        first: the line that was read already.
        file: where the next ones are read, if the first is empty.

    Raises:
        RequestError: 400 after too many empty lines; 414 if the line is longer than :data:`MAX_LINE`.
    """
    line, left = first, MAX_BLANK_LINES
    while line in {b"\r\n", b"\n"}:
        if not left:
            raise RequestError(400, "too many empty lines before the request line")
        line, left = file.readline(MAX_LINE + 1), left - 1
    if len(line) > MAX_LINE:
        raise RequestError(414, HTTPStatus.REQUEST_URI_TOO_LONG.phrase)
    return line


def read_request_head(first: bytes, file: io.BufferedIOBase) -> RequestHead:
    """Read the field lines that follow a request line, and check both.

    A bare LF ends a line as CRLF does, and after any line of an HTTP/1.0 head the file may end: clients written for
    wsgiref, and CPython's and Django's tests, do both.

    Args:
        first: the request line, as :func:`read_request_line` returns it.
        file: stands after the request line.  Afterwards it stands at the body, or, if an error was raised, anywhere.

    Raises:
        RequestError: 431 if the field lines are too long or too many; 400, 501 or 505 as the parts are refused by
            :mod:`gatewright.spec.request_line` and :mod:`gatewright.spec.framing`.
    """
    ended = not first.endswith(b"\n")
    line = parse_request_line(first.decode("latin-1") if ended else line_text(first, bare_lf=True))
    target = parse_target(line.method, line.target)
    if line.version < (1, 0):
        # HTTP/0.9 has no fields; to wait for them would be to wait for ever.
        return RequestHead(line, target, Framing(), b"")
    lines = [] if ended else _read_field_lines(file, may_end=line.version < (1, 1))
    fields = [_field(each) for each in lines]
    return RequestHead(line, target, request_framing(line.version, fields), b"".join(lines))


def _field(line: bytes) -> Field:
    return parse_field_line(line_text(line, bare_lf=True))


def _read_field_lines(file: io.BufferedIOBase, *, may_end: bool) -> list[bytes]:
    lines: list[bytes] = []
    left = MAX_FIELD_BYTES
    while (line := file.readline(MAX_LINE + 1)) not in {b"\r\n", b"\n"}:
        left -= len(line)
        if len(line) > MAX_LINE or left < 0:
            raise RequestError(431, "header lines too long")
        if not line.endswith(b"\n"):
            if line or not may_end:
                raise RequestError(400, "the head ends in the middle")
            break
        lines.append(line)
        if len(lines) > MAX_FIELDS:
            raise RequestError(431, "too many header lines")
    return lines
