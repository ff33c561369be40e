"""What a server hands to an application, held against the rules: environ and the two streams in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from gatewright.spec.checks.breach import broken
from gatewright.spec.grammar import is_digits, is_latin_1

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gatewright.spec.checks.violation import Violation

_REQUIRED: Mapping[str, str] = {
    "REQUEST_METHOD": "S04",
    "SERVER_NAME": "S14",
    "SERVER_PORT": "S14",
    "wsgi.version": "S24",
    "wsgi.input": "S26",
    "wsgi.errors": "S27",
    "wsgi.multithread": "S29",
    "wsgi.multiprocess": "S29",
    "wsgi.run_once": "S29",
    "SERVER_PROTOCOL": "S16",
    "wsgi.url_scheme": "S25",
}
"""Keys that must be there and the rule that says so; the standard library's order first."""

_WSGI = frozenset({key for key in _REQUIRED if "." in key} | {"wsgi.file_wrapper"})
_MISPLACED = ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
_INPUT_METHODS = ("read", "readline", "readlines", "__iter__")
_ERRORS_METHODS = ("flush", "write", "writelines")
_SCHEMES = ("http", "https")

# PEP 3333, "environ Variables": lower-case letters, digits, dots and underscores, after a prefix.
_EXTENSION = re.compile(r"[a-z0-9_]+\.[a-z0-9_.]+")

# What decoding with surrogateescape leaves of a byte that is not of the encoding (PEP 383); Latin-1 never does.
_ESCAPED = re.compile("[\udc80-\udcff]")


def check_environ(environ: object) -> Iterator[Violation]:
    """Yield what is wrong with an environ, in the order in which the standard library's validator looks.

    Only the first breach is certain: those after it may follow from it.

    Args:
        environ: the first argument of the application.

    Yields:
        A violation of the server's rules S03 to S34, for each breach that is found.
    """
    kind = type(environ)
    if kind is not dict:
        message = f"Environment is not of the right type: {kind!r} (environment: {environ!r})"
        yield broken("S03", message, environ)
        return
    variables = cast("dict[Any, Any]", environ)
    missing = list(_missing(variables))
    yield from missing
    yield from _check_values(variables)
    if missing:
        return
    yield from _check_wsgi_variables(variables)
    yield from _check_cgi_variables(variables)


def environ_is_sound(environ: dict[str, Any]) -> bool:
    """Whether :func:`check_environ` would yield nothing; the fast answer for the common case.

    A sound environ may be called unsound (its input is of an unusual kind, say), never the reverse.
    """
    if type(environ) is not dict:
        return False
    try:
        "".join(environ)  # a TypeError unless every key is a str
        for key, value in environ.items():
            if type(value) is str:
                if not value.isascii():
                    return False
            elif key not in _WSGI and _EXTENSION.fullmatch(key) is None:
                return False
        return (
            _variables_are_sound(environ)
            and check_input(environ["wsgi.input"]) is None
            and check_errors(environ["wsgi.errors"]) is None
        )
    except (KeyError, TypeError):
        return False


def check_input(stream: object) -> Violation | None:
    """Say which method ``wsgi.input`` lacks (rule S26), or None."""
    for name in _INPUT_METHODS:
        if not hasattr(stream, name):
            return broken("S26", f"wsgi.input ({stream!r}) doesn't have the attribute {name}", stream)
    return None


def check_errors(stream: object) -> Violation | None:
    """Say which method ``wsgi.errors`` lacks (rule S27), or None."""
    for name in _ERRORS_METHODS:
        if not hasattr(stream, name):
            return broken("S27", f"wsgi.errors ({stream!r}) doesn't have the attribute {name}", stream)
    return None


def _variables_are_sound(environ: dict[str, Any]) -> bool:
    """Judge the single variables; one that is absent is a KeyError that the caller turns into False."""
    script_name, path_info = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    length = environ.get("CONTENT_LENGTH", "")
    return bool(
        environ["REQUEST_METHOD"]
        and environ["SERVER_NAME"]
        and environ["SERVER_PROTOCOL"]
        and environ["SERVER_PORT"].isdigit()
        and (not length or length.isdigit())
        and (path_info[0] == "/" if path_info else script_name)
        and (not script_name or (script_name[0] == "/" and script_name[-1] != "/"))
        and type(environ["wsgi.version"]) is tuple
        and environ["wsgi.version"] == (1, 0)
        and environ["wsgi.url_scheme"] in _SCHEMES
        and "wsgi.multithread" in environ
        and "wsgi.multiprocess" in environ
        and "wsgi.run_once" in environ
        and "HTTP_CONTENT_TYPE" not in environ
        and "HTTP_CONTENT_LENGTH" not in environ
    )


