"""Keys and values that keep the rules, or are somebody's own: not a word about any of it."""

import io
import sys
import wsgiref.types
import wsgiref.util
from collections.abc import Callable, Iterable
from typing import IO, Any, BinaryIO

from gatewright.types import Environ, ErrorStream, InputStream, WSGIEnvironment
from gatewright.util import FileWrapper


class Stream(io.RawIOBase):
    pass


class Proxy:
    def __getattr__(self, name: str) -> Any: ...


def keys_of_others(environ: Environ, key: str) -> None:
    environ["werkzeug.request"]
    environ["werkzeug.Request"] = 1
    environ["uwsgi.version"]
    environ["x-wsgiorg.uwsgi.version"]
    environ["wsgi.early_hints"]
    environ["wsgi.websocket"]
    environ["wsgiorg.routing_args"]
    environ["gunicorn.socket"]
    environ["repoze.who.identity"]
    environ["REMOTE_ID"]
    environ["REQUEST_URL"]
    environ["SERVER_PORT_SECURE"]
    environ["SERVER_SIGNATURE"]
    environ["SCRIPT_URL"]
    environ["SSL_SERVER_S_DN"]
    environ["SSL_CIPHERS"]
    environ["AUTH_USER"]
    environ["DJANGO_SETTINGS_MODULE"]
    environ["PATH"]
    environ["HOME"]
    environ["http_proxy"]
    environ["user"] = 1
    environ["date"] = 1
    environ["my_key"] = 1
    environ["x.y"] = None
    environ[key]
    environ[key] = 3
    environ.pop("HTTP_CONTENT_LENGTH", None)


def other_headers(environ: Environ) -> None:
    environ.get("HTTP_X_FORWARDED_PROTOCOL")
    environ.get("HTTP_X_REQUESTID")
    environ.get("HTTP_X_REQUEST_IP")
    environ.get("HTTP_X_REQUESTED_BY")
    environ.get("HTTP_COOKIES")
    environ.get("HTTP_AGE")
    environ.get("HTTP_T")
    environ.get("HTTP_X_Y_Z_2")
    environ.get("HTTP_HOSTS")
    environ.get("HTTP_AUTHORISATION")


def good_values(environ: Environ, text: str, any_value: Any, some: object, number: int, flag: bool) -> None:
    environ["REQUEST_METHOD"] = text
    environ["REQUEST_METHOD"] = "GET"
    environ["SCRIPT_NAME"] = ""
    environ["PATH_INFO"] = "/caf\xe9"
    environ["PATH_INFO"] = any_value
    environ["CONTENT_LENGTH"] = ""
    environ["CONTENT_LENGTH"] = str(number)
    environ["SERVER_PORT"] = f"{number}"
    environ["REMOTE_USER"] = text or ""
    environ["wsgi.version"] = (1, 0)
    environ["wsgi.version"] = (number, 0)
    environ["wsgi.url_scheme"] = "https" if flag else "http"
    environ["wsgi.multithread"] = flag
    environ["wsgi.multiprocess"] = 1
    environ["wsgi.run_once"] = number > 1
    environ["wsgi.input_terminated"] = True


def good_streams(
    environ: Environ,
    binary: BinaryIO,
    generic: IO[bytes],
    ours: InputStream,
    theirs: wsgiref.types.InputStream,
    errors: ErrorStream,
    their_errors: wsgiref.types.ErrorStream,
    some: object,
) -> None:
    environ["wsgi.input"] = io.BytesIO(b"a=b")
    environ["wsgi.input"] = io.BufferedReader(Stream())
    environ["wsgi.input"] = Stream()
    environ["wsgi.input"] = Proxy()
    environ["wsgi.input"] = binary
    environ["wsgi.input"] = generic
    environ["wsgi.input"] = ours
    environ["wsgi.input"] = theirs
    environ["wsgi.input"] = environ["wsgi.input"]
    environ["wsgi.input"] = some
    environ["wsgi.errors"] = sys.stderr
    environ["wsgi.errors"] = io.StringIO()
    environ["wsgi.errors"] = errors
    environ["wsgi.errors"] = their_errors
    environ["wsgi.file_wrapper"] = FileWrapper
    environ["wsgi.file_wrapper"] = wsgiref.util.FileWrapper
    environ["wsgi.file_wrapper"] = lambda file, size=8192: [file.read(size)]


def other_ways(environ: Environ, pairs: Iterable[tuple[str, str]], more: dict[str, Any]) -> None:
    environ.setdefault("SERVER_PORT", "80")
    environ.setdefault("myapp.user", 3)
    environ.update({"SERVER_PORT": "80", "myapp.user": 3})
    environ.update(pairs)
    environ.update(more)
    environ.update(SERVER_PORT="80")
    print("http_host" in environ, environ | {"myapp.user": 3})


def plain_dicts(environ: WSGIEnvironment, other: dict[str, Any], names: dict[str, str]) -> None:
    environ["REQUEST_METHD"] = 3
    other["wsgi.input"] = 3
    names["http_host"]


class Table:
    def __getitem__(self, key: str) -> str:
        return key


Table()["http_host"]
