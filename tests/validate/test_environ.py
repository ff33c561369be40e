from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO, StringIO
from typing import Any

import pytest

from gatewright.types import HeaderList, OptExcInfo, StartResponse, Write
from gatewright.validate import ErrorWrapper, InputWrapper, validator

MakeEnviron = Callable[..., dict[str, Any]]
Call = Callable[..., bytes]
Refusal = Callable[..., str]
Found = Callable[..., list[str]]
Messages = Callable[..., tuple[str, str]]


def start(_status: str, _headers: HeaderList, _exc_info: OptExcInfo | None = None, /) -> Write:
    """Be a server's start_response()."""
    return lambda _: None


def answer(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Do everything right."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"body"]


class Variables(dict[str, Any]):
    pass


class Text(str):
    __slots__ = ()


# What breaks a rule, and its twin that keeps it. Where wsgiref has a message, ours is the same.
CASES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("S04", {"REQUEST_METHOD": ...}, {"REQUEST_METHOD": "PATCH"}, True),
    ("S05", {"REQUEST_METHOD": ""}, {"REQUEST_METHOD": "PROPFIND"}, False),
    ("S07", {"SCRIPT_NAME": "app"}, {"SCRIPT_NAME": "/app"}, True),
    ("S08", {"SCRIPT_NAME": "/"}, {"SCRIPT_NAME": ""}, True),
    ("S08", {"SCRIPT_NAME": "/app/"}, {"SCRIPT_NAME": "/app", "PATH_INFO": "/"}, False),
    ("S09", {"PATH_INFO": "page"}, {"PATH_INFO": "/page"}, True),
    ("S10", {"SCRIPT_NAME": "", "PATH_INFO": ...}, {"SCRIPT_NAME": "/app", "PATH_INFO": ...}, False),
    ("S10", {"SCRIPT_NAME": ..., "PATH_INFO": ...}, {"SCRIPT_NAME": ..., "PATH_INFO": "/"}, False),
    ("S12", {"HTTP_CONTENT_TYPE": "text/plain"}, {"CONTENT_TYPE": "text/plain"}, True),
    ("S12", {"HTTP_CONTENT_LENGTH": "1"}, {"CONTENT_LENGTH": "1"}, True),
    ("S13", {"CONTENT_LENGTH": "-1"}, {"CONTENT_LENGTH": ""}, True),
    ("S13", {"CONTENT_LENGTH": "1_0"}, {"CONTENT_LENGTH": "10"}, False),
    ("S13", {"CONTENT_LENGTH": "abc"}, {"CONTENT_LENGTH": "0"}, False),
    ("S14", {"SERVER_NAME": ...}, {"SERVER_NAME": "x"}, True),
    ("S14", {"SERVER_PORT": ...}, {"SERVER_PORT": "8000"}, True),
    ("S15", {"SERVER_NAME": ""}, {"SERVER_NAME": "::1"}, False),
    ("S15", {"SERVER_PORT": "http"}, {"SERVER_PORT": "80"}, False),
    ("S16", {"SERVER_PROTOCOL": ...}, {"SERVER_PROTOCOL": "HTTP/1.1"}, False),
    ("S18", {"SERVER_PORT": 80}, {"SERVER_PORT": "80"}, True),
    ("S18", {"HTTP_X": Text("x")}, {"HTTP_X": "x"}, True),
    ("S19", {"HTTP_X": "\u20ac"}, {"HTTP_X": "\xe2\x82\xac"}, False),
    ("S34", {"PATH_INFO": "/\udce9"}, {"PATH_INFO": "/\xe9"}, False),
    ("S20", {"REMOTE_USER": None}, {"REMOTE_USER": ""}, True),
    ("S24", {"wsgi_version": ...}, {"wsgi_version": (1, 0)}, True),
    ("S24", {"wsgi_version": [1, 0]}, {"wsgi_version": (1, 0)}, True),
    ("S24", {"wsgi_version": (2, 0)}, {"wsgi_version": (1, 0)}, False),
    ("S25", {"wsgi_url_scheme": ...}, {"wsgi_url_scheme": "http"}, False),
    ("S25", {"wsgi_url_scheme": "ftp"}, {"wsgi_url_scheme": "https"}, True),
    ("S26", {"wsgi_input": ...}, {"wsgi_input": BytesIO()}, True),
    ("S26", {"wsgi_input": None}, {"wsgi_input": BytesIO()}, True),
    ("S27", {"wsgi_errors": ...}, {"wsgi_errors": StringIO()}, True),
    ("S27", {"wsgi_errors": None}, {"wsgi_errors": StringIO()}, True),
    ("S29", {"wsgi_run_once": ...}, {"wsgi_run_once": 0}, True),
    ("S29", {"wsgi_multithread": ...}, {"wsgi_multithread": True}, True),
    ("S29", {"wsgi_multiprocess": ...}, {"wsgi_multiprocess": False}, True),
]


@pytest.mark.parametrize("rule, bad", [case[:2] for case in CASES])
def test_bad(rule: str, bad: dict[str, Any], refusal: Refusal) -> None:
    """An environ that breaks a rule is refused with an error that names it, where wsgiref has a KeyError or nothing."""
    assert refusal(answer, **bad) == rule


