"""What may be wrong with what a web server sends."""

from __future__ import annotations

from gatewright.errors import RequestError


class MalformedRequest(RequestError):
    """The bytes on a connection are not of its protocol, or go beyond a limit: the connection ends, with one log line.

    The web server's fault, or that of whoever reached the socket.  Nothing that follows can be trusted.
    """

    def __init__(self, message: str) -> None:
        """Hold the explanation; the status is 400."""
        super().__init__(400, message)
