"""What gatewright's parser makes of the bytes of one connection, as a value to compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import Factory, define, frozen

from gatewright.errors import RequestError
from gatewright.server.body_decoder import BodyDecoder, open_decoder
from gatewright.server.head import Head
from gatewright.server.limits import Limits
from gatewright.server.parser import HeadReader

DEFAULT = Limits()


@frozen
class Request:
    """A whole request: its head, and its body decoded."""

    environ: dict[str, Any]
    body: bytes
    keep_alive: bool
    waits: bool


@define
class Conversation:
    """What was read from one connection.

    Attributes:
        requests: the whole ones, in order.
        refusal: the status that the last one was refused with, or None.
        refused_body: whether the head of the refused request was accepted.
        is_amid: whether the bytes end in the middle of a request.
        rest: what was not read because the connection does not go on after the last request.
    """

    requests: list[Request] = Factory(list[Request])
    refusal: int | None = None
    refused_body: bool = False
    is_amid: bool = False
    rest: bytes = b""


class _Reader:
    """Does what a connection does: head, body, head, body, until one of them is wrong or the last."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._heads = HeadReader(limits, {})
        self._head: Head | None = None
        self._decoder: BodyDecoder | None = None
        self._body: list[bytes] = []
        self.found = Conversation()
        self.goes_on = True

    def take(self, data: bytes) -> None:
        """Take a piece; stop at an error or after a request that closes the connection."""
        while data and self.goes_on:
            data = self._step(data)
        if not self.goes_on:
            self.found.rest += data
        self.found.is_amid = self._heads.is_amid or self._decoder is not None

    def _step(self, data: bytes) -> bytes:
        decoder = self._decoder
        if decoder is None:
            self._head = self._heads.feed(data)
            if self._head is None:
                return b""
            self._decoder = decoder = open_decoder(self._head[1], self._limits)
            data = self._heads.rest
        elif data:
            self._body += map(bytes, decoder.feed(data))
            data = decoder.rest
        if decoder.is_done:
            self._finish()
        return data

    def _finish(self) -> None:
        assert self._head is not None
        environ, _, keep_alive, waits = self._head
        self.found.requests.append(Request(environ, b"".join(self._body), keep_alive, waits))
        self._decoder, self._body = None, []
        self.goes_on = keep_alive

    def refuse(self, error: RequestError) -> None:
        """Remember what was wrong; what follows is of no interest then."""
        self.found.refusal = error.code
        self.found.refused_body = self._decoder is not None
        self.found.is_amid = False
        self.goes_on = False


def converse(pieces: Iterable[bytes], limits: Limits = DEFAULT) -> Conversation:
    """Read the requests of a connection from the pieces in which its bytes arrive."""
    reader = _Reader(limits)
    for piece in pieces:
        if reader.found.refusal is not None:
            break
        try:
            reader.take(piece)
        except RequestError as error:
            reader.refuse(error)
    return reader.found


def bytewise(data: bytes) -> Iterable[bytes]:
    """Cut data into single bytes."""
    return (data[index : index + 1] for index in range(len(data)))
