"""The mixin for handlers behind a web server that speaks CGI or a protocol made after it."""

from __future__ import annotations

from gatewright.handlers.contract import HandlerContract


class CGIStatusMixin(HandlerContract):
    """Sends the status as a ``Status`` field (RFC 3875 section 6.3.3), as CGI, FastCGI and SCGI want it."""

    def send_preamble(self) -> None:
        """Write the ``Status`` line."""
        self._write(f"Status: {self.status}\r\n".encode("latin-1"))
