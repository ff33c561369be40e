"""The head of a response, and the chunks of its body, as bytes: RFC 9112 sections 4, 6 and 7.1, without I/O."""

from __future__ import annotations

from collections.abc import Callable

from gatewright.errors import ForbiddenCharacter
from gatewright.server.head import CHUNKED
from gatewright.server.response_fields import UNKNOWN, Fields
from gatewright.spec.checks import STATUS_CODES, check_status_line, refuse
from gatewright.spec.grammar import WITHOUT_CONTENT, WITHOUT_CONTENT_LENGTH
from gatewright.types import HeaderList

__all__ = [
    "CONTINUE",
    "LAST_CHUNK",
    "CommonFields",
    "encode_chunk",
    "encode_head",
    "frame_response",
    "sendable_headers",
    "status_code",
]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""The interim response; it has no fields (RFC 9110 section 15.2.1)."""

LAST_CHUNK = b"0\r\n\r\n"
"""Ends a chunked body, without trailers.  It says that the body is whole: never send it when something went wrong."""

# RFC 9112 section 9.6 and, for HTTP/1.0, appendix C.2.2; by whether the client speaks HTTP/1.1, and whether the
# connection stays open.
_CONNECTION = {
    (True, True): "",
    (True, False): "\r\nConnection: close",
    (False, True): "\r\nConnection: keep-alive",
    (False, False): "\r\nConnection: close",
}


def status_code(status: str) -> int:
    """Return the code of a status after checking it.

    Raises:
        AssertionError: a rule was broken (A12, A13, A19).
        ForbiddenCharacter: there is a control character in it (A14); an ``AssertionError`` too.
    """
    if type(status) is str and status in STATUS_CODES:
        return STATUS_CODES[status]
    violation = check_status_line(status)
    if violation is not None:
        refuse(violation, ForbiddenCharacter if violation.rule.id == "A14" else AssertionError)
    return int(status[:3])


def sendable_headers(code: int, headers: HeaderList) -> HeaderList:
    """Return the headers without the Content-Length that this status must not have (RFC 9110 section 8.6)."""
    if code not in WITHOUT_CONTENT_LENGTH:
        return headers
    return [(name, value) for name, value in headers if name.lower() != "content-length"]


def frame_response(
    code: int, method: str, length: int, *, declared: bool, modern: bool, keep_alive: bool
) -> tuple[str, int, bool]:
    """Decide how the client learns where the body ends, and whether the connection stays (RFC 9112 sections 6.3, 9.3).

    Args:
        code: of the status.
        method: of the request.
        length: of the body, in bytes, or :data:`~gatewright.server.response_fields.UNKNOWN`.
        declared: whether the length stands in a field of the application's.
        modern: whether the client speaks HTTP/1.1.
        keep_alive: whether client and server would keep the connection.

    Returns:
        The field lines, each begun by CRLF; bytes of body to send,
        :data:`~gatewright.server.head.CHUNKED`, or :data:`~gatewright.server.response_fields.UNKNOWN` for a body that
        ends with the connection; and whether the connection stays open.
    """
    lines = ""
    if code in WITHOUT_CONTENT or method == "HEAD":
        if length >= 0 and not declared and code not in WITHOUT_CONTENT:
            lines = f"\r\nContent-Length: {length}"
        length = 0
    elif length == UNKNOWN:
        if modern:
            lines, length = "\r\nTransfer-Encoding: chunked", CHUNKED
        else:
            keep_alive = False
    elif not declared:
        lines = f"\r\nContent-Length: {length}"
    return lines + _CONNECTION[modern, keep_alive], length, keep_alive


def encode_head(status: str, fields: Fields, common: CommonFields, now: float, framing: str) -> bytes:
    """Return the head of a response, with its empty line.

    Args:
        status: checked by :func:`status_code`.
        fields: of the application's.
        common: the server's own fields.
        now: seconds since the epoch.
        framing: lines, as :func:`frame_response` returns them.
    """
    text, _, has_date, has_server = fields
    own = common.lines(now, with_date=not has_date, with_server=not has_server)
    return f"HTTP/1.1 {status}{text}{own}{framing}\r\n\r\n".encode("latin-1")


def encode_chunk(data: bytes) -> bytes:
    """Return a block of a body as one chunk; an empty block as nothing, for an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


class CommonFields:
    """Date and Server, which every response has (RFC 9110 sections 6.6.1 and 10.2.4), made once per second.

    Args:
        software: the value of Server; empty for none.
        format_date: gives a time in seconds since the epoch as HTTP writes it.

    Raises:
        ForbiddenCharacter: the value of Server has a character that no value may have.
    """

    def __init__(self, software: str, format_date: Callable[[float], str]) -> None:
        if not software.isascii() or not software.isprintable():
            raise ForbiddenCharacter(f"not for a Server field: {software!r}")
        self._server = f"\r\nServer: {software}" if software else ""
        self._format_date = format_date
        self._made: tuple[int, str, str] = (-1, "", "")  # replaced as one, so that threads need no lock

    def lines(self, now: float, *, with_date: bool = True, with_server: bool = True) -> str:
        """Return the lines, each begun by CRLF.

        Args:
            now: seconds since the epoch.
            with_date: False if the application gave a Date.
            with_server: False if the application gave a Server.
        """
        second, date, both = self._made
        if not 0 <= now - second < 1:
            second = int(now)
            date = f"\r\nDate: {self._format_date(second)}"
            both = date + self._server
            self._made = (second, date, both)
        if with_date and with_server:
            return both
        return (date if with_date else "") + (self._server if with_server else "")
