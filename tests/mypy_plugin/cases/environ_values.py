"""What is put into an environ, held against the rules: by its value where that is known, and by its type otherwise."""

import io
from collections.abc import Iterable
from typing import Any, BinaryIO, Final, TextIO

from gatewright.types import Environ, StartResponse, WSGIApplication

PORT: Final = 80


class Reader:
    def read(self, size: int = -1) -> bytes:
        return b""


def values(environ: Environ) -> None:
    environ["REQUEST_METHOD"] = ""  # E: REQUEST_METHOD is empty (S05)  [wsgi-environ]
    environ["SCRIPT_NAME"] = "app"  # E: SCRIPT_NAME doesn't start with /: 'app' (S07)  [wsgi-environ]
    environ["SCRIPT_NAME"] = "/"  # E: SCRIPT_NAME cannot be '/'; it should instead be '', and PATH_INFO should be '/' (S08)  [wsgi-environ]
    environ["SCRIPT_NAME"] = "/app/"  # E: SCRIPT_NAME ends with /: '/app/' (S08)  [wsgi-environ]
    environ["PATH_INFO"] = "http://example.com/"  # E: PATH_INFO doesn't start with /: 'http://example.com/' (S09)  [wsgi-environ]
    environ["CONTENT_LENGTH"] = "+5"  # E: Invalid CONTENT_LENGTH: '+5' (S13)  [wsgi-environ]
    environ["CONTENT_LENGTH"] = 5  # E: Environmental variable CONTENT_LENGTH is not a string: <class 'int'> (value: 5) (S18)  [wsgi-environ]
    environ["SERVER_NAME"] = ""  # E: SERVER_NAME is empty (S15)  [wsgi-environ]
    environ["SERVER_PORT"] = "http"  # E: SERVER_PORT is not a decimal number: 'http' (S15)  [wsgi-environ]
    environ["SERVER_PORT"] = PORT  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ]
    environ["QUERY_STRING"] = None  # E: Environmental variable QUERY_STRING is not a string: <class 'NoneType'> (value: None) (S20)  [wsgi-environ]
    environ["QUERY_STRING"] = b"a=b"  # E: Environmental variable QUERY_STRING is not a string: <class 'bytes'> (value: b'a=b') (S18)  [wsgi-environ]
    environ["HTTP_X_OF_MINE"] = "\N{EURO SIGN}"  # E: Environmental variable HTTP_X_OF_MINE holds a character above U+00FF: '€' (S19)  [wsgi-environ]
    environ["wsgi.version"] = [1, 0]  # E: wsgi.version should be a tuple ([1, 0]) (S24)  [wsgi-environ]
    environ["wsgi.version"] = (1, 1)  # E: wsgi.version should be (1, 0), not (1, 1) (S24)  [wsgi-environ]
    environ["wsgi.version"] = "1.0"  # E: wsgi.version should be a tuple ('1.0') (S24)  [wsgi-environ]
    environ["wsgi.url_scheme"] = "ftp"  # E: wsgi.url_scheme unknown: 'ftp' (S25)  [wsgi-environ]


