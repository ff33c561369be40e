"""What a checker knows of each value in an environ. Checked by mypy, pyright and pyrefly, never run."""

from collections.abc import ItemsView
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar, assert_type

from gatewright.types import Environ, ErrorStream, FileWrapper, InputStream


def getting_items(environ: Environ, name: str) -> None:
    """Every known key has its type; other keys are Any."""
    assert_type(environ["REQUEST_METHOD"], str)
    assert_type(environ["QUERY_STRING"], str)
    assert_type(environ["HTTP_COOKIE"], str)
    assert_type(environ["HTTP_SEC_FETCH_SITE"], str)
    assert_type(environ["REDIRECT_STATUS"], str)
    assert_type(environ["SSL_CLIENT_S_DN"], str)
    assert_type(environ["wsgi.url_scheme"], str)
    assert_type(environ["wsgi.input"], InputStream)
    assert_type(environ["wsgi.errors"], ErrorStream)
    assert_type(environ["wsgi.version"], tuple[int, int])
    assert_type(environ["wsgi.multithread"], bool)
    assert_type(environ["wsgi.multiprocess"], bool)
    assert_type(environ["wsgi.run_once"], bool)
    assert_type(environ["wsgi.input_terminated"], bool)
    assert_type(environ["wsgi.file_wrapper"], FileWrapper)
    assert_type(environ["HTTP_X_OUR_OWN"], Any)
    assert_type(environ["myframework.session"], Any)
    assert_type(environ[name], Any)


def getting(environ: Environ, name: str) -> None:
    """Optional keys may be None in get(); required keys raise no alarm, and still show their type."""
    assert_type(environ.get("REQUEST_METHOD"), str | Any)
    assert_type(environ.get("QUERY_STRING"), str | None)
    assert_type(environ.get("QUERY_STRING", None), str | None)
    assert_type(environ.get("wsgi.input"), InputStream | Any)
    assert_type(environ.get("wsgi.errors"), ErrorStream | Any)
    assert_type(environ.get("wsgi.version"), tuple[int, int] | Any)
    assert_type(environ.get("wsgi.run_once"), bool | Any)
    assert_type(environ.get("wsgi.input_terminated"), bool | None)
    assert_type(environ.get("wsgi.file_wrapper"), FileWrapper | None)
    assert_type(environ.get("myframework.session"), Any | None)
    assert_type(environ.get(name), Any | None)


def getting_with_a_default(environ: Environ, stream: BytesIO, version: tuple[int, int]) -> None:
    """A default of the value's own type keeps that type, another one joins it; for unknown keys all is Any."""
    assert_type(environ.get("QUERY_STRING", ""), str)
    assert_type(environ.get("REQUEST_METHOD", "GET"), str)
    assert_type(environ.get("CONTENT_LENGTH", 0), str | int)
    assert_type(environ.get("wsgi.input", stream), InputStream | BytesIO)
    assert_type(environ.get("wsgi.errors", None), ErrorStream | Any)
    assert_type(environ.get("wsgi.version", version), tuple[int, int])
    assert_type(environ.get("wsgi.input_terminated", False), bool)
    assert_type(environ.get("myframework.session", ""), Any)


def popping(environ: Environ) -> None:
    """pop() is typed as getting an item, and as get() with a default."""
    assert_type(environ.pop("HTTP_HOST"), str)
    assert_type(environ.pop("HTTP_HOST", None), str | None)
    assert_type(environ.pop("wsgi.input"), InputStream)
    assert_type(environ.pop("wsgi.input", None), InputStream | None)
    assert_type(environ.pop("wsgi.errors"), ErrorStream)
    assert_type(environ.pop("wsgi.errors", None), ErrorStream | None)
    assert_type(environ.pop("wsgi.input_terminated"), bool)
    assert_type(environ.pop("wsgi.input_terminated", False), bool)
    assert_type(environ.pop("wsgi.version"), tuple[int, int])
    assert_type(environ.pop("wsgi.version", None), tuple[int, int] | None)
    assert_type(environ.pop("wsgi.file_wrapper"), FileWrapper)
    assert_type(environ.pop("wsgi.file_wrapper", None), FileWrapper | None)
    assert_type(environ.pop("myframework.session"), Any)
    assert_type(environ.pop("myframework.session", None), Any)


