from __future__ import annotations

import wsgiref.util
from collections.abc import Callable
from io import BytesIO
from typing import Any
from wsgiref.validate import validator as stdlib_validator

import pytest
from hypothesis import given, strategies as st

from gatewright.errors import MissingVariable
from gatewright.spec.checks import check_environ
from gatewright.types import HeaderList, OptExcInfo, StartResponse, SupportsClose, Write
from gatewright.util import (
    FileWrapper,
    application_uri,
    guess_scheme,
    is_hop_by_hop,
    request_uri,
    setup_testing_defaults,
    shift_path_info,
)

# --- FileWrapper ----------------------------------------------------------------------------------------------------


class Reader:
    """A file without close()."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        block, self.data = self.data[:size], self.data[size:]
        return block


def test_file_in_blocks() -> None:
    """A file is iterated over in blocks of the given size; the last one may be shorter."""
    assert [*FileWrapper(BytesIO(b"abcde"), 2)] == [b"ab", b"cd", b"e"]


def test_block_size() -> None:
    """A block has 8192 bytes unless it is said otherwise."""
    assert [len(block) for block in FileWrapper(BytesIO(bytes(10_000)))] == [8192, 1808]


def test_file_from_its_position() -> None:
    """Reading starts where the file stands (rule S78)."""
    file = BytesIO(b"abcde")
    file.seek(3)
    assert b"".join(FileWrapper(file)) == b"de"


def test_file_attributes() -> None:
    """The file and the block size can be read, for servers that have a better way to send a file."""
    file = BytesIO()
    wrapper = FileWrapper(file, blksize=7)
    assert (wrapper.filelike, wrapper.blksize) == (file, 7)


def test_wrapper_is_its_iterator() -> None:
    """The wrapper is its own iterator: it can be read once."""
    wrapper = FileWrapper(BytesIO())
    assert iter(wrapper) is wrapper


def test_close() -> None:
    """Closing the wrapper closes the file."""
    file = BytesIO()
    FileWrapper(file).close()
    assert file.closed


def test_no_close() -> None:
    """A file without close() makes a wrapper without it (rule S76)."""
    assert not hasattr(FileWrapper(Reader(b"")), "close")


def test_any_reader() -> None:
    """read(size) is all that is asked of a file (rule S77)."""
    assert [*FileWrapper(Reader(b"abc"), 2)] == [b"ab", b"c"]


def test_getitem() -> None:
    """Indexing gives the next block, whatever the index, and is deprecated."""
    wrapper = FileWrapper(BytesIO(b"abc"), 2)
    with pytest.warns(DeprecationWarning, match="iterate over it instead"):
        assert wrapper[7] == b"ab"


def test_getitem_at_the_end() -> None:
    """Indexing at the end of the file is an IndexError, which ends the oldest kind of loop."""
    with pytest.warns(DeprecationWarning, match="ignores the index"), pytest.raises(IndexError):
        FileWrapper(BytesIO())[0]


# --- URIs -----------------------------------------------------------------------------------------------------------


def make_environ(**changes: str) -> dict[str, Any]:
    """Return an environ with made-up values and these changes."""
    environ: dict[str, Any] = {key.replace("wsgi_", "wsgi."): value for key, value in changes.items()}
    setup_testing_defaults(environ)
    return environ


@pytest.mark.parametrize(
    "value, scheme", [("on", "https"), ("yes", "https"), ("1", "https"), ("off", "http"), ("", "http")]
)
def test_guess_scheme(value: str, scheme: str) -> None:
    """HTTPS is on, yes or 1 where the request came through TLS."""
    assert guess_scheme({"HTTPS": value}) == scheme


def test_guess_scheme_without_https() -> None:
    """Without HTTPS the scheme is http."""
    assert guess_scheme({}) == "http"


URIS: list[tuple[dict[str, str], str, str]] = [
    ({}, "http://127.0.0.1/", "http://127.0.0.1/"),
    ({"SCRIPT_NAME": "/spam"}, "http://127.0.0.1/spam", "http://127.0.0.1/spam"),
    ({"SCRIPT_NAME": "/spam", "PATH_INFO": "/a"}, "http://127.0.0.1/spam", "http://127.0.0.1/spam/a"),
    ({"SCRIPT_NAME": "", "PATH_INFO": "/a;b=c,d"}, "http://127.0.0.1/", "http://127.0.0.1/a;b=c,d"),
    ({"SCRIPT_NAME": "/\xe4", "PATH_INFO": "/\xf6 ?"}, "http://127.0.0.1/%E4", "http://127.0.0.1/%E4/%F6%20%3F"),
    ({"HTTP_HOST": "example.org:81"}, "http://example.org:81/", "http://example.org:81/"),
    ({"HTTPS": "on", "HTTP_HOST": "x"}, "https://x/", "https://x/"),
    ({"QUERY_STRING": "a=b"}, "http://127.0.0.1/", "http://127.0.0.1/?a=b"),
    ({"QUERY_STRING": ""}, "http://127.0.0.1/", "http://127.0.0.1/"),
    ({"HTTP_HOST": "", "SERVER_PORT": "80"}, "http://127.0.0.1/", "http://127.0.0.1/"),
    ({"HTTP_HOST": "", "SERVER_PORT": "8080"}, "http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
    ({"HTTP_HOST": "", "HTTPS": "on", "SERVER_PORT": "443"}, "https://127.0.0.1/", "https://127.0.0.1/"),
    ({"HTTP_HOST": "", "HTTPS": "on", "SERVER_PORT": "80"}, "https://127.0.0.1:80/", "https://127.0.0.1:80/"),
]


@pytest.mark.parametrize("changes, application, request_", URIS)
def test_uris(changes: dict[str, str], application: str, request_: str) -> None:
    """URIs are built as PEP 3333 shows: Host, else name and port, unless it is the scheme's (rule S81)."""
    environ = make_environ(**changes)
    assert (application_uri(environ), request_uri(environ)) == (application, request_)


