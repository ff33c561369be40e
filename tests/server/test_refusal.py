from __future__ import annotations

import pytest

from gatewright.errors import RequestError
from gatewright.server.refusal import refusal_page


def test_page() -> None:
    """A refusal is a whole response that says what was wrong, and that the connection ends."""
    head, _, body = refusal_page(RequestError(400, "the request line has a tab")).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    expected = [b"HTTP/1.1 400 Bad Request", b"Content-Type: text/plain", b"Content-Length: 27", b"Connection: close"]
    assert ([line for line in lines if not line.startswith(b"Date: ")], body) == (
        expected,
        b"the request line has a tab\n",
    )


@pytest.mark.parametrize("message", ["\xe9", "\u20ac", "\r\nX: y"])
def test_message(message: str) -> None:
    """Whatever the message, the head is intact and the length is right."""
    head, _, body = refusal_page(RequestError(400, message)).partition(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head