def _missing(environ: dict[Any, Any]) -> Iterator[Violation]:
    for key, rule in _REQUIRED.items():
        if key not in environ:
            yield broken(rule, f"Environment missing required key: {key!r}")
    for key in _MISPLACED:
        if key in environ:
            message = f"Environment should not have the key: {key} (use {key[5:]} instead)"
            yield broken("S12", message, key)


def _check_values(environ: dict[Any, Any]) -> Iterator[Violation]:
    for key, value in environ.items():
        if not isinstance(key, str):
            yield broken("S18", f"Environment key is not a string: {key!r}", key)
        elif "." in key:
            # Its type is its own business. One that is a str may be the deployer's, or of the operating system.
            if type(value) is not str and _EXTENSION.fullmatch(key) is None:
                message = f"Extension variable is not named in lower case, digits, dots and underscores: {key!r}"
                yield broken("S31", message, key)
        elif value is None:
            message = f"Environmental variable {key} is not a string: {type(value)!r} (value: None)"
            yield broken("S20", message, value)
        elif type(value) is not str:
            message = f"Environmental variable {key} is not a string: {type(value)!r} (value: {value!r})"
            yield broken("S18", message, value)
        elif _ESCAPED.search(value) is not None:
            message = f"Environmental variable {key} was not decoded as Latin-1 but with surrogateescape: {value!r}"
            yield broken("S34", message, value)
        elif not is_latin_1(value):
            message = f"Environmental variable {key} holds a character above U+00FF: {value!r}"
            yield broken("S19", message, value)


def _check_wsgi_variables(environ: dict[str, Any]) -> Iterator[Violation]:
    version: object = environ["wsgi.version"]
    scheme: object = environ["wsgi.url_scheme"]
    if not isinstance(version, tuple):
        yield broken("S24", f"wsgi.version should be a tuple ({version!r})", version)
    elif environ["wsgi.version"] != (1, 0) or type(environ["wsgi.version"]) is not tuple:
        message = f"wsgi.version should be (1, 0), not {environ['wsgi.version']!r}"
        yield broken("S24", message, environ["wsgi.version"])
    if scheme not in _SCHEMES:
        yield broken("S25", f"wsgi.url_scheme unknown: {scheme!r}", scheme)
    for violation in (check_input(environ["wsgi.input"]), check_errors(environ["wsgi.errors"])):
        if violation is not None:
            yield violation


def _check_cgi_variables(environ: dict[str, Any]) -> Iterator[Violation]:
    """Check the CGI variables that are strings; one that is none was reported before."""
    text = {key: value for key, value in environ.items() if type(value) is str}
    if text.get("REQUEST_METHOD") == "":
        yield broken("S05", "REQUEST_METHOD is empty", "")
    yield from _check_paths(text)
    length, port = text.get("CONTENT_LENGTH"), text.get("SERVER_PORT", "0")
    if length and not is_digits(length):
        yield broken("S13", f"Invalid CONTENT_LENGTH: {length!r}", length)
    if text.get("SERVER_NAME") == "":
        yield broken("S15", "SERVER_NAME is empty", "")
    if not is_digits(port):
        yield broken("S15", f"SERVER_PORT is not a decimal number: {port!r}", port)


def _check_paths(text: dict[str, str]) -> Iterator[Violation]:
    script_name, path_info = text.get("SCRIPT_NAME", ""), text.get("PATH_INFO")
    if script_name and not script_name.startswith("/"):
        yield broken("S07", f"SCRIPT_NAME doesn't start with /: {script_name!r}", script_name)
    if path_info and not path_info.startswith("/"):
        yield broken("S09", f"PATH_INFO doesn't start with /: {path_info!r}", path_info)
    if not script_name and path_info is None:
        message = (
            "One of SCRIPT_NAME or PATH_INFO are required (PATH_INFO should at least be '/' if SCRIPT_NAME is empty)"
        )
        yield broken("S10", message)
    if script_name == "/":
        message = "SCRIPT_NAME cannot be '/'; it should instead be '', and PATH_INFO should be '/'"
        yield broken("S08", message, script_name)
    elif script_name.endswith("/"):
        yield broken("S08", f"SCRIPT_NAME ends with /: {script_name!r}", script_name)
