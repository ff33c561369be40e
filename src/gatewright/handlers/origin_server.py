"""The mixin for handlers that talk to the HTTP client itself."""

from __future__ import annotations

from time import gmtime, time

from gatewright.handlers.contract import HandlerContract
from gatewright.spec.checks.breach import broken, refuse

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Container

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_MODERN = ("HTTP/1.1", "HTTP/1.0")

_date_line: tuple[int, str] = (0, "")
"""The second that the line was made for, and the line; replaced as one, so that threads need no lock."""


class OriginServerMixin(HandlerContract):
    """Sends the status line, Date and Server of an HTTP response (RFC 9112 section 4, RFC 9110 sections 6.6.1, 10.2.4).

    Where ``origin_server`` is false it leaves the preamble to the next class in line.
    """

    def preamble(self, names: Container[str]) -> str:
        """Return the status line, and Date and Server unless the application gave them."""
        if not self.origin_server:
            return super().preamble(names)
        lines = f"HTTP/{self.http_version} {self.status}\r\n"
        if "date" not in names:
            second, line = _date_line
            lines += line if 0 <= time() - second < 1 else _renew_date_line()
        if self.server_software and "server" not in names:
            lines += f"Server: {self.server_software}\r\n"
        return lines

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


def _renew_date_line() -> str:
    global _date_line  # noqa: PLW0603  # a memory of one value, cheaper than any container for it
    second = int(time())
    line = f"Date: {format_date_time(second)}\r\n"
    _date_line = (second, line)
    return line
