"""FastCGI as an application sees it: bytes of a web server in, events out.  No I/O, no threads."""

from __future__ import annotations

from collections.abc import Iterator

from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.fastcgi import records
from gatewright.gateways.fastcgi.events import (
    BEGIN_BODY,
    Abort,
    Begin,
    Event,
    GetValues,
    Input,
    UnknownType,
    Variables,
)
from gatewright.gateways.fastcgi.pairs import parse_pairs
from gatewright.gateways.fastcgi.records import Fragment, RecordReader
from gatewright.gateways.limits import Limits
from gatewright.gateways.variables import merge

__all__ = ["Decoder"]

_STREAMS = frozenset({records.PARAMS, records.STDIN, records.DATA})
_OF_REQUESTS = _STREAMS | {records.BEGIN_REQUEST, records.ABORT_REQUEST}


class _Request:
    """What the decoder knows of a request that has begun and not ended."""

    def __init__(self, role: int) -> None:
        self.role = role
        self.block: bytearray | None = bytearray()  # of PARAMS; None when they have ended
        self.ended: set[int] = set()  # the streams that have


class Decoder:
    """Understands what a web server sends on one connection.

    Args:
        limits: bounds of what it takes.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._reader = RecordReader()
        self._requests: dict[int, _Request] = {}
        self._content = bytearray()  # of a record that has one meaning only as a whole

    def is_idle(self) -> bool:
        """Whether no request is open and no record has begun."""
        return not self._requests and self._reader.is_between_records()

    def receive(self, data: bytes) -> Iterator[Event]:
        """Yield what these bytes mean; take all of it before the next call.

        Args:
            data: as it came, cut anywhere.

        Raises:
            MalformedRequest: what came is not FastCGI or goes beyond a limit.  The connection is of no use any more.
        """
        for fragment in self._reader.read(data):
            if not fragment.request_id:
                event = self._about_the_connection(fragment)
            elif fragment.type in _STREAMS:
                event = self._part(fragment)
            else:
                event = self._whole(fragment)
            if event is not None:
                yield event

    def adopt(self, request_id: int) -> None:
        """Know of a request for a responder that :func:`~gatewright.gateways.fastcgi.quick.read_whole` has read."""
        request = self._requests[request_id] = _Request(records.RESPONDER)
        request.block = None
        request.ended.add(records.STDIN)

    def end(self, request_id: int) -> None:
        """Forget a request that was ended by the application; what still comes for it is ignored (section 3.3)."""
        self._requests.pop(request_id, None)

    def _gather(self, fragment: Fragment, limit: int) -> bytes | None:
        """Return the content of a record when all of it has come."""
        self._content += fragment.content
        if len(self._content) > limit:
            raise MalformedRequest(f"a record of type {fragment.type} with more than {limit} bytes")
        if not fragment.complete:
            return None
        content = bytes(self._content)
        self._content.clear()
        return content

    def _about_the_connection(self, fragment: Fragment) -> Event | None:
        content = self._gather(fragment, self._limits.values_bytes)
        if content is None:
            return None
        if fragment.type == records.GET_VALUES:
            return GetValues(tuple(name for name, _ in parse_pairs(content)))
        if fragment.type in _OF_REQUESTS:
            raise MalformedRequest(f"a record of type {fragment.type} without a request")
        return UnknownType(fragment.type)

    def _whole(self, fragment: Fragment) -> Event | None:
        content = self._gather(fragment, BEGIN_BODY.size)
        if content is None:
            return None
        if fragment.type == records.BEGIN_REQUEST:
            return self._begin(fragment.request_id, content)
        if fragment.type != records.ABORT_REQUEST:
            raise MalformedRequest(f"a record of type {fragment.type} for a request")
        return Abort(fragment.request_id) if fragment.request_id in self._requests else None

    def _begin(self, request_id: int, content: bytes) -> Begin:
        if len(content) != BEGIN_BODY.size:
            raise MalformedRequest(f"a record BEGIN_REQUEST of {len(content)} bytes, not {BEGIN_BODY.size}")
        if request_id in self._requests:
            raise MalformedRequest(f"request {request_id} begins again before it has ended")
        role, flags = BEGIN_BODY.unpack(content)
        self._requests[request_id] = _Request(role)
        return Begin(request_id, role, bool(flags & records.KEEP_CONN))

    def _part(self, fragment: Fragment) -> Event | None:
        request = self._requests.get(fragment.request_id)
        if request is None:
            return None
        if fragment.type == records.PARAMS:
            return self._params(request, fragment)
        if request.block is not None:
            raise MalformedRequest("input of a request before the end of its variables")
        if fragment.type in request.ended:
            if fragment.content:
                raise MalformedRequest("input of a request after the end of it")
            return None
        if fragment.type == records.DATA and request.role != records.FILTER:
            raise MalformedRequest("a record DATA for an application that is no filter")
        if not fragment.content:
            request.ended.add(fragment.type)
        return Input(fragment.request_id, fragment.content, fragment.type)

    def _params(self, request: _Request, fragment: Fragment) -> Variables | None:
        if request.block is None:
            raise MalformedRequest("variables of a request after the end of them")
        if fragment.content:
            request.block += fragment.content
            if len(request.block) > self._limits.variables_bytes:
                raise MalformedRequest(f"variables of more than {self._limits.variables_bytes} bytes")
            return None
        pairs = parse_pairs(bytes(request.block))
        if len(pairs) > self._limits.variables:
            raise MalformedRequest(f"more than {self._limits.variables} variables")
        request.block = None
        return Variables(fragment.request_id, merge(pairs))
