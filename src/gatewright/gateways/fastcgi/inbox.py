"""Parts of a request's body that have come and were not read yet."""

from __future__ import annotations

from collections import deque
from tempfile import TemporaryFile
from typing import IO

__all__ = ["Inbox"]

# How much is kept in memory where more than that may have to be kept.
_IN_MEMORY = 65_536


class Inbox:
    """A queue of parts, first in, first out."""

    def __init__(self) -> None:
        self._parts: deque[bytes] = deque()
        self.size = 0
        """Bytes that wait in memory."""
        self.spooled = 0
        """Bytes that wait in a file."""
        self._file: IO[bytes] | None = None
        self._read_from = self._write_to = 0

    def __bool__(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._parts or self.spooled)

    def put(self, data: bytes, *, spool: bool) -> None:
        """Add a part.

        Args:
            data: at least one byte.
            spool: whether it goes into a temporary file if there is much in memory; if not, the caller sees to it that
                there never is.
        """
        if self.spooled or (spool and self.size + len(data) > _IN_MEMORY):
            self._spool(data)
        else:
            self._parts.append(data)
            self.size += len(data)

    def _spool(self, data: bytes) -> None:
        file = self._file = self._file or TemporaryFile()  # noqa: SIM115  # closed by close()
        file.seek(self._write_to)
        file.write(data)
        self._write_to += len(data)
        self.spooled += len(data)

    def take(self) -> bytes:
        """Remove and return the next part; ``b""`` if there is none."""
        if self._parts:
            part = self._parts.popleft()
            self.size -= len(part)
            return part
        file = self._file
        if file is None or not self.spooled:
            return b""
        file.seek(self._read_from)
        part = file.read(_IN_MEMORY)
        self._read_from += len(part)
        self.spooled -= len(part)
        if not self.spooled:  # begin at the start again, so that the file does not grow for ever
            file.truncate(0)
            self._read_from = self._write_to = 0
        return part

    def take_all(self) -> bytes:
        """Remove and return everything."""
        return b"".join(iter(self.take, b""))

    def close(self) -> None:
        """Drop everything."""
        self._parts.clear()
        self.size = self.spooled = 0
        if self._file is not None:
            self._file.close()
            self._file = None
