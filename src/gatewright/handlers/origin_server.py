"""The mixin for handlers that talk to the HTTP client itself."""

from __future__ import annotations

from time import gmtime, time

from gatewright.handlers.contract import NO_FIELDS, HandlerContract
from gatewright.spec.checks.breach import broken, refuse
from gatewright.spec.checks.response import DATE, SERVER

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_MODERN = ("HTTP/1.1", "HTTP/1.0")

_date_line: tuple[float, float, str] = (0.0, 0.0, "")
"""From when until when the line is right, and the line; replaced as one, so that threads need no lock."""


class OriginServerMixin(HandlerContract):
    """Sends the status line, Date and Server of an HTTP response (RFC 9112 section 4, RFC 9110 sections 6.6.1, 10.2.4).

    Where ``origin_server`` is false it leaves the preamble to the next class in line.
    """

    __slots__ = NO_FIELDS

    def preamble(self, marks: int) -> str:
        """Return the status line, and Date and Server unless the application gave them."""
        if not self.origin_server:
            return super().preamble(marks)
        lines = f"HTTP/{self.http_version} {self.status}\r\n"
        if not marks & DATE:
            lines += date_line()
        if not marks & SERVER:
            lines += self.server_line()
        return lines

    def server_line(self) -> str:
        """Return the Server field, or nothing."""
        return f"Server: {self.server_software}\r\n" if self.server_software else ""

    def client_is_modern(self) -> bool:
        """Whether the request's ``SERVER_PROTOCOL`` is later than HTTP/0.9, which knows neither status nor headers.

        Raises:
            AssertionError: the environ has no ``SERVER_PROTOCOL`` (rule S16).  It is set to HTTP/1.0 first, so that the
                error page reaches the client.
        """
        protocol = self.environ.get("SERVER_PROTOCOL")
        if protocol is None:
            self.environ["SERVER_PROTOCOL"] = "HTTP/1.0"
            refuse(broken("S16", "Environment missing required key: 'SERVER_PROTOCOL'"))
        return protocol in _MODERN or protocol.upper() != "HTTP/0.9"


def format_date_time(timestamp: float) -> str:
    """Return a time as HTTP writes it (RFC 9110 section 5.6.7, IMF-fixdate), in English whatever the locale.

    Args:
        timestamp: seconds since the epoch.
    """
    year, month, day, hour, minute, second, weekday, _, _ = gmtime(timestamp)
    return f"{_WEEKDAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


def date_line() -> str:
    """Return the Date field of a response that is sent now."""
    start, end, line = _date_line
    return line if start <= time() < end else _renew_date_line()


def _renew_date_line() -> str:
    global _date_line  # noqa: PLW0603  # a memory of one value, cheaper than any container for it
    second = time() // 1
    line = f"Date: {format_date_time(second)}\r\n"
    _date_line = (second, second + 1, line)
    return line
