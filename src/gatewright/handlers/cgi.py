"""The mixin for handlers behind a web server that speaks CGI or a protocol made after it."""

from __future__ import annotations

from gatewright.handlers.contract import HandlerContract

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Container


class CGIStatusMixin(HandlerContract):
    """Sends the status as a ``Status`` field (RFC 3875 section 6.3.3), as CGI, FastCGI and SCGI want it."""

    def preamble(self, names: Container[str]) -> str:
        """Return the ``Status`` line."""
        return f"Status: {self.status}\r\n"
