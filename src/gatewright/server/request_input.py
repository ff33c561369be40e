"""``wsgi.input`` of the server: bodies that come from the connection while the application reads them."""

from __future__ import annotations

from typing import Protocol

from gatewright.body import BodySource
from gatewright.server.body_decoder import BodyDecoder

__all__ = ["Incoming", "StreamedBody"]


class Incoming(Protocol):
    """Where the bytes of a body come from."""

    def receive_body(self) -> bytes:
        """Wait for bytes of the body, and return them as they came; ``b""`` if the client sends no more.

        Raises:
            TimeoutError: it sent none in time.
            ConnectionError: it is gone.
        """
        ...


class StreamedBody(BodySource):
    """A body that is decoded as it is read.

    Args:
        incoming: where it comes from.
        decoder: decodes it; what follows the body stays in its ``rest``.
        pieces: what was decoded already.
    """

    def __init__(self, incoming: Incoming, decoder: BodyDecoder, pieces: list[memoryview]) -> None:
        super().__init__()
        self._incoming = incoming
        self._decoder = decoder
        self._pieces = pieces[::-1]

    def _fill(self, view: memoryview) -> int:
        while not self._pieces:
            if self._decoder.is_done or not view:
                return 0
            data = self._incoming.receive_body()
            if not data:
                raise self._decoder.cut()
            self._pieces = self._decoder.feed(data)[::-1]
        piece = self._pieces.pop()
        count = min(len(piece), len(view))
        view[:count] = piece[:count]
        if count < len(piece):
            self._pieces.append(piece[count:])
        return count

    def is_at_end(self) -> bool:
        """Whether the whole body was taken from the connection, its last chunk and trailers included."""
        return self._decoder.is_done
