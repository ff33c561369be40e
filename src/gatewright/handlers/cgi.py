"""The mixin for handlers behind a web server that speaks CGI or a protocol made after it."""

from __future__ import annotations

from gatewright.handlers.contract import NO_FIELDS, HandlerContract


class CGIStatusMixin(HandlerContract):
    """Sends the status as a ``Status`` field (RFC 3875 section 6.3.3), as CGI, FastCGI and SCGI want it."""

    __slots__ = NO_FIELDS

    def preamble(self, marks: int) -> str:
        """Return the ``Status`` line."""
        return f"Status: {self.status}\r\n"
