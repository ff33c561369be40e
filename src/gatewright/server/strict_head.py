"""The reference: reads a request's head line by line, says what is wrong with it, and guesses nothing.

Every rule has its home in :mod:`gatewright.spec`, or here where only an origin server in production is as strict.
:mod:`gatewright.server.usual_head` answers the same for the requests that it answers at all, and faster.
"""

from __future__ import annotations

import re

from gatewright.errors import RequestError
from gatewright.server.head import CHUNKED, Head
from gatewright.server.limits import Limits
from gatewright.spec.framing import Field, line_text, parse_field_line, request_framing
from gatewright.spec.request_line import RequestLine, Target, decode_path, parse_request_line, parse_target
from gatewright.types import WSGIEnvironment

__all__ = ["MAX_BLANK_LINES", "StrictHead", "variable_of"]

MAX_BLANK_LINES = 8
"""Empty lines before a request line that are skipped; RFC 9112 section 2.2 asks for one at least."""

# Methods are case-sensitive (RFC 9110 section 9.1) and every registered one is in capitals; "get" is a mistake that
# some recipients repair.  "#" is a token character, but where a proxy takes it for a comment the two disagree.
_ODD_METHOD = re.compile(r"[a-z#]")

# RFC 3875 section 4.1.18 lets a server leave out fields; a program started by the application would take the variable
# HTTP_PROXY for its configuration (CVE-2016-5385, "httpoxy").  No standard has a Proxy field.
_DROPPED = frozenset({"proxy"})

# RFC 3875 sections 4.1.2 and 4.1.3: these have variables of their own.
_OWN_VARIABLES = {"content-length": "CONTENT_LENGTH", "content-type": "CONTENT_TYPE"}


