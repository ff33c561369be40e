"""What connections of every protocol do with their socket: receive, send, wait in a call, and end without loss."""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from struct import pack

from gatewright.worker.contract import Interest, Turn
from gatewright.worker.waiting import wait

__all__ = ["MORE", "RECEIVE", "Stream"]

RECEIVE = 65_536
"""How much one system call receives at most: beyond it, making room costs more than the calls that it saves."""

MORE: int = getattr(socket, "MSG_MORE", 0)
"""Flag of ``send()``: what follows may travel with it, and the kernel waits for that, 200 ms at most (Linux, tcp(7)); 0
where there is no such thing."""

# How many buffers one system call sends at most (IOV_MAX of Linux, macOS and the BSDs).
_MOST_BUFFERS = 1024

# How long (seconds) and how much (bytes) is read from a peer that sends on although it was answered.  Without it the
# system would answer with a reset, which destroys the response on its way (RFC 9112 section 9.6).
LINGER_TIME = 5.0
LINGER_LIMIT = 16_777_216


class Stream:
    """A socket that never blocks.

    Args:
        sock: non-blocking; the stream's own from now on.
        write_timeout: seconds that the peer may take nothing of what is sent to it.
    """

    __slots__ = ("_linger_left", "_turn", "_write_timeout", "deadline", "socket")

    def __init__(self, sock: socket.socket, write_timeout: float) -> None:
        self.socket: socket.socket = sock
        self.deadline: float = math.inf
        self._write_timeout = write_timeout
        self._turn: Turn | None = None
        self._linger_left = 0

    def receive(self, timeout: float) -> bytes:
        """Return what comes next, ``b""`` at the end of the connection; to be called inside a call of the application.

        Raises:
            TimeoutError: nothing came for this many seconds.
            ConnectionError: the connection broke.
        """
        deadline = 0.0
        while True:
            try:
                return self.socket.recv(RECEIVE)
            except BlockingIOError:
                deadline = deadline or time.monotonic() + timeout
                self.wait(Interest.READ, deadline)

    def receive_into(self, view: memoryview, timeout: float) -> int:
        """Put what comes next into a buffer, and return how many bytes; else as :meth:`receive`, which copies more."""
        deadline = 0.0
        while True:
            try:
                return self.socket.recv_into(view)
            except BlockingIOError:
                deadline = deadline or time.monotonic() + timeout
                self.wait(Interest.READ, deadline)

    def send_all(self, buffers: Sequence[bytes | memoryview]) -> None:
        """Send all of this, waiting where the peer takes its time.

        Raises:
            TimeoutError: it took nothing for too long.
            ConnectionError: the connection broke.
        """
        for start in range(0, len(buffers), _MOST_BUFFERS):
            left = self.send_some(buffers if len(buffers) == 1 else buffers[start : start + _MOST_BUFFERS])
            while left:
                self.wait(Interest.WRITE, time.monotonic() + self._write_timeout)
                left = self.send_some(left)

    def send_some(self, buffers: Sequence[bytes | memoryview]) -> list[memoryview]:
        """Send what the peer takes without being waited for, and return the rest.

        Args:
            buffers: at least one.

        Raises:
            ConnectionError: the connection broke.
        """
        try:
            if len(buffers) == 1:  # as nearly always, and so without what follows
                sent = self.socket.send(buffers[0])
                if sent == len(buffers[0]):
                    return []
            else:
                sent = self.socket.sendmsg(buffers[:_MOST_BUFFERS])
        except BlockingIOError:
            sent = 0
        rest: list[memoryview] = []
        for buffer in buffers:
            if sent < len(buffer):
                rest.append(memoryview(buffer)[sent:])
            sent = max(0, sent - len(buffer))
        return rest

    def send_end(self, data: bytes) -> None:
        """Send the last bytes before :meth:`close`, as :meth:`send_all` does; they travel with the end.

        That spares a packet, and the peer waking up twice: a fifth of what such a connection costs.
        """
        try:
            sent = self.socket.send(data, MORE)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.send_all([memoryview(data)[sent:]])

    def wait(self, interest: Interest, deadline: float) -> None:
        """Wait for the peer inside a call of the application, and let another thread have the loop meanwhile.

        Raises:
            TimeoutError: the deadline passed.
        """
        turn = self._turn
        if turn is not None and not turn.overtaken:
            turn.hand_over()
        wait(self.socket, interest, deadline)

    def linger(self) -> Interest:
        """End the connection so that what was sent arrives, although not all was read that the peer sends.

        What it still sends is to be given to :meth:`discard`.
        """
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        self._linger_left = LINGER_LIMIT
        self.deadline = time.monotonic() + LINGER_TIME
        return Interest.READ

    @property
    def is_lingering(self) -> bool:
        """Whether :meth:`linger` was called."""
        return self._linger_left > 0

    def discard(self, data: bytes) -> Interest:
        """Drop what came after the end; ``b""`` is the peer's own end."""
        self._linger_left = max(1, self._linger_left - len(data))
        return Interest.READ if data and self._linger_left > 1 else Interest.CLOSE

    def reset(self) -> Interest:
        """End the connection in a way that tells the peer that what it got is not whole.

        Over TCP it sees a reset.  On a Unix socket there is no such thing, and it sees the end.
        """
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pack("ii", 1, 0))
        return Interest.CLOSE

    def close(self) -> None:
        """Close the socket."""
        descriptor = self.socket.detach()  # socket.close() is three calls in Python
        if descriptor >= 0:
            os.close(descriptor)