@pytest.mark.parametrize("changes", [changes for changes, _, _ in URIS])
def test_uris_like_wsgiref(changes: dict[str, str]) -> None:
    """URIs are those of wsgiref."""
    environ = make_environ(**changes)
    ours = (application_uri(environ), request_uri(environ), request_uri(environ, include_query=False))
    assert ours == (
        wsgiref.util.application_uri(environ),
        wsgiref.util.request_uri(environ),
        wsgiref.util.request_uri(environ, include_query=False),
    )


@pytest.mark.parametrize("function", [application_uri, request_uri])
@pytest.mark.parametrize("key, rule", [("wsgi.url_scheme", "S25"), ("SERVER_NAME", "S14"), ("SERVER_PORT", "S14")])
def test_uri_names_the_rule(function: Callable[[dict[str, Any]], str], key: str, rule: str) -> None:
    """A variable that is missing is a KeyError that says what is missing and which rule wants it."""
    environ = make_environ()
    del environ[key], environ["HTTP_HOST"]
    with pytest.raises(MissingVariable, match=f"^the environ lacks '{key}': {rule} ") as raised:
        function(environ)
    assert isinstance(raised.value, KeyError)


def test_host_is_enough() -> None:
    """With a Host neither name nor port of the server is needed."""
    assert request_uri({"wsgi.url_scheme": "http", "HTTP_HOST": "x"}) == "http://x/"


# --- Paths ----------------------------------------------------------------------------------------------------------


def shifted(script_name: str, path_info: str) -> tuple[str | None, str, str]:
    """Return what shift_path_info() returns and leaves behind."""
    environ: dict[str, Any] = {"SCRIPT_NAME": script_name, "PATH_INFO": path_info}
    name = shift_path_info(environ)
    return name, environ["SCRIPT_NAME"], environ["PATH_INFO"]


@pytest.mark.parametrize(
    "script_name, path_info, expected",
    [
        ("", "/", ("", "/", "")),
        ("", "/x", ("x", "/x", "")),
        ("/a", "", (None, "/a", "")),
        ("/a", "/x/y", ("x", "/a/x", "/y")),
        ("/a", "/x/", ("x", "/a/x", "/")),
        ("/a", "/", ("", "/a/", "")),
        ("/a/", "/", ("", "/a/", "")),
        ("/a", "///x/.//y", ("x", "/a/x", "/y")),
        ("/a/b", "/../x", ("..", "/a", "/x")),
        ("/a", "/.", (None, "/a", "")),
        ("/a", "/./x", ("x", "/a/x", "")),
    ],
)
def test_shift(script_name: str, path_info: str, expected: tuple[str | None, str, str]) -> None:
    """The first segment of PATH_INFO moves to the end of SCRIPT_NAME."""
    assert shifted(script_name, path_info) == expected