def types(environ: Environ, port: int, data: bytes, user: str | None, text: TextIO, reader: Reader) -> None:
    environ["SERVER_PORT"] = port  # E: environ["SERVER_PORT"] is to be str, not "int" (S18)  [wsgi-environ]
    environ["PATH_INFO"] = data  # E: environ["PATH_INFO"] is to be str, not "bytes" (S18)  [wsgi-environ]
    environ["REMOTE_USER"] = user  # E: environ["REMOTE_USER"] is to be str, not "None" (S20)  [wsgi-environ]
    environ["HTTP_X_OF_MINE"] = port  # E: environ["HTTP_X_OF_MINE"] is to be str, not "int" (S18)  [wsgi-environ]
    environ["wsgi.url_scheme"] = data  # E: environ["wsgi.url_scheme"] is to be str, not "bytes" (S18)  [wsgi-environ]
    environ["wsgi.version"] = port  # E: environ["wsgi.version"] is to be tuple[int, int], not "int" (S24)  [wsgi-environ]
    environ["wsgi.input"] = data  # E: environ["wsgi.input"] is to have read(), which "bytes" has not (S26)  [wsgi-environ]
    environ["wsgi.input"] = 3  # E: environ["wsgi.input"] is to have read(), which "int" has not (S26)  [wsgi-environ]
    environ["wsgi.input"] = None  # E: environ["wsgi.input"] is to have read(), which "None" has not (S26)  [wsgi-environ]
    environ["wsgi.input"] = reader  # E: environ["wsgi.input"] is to have readline(), which "Reader" has not (S26)  [wsgi-environ]
    environ["wsgi.input"] = text  # E: environ["wsgi.input"] is to be an InputStream, not "TextIO" (S35)  [wsgi-environ]
    environ["wsgi.input"] = io.StringIO("a=b")  # E: environ["wsgi.input"] is to be an InputStream, not "StringIO" (S35)  [wsgi-environ]
    environ["wsgi.input"] = io.BytesIO  # E: environ["wsgi.input"] is to have read(), which "type[BytesIO]" has not (S26)  [wsgi-environ]
    environ["wsgi.errors"] = user  # E: environ["wsgi.errors"] is to have flush(), which "str" has not (S27)  [wsgi-environ]
    environ["wsgi.errors"] = reader  # E: environ["wsgi.errors"] is to have flush(), which "Reader" has not (S27)  [wsgi-environ]
    environ["wsgi.multithread"] = "no"  # E: environ["wsgi.multithread"] is to be bool, not "str" (S29)  [wsgi-environ]
    environ["wsgi.run_once"] = None  # E: environ["wsgi.run_once"] is to be bool, not "None" (S29)  [wsgi-environ]
    environ["wsgi.file_wrapper"] = "sendfile"  # E: environ["wsgi.file_wrapper"] is to be a FileWrapper, not "str" (S73)  [wsgi-environ]
    environ["wsgi.file_wrapper"] = reader  # E: environ["wsgi.file_wrapper"] is to be a FileWrapper, not "Reader" (S73)  [wsgi-environ]


def other_ways(environ: Environ, port: int) -> None:
    environ.setdefault("SERVER_PORT", 80)  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ]
    environ.setdefault("SERVER_PORT", port)  # E: environ["SERVER_PORT"] is to be str, not "int" (S18)  [wsgi-environ]
    environ.update({"SERVER_PORT": 80, "REMOTE_PORT": port, "SERVER_NAM": "localhost", **environ})  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ] # E: environ["REMOTE_PORT"] is to be str, not "int" (S18)  [wsgi-environ] # E: No server gives "SERVER_NAM" in the environ; did you mean "SERVER_NAME"? (S14)  [wsgi-environ]
    environ.update(SERVER_PORT=80, SERVER_NAM="localhost")  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ] # E: No server gives "SERVER_NAM" in the environ; did you mean "SERVER_NAME"? (S14)  [wsgi-environ]


# --- Displays that are given as an environ


class Client:
    def __init__(self, environ: Environ) -> None: ...
    def request(self, path: str, environ: Environ | None = None) -> None: ...


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    return []


def displays(app: WSGIApplication, start_response: StartResponse, client: Client, port: int) -> None:
    application({"SERVER_PORT": 80}, start_response)  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ]
    app({"SERVER_PORT": port}, start_response)  # E: environ["SERVER_PORT"] is to be str, not "int" (S18)  [wsgi-environ]
    Client({"SERVER_PORT": 80})  # E: Environmental variable SERVER_PORT is not a string: <class 'int'> (value: 80) (S18)  [wsgi-environ]
    client.request("/", environ={"SERVER_NAM": "localhost", "wsgi.input": 3})  # E: No server gives "SERVER_NAM" in the environ; did you mean "SERVER_NAME"? (S14)  [wsgi-environ] # E: environ["wsgi.input"] is to have read(), which "int" has not (S26)  [wsgi-environ]
