"""How a server can go wrong with the environ (rules S01 to S34)."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

from linter_cases.programs import Application, Case, Lint, Server, answer, asked, served

__all__ = ["CASES"]


class OwnDict(dict[str, Any]):
    """A dict that is none of the builtin kind."""


class ReadOnly:
    """An input that can be read, and nothing else."""

    def read(self, _size: int = -1) -> bytes:
        """Return the end."""
        return b""


class WriteOnly:
    """An error stream that can be written to, and nothing else."""

    def write(self, _text: str) -> None:
        """Take the text."""


class AsciiOnly(StringIO):
    """An error stream that takes no other characters than ASCII's."""

    def write(self, text: str, /) -> int:
        """Take the text, or not."""
        text.encode("ascii")
        return super().write(text)


class OfItsOwnKind(Server):
    """A server whose environ is not a builtin dict."""

    def __init__(self) -> None:
        """Replace the environ."""
        super().__init__()
        self.environ = OwnDict(self.environ)


class OneArgument(Server):
    """A server that keeps its start_response to itself."""

    def serve(self, application: Application) -> None:
        """Call the application."""
        self.send(application(self.environ))


class ByKeyword(Server):
    """A server that names the arguments."""

    def serve(self, application: Application) -> None:
        """Call the application."""
        self.send(application(environ=self.environ, start_response=self.start_response))


def tell(environ: dict[str, Any], start_response: Application) -> object:
    """Be an application that writes what is not ASCII to its errors."""
    environ["wsgi.errors"].write("naïve\n")
    return answer()(environ, start_response)


_BREACHES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("S04", "REQUEST_METHOD is absent", {"REQUEST_METHOD": ...}),
    ("S05", "REQUEST_METHOD is empty", {"REQUEST_METHOD": ""}),
    ("S07", "SCRIPT_NAME `app`", {"SCRIPT_NAME": "app"}),
    ("S08", "SCRIPT_NAME `/`", {"SCRIPT_NAME": "/"}),
    ("S08", "SCRIPT_NAME `/app/`", {"SCRIPT_NAME": "/app/"}),
    ("S09", "PATH_INFO `page`", {"PATH_INFO": "page"}),
    ("S09", "PATH_INFO is a URL", {"PATH_INFO": "http://127.0.0.1/"}),
    ("S10", "SCRIPT_NAME empty, PATH_INFO absent", {"PATH_INFO": ...}),
    ("S10", "SCRIPT_NAME and PATH_INFO absent", {"SCRIPT_NAME": ..., "PATH_INFO": ...}),
    ("S12", "HTTP_CONTENT_TYPE", {"HTTP_CONTENT_TYPE": "text/plain"}),
    ("S12", "HTTP_CONTENT_LENGTH", {"HTTP_CONTENT_LENGTH": "0"}),
    ("S13", "CONTENT_LENGTH `1_0`", {"CONTENT_LENGTH": "1_0"}),
    ("S13", "CONTENT_LENGTH `abc`", {"CONTENT_LENGTH": "abc"}),
    ("S13", "CONTENT_LENGTH `-1`", {"CONTENT_LENGTH": "-1"}),
    ("S14", "SERVER_NAME is absent", {"SERVER_NAME": ...}),
    ("S14", "SERVER_PORT is absent", {"SERVER_PORT": ...}),
    ("S15", "SERVER_NAME is empty", {"SERVER_NAME": ""}),
    ("S15", "SERVER_PORT is empty", {"SERVER_PORT": ""}),
    ("S15", "SERVER_PORT `http`", {"SERVER_PORT": "http"}),
    ("S16", "SERVER_PROTOCOL is absent", {"SERVER_PROTOCOL": ...}),
    ("S18", "REMOTE_PORT is an int", {"REMOTE_PORT": 50000}),
    ("S18", "REMOTE_USER is bytes", {"REMOTE_USER": b"nobody"}),
    ("S19", "PATH_INFO holds a euro sign", {"PATH_INFO": "/€"}),
    ("S20", "REMOTE_USER is None", {"REMOTE_USER": None}),
    ("S24", "wsgi.version is absent", {"wsgi.version": ...}),
    ("S24", "wsgi.version is (1, 1)", {"wsgi.version": (1, 1)}),
    ("S24", "wsgi.version is a list", {"wsgi.version": [1, 0]}),
    ("S25", "wsgi.url_scheme is absent", {"wsgi.url_scheme": ...}),
    ("S25", "wsgi.url_scheme `ftp`", {"wsgi.url_scheme": "ftp"}),
    ("S26", "wsgi.input is absent", {"wsgi.input": ...}),
    ("S26", "wsgi.input has only read()", {"wsgi.input": ReadOnly()}),
    ("S27", "wsgi.errors is absent", {"wsgi.errors": ...}),
    ("S27", "wsgi.errors has only write()", {"wsgi.errors": WriteOnly()}),
    ("S29", "wsgi.multithread is absent", {"wsgi.multithread": ...}),
    ("S29", "wsgi.multiprocess is absent", {"wsgi.multiprocess": ...}),
    ("S29", "wsgi.run_once is absent", {"wsgi.run_once": ...}),
    ("S31", "`X-Server.Socket`, an object", {"X-Server.Socket": BytesIO()}),
    ("S34", "PATH_INFO decoded with surrogateescape", {"PATH_INFO": "/\udce9"}),
)

# The other side of each rule: what conforms and comes close to the breach, where there is such a thing.
_TWINS: dict[str, dict[str, object]] = {
    "S05": {"REQUEST_METHOD": "GET"},
    "S07": {"SCRIPT_NAME": "/app"},
    "S08": {"SCRIPT_NAME": "/app", "PATH_INFO": ""},
    "S09": {"SCRIPT_NAME": "/app", "PATH_INFO": ""},
    "S12": {"CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "0"},
    "S13": {"CONTENT_LENGTH": "10"},
    "S18": {"REMOTE_PORT": "50000", "REMOTE_USER": "nobody"},
    "S19": {"PATH_INFO": "/\xe2\x82\xac"},
    "S20": {"REMOTE_USER": ""},
    "S25": {"wsgi.url_scheme": "https"},
    "S31": {"x_server.socket": BytesIO()},
    "S34": {"PATH_INFO": "/\xe9"},
}


def _of_environ() -> Iterator[Case]:
    for rule, what, changes in _BREACHES:
        yield Case(rule, what, served(answer(), changes), served(answer(), _TWINS.get(rule)))


def _good(lint: Lint) -> None:
    Server().serve(lint(answer()))


CASES = (
    Case("S01", "one argument", asked(OneArgument), _good),
    Case("S01", "arguments by keyword", asked(ByKeyword), _good),
    Case("S03", "environ of a subclass of dict", asked(OfItsOwnKind), _good),
    Case("S06", "SCRIPT_NAME is absent", None, served(answer(), {"SCRIPT_NAME": ...})),
    Case("S06", "SCRIPT_NAME is empty", None, _good),
    Case("S11", "QUERY_STRING is absent", None, served(answer(), {"QUERY_STRING": ...})),
    Case("S11", "QUERY_STRING is empty", None, _good),
    Case("S28", "wsgi.errors takes ASCII only", served(tell, {"wsgi.errors": AsciiOnly()}), served(tell)),
    *_of_environ(),
    Case(
        "S10", "PATH_INFO absent, SCRIPT_NAME `/app`", None, served(answer(), {"SCRIPT_NAME": "/app", "PATH_INFO": ...})
    ),
)
