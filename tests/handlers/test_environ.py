from __future__ import annotations

from collections.abc import Callable
from io import BytesIO, StringIO
from subprocess import CompletedProcess
from typing import Any

import pytest

from gatewright.handlers import BaseCGIHandler, SimpleHandler
from gatewright.spec.checks import check_environ
from gatewright.util import FileWrapper

RunPython = Callable[..., CompletedProcess[str]]


def environ_of(handler_class: type[SimpleHandler] = SimpleHandler, **variables: Any) -> dict[str, Any]:
    """Return the environ that a handler of this class makes from these variables."""
    handler = handler_class(BytesIO(), BytesIO(), StringIO(), variables)
    handler.setup_environ()
    return handler.environ


def test_wsgi_variables() -> None:
    """The settings of the handler become the variables of PEP 3333."""
    environ = environ_of()
    assert {key: value for key, value in environ.items() if key.startswith("wsgi.") and "put" not in key} == {
        "wsgi.errors": environ["wsgi.errors"],
        "wsgi.version": (1, 0),
        "wsgi.run_once": False,
        "wsgi.url_scheme": "http",
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.file_wrapper": FileWrapper,
    }


def test_sound() -> None:
    """With the variables of a request the environ breaks no rule."""
    environ = environ_of(
        REQUEST_METHOD="GET",
        SERVER_NAME="x",
        SERVER_PORT="80",
        SERVER_PROTOCOL="HTTP/1.0",
        SCRIPT_NAME="",
        PATH_INFO="/",
    )
    assert [*check_environ(environ)] == []


@pytest.mark.parametrize("value, scheme", [("on", "https"), ("off", "http")])
def test_scheme(value: str, scheme: str) -> None:
    """HTTPS decides on the scheme."""
    assert environ_of(HTTPS=value)["wsgi.url_scheme"] == scheme


def test_own_scheme() -> None:
    """A subclass may know better."""

    class Secure(SimpleHandler):
        def get_scheme(self) -> str:
            return "https"

    assert environ_of(Secure)["wsgi.url_scheme"] == "https"


def test_request_sets_no_wsgi_variable() -> None:
    """No variable of the request can stand in for one of the handler's."""
    handler = SimpleHandler(BytesIO(), BytesIO(), StringIO(), {"wsgi.url_scheme": "gopher", "wsgi.input": None})
    handler.setup_environ()
    assert (handler.environ["wsgi.url_scheme"], handler.environ["wsgi.input"]) == ("http", handler.stdin)


def test_no_file_wrapper() -> None:
    """A handler may offer no file wrapper."""

    class Plain(SimpleHandler):
        wsgi_file_wrapper = None

    assert "wsgi.file_wrapper" not in environ_of(Plain)


class Branded(SimpleHandler):
    server_software = "Brand/1"


class BrandedCGI(BaseCGIHandler):
    server_software = "Brand/1"


def test_server_software() -> None:
    """An origin server says what it is."""
    assert environ_of(Branded)["SERVER_SOFTWARE"] == "Brand/1"


def test_given_server_software() -> None:
    """What is there already stays."""
    assert environ_of(Branded, SERVER_SOFTWARE="Other/2")["SERVER_SOFTWARE"] == "Other/2"


def test_server_software_behind_a_server() -> None:
    """Behind a server it is for that one to say."""

    class Handler(BrandedCGI):
        os_environ: dict[str, str] = {}  # noqa: RUF012  # never written to

    assert "SERVER_SOFTWARE" not in environ_of(Handler)


def test_os_environ() -> None:
    """The environ starts as a copy of os_environ, which the request's variables override."""

    class Handler(SimpleHandler):
        os_environ: dict[str, str] = {"A": "os", "B": "os"}  # noqa: RUF012  # never written to

    environ = environ_of(Handler, B="request")
    environ["A"] = "changed"
    assert (environ["B"], Handler.os_environ) == ("request", {"A": "os", "B": "os"})


def test_os_environ_is_the_process_environment(run_python: RunPython, monkeypatch: pytest.MonkeyPatch) -> None:
    """As documented, os_environ is the process environment at the time of the import."""
    monkeypatch.setenv("SPAM", "eggs")
    done = run_python("-c", "from gatewright.handlers import BaseHandler; print(BaseHandler.os_environ['SPAM'])")
    assert done.stdout == "eggs\n"


def test_builtin_dict() -> None:
    """The environ is a builtin dict, even if os_environ or the given one is not (rule S03)."""

    class Variables(dict[str, str]):
        pass

    class Handler(SimpleHandler):
        os_environ = Variables(A="1")

    assert type(environ_of(Handler)) is dict
