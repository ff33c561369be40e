"""The variables of a request as web servers send them, and what has to be done to them to make an environ.

Pure functions.  What each web server gets wrong is written here and nowhere else.
"""

from __future__ import annotations

from gatewright.errors import RequestError
from gatewright.gateways.errors import MalformedRequest
from gatewright.spec.grammar import is_digits

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatewright.types import WSGIEnvironment

__all__ = ["complete", "content_length", "merge"]

# Never taken from a request: what only the gateway may say.
RESERVED = "wsgi."

# Digits of a body's length: what no web server means is refused before it becomes a number.
MOST_DIGITS = 18

# Never shown to an application.
_DROPPED = (
    "HTTP_PROXY",  # programs take it for their proxy's address ("httpoxy", CVE-2016-5385)
    "HTTP_CONTENT_LENGTH",  # rule S12: lighttpd sends both
    "HTTP_CONTENT_TYPE",
    "HTTP_TRANSFER_ENCODING",  # the web server has taken the chunks apart, whether it tells a length or not
)

_DEFAULT_PORTS = {"http": "80", "https": "443"}


def merge(pairs: list[tuple[str, str]], *, repeated: bool = True) -> dict[str, str]:
    """Make variables of pairs; what only the gateway may set (``wsgi.*``) is left out.

    A request field that comes twice becomes one variable (RFC 3875 section 4.1.18), which nginx before 1.23 leaves to
    us.  Of any other variable the last one counts, as a configuration that sets it twice means.

    Args:
        pairs: names and values as they came.
        repeated: whether variables that are no request fields may come twice.

    Raises:
        MalformedRequest: one did and may not.
    """
    variables: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith(RESERVED):
            continue
        if name not in variables:
            variables[name] = value
        elif name.startswith("HTTP_"):
            joiner = "; " if name == "HTTP_COOKIE" else ", "  # RFC 6265 section 5.4, RFC 9110 section 5.3
            variables[name] += joiner + value
        elif repeated:
            variables[name] = value
        else:
            raise MalformedRequest(f"the variable {name!r} comes twice")
    return variables


def content_length(text: str) -> int | None:
    """Return the length that a ``CONTENT_LENGTH`` says, or None if it says none that could be meant."""
    if text == "0":  # which nearly all say
        return 0
    return int(text) if is_digits(text) and len(text) <= MOST_DIGITS else None


def complete(variables: WSGIEnvironment, script_name: str | None) -> None:
    """Make the variables of a request what PEP 3333 wants them to be, in place.

    Args:
        variables: as the web server sent them.
        script_name: where the application is mounted, ``""`` for the root; None to believe the web server.

    Raises:
        RequestError: there is no ``REQUEST_METHOD``, or ``CONTENT_LENGTH`` is no number.
    """
    for name in _DROPPED:
        if name in variables:
            del variables[name]
    if script_name is not None or not _is_complete(variables):
        _complete(variables, script_name)


def _is_complete(variables: WSGIEnvironment) -> bool:
    """Whether nothing is to be done: the quick answer for most requests."""
    try:
        return bool(
            variables["PATH_INFO"][0] == "/"
            and not variables["SCRIPT_NAME"]
            and variables["REQUEST_METHOD"]
            and variables["CONTENT_LENGTH"] == "0"
            and variables["SERVER_NAME"]
            and variables["SERVER_PORT"].isdigit()
            and variables["SERVER_PROTOCOL"]
        )
    except (KeyError, IndexError):
        return False


def _complete(variables: WSGIEnvironment, script_name: str | None) -> None:
    get = variables.get
    path = get("PATH_INFO")
    if script_name is not None or not path or path[0] != "/" or get("SCRIPT_NAME"):
        _place(variables, script_name)
    if not get("REQUEST_METHOD"):
        raise RequestError(400, "the web server sent no REQUEST_METHOD")
    length = get("CONTENT_LENGTH")
    if length and content_length(length) is None:
        raise RequestError(400, f"the web server sent a CONTENT_LENGTH that is no length: {length[:40]!r}")
    if not (get("SERVER_NAME") and get("SERVER_PORT", "").isdigit() and get("SERVER_PROTOCOL")):
        _name_server(variables)


def _name_server(variables: WSGIEnvironment) -> None:
    """Fill in what rules S14 and S16 want: nginx has no name unless told, and a Unix socket has no port."""
    if not variables.get("SERVER_NAME"):
        host = variables.get("HTTP_HOST", "").rpartition(":")
        name = host[0] if host[2].isdigit() else "".join(host)
        variables["SERVER_NAME"] = name or variables.get("SERVER_ADDR") or "localhost"
    if not is_digits(variables.get("SERVER_PORT") or "?"):
        secure = variables.get("HTTPS") in ("on", "1", "yes")
        variables["SERVER_PORT"] = _DEFAULT_PORTS["https" if secure else "http"]
    if not variables.get("SERVER_PROTOCOL"):
        variables["SERVER_PROTOCOL"] = "HTTP/1.0"


def _place(variables: WSGIEnvironment, mount: str | None) -> None:
    """Set ``SCRIPT_NAME`` and ``PATH_INFO``."""
    script, path = variables.get("SCRIPT_NAME"), variables.get("PATH_INFO")
    if not script and not path:
        script, path = "", _path_of_uri(variables)
    elif path is None and _never_splits(variables):
        script, path = "", script
    elif script and script == path == variables.get("DOCUMENT_URI"):
        script = ""  # a configuration of nginx that sends the path as both
    script, path = script or "", path or ""
    if mount is None:
        variables["SCRIPT_NAME"], variables["PATH_INFO"] = _cut(script, path)
        return
    whole = "".join(_cut(script, path))
    below = whole == mount or whole.startswith(mount + "/")
    variables["SCRIPT_NAME"] = mount
    variables["PATH_INFO"] = whole[len(mount) :] if below else whole


def _path_of_uri(variables: Mapping[str, str]) -> str:
    """Return the path that was asked for, of a web server that sends neither half (nginx with its ``scgi_params``)."""
    from urllib.parse import unquote  # not cheap, and CGI needs it not

    path: str = variables.get("DOCUMENT_URI") or unquote(
        variables.get("REQUEST_URI", "").partition("?")[0], "iso-8859-1"
    )
    return path if path.startswith("/") else ""


def _never_splits(variables: Mapping[str, str]) -> bool:
    """Whether ``SCRIPT_NAME`` is the whole path: nginx with its ``fastcgi_params``, and ``ProxyPass`` of Apache.

    Of any other web server a missing ``PATH_INFO`` means that there is nothing after the script (RFC 3875 section
    4.1.5); so it does if Apache has found the script by an ``Alias``, whose path is the ``CONTEXT_PREFIX``.
    """
    if variables.get("SERVER_SOFTWARE", "").startswith("nginx/"):
        return True
    return variables.get("SCRIPT_FILENAME", "").startswith("proxy:") and not variables.get("CONTEXT_PREFIX")


def _cut(script: str, path: str) -> tuple[str, str]:
    """Move slashes to where rules S07, S08 and S09 want them: lighttpd's ``SCRIPT_NAME`` is "/" at the root."""
    trimmed = script.rstrip("/")
    if trimmed != script and not path.startswith("/"):
        path = f"/{path}"
    if path and not path.startswith("/"):
        path = "" if path == "*" else f"/{path}"  # OPTIONS * asks for no path (RFC 9112 section 3.2.4)
    if trimmed and not trimmed.startswith("/"):
        trimmed = f"/{trimmed}"
    return trimmed, path
