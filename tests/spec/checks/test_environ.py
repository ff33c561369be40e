from __future__ import annotations

from io import BytesIO, StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gatewright.spec.checks import check_environ, check_errors, check_input, check_variable, environ_is_sound
from gatewright.util import setup_testing_defaults

ABSENT: Any = object()

REQUIRED = {
    "REQUEST_METHOD": "S04",
    "SERVER_NAME": "S14",
    "SERVER_PORT": "S14",
    "SERVER_PROTOCOL": "S16",
    "wsgi.version": "S24",
    "wsgi.url_scheme": "S25",
    "wsgi.input": "S26",
    "wsgi.errors": "S27",
    "wsgi.multithread": "S29",
    "wsgi.multiprocess": "S29",
    "wsgi.run_once": "S29",
}


class Text(str):
    __slots__ = ()


def make_environ(**changes: Any) -> dict[Any, Any]:
    """Return a good environ with these changes; ABSENT takes a variable out, ``wsgi_`` stands for ``wsgi.``."""
    environ: dict[Any, Any] = {}
    setup_testing_defaults(environ)
    for key, value in changes.items():
        name = key.replace("wsgi_", "wsgi.")
        if value is ABSENT:
            environ.pop(name, None)
        else:
            environ[name] = value
    return environ


def broken_rules(environ: Any) -> list[str]:
    """Return the ids of the rules that the environ breaks."""
    return [violation.rule.id for violation in check_environ(environ)]


def test_good() -> None:
    """The environ for tests breaks no rule."""
    assert broken_rules(make_environ()) == []


def test_good_is_sound() -> None:
    """The fast check agrees."""
    assert environ_is_sound(make_environ())


class Variables(dict[str, Any]):
    pass


@pytest.mark.parametrize("environ", [None, (), Variables(make_environ())], ids=["None", "tuple", "subclass"])
def test_no_dict(environ: Any) -> None:
    """An environ is a builtin dict and no subclass of it (S03)."""
    assert (broken_rules(environ), environ_is_sound(environ)) == (["S03"], False)


@pytest.mark.parametrize("key, rule", REQUIRED.items())
def test_missing(key: str, rule: str) -> None:
    """A variable that PEP 3333 requires is missed, whatever else there is."""
    environ = make_environ()
    del environ[key]
    assert (broken_rules(environ), environ_is_sound(environ)) == ([rule], False)


def test_all_missing() -> None:
    """An empty environ lacks them all, in the order in which wsgiref looks."""
    assert [*dict.fromkeys(broken_rules({}))] == ["S04", "S14", "S24", "S26", "S27", "S29", "S16", "S25"]


BAD: list[tuple[str, dict[str, Any]]] = [
    ("S05", {"REQUEST_METHOD": ""}),
    ("S07", {"SCRIPT_NAME": "app"}),
    ("S08", {"SCRIPT_NAME": "/"}),
    ("S08", {"SCRIPT_NAME": "/app/"}),
    ("S09", {"PATH_INFO": "page"}),
    ("S09", {"PATH_INFO": "http://example.org/"}),
    ("S10", {"SCRIPT_NAME": ABSENT, "PATH_INFO": ABSENT}),
    ("S10", {"SCRIPT_NAME": "", "PATH_INFO": ABSENT}),
    ("S12", {"HTTP_CONTENT_TYPE": "text/plain"}),
    ("S12", {"HTTP_CONTENT_LENGTH": "1"}),
    ("S13", {"CONTENT_LENGTH": "abc"}),
    ("S13", {"CONTENT_LENGTH": "-1"}),
    ("S13", {"CONTENT_LENGTH": "+3"}),
    ("S13", {"CONTENT_LENGTH": "1_0"}),
    ("S13", {"CONTENT_LENGTH": "0x3"}),
    ("S15", {"SERVER_NAME": ""}),
    ("S15", {"SERVER_PORT": ""}),
    ("S15", {"SERVER_PORT": "http"}),
    ("S15", {"SERVER_PORT": "80 "}),
    ("S18", {"HTTP_X": b"bytes"}),
    ("S18", {"SERVER_PORT": 80}),
    ("S18", {"QUERY_STRING": Text("a=b")}),
    ("S19", {"PATH_INFO": "/\u20ac"}),
    ("S20", {"REMOTE_USER": None}),
    ("S24", {"wsgi_version": [1, 0]}),
    ("S24", {"wsgi_version": (1, 1)}),
    ("S24", {"wsgi_version": "1.0"}),
    ("S25", {"wsgi_url_scheme": "ftp"}),
    ("S25", {"wsgi_url_scheme": None}),
    ("S26", {"wsgi_input": None}),
    ("S27", {"wsgi_errors": None}),
]


@pytest.mark.parametrize("rule, changes", BAD)
def test_bad(rule: str, changes: dict[str, Any]) -> None:
    """A variable that breaks a rule is found out, by the full check and by the fast one."""
    environ = make_environ(**changes)
    assert (broken_rules(environ), environ_is_sound(environ)) == ([rule], False)