@pytest.mark.parametrize("good", [case[2] for case in CASES])
def test_good(good: dict[str, Any], call: Call) -> None:
    """Its twin that keeps the rule passes, without a warning."""
    assert call(answer, **good) == b"body"


@pytest.mark.parametrize("bad", [case[1] for case in CASES if case[3]])
def test_message(bad: dict[str, Any], messages: Messages) -> None:
    """The message is that of wsgiref, where it has one."""
    ours, theirs = messages(answer, **bad)
    assert ours == theirs != ""


class Uneven:
    """Servers whose start_response() has the wrong parameters, and right ones."""

    def two(self, status: str, headers: HeaderList) -> Write:
        return lambda _: None

    def three(self, status: str, headers: HeaderList, exc_info: OptExcInfo | None = None) -> Write:
        return lambda _: None

    def required(self, status: str, headers: HeaderList, exc_info: OptExcInfo | None) -> Write:
        return lambda _: None

    def keyword(self, status: str, headers: HeaderList, exc_info: Any = None, *, more: int) -> Write:
        return lambda _: None

    def anything(self, *args: Any) -> Write:
        return lambda _: None

    def optional(self, *args: Any, more: int = 1) -> Write:
        return lambda _: None


class Callable3(Uneven):
    __call__ = Uneven.three


class Callable2(Uneven):
    __call__ = Uneven.two


BAD_STARTS = [Uneven().two, Uneven().required, Uneven().keyword, Callable2(), partial(Uneven().two), None, "start"]
GOOD_STARTS = [Uneven().three, Uneven().anything, Uneven().optional, Callable3(), partial(Uneven().three), start]


@pytest.mark.parametrize("bad", BAD_STARTS, ids=[*map(str, range(len(BAD_STARTS)))])
def test_bad_start_response(bad: Any, make_environ: MakeEnviron) -> None:
    """A start_response() that does not take two arguments and a third breaks a rule (S42)."""
    with pytest.raises(AssertionError) as raised:
        validator(answer)(make_environ(), bad)
    assert raised.value.args[0].rule.id == "S42"


@pytest.mark.parametrize("good", GOOD_STARTS, ids=[*map(str, range(len(GOOD_STARTS)))])
def test_good_start_response(good: Any, make_environ: MakeEnviron) -> None:
    """One that does passes, whatever kind of callable it is (S42)."""
    result: Any = validator(answer)(make_environ(), good)
    result.close()


@pytest.mark.parametrize(
    "key, value, expected",
    [
        ("Server.Socket", object(), ["S31"]),
        ("x-server.socket", object(), ["S31"]),
        ("server.socket", object(), []),
        ("server_2.a.b", None, []),
        ("Deployer.Option", "str", []),
    ],
)
def test_extension_keys(key: str, value: object, expected: list[str], found: Found) -> None:
    """A server's own variable is named as PEP 3333 says; what may be the deployer's is not judged (S31)."""
    assert found(answer, **{key: value}) == expected


@pytest.mark.parametrize("changes", [{"QUERY_STRING": ...}, {"REQUEST_METHOD": "MKCOL"}])
def test_no_warning(changes: dict[str, Any], call: Call) -> None:
    """What PEP 3333 allows is no reason to warn, as wsgiref does (bpo-17527)."""
    assert call(answer, **changes) == b"body"


def test_no_dict(make_environ: MakeEnviron) -> None:
    """A subclass of dict is no environ (S03)."""
    wrong: Any = Variables(make_environ())
    with pytest.raises(AssertionError) as raised:
        validator(answer)(wrong, start)
    assert raised.value.args[0].rule.id == "S03"


@pytest.mark.parametrize("arguments", [(), ({},), ({}, None, None)], ids=len)
def test_two_arguments(arguments: tuple[Any, ...]) -> None:
    """A server gives two positional arguments (S01)."""
    with pytest.raises(AssertionError, match=r"^Two arguments required$") as raised:
        validator(answer)(*arguments)
    assert raised.value.args[0].rule.id == "S01"


def test_no_keywords() -> None:
    """It gives none by keyword (S01)."""
    misused: Any = validator(answer)
    with pytest.raises(AssertionError, match=r"^No keyword arguments allowed$") as raised:
        misused({}, start, more=1)
    assert raised.value.args[0].rule.id == "S01"


def test_streams_are_wrapped(call: Call) -> None:
    """The application sees the streams through the validator."""
    seen: list[object] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.extend([environ["wsgi.input"], environ["wsgi.errors"]])
        return answer(environ, start_response)

    call(app)
    assert [type(stream) for stream in seen] == [InputWrapper, ErrorWrapper]


def test_environ_is_the_servers(make_environ: MakeEnviron) -> None:
    """The application gets the server's own environ, which it may change (rule S03)."""
    environ = make_environ()

    def app(variables: dict[str, Any], _: StartResponse) -> Iterable[bytes]:
        variables["example.seen"] = variables is environ
        return []

    result: Any = validator(app)(environ, start)
    result.close()
    assert environ["example.seen"]
