"""Waiting for a socket that does not block, inside a call of the application."""

from __future__ import annotations

import math
import select
import socket
import time

from gatewright.worker.contract import Interest

__all__ = ["wait"]

_EVENTS = {Interest.READ: select.POLLIN, Interest.WRITE: select.POLLOUT}


def wait(sock: socket.socket, interest: Interest, deadline: float = math.inf) -> None:
    """Return when the socket can be read or written, or has ended.

    Args:
        sock: non-blocking.
        interest: READ or WRITE.
        deadline: how long to wait, by :func:`time.monotonic`; ``math.inf`` for ever.

    Raises:
        TimeoutError: if it was not ready by the deadline.
    """
    poll = select.poll()
    poll.register(sock, _EVENTS[interest])
    left = None if deadline == math.inf else max(0.0, deadline - time.monotonic()) * 1000
    if not poll.poll(left):
        raise TimeoutError(f"the peer was not ready to {interest.value} in time")
