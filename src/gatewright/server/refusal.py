"""The answer to what is no request that may be served."""

from __future__ import annotations

from http import HTTPStatus

from gatewright.errors import RequestError

__all__ = ["refusal_page"]


def refusal_page(refusal: RequestError, fields: str) -> bytes:
    """Return a whole response that says what was wrong, after which the connection closes.

    Args:
        refusal: why.
        fields: further field lines, each with its line end.
    """
    body = f"{refusal.message}\n".encode("ascii", "backslashreplace")
    head = (
        f"HTTP/1.1 {refusal.code} {HTTPStatus(refusal.code).phrase}\r\n{fields}Content-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
