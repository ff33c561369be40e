"""Request bodies as blocking input streams, bounded: what ``wsgi.input`` is (PEP 3333, "Input and Error Streams").

:func:`open_body` puts a stream over a connection's file that ends where the body ends, whatever follows on the
connection.  A body that is cut short or malformed is an exception at every read, never ``b""``: an application that saw
the end of the stream may believe what it has read.
"""

from __future__ import annotations

import io
from abc import abstractmethod

from gatewright.errors import ClientDisconnected, RequestError

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from typing import IO

    from typing_extensions import Buffer

    from gatewright.spec.framing import Framing

__all__ = ["BodySource", "ChunkedBody", "LengthBody", "RequestBody", "open_body", "store"]

# The longest chunk line that has no extensions.
_SIZE_LINE = len(b"0123456789ABCDEF\r\n")

_BLOCK = 65_536

# How much of a stored body is kept in memory.
_IN_MEMORY = 1_048_576


class RequestBody(io.BufferedReader):
    """A request's body: every read method of :class:`io.BufferedReader`, at its speed, then :meth:`drain`.

    Reads block until they have what was asked for or the body ends.  Closing it closes nothing but itself.

    Args:
        source: the body.
        buffer_size: how many bytes to ask the source for when fewer are read.

    Raises:
        ClientDisconnected: from every read, once the connection has ended, was reset or has timed out (code 408) before
            the end of the body.
        RequestError: from every read, once a chunk was malformed.
    """

    def __init__(self, source: BodySource, buffer_size: int = io.DEFAULT_BUFFER_SIZE) -> None:
        super().__init__(source, buffer_size)
        self._source = source

    @property
    def failure(self) -> RequestError | None:
        """What every read raises from now on, or None while nothing is wrong."""
        return self._source.failure

    def is_at_end(self) -> bool:
        """Whether the whole body was taken from the connection's file, its last chunk and trailers included."""
        return self._source.is_at_end()

    def drain(self, limit: int) -> bool:
        """Skip what has not been read, closed or not, and tell whether the connection may carry another request.

        Args:
            limit: how many bytes to skip at most.  A body that says it is longer is not touched.

        Returns:
            True if the connection's file now stands after the body; False if it stands somewhere in it, or the body was
            cut short or malformed: nothing on the connection can be trusted then.
        """
        return self._source.drain(limit)


class BodySource(io.RawIOBase):
    """What all bodies share: a failure is for ever, and is the client's."""

    def __init__(self) -> None:
        super().__init__()
        self.failure: RequestError | None = None

    def readable(self) -> bool:
        """Say that it can be read; io asks."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Read some bytes, 0 at the end of the body; what :class:`io.BufferedReader` asks for."""
        if self.failure is not None:
            raise self.failure
        try:
            return self._fill(memoryview(buffer).cast("B"))
        except RequestError as failure:
            self.failure = failure
            raise
        except TimeoutError as silence:
            self.failure = ClientDisconnected(408, "the client stopped sending in the middle of the body")
            raise self.failure from silence
        except ConnectionError as reset:
            self.failure = ClientDisconnected(400, "the client reset the connection in the middle of the body")
            raise self.failure from reset

    @abstractmethod
    def _fill(self, view: memoryview) -> int:
        """Read into the view; 0 at the end of the body only."""

    @abstractmethod
    def is_at_end(self) -> bool:
        """Whether the whole body was taken from the connection."""

    def drain(self, limit: int) -> bool:
        """Skip the rest, ``limit`` bytes of it at most; see :meth:`RequestBody.drain`."""
        skipped, buffer = 0, bytearray(min(limit, _BLOCK) + 1)
        try:
            while skipped <= limit:
                count = self.readinto(buffer)
                if count == 0:
                    return True
                skipped += count
        except RequestError:
            return False
        return False