class StrictHead:
    """One head, from its first byte to its empty line, given in pieces of any size.

    Takes time linear in the bytes, however they are cut, and refuses as soon as the line is complete that is wrong, or
    too long.

    Args:
        limits: see there.
        base: the variables that are the same for all requests; copied, not changed.
    """

    def __init__(self, limits: Limits, base: WSGIEnvironment) -> None:
        self._limits = limits
        self._base = base
        self._buffer = bytearray()
        self._searched = 0
        self._blank_lines = 0
        self._size = 0
        self._line: RequestLine | None = None
        self._target = Target("/", "")
        self.fields: list[Field] = []
        """What was read so far."""
        self.rest: bytes = b""
        """What follows the head, once :meth:`feed` has returned it."""

    @property
    def has_begun(self) -> bool:
        """Whether anything but empty lines was read."""
        return self._line is not None or not b"\r".startswith(self._buffer)

    def feed(self, data: bytes) -> Head | None:
        """Take the next bytes.

        Returns:
            The head, or None while its empty line is not there.

        Raises:
            RequestError: the request must be refused and the connection closed; nothing can be read from it any more.
        """
        buffer, start = self._buffer, 0
        buffer += data
        while (end := buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(buffer[start : end + 1])
            start = self._searched = end + 1
            if self._take(line):
                self.rest = bytes(buffer[start:])
                return self._finish()
        del buffer[:start]
        self._searched = len(buffer)
        self._check_size(len(buffer) - 1, len(buffer))  # its last byte may be the CR of the line end
        return None

    def _take(self, line: bytes) -> bool:
        """Take one line with its line end, and tell whether it was the last of the head."""
        self._check_size(len(line) - 2, len(line))
        if line == b"\r\n":
            if self._line is None:
                self._blank_lines += 1
                if self._blank_lines > MAX_BLANK_LINES:
                    raise RequestError(400, "too many empty lines before the request line")
            return self._line is not None
        if self._line is None:
            self._line = self._read_request_line(line_text(line))
            return False
        self._size += len(line)
        if len(self.fields) == self._limits.fields:
            raise RequestError(431, "too many header lines")
        self.fields.append(self._read_field(line_text(line)))
        return False

    def _check_size(self, length: int, size: int) -> None:
        """Hold a line, or what there is of it, to the limits: its length without, its size with the line end."""
        limits = self._limits
        if self._line is None:
            if length > limits.request_line:
                raise RequestError(414, "request line too long")
        elif length > limits.field_line or self._size + size > limits.all_fields:
            raise RequestError(431, "header lines too long")

    def _read_request_line(self, text: str) -> RequestLine:
        line = parse_request_line(text)
        if line.version < (1, 0):
            raise RequestError(400, "request line without a version")
        if _ODD_METHOD.search(line.method):
            raise RequestError(400, "method with a lower-case letter or #")
        if line.method == "CONNECT":
            raise RequestError(405, "CONNECT is for proxies")
        if not line.target.isascii() and not self._limits.eight_bit_targets:
            raise RequestError(400, "request target has a byte above 0x7F")
        self._target = parse_target(line.method, line.target)
        decode_path(self._target.path)  # refused now rather than at the end of the head
        return line

    def _read_field(self, text: str) -> Field:
        name, value = parse_field_line(text)
        if "_" in name and self._limits.underscores == "refuse":
            raise RequestError(400, "a header name has an underscore")
        return name, value

    def _finish(self) -> Head:
        line, target = self._line, self._target
        if line is None:  # cannot be: the empty line comes after it
            raise RequestError(400, "no request line")
        framing = request_framing(line.version, self.fields)
        if framing.length > self._limits.max_body:
            raise RequestError(413, "Content-Length is more than is allowed")
        environ = self._base.copy()
        environ["REQUEST_METHOD"] = line.method
        environ["REQUEST_URI"] = line.target
        environ["SCRIPT_NAME"] = ""
        environ["PATH_INFO"] = decode_path(target.path)
        environ["QUERY_STRING"] = target.query
        environ["SERVER_PROTOCOL"] = f"HTTP/{line.version[0]}.{line.version[1]}"
        variables = _variables(self.fields)
        if target.authority is not None:  # RFC 9112 section 3.2.2: it replaces what Host says
            variables["HTTP_HOST"] = target.authority
        environ.update(variables)
        waits = _waits_for_continue(variables.get("HTTP_EXPECT"))
        has_body = framing.chunked or framing.length > 0
        return (
            environ,
            CHUNKED if framing.chunked else framing.length,
            _keeps_alive(line.version, variables.get("HTTP_CONNECTION", "")),
            waits and has_body and line.version >= (1, 1),  # RFC 9110 section 10.1.1: HTTP/1.0 does not know it
        )


def variable_of(name: str) -> str | None:
    """Return the environ variable of a field, by the field's name, or None if it is left out."""
    lowered = name.lower()
    if "_" in name or lowered in _DROPPED:
        return None
    return _OWN_VARIABLES.get(lowered) or "HTTP_" + name.upper().replace("-", "_")


def _variables(fields: list[Field]) -> dict[str, str]:
    """Join repeated fields in their order (RFC 9110 section 5.3); cookies with "; " (RFC 6265 section 5.4)."""
    variables: dict[str, str] = {}
    for name, value in fields:
        variable = variable_of(name)
        if variable is None:
            continue
        if variable in variables:
            value = variables[variable] + ("; " if variable == "HTTP_COOKIE" else ",") + value  # noqa: PLW2901  # joined
        variables[variable] = value
    return variables


def _members(value: str) -> list[str]:
    """Return the members of a list (RFC 9110 section 5.6.1), in lower case."""
    return [member.strip(" \t").lower() for member in value.split(",")]


def _keeps_alive(version: tuple[int, int], connection: str) -> bool:
    """RFC 9112 section 9.3: "close" wins, HTTP/1.1 stays, HTTP/1.0 stays where it asks to."""
    options = _members(connection)
    return "close" not in options and (version >= (1, 1) or "keep-alive" in options)


def _waits_for_continue(expect: str | None) -> bool:
    """RFC 9110 section 10.1.1: there is one expectation, and whoever has another is told that it cannot be met."""
    if expect is None:
        return False
    if set(_members(expect)) != {"100-continue"}:
        raise RequestError(417, "unknown expectation")
    return True
