"""Keys of the environ: what they hold, and which were meant."""

from typing import Final, assert_type

from gatewright.types import Environ, InputStream

METHOD: Final = "REQUEST_METHD"


def any_header_is_text(environ: Environ) -> None:
    assert_type(environ["HTTP_X_OF_MINE"], str)
    assert_type(environ.get("HTTP_X_OF_MINE"), str | None)
    assert_type(environ.get("HTTP_X_OF_MINE", 0), str | int)
    assert_type(environ.pop("HTTP_X_OF_MINE"), str)
    assert_type(environ.pop("HTTP_X_OF_MINE", None), str | None)
    assert_type(environ.setdefault("HTTP_X_OF_MINE", "x"), str)
    number: int = environ["HTTP_X_OF_MINE"]  # E: Incompatible types in assignment (expression has type "str", variable has type "int")  [assignment]
    int(environ.get("HTTP_X_OF_MINE"))  # E: Argument 1 to "int" has incompatible type "str | None"; expected "str | Buffer | SupportsInt | SupportsIndex | SupportsTrunc"  [arg-type]


def known_keys_are_typed(environ: Environ) -> None:
    assert_type(environ["REQUEST_METHOD"], str)
    assert_type(environ["wsgi.input"], InputStream)
    assert_type(environ.get("CONTENT_LENGTH", 0), str | int)
    environ["wsgi.input"].raed()  # E: "InputStream" has no attribute "raed"  [attr-defined]


def slips(environ: Environ) -> None:
    environ["REQUEST_METHD"]  # E: No server gives "REQUEST_METHD" in the environ; did you mean "REQUEST_METHOD"? (S04)  [wsgi-environ]
    environ[METHOD]  # E: No server gives "REQUEST_METHD" in the environ; did you mean "REQUEST_METHOD"? (S04)  [wsgi-environ]
    environ["SERVER_NAEM"]  # E: No server gives "SERVER_NAEM" in the environ; did you mean "SERVER_NAME"? (S14)  [wsgi-environ]
    environ["SERVER_PPORT"]  # E: No server gives "SERVER_PPORT" in the environ; did you mean "SERVER_PORT"? (S14)  [wsgi-environ]
    environ["SERVER_PROTOCO"]  # E: No server gives "SERVER_PROTOCO" in the environ; did you mean "SERVER_PROTOCOL"? (S16)  [wsgi-environ]
    environ["PATHINFO"]  # E: No server gives "PATHINFO" in the environ; did you mean "PATH_INFO"? (S10)  [wsgi-environ]
    environ["SCRIPT_NANE"]  # E: No server gives "SCRIPT_NANE" in the environ; did you mean "SCRIPT_NAME"? (S10)  [wsgi-environ]
    environ.get("QUERY_STING", "")  # E: No server gives "QUERY_STING" in the environ; did you mean "QUERY_STRING"? (S11)  [wsgi-environ]
    environ.pop("REMOTE_ADR", None)  # E: No server gives "REMOTE_ADR" in the environ; did you mean "REMOTE_ADDR"? (S21)  [wsgi-environ]
    environ.get("HTTP_REFERRER")  # E: No server gives "HTTP_REFERRER" in the environ; did you mean "HTTP_REFERER"? (S17)  [wsgi-environ]
    environ.get("HTTP_USER_AGNET")  # E: No server gives "HTTP_USER_AGNET" in the environ; did you mean "HTTP_USER_AGENT"? (S17)  [wsgi-environ]
    environ.get("SSL_PROTCOL")  # E: No server gives "SSL_PROTCOL" in the environ; did you mean "SSL_PROTOCOL"? (S22)  [wsgi-environ]
    environ.get("DOCUMENT_ROT")  # E: No server gives "DOCUMENT_ROT" in the environ; did you mean "DOCUMENT_ROOT"? (S23)  [wsgi-environ]
    environ["wsgi.url_sheme"]  # E: No server gives "wsgi.url_sheme" in the environ; did you mean "wsgi.url_scheme"? (S25)  [wsgi-environ]
    environ["wsgi.inpt"]  # E: No server gives "wsgi.inpt" in the environ; did you mean "wsgi.input"? (S26)  [wsgi-environ]
    environ["wsgi.error"]  # E: No server gives "wsgi.error" in the environ; did you mean "wsgi.errors"? (S27)  [wsgi-environ]
    environ["wsgi.multi_thread"]  # E: No server gives "wsgi.multi_thread" in the environ; did you mean "wsgi.multithread"? (S29)  [wsgi-environ]
    environ["wsgi.verison"]  # E: No server gives "wsgi.verison" in the environ; did you mean "wsgi.version"? (S24)  [wsgi-environ]
    environ["wsgi.file_wraper"]  # E: No server gives "wsgi.file_wraper" in the environ; did you mean "wsgi.file_wrapper"? (S73)  [wsgi-environ]
    environ.setdefault("SERVER_NAM", "localhost")  # E: No server gives "SERVER_NAM" in the environ; did you mean "SERVER_NAME"? (S14)  [wsgi-environ]
    environ["REMOTE_USR"] = "me"  # E: No server gives "REMOTE_USR" in the environ; did you mean "REMOTE_USER"? (S21)  [wsgi-environ]
    del environ["REMOTE_USR"]  # E: No server gives "REMOTE_USR" in the environ; did you mean "REMOTE_USER"? (S21)  [wsgi-environ]


def case_and_hyphens(environ: Environ) -> None:
    environ["http_host"]  # E: No server gives "http_host" in the environ; did you mean "HTTP_HOST"? (S17)  [wsgi-environ]
    environ["Request_Method"]  # E: No server gives "Request_Method" in the environ; did you mean "REQUEST_METHOD"? (S04)  [wsgi-environ]
    environ["CONTENT-TYPE"]  # E: No server gives "CONTENT-TYPE" in the environ; did you mean "CONTENT_TYPE"? (S12)  [wsgi-environ]
    environ["Content-Length"]  # E: No server gives "Content-Length" in the environ; did you mean "CONTENT_LENGTH"? (S12)  [wsgi-environ]
    environ["User-Agent"]  # E: No server gives "User-Agent" in the environ; did you mean "HTTP_USER_AGENT"? (S17)  [wsgi-environ]
    environ["HTTP_User_Agent"]  # E: No server gives "HTTP_User_Agent" in the environ; did you mean "HTTP_USER_AGENT"? (S17)  [wsgi-environ]
    environ["HTTP_X-Of-Mine"]  # E: No server gives "HTTP_X-Of-Mine" in the environ; did you mean "HTTP_X_OF_MINE"? (S17)  [wsgi-environ]
    environ["WSGI.Input"]  # E: No server gives "WSGI.Input" in the environ; did you mean "wsgi.input"? (S26)  [wsgi-environ]
    environ["wsgi.URL_SCHEME"]  # E: No server gives "wsgi.URL_SCHEME" in the environ; did you mean "wsgi.url_scheme"? (S25)  [wsgi-environ]


def without_prefix(environ: Environ) -> None:
    environ["HTTP_CONTENT_TYPE"]  # E: No server gives "HTTP_CONTENT_TYPE" in the environ; did you mean "CONTENT_TYPE"? (S12)  [wsgi-environ]
    environ.get("HTTP_CONTENT_LENGTH")  # E: No server gives "HTTP_CONTENT_LENGTH" in the environ; did you mean "CONTENT_LENGTH"? (S12)  [wsgi-environ]
    environ.pop("HTTP_CONTENT_LENGTH", None)
