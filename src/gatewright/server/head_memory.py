"""What a connection remembers of its last head: many clients send the same fields with each request."""

from __future__ import annotations

from gatewright.errors import RequestError
from gatewright.server.head import Head
from gatewright.server.usual_head import set_request_line
from gatewright.types import WSGIEnvironment

__all__ = ["HeadMemory"]

# After so many heads in a row with other fields than the head before, looking for the same ones costs more than it
# saves.
_MAX_MISSES = 3

# Bytes of field lines; what every idle connection may hold is to be little.
_MAX_SIZE = 4096


class HeadMemory:
    """The field lines of one head and the environ that came of them; a head with the same bytes gets a copy.

    It serves heads that come alone: nothing before them, no body and no further request after.

    Args:
        max_line: bytes that the request line may have.
    """

    __slots__ = ("_environ", "_fields", "_keeps_alive", "_max_line", "_misses", "_version", "is_useless")

    def __init__(self, max_line: int) -> None:
        self._max_line = max_line
        self._fields = b""
        self._environ: WSGIEnvironment = {}
        self._version = ""
        self._keeps_alive = False
        self._misses = 0
        self.is_useless: bool = False
        """Whether this client's fields differ so often that the memory should be given up."""

    def recall(self, data: bytes) -> Head | None:
        """Return the head in ``data`` if it has the fields of the last one and a usual request line, or None."""
        fields = self._fields
        if not fields:
            return None
        if not data.endswith(fields):
            self._misses += 1
            self.is_useless = self._misses >= _MAX_MISSES
            return None
        line = data[: -len(fields)].decode("latin-1")
        # Not printable is also a line end, and with it another field.
        if len(line) > self._max_line or not line.isascii() or not line.isprintable():
            return None
        environ = self._environ.copy()
        try:
            set_request_line(line, environ)
        except (KeyError, ValueError, RequestError):
            return None
        if environ["SERVER_PROTOCOL"] != self._version:
            return None
        self._misses = 0
        return environ, 0, self._keeps_alive, False

    def remember(self, data: bytes, head: Head) -> None:
        """Remember a head.

        Args:
            data: the whole of it, with its empty line and nothing else.
            head: what :func:`~gatewright.server.usual_head.parse_usual` made of it; a copy is kept.
        """
        environ, length, self._keeps_alive, _ = head
        start = data.find(b"\r\n")
        if length or len(data) - start > _MAX_SIZE:
            return
        self._fields = data[start:]
        self._environ = environ.copy()
        self._version = environ["SERVER_PROTOCOL"]
