"""The keys of an environ that have a meaning everywhere: what kind of value each holds, and the rule that says so.

The literal types in :mod:`gatewright.types` list the same keys; a test holds the two together.
"""

from __future__ import annotations

import re
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from gatewright.spec.checks.environ import MISPLACED

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "MISPLACED", "RULE_OF_KEY", "Kind", "is_header"]


class Kind(Enum):
    """What a key holds; the value is how messages call it."""

    TEXT = "str"
    INPUT = "an InputStream"
    ERRORS = "an ErrorStream"
    FLAG = "bool"
    VERSION = "tuple[int, int]"
    WRAPPER = "a FileWrapper"


_TABLE: Mapping[tuple[str, Kind], tuple[str, ...]] = {
    # PEP 3333, "environ Variables": what servers must give
    ("S04", Kind.TEXT): ("REQUEST_METHOD",),
    ("S14", Kind.TEXT): ("SERVER_NAME", "SERVER_PORT"),
    ("S16", Kind.TEXT): ("SERVER_PROTOCOL",),
    ("S24", Kind.VERSION): ("wsgi.version",),
    ("S25", Kind.TEXT): ("wsgi.url_scheme",),
    ("S26", Kind.INPUT): ("wsgi.input",),
    ("S27", Kind.ERRORS): ("wsgi.errors",),
    ("S29", Kind.FLAG): ("wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once"),
    # PEP 3333: what servers may give
    ("S10", Kind.TEXT): ("PATH_INFO", "SCRIPT_NAME"),
    ("S11", Kind.TEXT): ("QUERY_STRING",),
    ("S12", Kind.TEXT): ("CONTENT_LENGTH", "CONTENT_TYPE"),
    ("S73", Kind.WRAPPER): ("wsgi.file_wrapper",),
    # RFC 3875, section 4.1
    ("S21", Kind.TEXT): (
        "AUTH_TYPE", "GATEWAY_INTERFACE", "PATH_TRANSLATED", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_IDENT",
        "REMOTE_USER", "SERVER_SOFTWARE",
    ),
    # What web servers add, through CGI, FastCGI and SCGI
    ("S22", Kind.TEXT): (
        "HTTPS", "SSL_CIPHER", "SSL_CLIENT_CERT", "SSL_CLIENT_I_DN", "SSL_CLIENT_S_DN", "SSL_CLIENT_VERIFY",
        "SSL_PROTOCOL", "SSL_TLS_SNI",
    ),
    ("S23", Kind.TEXT): (
        "CONTEXT_DOCUMENT_ROOT", "CONTEXT_PREFIX", "DOCUMENT_ROOT", "DOCUMENT_URI", "FCGI_ROLE", "RAW_URI",
        "REDIRECT_QUERY_STRING", "REDIRECT_STATUS", "REDIRECT_URI", "REDIRECT_URL", "REMOTE_PORT", "REQUEST_SCHEME",
        "REQUEST_URI", "SCGI", "SCRIPT_FILENAME", "SERVER_ADDR", "SERVER_ADMIN", "UNIQUE_ID",
    ),
    ("S23", Kind.FLAG): ("wsgi.input_terminated",),
    # Request headers (RFC 3875, section 4.1.18): the set is open, these are the well-known ones
    ("S17", Kind.TEXT): (
        "HTTP_ACCEPT", "HTTP_ACCEPT_CHARSET", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_AUTHORIZATION",
        "HTTP_CACHE_CONTROL", "HTTP_CONNECTION", "HTTP_CONTENT_ENCODING", "HTTP_CONTENT_RANGE", "HTTP_COOKIE",
        "HTTP_DATE", "HTTP_DEPTH", "HTTP_DESTINATION", "HTTP_EXPECT", "HTTP_FORWARDED", "HTTP_FROM", "HTTP_HOST",
        "HTTP_IF", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_RANGE",
        "HTTP_IF_UNMODIFIED_SINCE", "HTTP_LAST_EVENT_ID", "HTTP_LOCK_TOKEN", "HTTP_ORIGIN", "HTTP_OVERWRITE",
        "HTTP_PRAGMA", "HTTP_RANGE", "HTTP_REFERER", "HTTP_SEC_FETCH_DEST", "HTTP_SEC_FETCH_MODE",
        "HTTP_SEC_FETCH_SITE", "HTTP_TE", "HTTP_TRACEPARENT", "HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE",
        "HTTP_USER_AGENT", "HTTP_VIA", "HTTP_X_CSRFTOKEN", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST",
        "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX", "HTTP_X_FORWARDED_PROTO", "HTTP_X_HTTP_METHOD_OVERRIDE",
        "HTTP_X_REAL_IP", "HTTP_X_REQUESTED_WITH", "HTTP_X_REQUEST_ID",
    ),
}  # fmt: skip  # one key a line would take a page

KINDS: Mapping[str, Kind] = MappingProxyType({key: kind for (_, kind), keys in _TABLE.items() for key in keys})
"""Every known key, and what it holds."""

RULE_OF_KEY: Mapping[str, str] = MappingProxyType({key: rule for (rule, _), keys in _TABLE.items() for key in keys})
"""Every known key, and the rule that tells of it."""

# RFC 3875, section 4.1.18: the field's name in upper case, with "_" for "-"; of the token's other characters few occur.
_HEADER = re.compile(r"HTTP_[A-Z0-9_]+")


def is_header(key: str) -> bool:
    """Whether the key is that of a request header, well-known or not; such values are always text."""
    return _HEADER.fullmatch(key) is not None and key not in MISPLACED
