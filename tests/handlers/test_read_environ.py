from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest

from gatewright.handlers import read_environ

Read = Callable[..., dict[str, str]]

FROM_REQUEST = [
    *("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "AUTH_TYPE", "CONTENT_TYPE", "CONTENT_LENGTH"),
    *("HTTPS", "REMOTE_USER", "REMOTE_IDENT", "HTTP_X", "SSL_CLIENT_CERT"),
    *("REDIRECT_PATH_INFO", "REDIRECT_REDIRECT_HTTP_X"),
]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Return what read_environ() makes of these variables."""

    def run(**variables: str) -> dict[str, str]:
        monkeypatch.setattr(os, "environ", variables)
        return read_environ()

    return run


@pytest.fixture
def on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the module take the system for Windows."""
    monkeypatch.setattr(os, "name", "nt")


@pytest.mark.parametrize("name", FROM_REQUEST)
def test_recoded(name: str, read: Read) -> None:
    """A variable of the request holds the bytes of the web server as Latin-1 (rule S34)."""
    assert read(**{name: os.fsdecode("/caf\xe9".encode())}) == {name: "/caf\xc3\xa9"}


@pytest.mark.parametrize("name", ["PATH", "HOME", "REDIRECT_", "XHTTP_X", "REDIRECT_PATH"])
def test_not_recoded(name: str, read: Read) -> None:
    """Any other variable is as in os.environ."""
    assert read(**{name: "caf\xe9"}) == {name: "caf\xe9"}


def test_bytes_that_cannot_be_decoded(read: Read) -> None:
    """Bytes that Python could not decode are recovered."""
    assert read(PATH_INFO=os.fsdecode(b"/\xff")) == {"PATH_INFO": "/\xff"}


def test_new_dictionary(read: Read) -> None:
    """The result may be changed without a trace in os.environ."""
    read(A="1").clear()
    assert os.environ == {"A": "1"}


def test_like_wsgiref(read: Read) -> None:
    """The result is that of wsgiref."""
    import wsgiref.handlers

    ours = read(PATH_INFO=os.fsdecode("/\u20ac".encode()), HTTP_X="a", HOME="/h\xe9")
    assert ours == wsgiref.handlers.read_environ()


@pytest.mark.usefixtures("on_windows")
@pytest.mark.parametrize(
    "software, value, expected",
    [
        ("Apache/2.4", "/caf\xc3\xa9", "/caf\xc3\xa9"),
        ("Microsoft-IIS/10.0", "/caf\xe9", "/caf\xc3\xa9"),
        ("SimpleHTTP/0.6 Python/3.13", "/caf\xe9", "/caf\xc3\xa9"),
        ("SimpleHTTP/0.6 Python/2.7", "/caf\xe9", "/caf\xe9".encode(sys.getfilesystemencoding()).decode("latin-1")),
        ("", "/caf\xe9", "/caf\xe9".encode(sys.getfilesystemencoding()).decode("latin-1")),
    ],
)
def test_windows(software: str, value: str, expected: str, read: Read) -> None:
    """On Windows the decoding depends on the web server, which is known by its name."""
    assert read(SERVER_SOFTWARE=software, PATH_INFO=value)["PATH_INFO"] == expected


@pytest.mark.usefixtures("on_windows")
def test_windows_unencodable(read: Read) -> None:
    """What cannot be encoded is replaced rather than an error."""
    assert read(PATH_INFO="/\ud800") == {"PATH_INFO": "/?"}
