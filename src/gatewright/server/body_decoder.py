"""Request bodies as bytes in, pieces out: RFC 9112 sections 6.2 and 7.1, without I/O.

A decoder is fed what the connection receives and gives back the parts that belong to the body, not copied.  What is
wrong is raised once and for ever: after a malformed chunk nothing on the connection can be trusted.
"""

from __future__ import annotations

from typing import TypeAlias

from gatewright.errors import ClientDisconnected, RequestError
from gatewright.server.head import CHUNKED
from gatewright.server.limits import Limits
from gatewright.spec.framing import check_trailer, parse_chunk_size

__all__ = ["BodyDecoder", "ChunkedDecoder", "LengthDecoder", "open_decoder"]

# The longest chunk line that has no extensions.
_SIZE_LINE = len(b"0123456789ABCDEF\r\n")


class LengthDecoder:
    """A body of known length.

    Args:
        length: bytes.
    """

    __slots__ = ("is_done", "left", "rest")

    def __init__(self, length: int) -> None:
        self.left: int = length
        """Bytes that are still to come."""
        self.is_done: bool = not length
        """Whether the body is whole."""
        self.rest: bytes = b""
        """What follows the body, once it is whole."""

    def feed(self, data: bytes) -> list[memoryview]:
        """Take the next bytes of the connection and return the pieces of the body in them.

        Args:
            data: not empty; the body must not be done.
        """
        left = self.left - len(data)
        if left > 0:
            self.left = left
            return [memoryview(data)]
        self.rest = data[self.left :]
        piece = memoryview(data)[: self.left]
        self.left = 0
        self.is_done = True
        return [piece]

    def skip(self, count: int) -> None:
        """Note that so many bytes, fewer than are left or as many, were taken past the decoder."""
        self.left -= count
        self.is_done = not self.left

    def cut(self) -> ClientDisconnected:
        """Return what the reader of the body must be told if the connection ends now."""
        return _cut()


class ChunkedDecoder:
    """A chunked body; its extensions and trailers are checked and dropped.

    Args:
        limits: ``body`` and ``metadata`` hold here.
    """

    __slots__ = (
        "_body_left",
        "_failure",
        "_in_trailers",
        "_line",
        "_metadata_left",
        "_needs_line_end",
        "is_done",
        "left",
        "rest",
    )

    def __init__(self, limits: Limits) -> None:
        self._body_left = limits.max_body
        self._metadata_left = limits.metadata
        self._needs_line_end = False
        self._in_trailers = False
        self._line = bytearray()
        self._failure: RequestError | None = None
        self.left: int = 0
        """Bytes that are still to come of the chunk; 0 between chunks."""
        self.is_done: bool = False
        """Whether the body is whole: its last chunk and the empty line after the trailers were read."""
        self.rest: bytes = b""
        """What follows the body, once it is whole."""

    def feed(self, data: bytes) -> list[memoryview]:
        """Take the next bytes of the connection and return the pieces of the body in them.

        Args:
            data: not empty; the body must not be done.

        Raises:
            RequestError: 400 if it is malformed, or has more extensions and trailers than may be; 413 if it is too
                long.  From then on every call raises it.
        """
        if self._failure is not None:
            raise self._failure
        try:
            return self._decode(data)
        except RequestError as failure:
            self._failure = failure
            raise

    def cut(self) -> ClientDisconnected:
        """Return what the reader of the body must be told if the connection ends now."""
        return _cut()

    def skip(self, count: int) -> None:
        """Note that so many bytes of the chunk, fewer than are left or as many, were taken past the decoder."""
        self.left -= count

    def _decode(self, data: bytes) -> list[memoryview]:
        pieces: list[memoryview] = []
        view = memoryview(data)
        position, end = 0, len(data)
        while position < end and not self.is_done:
            if self.left:
                stop = position + self.left
                pieces.append(view[position:stop])
                position = min(stop, end)
                self.left = stop - position
                if data.startswith(b"\r\n", position):  # as it nearly always is; what else may follow is seen below
                    position += 2
                    self._needs_line_end = False
                continue
            found = data.find(b"\n", position) + 1
            line = data[position : found or end]
            position += len(line)
            if self._line or not found:
                self._line += line
                line = bytes(self._line)
            self._check_length(line)
            if found:
                self._line.clear()
                self._take_line(line)
        if self.is_done:
            self.rest = data[position:]
        return pieces

    def _check_length(self, line: bytes) -> None:
        """Refuse a line as soon as it is too long for what it may be."""
        if self._needs_line_end:
            if not b"\r\n".startswith(line):
                raise RequestError(400, "chunk data without its CRLF")
        elif len(line) > self._metadata_left + (2 if self._in_trailers else _SIZE_LINE):
            raise RequestError(400, "too many chunk extensions or trailers")

    def _take_line(self, line: bytes) -> None:
        if self._needs_line_end:
            self._needs_line_end = False
        elif not self._in_trailers:
            self._begin_chunk(line)
        elif line == b"\r\n":
            self.is_done = True
        else:
            check_trailer(line)
            self._charge(len(line))

    def _begin_chunk(self, line: bytes) -> None:
        size = parse_chunk_size(line)
        self._charge(len(line) - line.index(b";") if b";" in line else 0)
        self._body_left -= size
        if self._body_left < 0:
            raise RequestError(413, "chunked body too long")
        self.left = size
        self._needs_line_end = size > 0
        self._in_trailers = not size

    def _charge(self, cost: int) -> None:
        self._metadata_left -= cost
        if self._metadata_left < 0:
            raise RequestError(400, "too many chunk extensions or trailers")


BodyDecoder: TypeAlias = LengthDecoder | ChunkedDecoder
"""Either of them: ``feed()``, ``skip()``, ``cut()``, ``left``, ``is_done`` and ``rest``."""


def open_decoder(length: int, limits: Limits) -> BodyDecoder:
    """Return the decoder for the body of a request.

    Args:
        length: as a :data:`~gatewright.server.head.Head` says it.
        limits: see there.
    """
    return ChunkedDecoder(limits) if length == CHUNKED else LengthDecoder(length)


def _cut() -> ClientDisconnected:
    return ClientDisconnected(400, "the connection ended in the middle of the body")