def setting_defaults(environ: Environ, stream: BytesIO, errors: ErrorStream, wrapper: FileWrapper) -> None:
    """setdefault() returns the type of the key's values."""
    assert_type(environ.setdefault("SCRIPT_NAME", ""), str)
    assert_type(environ.setdefault("wsgi.input", stream), InputStream)
    assert_type(environ.setdefault("wsgi.errors", errors), ErrorStream)
    assert_type(environ.setdefault("wsgi.run_once", False), bool)
    assert_type(environ.setdefault("wsgi.version", (1, 0)), tuple[int, int])
    assert_type(environ.setdefault("wsgi.file_wrapper", wrapper), FileWrapper)
    assert_type(environ.setdefault("myframework.session", {}), Any)
    assert_type(environ.setdefault("myframework.session"), Any)


def changing(environ: Environ) -> None:
    """All that a dict takes, an Environ takes."""
    environ["REMOTE_USER"] = "guido"
    environ["myframework.session"] = object()
    environ["wsgi.multithread"] = 1  # as wsgiref.util.setup_testing_defaults() does
    environ.update({"a": 1}, b=2)
    environ.update([("a", 1)])
    environ.update(other=1)
    environ |= {"SCRIPT_NAME": "/app"}
    environ |= [("SCRIPT_NAME", "/app")]
    del environ["HTTP_HOST"]
    environ.clear()


def looking(environ: Environ) -> None:
    """The views, membership, iteration and length are those of a dict with str keys."""
    assert_type("HTTPS" in environ, bool)
    assert_type(len(environ), int)
    assert_type(list(environ), list[str])  # pyrefly: ignore[assert-type]  # Any is among the bases there
    assert_type(sorted(environ), list[str])  # pyrefly: ignore[assert-type]  # Any is among the bases there
    assert_type([key.lower() for key in environ.keys()], list[str])
    assert_type([value for value in environ.values()], list[Any])
    assert_type(environ.popitem(), tuple[str, Any])
    assert_type({key: value for key, value in environ.items()}, dict[str, Any])
    view: ItemsView[str, Any] = environ.items()
    assert_type(list(view), list[tuple[str, Any]])


def copying(environ: Environ) -> None:
    """Copies and joins of an Environ are Environs; plain dicts made of one are dict[str, Any]."""
    assert_type(environ.copy(), Environ)
    assert_type(environ | {"SCRIPT_NAME": "/app"}, Environ)
    assert_type(dict(environ), dict[str, Any])  # pyrefly: ignore[assert-type]  # Any is among the bases there
    assert_type({**environ}, dict[str, Any])  # pyrefly: ignore[assert-type]  # Any is among the bases there


class Request:
    """Keeps an environ as an attribute, which checkers look at as they look at methods."""

    base: ClassVar[Environ] = {}
    environ: Environ

    def __init__(self, environ: Environ) -> None:
        self.environ = self.given = environ


@dataclass
class Record:
    """Keeps one as a field."""

    environ: Environ


def keeping(request: Request, environ: Environ) -> None:
    """An attribute is as precise as a variable."""
    assert_type(request.base, Environ)
    assert_type(request.environ["PATH_INFO"], str)
    assert_type(request.given["wsgi.input"], InputStream)
    assert_type(Record(environ).environ.get("PATH_INFO"), str | None)
    request.environ = Record({}).environ


def matching(environ: Environ) -> str:
    """A mapping pattern may match an Environ."""
    match environ:
        case {"REQUEST_METHOD": "GET" | "HEAD"}:
            return "safe"
        case _:
            return "unknown"


def using_the_streams(environ: Environ) -> bytes:
    """The methods of PEP 3333 are there, typed."""
    body, errors = environ["wsgi.input"], environ["wsgi.errors"]
    assert_type(body.readline(80), bytes)
    assert_type(body.readlines(), list[bytes])
    assert_type([line for line in body], list[bytes])
    errors.write("some text\n")
    errors.writelines(line.decode() for line in body)
    errors.flush()
    return body.read(int(environ.get("CONTENT_LENGTH") or 0))


def sending_a_file(environ: Environ, file: BytesIO) -> list[bytes]:
    """A file wrapper takes a file and a block size by position."""
    wrapper = environ.get("wsgi.file_wrapper")
    return [] if wrapper is None else list(wrapper(file, 8192))