def test_shift_an_empty_environ() -> None:
    """Without PATH_INFO there is nothing to shift."""
    assert shift_path_info({}) is None


def test_shift_without_script_name() -> None:
    """A SCRIPT_NAME that is absent counts as empty."""
    environ = {"PATH_INFO": "/x/y"}
    assert (shift_path_info(environ), environ) == ("x", {"SCRIPT_NAME": "/x", "PATH_INFO": "/y"})


@pytest.mark.parametrize("path_info, expected", [("x", ("x", "/x", "")), ("x/y", ("x", "/x", "/y"))])
def test_shift_without_slash(path_info: str, expected: tuple[str, str, str]) -> None:
    """A path that lacks its slash (rule S09) is taken as if it had it, where wsgiref has an IndexError or skips "x"."""
    assert shifted("", path_info) == expected


SEGMENTS = st.lists(st.sampled_from(["", ".", "..", "a", "b c", "\xe9"]) | st.text("ab./", max_size=4), max_size=5)


@given(st.sampled_from(["", "/a", "/a/b", "/a/"]), SEGMENTS)
def test_shift_like_wsgiref(script_name: str, segments: list[str]) -> None:
    """Any path that starts with a slash is shifted as wsgiref shifts it."""
    path_info = "/" + "/".join(segments)
    environ: dict[str, Any] = {"SCRIPT_NAME": script_name, "PATH_INFO": path_info}
    name = wsgiref.util.shift_path_info(environ)
    assert shifted(script_name, path_info) == (name, environ["SCRIPT_NAME"], environ["PATH_INFO"])


@given(st.text(max_size=6), st.text(max_size=6))
def test_shift_never_raises(script_name: str, path_info: str) -> None:
    """No path is an error, and what is left of it is legal."""
    _, _, rest = shifted(script_name, f"/{path_info}")
    assert rest == "" or rest.startswith("/")


# --- Defaults and hop-by-hop fields ---------------------------------------------------------------------------------


def test_defaults_are_complete() -> None:
    """The defaults break no rule."""
    assert [*check_environ(make_environ())] == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"HTTPS": "on"},
        {"wsgi_url_scheme": "gopher"},
        {"SERVER_NAME": "x"},
        {"PATH_INFO": "/a"},
        {"SCRIPT_NAME": "/a"},
    ],
)
def test_defaults_like_wsgiref(changes: dict[str, str]) -> None:
    """The defaults are those of wsgiref, and what was there stays."""
    theirs: dict[str, Any] = {key.replace("wsgi_", "wsgi."): value for key, value in changes.items()}
    wsgiref.util.setup_testing_defaults(theirs)
    ours = make_environ(**changes)
    streams = {"wsgi.input", "wsgi.errors"}
    assert {key: ours[key] for key in ours.keys() - streams} == {key: theirs[key] for key in theirs.keys() - streams}


def no_content(_environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    """Answer with nothing."""
    start_response("204 No Content", [])
    return []


def start_nothing(_status: str, _headers: HeaderList, _exc_info: OptExcInfo | None = None) -> Write:
    """Stand for a server."""
    return BytesIO().write


def test_defaults_satisfy_wsgiref() -> None:
    """The validator of wsgiref finds nothing in the defaults."""
    result = stdlib_validator(no_content)(make_environ(QUERY_STRING=""), start_nothing)
    assert isinstance(result, SupportsClose)
    result.close()


@pytest.mark.parametrize("name", ["Connection", "KEEP-ALIVE", "te", "Transfer-Encoding", "Upgrade", "Trailers"])
def test_hop_by_hop(name: str) -> None:
    """Fields that belong to the connection are known whatever their case."""
    assert is_hop_by_hop(name)


@pytest.mark.parametrize("name", ["Accept", "Cache-Control", "Date", "Pragma", "Trailer", ""])
def test_no_hop_by_hop(name: str) -> None:
    """All other fields are not among them; Trailer is not, as CPython's tests require."""
    assert not is_hop_by_hop(name)
