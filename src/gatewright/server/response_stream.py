"""The way back to a client: how the bytes of responses go out, whether or not the client takes them at once."""

from __future__ import annotations

import socket
from contextlib import suppress
from time import monotonic

from gatewright.worker.contract import Interest
from gatewright.worker.stream import MORE, Stream

__all__ = ["ResponseStream"]


class ResponseStream(Stream):
    """What a handler sends its response to, inside a call of the application; and what the client has not taken yet.

    Args:
        sock: non-blocking; the stream's own from now on.
        write_timeout: seconds that the client may take nothing of what is sent to it.
    """

    __slots__ = ("_is_held", "_outgoing", "_rest", "keeps_alive")

    def __init__(self, sock: socket.socket, write_timeout: float) -> None:
        super().__init__(sock, write_timeout)
        self._outgoing: list[memoryview] = []
        self._rest = b""  # what came behind the request that is being answered
        self._is_held = False  # whether the kernel has a response that it may keep for the next one
        self.keeps_alive: bool = False

    def send(self, data: bytes) -> None:
        """Send bytes of a response, and wait while the client does not take them."""
        self._is_held = False
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent != len(data):
            self.send_all([memoryview(data)[sent:]])

    def send_last(self, head: bytes, body: bytes) -> None:
        """Send the last bytes of a response; the loop sends what the client does not take at once.

        They may travel with the next response, if there is another request, or with the end of the connection.
        """
        if body:
            self._is_held = False
            self._outgoing = self.send_some([head, body])
            return
        more = MORE if self._rest or not self.keeps_alive else 0
        self._is_held = more != 0 and self.keeps_alive
        try:
            sent = self.socket.send(head, more) if more else self.socket.send(head)
        except BlockingIOError:
            sent = 0
        if sent != len(head):
            self._outgoing = [memoryview(head)[sent:]]

    def release(self) -> None:
        """Have the kernel send what it may hold, as no response follows now."""
        if self._is_held:
            self._is_held = False
            with suppress(OSError):  # it is gone, or on a socket that holds nothing
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def descriptor(self) -> int:
        """Return the descriptor of the socket."""
        return self.socket.fileno()

    def wait_until_writable(self) -> None:
        """Wait until the client takes more."""
        self.wait(Interest.WRITE, monotonic() + self._write_timeout)
