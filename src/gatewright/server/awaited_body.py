"""Request bodies that the loop takes from the connection itself, so that a slow client holds no thread."""

from __future__ import annotations

import io
import logging
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO

from gatewright.errors import RequestError
from gatewright.server.body_decoder import BodyDecoder
from gatewright.server.head import CHUNKED
from gatewright.types import WSGIEnvironment

__all__ = ["AwaitedBody", "DroppedBody"]

_LOG = logging.getLogger("gatewright.server")

# Bytes of a chunked body that are held in memory; the rest goes to a temporary file.
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
        self._size = 0
        # Either is closed by close().
        self._file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY) if length == CHUNKED else io.BytesIO()  # noqa: SIM115

    def feed(self, data: bytes) -> bool:
        """Store the next bytes; whether to go on.

        Raises:
            RequestError: the body is malformed or too long, or there is no room for it.
        """
        pieces = self.decoder.feed(data)
        try:
            self._file.writelines(pieces)
            if self.decoder.is_done:
                self._size = self._file.tell()
                self._file.seek(0)  # what a buffer still holds is written now, or never
        except OSError as failure:
            _LOG.error("a request body cannot be stored: %s", failure)
            raise RequestError(503, "the request body cannot be stored now") from failure
        return True

    def open(self, environ: WSGIEnvironment) -> IO[bytes]:
        """Return the body, at its start; it must be whole.

        Many frameworks take a request without CONTENT_LENGTH for one without a body, so environ is told the length of
        one that was chunked, as RFC 9112 section 7.1.3 does after decoding.
        """
        if self._length == CHUNKED:
            environ["CONTENT_LENGTH"] = str(self._size)
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        return self._file

    def close(self) -> None:
        """Remove what was stored."""
        with suppress(OSError):  # what could not be written is given up
            self._file.close()


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
