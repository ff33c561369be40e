from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from gatewright.errors import RequestError
from gatewright.gateways.variables import complete
from gatewright.spec.checks import check_environ
from gatewright.util import setup_testing_defaults

NGINX = {"SERVER_SOFTWARE": "nginx/1.22.1"}
LATIN = st.characters(max_codepoint=0xFF)
PATHS = st.one_of(st.none(), st.text(st.sampled_from("/ab*\xff"), max_size=5))
USUAL = {"REQUEST_METHOD": "GET", "SERVER_NAME": "here", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1"}


def place(mount: str | None = None, **variables: str) -> tuple[str, str]:
    """Return the split of the path that comes of some variables."""
    environ: dict[str, Any] = USUAL | variables
    complete(environ, mount)
    return environ["SCRIPT_NAME"], environ["PATH_INFO"]


@pytest.mark.parametrize(
    "variables, split",
    [
        ({"SCRIPT_NAME": "", "PATH_INFO": "/a"}, ("", "/a")),
        ({"SCRIPT_NAME": "/app", "PATH_INFO": "/a"}, ("/app", "/a")),
        ({"SCRIPT_NAME": "/app"}, ("/app", "")),
        ({"SCRIPT_NAME": "/a/b"} | NGINX, ("", "/a/b")),
        ({"SCRIPT_NAME": "/a/b", "SCRIPT_FILENAME": "proxy:fcgi://127.0.0.1:9000/a/b"}, ("", "/a/b")),
        (
            {"SCRIPT_NAME": "/app", "SCRIPT_FILENAME": "proxy:scgi://h:1/x.py", "CONTEXT_PREFIX": "/app"},
            ("/app", ""),
        ),
        ({"SCRIPT_NAME": "/a", "PATH_INFO": "/a", "DOCUMENT_URI": "/a"}, ("", "/a")),
        ({"DOCUMENT_URI": "/a b", "REQUEST_URI": "/a%20b?c"}, ("", "/a b")),
        ({"REQUEST_URI": "/a%20b%ff?c"}, ("", "/a b\xff")),
        ({"SCRIPT_NAME": "/", "PATH_INFO": ""}, ("", "/")),
        ({"SCRIPT_NAME": "/", "PATH_INFO": "a"}, ("", "/a")),
        ({"SCRIPT_NAME": "/app/", "PATH_INFO": "/a"}, ("/app", "/a")),
        ({"SCRIPT_NAME": "/app/", "PATH_INFO": "a"}, ("/app", "/a")),
        ({"SCRIPT_NAME": "app", "PATH_INFO": "a"}, ("/app", "/a")),
        ({"SCRIPT_NAME": "", "PATH_INFO": "*", "REQUEST_URI": "*"}, ("", "")),
    ],
)
def test_the_split(variables: dict[str, str], split: tuple[str, str]) -> None:
    """What web servers send of the path becomes what PEP 3333 wants."""
    assert place(**variables) == split


@pytest.mark.parametrize(
    "mount, variables, split",
    [
        ("", {"SCRIPT_NAME": "/foo", "PATH_INFO": "/bar"}, ("", "/foo/bar")),
        ("/app", {"SCRIPT_NAME": "/app/x"} | NGINX, ("/app", "/x")),
        ("/app", {"SCRIPT_NAME": "/app"} | NGINX, ("/app", "")),
        ("/app", {"SCRIPT_NAME": "/apple"} | NGINX, ("/app", "/apple")),
        ("/app", {"SCRIPT_NAME": "", "PATH_INFO": "/x"}, ("/app", "/x")),
    ],
)
def test_a_mount(mount: str, variables: dict[str, str], split: tuple[str, str]) -> None:
    """An application that is told where it is mounted need not believe the web server."""
    assert place(mount, **variables) == split


def completed(**variables: str) -> dict[str, Any]:
    """Return variables as they become."""
    environ: dict[str, Any] = USUAL | {"PATH_INFO": "/"} | variables
    complete(environ, None)
    return environ


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE"])
def test_fields_that_are_no_variables(name: str) -> None:
    """A field whose variable would mislead a program is left out."""
    assert name not in completed(**{name: "x"})


@pytest.mark.parametrize("length", ["", "5"])
def test_a_body_that_was_chunked(length: str) -> None:
    """Chunks were taken apart by the web server, so nobody is told to do it again."""
    assert "HTTP_TRANSFER_ENCODING" not in completed(CONTENT_LENGTH=length, HTTP_TRANSFER_ENCODING="chunked")


@pytest.mark.parametrize("variables", [{"REQUEST_METHOD": ""}, {"CONTENT_LENGTH": "-1"}, {"CONTENT_LENGTH": "9" * 19}])
def test_refused(variables: dict[str, str]) -> None:
    """What is no request is the client's fault, or the web server's."""
    with pytest.raises(RequestError, match="400"):
        completed(**variables)


@pytest.mark.parametrize(
    "host, name",
    [("example.org:8080", "example.org"), ("example.org", "example.org"), ("[::1]:80", "[::1]"), ("", "localhost")],
)
def test_a_server_without_a_name(host: str, name: str) -> None:
    """A name that the web server was not told (nginx) is made up."""
    assert completed(SERVER_NAME="", HTTP_HOST=host)["SERVER_NAME"] == name


@pytest.mark.parametrize("https, port", [("on", "443"), ("", "80")])
def test_a_server_without_a_port(https: str, port: str) -> None:
    """A Unix socket has no port; the scheme's stands for it."""
    assert completed(SERVER_PORT="", HTTPS=https)["SERVER_PORT"] == port


@given(PATHS, PATHS, PATHS, st.sampled_from([None, "", "/a"]), st.booleans())
def test_any_path(script: str | None, path: str | None, uri: str | None, mount: str | None, nginx: bool) -> None:
    """Whatever a web server sends of the path, the environ breaks no rule."""
    sent = {"SCRIPT_NAME": script, "PATH_INFO": path, "REQUEST_URI": uri, "DOCUMENT_URI": uri}
    environ: dict[str, Any] = USUAL | {key: value for key, value in sent.items() if value is not None}
    environ |= NGINX if nginx else {}
    complete(environ, mount)
    setup_testing_defaults(environ)
    assert list(check_environ(environ)) == []
