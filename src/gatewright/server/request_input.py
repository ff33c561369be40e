"""``wsgi.input`` of the server: bodies that come from the connection while the application reads them."""

from __future__ import annotations

from typing import Protocol

from gatewright.body import BodySource
from gatewright.server.body_decoder import BodyDecoder
from gatewright.server.pace import Pace

__all__ = ["Incoming", "StreamedBody"]


class Incoming(Protocol):
    """Where the bytes of a body come from."""

    def permit_body(self) -> None:
        """Let a client go on that waits for permission to send its body."""
        ...

    def receive(self, timeout: float) -> bytes:
        """See :meth:`gatewright.worker.stream.Stream.receive`."""
        ...

    def receive_into(self, view: memoryview, timeout: float) -> int:
        """See :meth:`gatewright.worker.stream.Stream.receive_into`."""
        ...


class StreamedBody(BodySource):
    """A body that is decoded as it is read.

    Args:
        incoming: where it comes from.
        decoder: decodes it; what follows the body stays in its ``rest``.
        pace: how long the client may take.
        pieces: what was decoded already.
    """

    def __init__(self, incoming: Incoming, decoder: BodyDecoder, pace: Pace, pieces: list[memoryview]) -> None:
        super().__init__()
        self._incoming = incoming
        self._decoder = decoder
        self._pace = pace
        self._pieces = pieces[::-1]

    def _fill(self, view: memoryview) -> int:
        pieces = self._pieces
        while not pieces:
            if self._decoder.is_done or not view:
                return 0
            if self._decoder.left >= len(view):
                return self._take(view)
            self._incoming.permit_body()
            data = self._incoming.receive(self._pace.start())
            self._note(len(data))
            self._pieces = pieces = self._decoder.feed(data)[::-1]
        count, room = 0, len(view)
        while pieces and count < room:
            piece = pieces.pop()
            if len(piece) > room - count:
                pieces.append(piece[room - count :])
                piece = piece[: room - count]
            end = count + len(piece)
            view[count:end] = piece
            count = end
        return count

    def _take(self, view: memoryview) -> int:
        """Receive where the reader wants it: all that the view has room for belongs to the body."""
        self._incoming.permit_body()
        count = self._incoming.receive_into(view, self._pace.start())
        self._note(count)
        self._decoder.skip(count)
        return count

    def _note(self, count: int) -> None:
        """Note that so many bytes came; none are the end of the connection, in the middle of the body."""
        if not count:
            raise self._decoder.cut()
        self._pace.received(count)

    def is_at_end(self) -> bool:
        """Whether the whole body was taken from the connection, its last chunk and trailers included."""
        return self._decoder.is_done
