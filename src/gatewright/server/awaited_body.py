"""Request bodies that the loop takes from the connection itself, so that a slow client holds no thread."""

from __future__ import annotations

import io
import logging
import os
from tempfile import TemporaryFile
from typing import IO

from gatewright.errors import RequestError
from gatewright.server.body_decoder import BodyDecoder
from gatewright.server.head import CHUNKED
from gatewright.types import WSGIEnvironment

__all__ = ["AwaitedBody", "DroppedBody"]

_LOG = logging.getLogger("gatewright.server")

# Bytes of a body that are held in memory.  A chunked one that is longer goes to a temporary file, so many at a time:
# such blocks cost a file system about half of what those cost that are received at once.
_IN_MEMORY = 262_144


class AwaitedBody:
    """A body that is stored before the application is called.

    Args:
        decoder: of the body.
        length: bytes, or :data:`~gatewright.server.head.CHUNKED`.
    """

    def __init__(self, decoder: BodyDecoder, length: int) -> None:
        self.decoder = decoder
        self._length = length
        self._size = 0  # of what is in the file
        self._memory = io.BytesIO()
        self._descriptor = -1  # of the file, if there is one

    def feed(self, data: bytes) -> bool:
        """Store the next bytes; whether to go on.

        Raises:
            RequestError: the body is malformed or too long, or there is no room for it.
        """
        pieces, memory = self.decoder.feed(data), self._memory
        memory.writelines(pieces)
        try:
            while memory.tell() >= _IN_MEMORY:
                self._store(_IN_MEMORY)
            if self.decoder.is_done and self._descriptor >= 0:
                self._store(memory.tell())
        except OSError as failure:
            _LOG.error("a request body cannot be stored: %s", failure)
            raise RequestError(503, "the request body cannot be stored now") from failure
        return True

    def _store(self, count: int) -> None:
        """Move the first bytes from memory to the file."""
        if self._descriptor < 0:
            with TemporaryFile(buffering=0) as file:
                self._descriptor = os.dup(file.fileno())
        memory = self._memory
        with memory.getbuffer() as held:
            rest = bytes(held[count : memory.tell()])
            written = 0
            while written < count:
                with held[written:count] as left:
                    written += os.write(self._descriptor, left)
        self._size += count
        memory.seek(0)  # its room is used again
        memory.write(rest)

    def open(self, environ: WSGIEnvironment) -> IO[bytes]:
        """Return the body, at its start; it must be whole.

        Many frameworks take a request without CONTENT_LENGTH for one without a body, so environ is told the length of
        one that was chunked, as RFC 9112 section 7.1.3 does after decoding.
        """
        if self._length == CHUNKED:
            environ["CONTENT_LENGTH"] = str(self._size or self._memory.tell())
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        if self._descriptor < 0:
            self._memory.seek(0)
            return self._memory
        self._memory.close()  # not to be held while the application runs
        descriptor, self._descriptor = self._descriptor, -1
        os.lseek(descriptor, 0, os.SEEK_SET)
        return open(descriptor, "rb")

    def close(self) -> None:
        """Remove what was stored."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class DroppedBody:
    """The rest of a body that the application did not read; it is dropped, so that the next request can be read.

    Args:
        decoder: of the body.
        limit: how many bytes, as they were sent, are borne.
    """

    def __init__(self, decoder: BodyDecoder, limit: int) -> None:
        self.decoder = decoder
        self._left = limit

    def feed(self, data: bytes) -> bool:
        """Drop the next bytes; False once there are too many of them.

        Raises:
            RequestError: the body is malformed.
        """
        self._left -= len(data)
        self.decoder.feed(data)
        return self._left >= 0 or self.decoder.is_done

    def close(self) -> None:
        """Nothing is held."""
