"""What a connection remembers of its last head: many clients send the same fields with each request."""

from __future__ import annotations

from gatewright.server.head import Head
from gatewright.server.limits import Limits
from gatewright.server.usual_head import parse_usual
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
        limits: see there; the fields were held to them when they came first.
    """

    __slots__ = ("_environ", "_fields", "_limits", "_misses", "is_useless")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._fields = b""
        self._environ: WSGIEnvironment = {}
        self._misses = 0
        self.is_useless = False
        """Whether this client's fields differ so often that the memory should be given up."""

    def recall(self, data: bytes) -> Head | None:
        """Return the head in ``data`` if it has the fields of the last one and a usual request line, or None."""
        fields = self._fields
        if not fields or not data.endswith(fields):
            self._miss()
            return None
        line = data[: -len(fields)]
        if b"\r" in line:  # there are more fields
            return None
        self._misses = 0
        return parse_usual(line, self._environ, self._limits.request_line, 0, 0)

    def _miss(self) -> None:
        if self._fields:
            self._misses += 1
            self.is_useless = self._misses >= _MAX_MISSES

    def remember(self, data: bytes, head: Head) -> None:
        """Remember a head.

        Args:
            data: the whole of it, with its empty line and nothing else.
            head: what :func:`~gatewright.server.usual_head.parse_usual` made of it; a copy is kept.
        """
        environ, length, _, _ = head
        start = data.find(b"\r\n")
        if length or len(data) - start > _MAX_SIZE:
            return
        self._fields = data[start:]
        self._environ = environ.copy()
