"""The fast path: reads the heads that browsers, proxies and programs usually send, and no other.

:func:`parse_usual` either returns what :class:`~gatewright.server.strict_head.StrictHead` returns, or None, which
stands for "unusual"; it never refuses and never guesses.  Pure functions over built-in types, so that the file can be
compiled.

What makes it fast: the head is decoded once and split once; a name that was met before needs no check, because only
sound names are remembered; control characters and duplicates are looked for in the whole head at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from gatewright.errors import RequestError
from gatewright.server.head import Head
from gatewright.server.strict_head import variable_of
from gatewright.spec.framing import MAX_LENGTH_DIGITS, Field
from gatewright.spec.request_line import decode_path
from gatewright.types import WSGIEnvironment

__all__ = ["VARIABLES", "checked_head", "learn", "parse_usual", "set_request_line"]

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "PROPFIND", "REPORT"})

# Whether the connection stays open if nothing is said about it; another version is for the strict parser.
_MODERN = {"HTTP/1.1": True, "HTTP/1.0": False}

# Alone, as these are nearly always sent; a list of options is for the strict parser.
_KEEPS_ALIVE = {"keep-alive": True, "Keep-Alive": True, "close": False}

# Changes all but printable ASCII, HTAB, CR and LF into another byte: text that it leaves alone has nothing else.
_UNUSUAL = bytes([*range(9), 11, 12, *range(14, 32), *range(127, 256)])
_SHOWING_UNUSUAL = bytes.maketrans(_UNUSUAL, b" " * len(_UNUSUAL))

# How many names and hosts are remembered, and how long ones: a bound against clients that invent them.  When a memory
# is full it starts anew, or the first thousand inventions would make everybody's requests unusual for ever.
_MEMORY = 1024
_LONGEST = 256

# Fields that the strict parser must see.
_NEVER_USUAL = frozenset({"expect", "transfer-encoding"})

VARIABLES: dict[str, str] = {}
"""Environ variables by the field's name as it was sent, with the colon: so a line without a colon is never found."""

_hosts: set[str] = set()
"""Values of Host that were found sound."""


def parse_usual(block: bytes, base: WSGIEnvironment, max_line: int, max_fields: int, max_body: int) -> Head | None:
    """Read a head, if it is a usual one.

    Args:
        block: the head without the empty line and the line end before it.  If it is more than one head, it is unusual.
        base: the variables that are the same for all requests; copied, not changed.
        max_line: bytes that the block may have: a line limit, so that lines need not be measured one by one.
        max_fields: how many field lines it may have.
        max_body: what Content-Length may be.

    Returns:
        The head, or None if it is unusual, unsound, or has a name or a host that :func:`learn` was not told of lately.
    """
    if len(block) > max_line or block.translate(_SHOWING_UNUSUAL) != block:
        return None
    lines = block.decode("latin-1").split("\r\n")
    text = "".join(lines)
    if "\r" in text or "\n" in text or len(lines) - 1 > max_fields:
        return None
    environ = base.copy()
    try:
        keeps_alive = set_request_line(lines[0], environ)
        del lines[0]
        size = len(environ) + len(lines)
        variables = VARIABLES
        for line in lines:
            name, _, value = line.partition(" ")
            environ[variables[name]] = value.strip()  # of printable ASCII and HTAB, this is what OWS allows
    except (LookupError, ValueError, RequestError):
        return None
    if len(environ) != size:  # something was repeated
        return None
    return checked_head(environ, keeps_alive, max_body)


def checked_head(environ: WSGIEnvironment, keeps_alive: bool, max_body: int) -> Head | None:
    """Return a usual head with these variables, or None if what they say of host, connection or length is unusual.

    Args:
        environ: of fields that are sound as fields.
        keeps_alive: whether the connection stays open if there is no Connection field.
        max_body: what Content-Length may be.
    """
    host = environ.get("HTTP_HOST")
    if host not in _hosts and (host is not None or environ["SERVER_PROTOCOL"] != "HTTP/1.0"):
        return None
    if "HTTP_CONNECTION" in environ:
        connection = environ["HTTP_CONNECTION"]
        if connection not in _KEEPS_ALIVE:
            return None
        keeps_alive = _KEEPS_ALIVE[connection]
    if "CONTENT_LENGTH" not in environ:
        return environ, 0, keeps_alive, False
    digits = environ["CONTENT_LENGTH"]
    if not digits.isdigit() or len(digits) > MAX_LENGTH_DIGITS or int(digits) > max_body:
        return None
    return environ, int(digits), keeps_alive, False


def set_request_line(line: str, environ: WSGIEnvironment) -> bool:
    """Put into environ what a usual request line says.

    Args:
        line: without its line end; of printable ASCII, or HTAB, which is looked for here.
        environ: changed, in the case of an error too.

    Returns:
        Whether the connection stays open if there is no Connection field.

    Raises:
        ValueError: it is unusual, or unsound.
        LookupError: the same of the version, or there is no target.
        RequestError: the same of the path, said by the function that decodes it.
    """
    method, target, version = line.split(" ")
    if method not in _METHODS or target[0] != "/" or "#" in target or "\t" in target:
        raise ValueError
    path, _, query = target.partition("?")
    environ["REQUEST_METHOD"] = method
    environ["REQUEST_URI"] = target
    environ["SCRIPT_NAME"] = ""
    environ["PATH_INFO"] = decode_path(path) if "%" in path else path
    environ["QUERY_STRING"] = query
    environ["SERVER_PROTOCOL"] = version
    return _MODERN[version]


def learn(fields: Iterable[Field]) -> None:
    """Remember the names and the host of a request that the strict parser took.

    Args:
        fields: of a request that was accepted, whole.
    """
    for name, value in fields:
        variable = variable_of(name)
        if variable is None or len(name) > _LONGEST or name.lower() in _NEVER_USUAL:
            continue
        if len(VARIABLES) >= _MEMORY:
            VARIABLES.clear()
        VARIABLES[name + ":"] = variable
        if variable == "HTTP_HOST" and len(value) <= _LONGEST:
            if len(_hosts) >= _MEMORY:
                _hosts.clear()
            _hosts.add(value)
