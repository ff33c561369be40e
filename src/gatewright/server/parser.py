"""Finds the heads of requests in what a connection receives; the way into the parsers."""

from __future__ import annotations

from gatewright.server.head import Head
from gatewright.server.head_memory import HeadMemory
from gatewright.server.limits import Limits
from gatewright.server.strict_head import StrictHead
from gatewright.server.usual_head import learn, parse_usual
from gatewright.types import WSGIEnvironment

__all__ = ["HeadReader"]


class HeadReader:
    """Reads the heads of one connection's requests, one after the other, from pieces of any size.

    Args:
        limits: see there.
        base: the variables that are the same for all requests of the connection; copied for each, never changed.
        remembers: whether to remember the last head, until it proves useless: a few hundred bytes for a connection.
    """

    def __init__(self, limits: Limits, base: WSGIEnvironment, *, remembers: bool = True) -> None:
        self._limits = limits
        self._base = base
        self._max_line = min(limits.request_line, limits.field_line, limits.all_fields)
        self._max_fields = limits.fields
        self._max_body = limits.max_body
        self._memory: HeadMemory | None = HeadMemory(self._max_line, self._max_body) if remembers else None
        self._comes_alone = True
        self._strict: StrictHead | None = None
        self.rest: bytes = b""
        """What came after the head that :meth:`feed` returned last: the body, or the next request."""

    @property
    def is_amid(self) -> bool:
        """Whether a head has begun and not ended: if the connection ends now, a request was cut short."""
        return self._strict is not None and self._strict.has_begun

    def feed(self, data: bytes) -> Head | None:
        """Take what was received.

        Args:
            data: the next bytes of the connection, not empty.  After a head was returned, they begin where its body
                ended: first give what is left of :attr:`rest`.

        Returns:
            The head, which is the caller's to change; :attr:`rest` is what follows it.  None while more is needed.

        Raises:
            RequestError: the request is to be answered with its ``code``, and the connection to be closed.
        """
        if self._strict is None:
            memory = self._memory
            if memory is not None:
                head = memory.recall(data)
                if head is not None:
                    end = memory.end
                    self.rest = data[end:] if end != len(data) else b""
                    return head
            alone = self._comes_alone and data.endswith(b"\r\n\r\n")
            end = len(data) - 4 if alone else data.find(b"\r\n\r\n")
            if end >= 0:
                head = self._read_usual(data, end)
                if head is not None:
                    self.rest = data[end + 4 :]
                    return head
                if alone and data.count(b"\r\n\r\n") > 1:
                    # This client does not wait for answers: from now on the end of the first request is looked for.
                    self._comes_alone = False
                    return self.feed(data)
            self._strict = StrictHead(self._limits, self._base)
        return self._feed_strict(self._strict, data)

    def _read_usual(self, data: bytes, end: int) -> Head | None:
        """Read a head of so many bytes, if it is a usual one, and remember it."""
        memory, block = self._memory, data[:end]
        head = parse_usual(block, self._base, self._max_line, self._max_fields, self._max_body)
        if head is not None and memory is not None:
            memory.remember(block, head)
            if memory.is_useless:
                self._memory = None
        return head

    def _feed_strict(self, strict: StrictHead, data: bytes) -> Head | None:
        head = strict.feed(data)
        if head is not None:
            self._strict = None
            self.rest = strict.rest
            learn(strict.fields)
        return head