@pytest.mark.parametrize(
    "changes",
    [
        {"SCRIPT_NAME": ABSENT, "PATH_INFO": "/"},
        {"SCRIPT_NAME": "/app", "PATH_INFO": ABSENT},
        {"SCRIPT_NAME": "/app", "PATH_INFO": ""},
        {"SCRIPT_NAME": "", "PATH_INFO": ""},
        {"PATH_INFO": "//a//"},
        {"PATH_INFO": "/caf\xc3\xa9"},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "0"},
        {"CONTENT_LENGTH": "007"},
        {"QUERY_STRING": ABSENT},
        {"REQUEST_METHOD": "PROPFIND"},
        {"SERVER_PORT": "65536"},
        {"wsgi_url_scheme": "https"},
        {"wsgi_run_once": None},
        {"wsgi_input_terminated": True},
    ],
)
def test_allowed(changes: dict[str, Any]) -> None:
    """What PEP 3333 leaves open is no breach, even where wsgiref warns."""
    assert broken_rules(make_environ(**changes)) == []


def test_extension_of_any_type() -> None:
    """The value under a key with a dot is its extension's own business."""
    environ = make_environ() | {"example.answer": 42, "example.euro": "\u20ac"}
    assert broken_rules(environ) == []


@pytest.mark.parametrize("key", [1, b"X", ("a", "b"), None])
def test_key_is_no_string(key: Any) -> None:
    """A key that is no str is a breach and no TypeError (S18)."""
    environ = make_environ() | {key: "x"}
    assert (broken_rules(environ), environ_is_sound(environ)) == (["S18"], False)


def test_several() -> None:
    """Each breach is told, not only the first."""
    environ = make_environ(CONTENT_LENGTH="-1", SCRIPT_NAME="/", wsgi_url_scheme="gopher")
    assert broken_rules(environ) == ["S25", "S08", "S13"]


def test_message() -> None:
    """A message shows what was seen."""
    [violation] = check_environ(make_environ(CONTENT_LENGTH="abc"))
    assert (violation.message, violation.culprit) == ("Invalid CONTENT_LENGTH: 'abc'", "abc")


@pytest.mark.parametrize("method", ["read", "readline", "readlines", "__iter__"])
def test_input_lacks(method: str) -> None:
    """wsgi.input needs each of its methods (S26)."""
    names = {"read", "readline", "readlines", "__iter__"} - {method}
    violation = check_input(SimpleNamespace(**dict.fromkeys(names)))
    assert violation is not None
    assert (violation.rule.id, violation.message.rpartition(" ")[2]) == ("S26", method)


@pytest.mark.parametrize("method", ["flush", "write", "writelines"])
def test_errors_lack(method: str) -> None:
    """wsgi.errors needs each of its methods (S27)."""
    names = {"flush", "write", "writelines"} - {method}
    violation = check_errors(SimpleNamespace(**dict.fromkeys(names)))
    assert violation is not None
    assert (violation.rule.id, violation.message.rpartition(" ")[2]) == ("S27", method)


def test_streams_are_good() -> None:
    """The streams of the io module have all that is needed."""
    assert (check_input(BytesIO()), check_errors(StringIO())) == (None, None)


ODD = st.sampled_from(
    ["", "/", "/a", "a", "/a/", "//", "0", "80", "-1", "+1", "1_0", "\u0663", "\xb2", "\xe9", "\u20ac", "http", "x.y"]
)
VALUES = ODD | st.sampled_from(
    [None, 0, 1, True, b"", b"/", Text("/"), (1, 0), (1.0, 0), [1, 0], BytesIO(), StringIO()]
)
KEYS = st.sampled_from(
    [
        *REQUIRED,
        *("SCRIPT_NAME", "PATH_INFO", "CONTENT_LENGTH", "QUERY_STRING", "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"),
        *("HTTP_X", "a.b", "wsgi.file_wrapper", 1, None, b"HTTP_Y", Text("HTTP_Z")),
    ]
)


@given(st.dictionaries(KEYS, VALUES | st.just(ABSENT), max_size=4))
def test_sound_means_no_violation(changes: dict[Any, Any]) -> None:
    """Whatever the fast check lets pass, the full check finds nothing in."""
    environ = {key: value for key, value in (make_environ() | changes).items() if value is not ABSENT}
    assert not environ_is_sound(environ) or broken_rules(environ) == []


@given(st.dictionaries(KEYS, ODD, max_size=4))
def test_check_never_raises(changes: dict[Any, Any]) -> None:
    """The full check answers with violations, whatever stands in the environ."""
    assert all(rule.startswith("S") for rule in broken_rules(make_environ() | changes))


@pytest.mark.parametrize(
    "key, value, rule",
    [
        ("REQUEST_METHOD", "", "S05"),
        ("SCRIPT_NAME", "app", "S07"),
        ("SCRIPT_NAME", "/app/", "S08"),
        ("PATH_INFO", "page", "S09"),
        ("CONTENT_LENGTH", "+3", "S13"),
        ("SERVER_PORT", "http", "S15"),
        ("REMOTE_PORT", 80, "S18"),
        ("HTTP_HOST", "\u20ac", "S19"),
        ("REMOTE_USER", None, "S20"),
        ("wsgi.version", [1, 0], "S24"),
        ("wsgi.version", (1, 1), "S24"),
        ("wsgi.url_scheme", "ftp", "S25"),
        ("wsgi.input", None, "S26"),
        ("wsgi.errors", None, "S27"),
        ("PATH_INFO", "/\udce9", "S34"),
    ],
)
def test_single_variable(key: str, value: object, rule: str) -> None:
    """A variable that is wrong by itself is found without the others."""
    violation = check_variable(key, value)
    assert violation is not None
    assert violation.rule.id == rule


@given(st.sampled_from(sorted(make_environ())))
def test_sound_variables(key: str) -> None:
    """Every variable of a good environ is good by itself."""
    assert check_variable(key, make_environ()[key]) is None
