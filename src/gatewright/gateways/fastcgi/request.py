"""A request of a FastCGI connection, from its first record to its last."""

from __future__ import annotations

from gatewright.gateways.fastcgi import records
from gatewright.gateways.fastcgi.inbox import Inbox
from gatewright.gateways.variables import content_length
from gatewright.types import WSGIEnvironment

__all__ = ["Request"]

ROLES = {records.RESPONDER: "RESPONDER", records.AUTHORIZER: "AUTHORIZER"}
"""The roles that applications can have here, by number.  A filter's second stream has no place in WSGI."""

_EMPTY = Inbox()  # of requests that had come whole: nothing is ever put into it


class Request:
    """What is known of a request that has begun and not ended.

    Attributes:
        id: its number on the connection.
        role: what the application is to be.
        keep_conn: whether the connection stays open after it.
        variables: once all have come.
        inbox: what has come of its body.
        ended: whether all of the body has come.
        aborted: whether nobody wants the response any more: the web server says so, or the connection broke.
        running: whether a thread runs the application for it.
        known: whether the decoder knows of it; no for one that had come whole.
    """

    __slots__ = ("aborted", "ended", "id", "inbox", "keep_conn", "known", "role", "running", "variables")

    def __init__(self, number: int, role: int, *, keep_conn: bool, known: bool = True) -> None:
        self.id = number
        self.role = role
        self.keep_conn = keep_conn
        self.variables: WSGIEnvironment | None = None
        self.inbox = Inbox() if known else _EMPTY
        self.ended = not known
        self.aborted = False
        self.running = False
        self.known = known

    def content_length(self) -> int | None:
        """Return the length of the body, or None if the end of the stream tells it."""
        if self.role == records.AUTHORIZER:
            return 0
        return content_length((self.variables or {}).get("CONTENT_LENGTH") or "")

    def is_ready(self, waiting_body: int) -> bool:
        """Whether the application may be called: a body of ``waiting_body`` bytes or less is awaited first."""
        if self.variables is None or self.running:
            return False
        if self.ended or self.role == records.AUTHORIZER:
            return True
        length = self.content_length()
        return length is None or length > waiting_body
