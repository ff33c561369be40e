"""The answer to what is no request that may be served."""

from __future__ import annotations

from http import HTTPStatus
from time import time

from gatewright.errors import RequestError
from gatewright.handlers.origin_server import format_date_time

__all__ = ["refusal_page"]


def refusal_page(refusal: RequestError) -> bytes:
    """Return a whole response that says what was wrong, after which the connection closes.

    It has no Server field: whoever sends what may not be served need not be told what serves here.
    """
    body = f"{refusal.message}\n".encode("ascii", "backslashreplace")
    head = (
        f"HTTP/1.1 {refusal.code} {HTTPStatus(refusal.code).phrase}\r\nDate: {format_date_time(time())}\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
