"""An SCGI connection: one request, and the handler that answers it."""

from __future__ import annotations

import sys
from io import BufferedReader, BytesIO, RawIOBase
from socket import socket
from typing import ClassVar

from typing_extensions import Buffer

from gatewright.body import LengthBody, RequestBody
from gatewright.gateways.connection import GatewayConnection
from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.handler import GatewayHandler
from gatewright.gateways.scgi.decoder import Request, decode
from gatewright.gateways.service import Service
from gatewright.types import ErrorStream, InputStream
from gatewright.worker.contract import Interest, Peer
from gatewright.worker.stream import RECEIVE

__all__ = ["SCGIConnection", "SCGIHandler"]


class SCGIHandler(GatewayHandler):
    """Runs an application for an SCGI connection."""

    __slots__ = ("connection",)

    connection: SCGIConnection

    def get_stderr(self) -> ErrorStream:
        """Return standard error: SCGI has no other log."""
        return sys.stderr

    def send(self, blocks: list[bytes]) -> None:
        """Send the blocks as they are: a response in SCGI is what it is in CGI, and ends where the connection ends."""
        self.connection.send_all(blocks)


class _Rest(RawIOBase):
    """What comes on a connection, as a raw stream: what has come already, then what the socket brings."""

    def __init__(self, connection: SCGIConnection, begun: bytes | bytearray) -> None:
        super().__init__()
        self._connection = connection
        self._held = memoryview(begun)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill the buffer with what there is, waiting if there is nothing."""
        view = memoryview(buffer).cast("B")
        if not self._held:
            self._held = memoryview(self._connection.receive_body())
        count = min(len(view), len(self._held))
        view[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


class SCGIConnection(GatewayConnection):
    """Serves the one request of a connection (SCGI, section 2), then ends it."""

    __slots__ = ("_held", "_request", "_unread")

    protocol: ClassVar[str] = "SCGI"

    def __init__(self, sock: socket, peer: Peer, service: Service) -> None:
        super().__init__(sock, peer, service)
        self._held: bytearray | None = None  # what came of a request that had not come whole
        self._request: Request | None = None
        self._unread = 0  # bytes of the body that were not received yet

    def received(self, data: bytes) -> Interest:
        """Answer the request once there is enough of it."""
        begun: bytes | bytearray = data
        if self._held is not None:
            self._held += data
            begun = self._held
        limits, request = self.service.limits, self._request
        if request is None:
            request = self._request = decode(begun, limits)
            if request is None:
                return self._await(begun, limits.head_timeout if self.idle else None)
        variables, length, start = request
        unread = start + length - len(begun)
        if unread < 0:
            raise MalformedRequest(f"{-unread} bytes follow the end of the body")
        if unread and length <= limits.waiting_body:
            return self._await(begun, limits.read_timeout)
        self.idle = False
        self._unread = unread
        return self._run(variables, self._body(begun[start:], length))

    def _await(self, begun: bytes | bytearray, timeout: float | None) -> Interest:
        """Keep what has come, and go on when more has."""
        if self._held is None:
            self._held = bytearray(begun)
        return self.await_more(timeout)

    def receive_body(self) -> bytes:
        """Return the next part of the body; ``b""`` only if the connection has ended before it."""
        data = self.receive(self.service.limits.read_timeout)
        self._unread -= len(data)
        return data

    def _run(self, variables: dict[str, str], body: InputStream) -> Interest:
        service = self.service
        handler = SCGIHandler(service, variables, body)
        handler.connection = self
        handler.run(service.application)
        if not handler.completed:
            return self.reset()
        if self._unread > 0:
            self.send_all(handler.held)
            return self.linger()
        if handler.held_size <= RECEIVE:
            self.send_end(b"".join(handler.held))
        else:
            self.send_all(handler.held)
        return Interest.CLOSE

    def _body(self, begun: bytes | bytearray, length: int) -> InputStream:
        if not self._unread:
            return BytesIO(begun)
        return RequestBody(LengthBody(BufferedReader(_Rest(self, begun), RECEIVE), length))
