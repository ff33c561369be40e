"""One line in the log for each response: the combined format of web servers, or JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from time import localtime, strftime, time
from typing import Any, Final, Self, TypeAlias
from urllib.parse import quote

from attrs import frozen

__all__ = ["LOGGER", "LogLine", "Served", "combined", "json_line"]

LOGGER: Final = logging.getLogger("gatewright.access")
"""Where the lines go, at level INFO, as finished messages."""

LogLine: TypeAlias = "Callable[[Served], str]"

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# What stands in a path as it is, besides letters, digits and "_.-~": pchar of RFC 3986 section 3.3, and slashes.
_PATH: Final = "/!$&'()*+,;=:@"

# What would end a line or a field (a no-break space may), or drive a terminal: a client chooses these bytes (CWE-117).
_ESCAPES: Final = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA1))},
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}


@frozen
class Served:
    """A response that was sent, or was to be sent.

    Attributes:
        environ: of the request; without REQUEST_METHOD if it was refused before it could be read.
        status: the number of the response's status; 0 if the client went away before there was one.
        size: bytes of the response's body that were sent.
        began: when the application was called, in seconds since the epoch.
        seconds: from then to the end of the response.
    """

    environ: Mapping[str, Any]
    status: int
    size: int
    began: float
    seconds: float

    @classmethod
    def lately(cls, environ: Mapping[str, Any], status: int, size: int, seconds: float) -> Self:
        """Return one that ends now; a clock that is set meanwhile does not count."""
        return cls(environ, status, size, time() - seconds, seconds)


def combined(served: Served) -> str:
    """Return a line in the combined log format of Apache and nginx, control characters and quotes escaped."""
    environ = served.environ
    peer = _escaped(environ.get("REMOTE_ADDR")) or "-"
    user = _escaped(environ.get("REMOTE_USER")).replace(" ", "\\x20") or "-"
    referer, agent = _escaped(environ.get("HTTP_REFERER")) or "-", _escaped(environ.get("HTTP_USER_AGENT")) or "-"
    size = served.size or "-"
    when = _clock(served.began)
    return f'{peer} - {user} [{when}] "{_escaped(_request_line(environ))}" {served.status} {size} "{referer}" "{agent}"'


def json_line(served: Served) -> str:
    """Return a JSON object in one line, ASCII only; every control character is escaped by JSON itself."""
    environ = served.environ
    return json.dumps(
        {
            "time": served.began,
            "remote": environ.get("REMOTE_ADDR") or None,
            "user": environ.get("REMOTE_USER") or None,
            "method": environ.get("REQUEST_METHOD"),
            "target": _target(environ),
            "protocol": environ.get("SERVER_PROTOCOL"),
            "status": served.status,
            "size": served.size,
            "seconds": round(served.seconds, 6),
            "referer": environ.get("HTTP_REFERER"),
            "agent": environ.get("HTTP_USER_AGENT"),
        }
    )


def _request_line(environ: Mapping[str, Any]) -> str:
    if "REQUEST_METHOD" not in environ:
        return "-"
    return f"{environ['REQUEST_METHOD']} {_target(environ)} {environ.get('SERVER_PROTOCOL')}"


def _target(environ: Mapping[str, Any]) -> str | None:
    """Return the request target: as the client sent it if environ has that, else as its path is usually written."""
    if "REQUEST_URI" in environ or "PATH_INFO" not in environ:
        return environ.get("REQUEST_URI")
    path = f"{environ.get('SCRIPT_NAME', '')}{environ['PATH_INFO']}"  # an application may move parts to the left
    query = environ.get("QUERY_STRING")
    return quote(path, safe=_PATH, encoding="iso-8859-1") + (f"?{query}" if query else "")


def _escaped(text: str | None) -> str:
    return text.translate(_ESCAPES) if text else ""


def _clock(seconds: float) -> str:
    """Return a time as the combined format has it: English months whatever the locale."""
    moment = localtime(seconds)
    return f"{moment.tm_mday:02}/{_MONTHS[moment.tm_mon - 1]}/{moment.tm_year}:{strftime('%H:%M:%S %z', moment)}"