class _FileBody(BodySource):
    """A body that stands next in a connection's file."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        super().__init__()
        self._file = file

    def _fill_some(self, view: memoryview, left: int) -> int:
        """Take what the connection has, ``left`` bytes at most, with one system call at most."""
        count = self._file.readinto1(view[:left])
        if not count:
            raise ClientDisconnected(400, "the connection ended in the middle of the body")
        return count


class LengthBody(_FileBody):
    """A body of known length (RFC 9112 section 6.2).

    Args:
        file: the connection's; it stands at the body.
        length: bytes; no more than that are ever read from the file.
    """

    def __init__(self, file: io.BufferedIOBase, length: int) -> None:
        super().__init__(file)
        self._left = length

    def _fill(self, view: memoryview) -> int:
        if not self._left or not view:
            return 0
        count = self._fill_some(view, self._left)
        self._left -= count
        return count

    def is_at_end(self) -> bool:
        """Whether all bytes were read."""
        return not self._left

    def drain(self, limit: int) -> bool:
        """Skip the rest if it is no more than ``limit`` bytes."""
        return self._left <= limit and super().drain(limit)


class ChunkedBody(_FileBody):
    """A chunked body, decoded; its trailers are read and dropped (RFC 9112 section 7.1).

    Args:
        file: the connection's; it stands at the first chunk.  Nothing after the trailers' empty line is read from it.
        max_metadata: bytes of chunk extensions and trailers, taken together, that are borne.
    """

    def __init__(self, file: io.BufferedIOBase, max_metadata: int | None = None) -> None:
        from gatewright.spec.framing import MAX_METADATA  # of no use to CGI, which has no chunks

        super().__init__(file)
        self._metadata_left = MAX_METADATA if max_metadata is None else max_metadata
        self._chunk_left = 0
        self._started = False
        self._ended = False

    def _fill(self, view: memoryview) -> int:
        if self._ended or not view:
            return 0
        if not self._chunk_left and not self._next_chunk():
            return 0
        count = self._fill_some(view, self._chunk_left)
        self._chunk_left -= count
        return count

    def is_at_end(self) -> bool:
        """Whether the last chunk and the trailers were read."""
        return self._ended

    def _next_chunk(self) -> bool:
        """Go on to the next chunk, if there is one; only when its data is wanted, for it may come much later."""
        from gatewright.spec.framing import parse_chunk_size  # likewise

        if self._started and self._line(2) != b"\r\n":
            raise RequestError(400, "chunk data without its CRLF")
        self._started = True
        line = self._line(_SIZE_LINE + self._metadata_left)
        self._chunk_left = parse_chunk_size(line)
        self._charge(len(line) - line.index(b";") if b";" in line else 0)
        if not self._chunk_left:
            self._skip_trailers()
            self._ended = True
        return not self._ended

    def _skip_trailers(self) -> None:
        from gatewright.spec.framing import check_trailer  # likewise

        while (line := self._line(2 + self._metadata_left)) != b"\r\n":
            check_trailer(line)
            self._charge(len(line))

    def _line(self, limit: int) -> bytes:
        """Return the next line, or its first ``limit`` bytes if it is longer."""
        line = self._file.readline(limit)
        if len(line) < limit and not line.endswith(b"\n"):
            raise ClientDisconnected(400, "the connection ended in the middle of the body")
        return line

    def _charge(self, cost: int) -> None:
        self._metadata_left -= cost
        if self._metadata_left < 0:
            raise RequestError(400, "too many chunk extensions or trailers")


def open_body(file: io.BufferedIOBase, framing: Framing) -> RequestBody:
    """Return the body that stands next in the connection's file, as an input stream that ends where the body ends."""
    return RequestBody(ChunkedBody(file) if framing.chunked else LengthBody(file, framing.length))


def store(body: RequestBody, limit: int) -> tuple[IO[bytes], int]:
    """Read a body to its end into a temporary file, in memory while it is small.

    Args:
        body: not read yet.
        limit: how many bytes it may have.

    Returns:
        The file, at its start, and its length in bytes.  The caller closes it.

    Raises:
        RequestError: 413 if it is longer; otherwise as :class:`RequestBody` does.  Nothing stays open then.
    """
    from contextlib import ExitStack  # only where there is something to store: neither is cheap
    from tempfile import SpooledTemporaryFile

    length = 0
    with ExitStack() as undone:
        file = undone.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))
        while block := body.read1(_BLOCK):
            length += len(block)
            if length > limit:
                raise RequestError(413, "chunked body too long")
            file.write(block)
        file.seek(0)
        undone.pop_all()
    return file, length
