"""What a parsed request head is: a plain tuple, because making anything else for each request costs more."""

from __future__ import annotations

from typing import TypeAlias

from gatewright.types import WSGIEnvironment

__all__ = ["CHUNKED", "Head"]

CHUNKED = -1
"""Stands for the length of a body that ends with its last chunk (RFC 9112 section 7.1)."""

Head: TypeAlias = tuple[WSGIEnvironment, int, bool, bool]
"""Four things, in this order:

- the request's environ variables, on top of those that the server gave: ``REQUEST_METHOD``, ``REQUEST_URI`` (the
  target as it was sent, as Apache and uWSGI have it), ``SCRIPT_NAME`` (empty), ``PATH_INFO``, ``QUERY_STRING``,
  ``SERVER_PROTOCOL``, ``CONTENT_TYPE``, ``CONTENT_LENGTH`` and ``HTTP_*``;
- bytes of the body, 0 if there is none, or :data:`CHUNKED`;
- whether the client will take the connection for open after the response (RFC 9112 section 9.3);
- whether the client waits for ``100 Continue`` before it sends the body (RFC 9110 section 10.1.1).
"""
