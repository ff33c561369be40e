"""The process environment as PEP 3333 wants it: each character one byte."""

from __future__ import annotations

import os
import sys

_REQUEST_VARIABLES = frozenset(
    {
        "SCRIPT_NAME",
        "PATH_INFO",
        "QUERY_STRING",
        "REQUEST_METHOD",
        "AUTH_TYPE",
        "CONTENT_TYPE",
        "CONTENT_LENGTH",
        "HTTPS",
        "REMOTE_USER",
        "REMOTE_IDENT",
    }
)


def read_environ() -> dict[str, str]:
    """Return the process environment with the variables of a CGI request (RFC 3875 section 4.1) mended.

    A web server puts bytes there; Python decodes them with the file system's encoding, or Windows with one of its own.
    PEP 3333, "Unicode Issues", wants them decoded as Latin-1, so the bytes are recovered and decoded again.

    Returns:
        A new dictionary of all variables; those that do not come from the request are as in ``os.environ``.
    """
    recode = _RECODERS.get(os.name, _recode)
    return {key: recode(value) if _is_from_request(key) else value for key, value in os.environ.items()}


def _is_from_request(key: str) -> bool:
    """Whether a web server takes this variable from the request; Apache repeats them with ``REDIRECT_`` before."""
    while key.startswith("REDIRECT_"):
        key = key.removeprefix("REDIRECT_")
    return key in _REQUEST_VARIABLES or key.startswith(("HTTP_", "SSL_"))


def _recode(value: str) -> str:
    """Undo the decoding of ``os.environ``, which keeps bytes that it cannot decode as surrogates (PEP 383)."""
    return value if value.isascii() else os.fsencode(value).decode("latin-1")


def _recode_windows(value: str) -> str:
    """Undo what the web server did to make text of the bytes, judged by its name."""
    software = os.environ.get("SERVER_SOFTWARE", "").lower()
    if software.startswith("apache/"):
        return value  # it decodes as Latin-1 itself
    if software.startswith("microsoft-iis/") or (software.startswith("simplehttp/") and "python/3" in software):
        return value.encode("utf-8").decode("latin-1")  # IIS falls back to the code page, but nobody can tell when
    return value.encode(sys.getfilesystemencoding(), "replace").decode("latin-1")


_RECODERS = {"nt": _recode_windows}
"""By :data:`os.name`; a table, because type checkers skip the branches of other platforms."""
