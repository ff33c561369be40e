"""What stands between the application's headers and body for the client's sake: RFC 9112 sections 6, 7.1 and 9."""

from __future__ import annotations

__all__ = ["CHUNKED_LINE", "CONNECTION_LINE", "CONTINUE", "LAST_CHUNK", "encode_chunk"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""The interim response; it has no fields (RFC 9110 section 15.2.1)."""

CHUNKED_LINE = "Transfer-Encoding: chunked\r\n"
"""The field of a response whose length nobody knows; not for HTTP/1.0, which does not know it."""

LAST_CHUNK = b"0\r\n\r\n"
"""Ends a chunked body, without trailers.  It says that the body is whole: never send it when something went wrong."""

CONNECTION_LINE = {
    (True, True): "",
    (True, False): "Connection: close\r\n",
    (False, True): "Connection: keep-alive\r\n",
    (False, False): "Connection: close\r\n",
}
"""RFC 9112 section 9.6 and, for HTTP/1.0, appendix C.2.2; by whether the client speaks HTTP/1.1, and whether the
connection stays open."""


def encode_chunk(data: bytes) -> bytes:
    """Return a block of a body as one chunk; an empty block as nothing, for an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
