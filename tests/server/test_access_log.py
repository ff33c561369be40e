from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import text

from gatewright.server.access_log import Served, combined, json_line

ENVIRON: dict[str, Any] = {
    "REMOTE_ADDR": "192.0.2.1",
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/a b",
    "QUERY_STRING": "c=d",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_REFERER": "http://example/",
    "HTTP_USER_AGENT": "tests",
}
LINE = re.compile(r'\S+ - \S+ \[[^\]]+\] "(?:[^"\\]|\\.)*" \d+ (?:\d+|-) "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"')
LATIN_1 = text(alphabet=[chr(code) for code in range(256)])


def served(**variables: str) -> Served:
    """Return a response to a request with these variables as well."""
    return Served({**ENVIRON, **variables}, status=200, size=17, began=1_000_000_000.25, seconds=0.0012345)


def test_combined() -> None:
    """The combined format: who, when, the request line, status, size, where from, by what."""
    line = re.sub(r"\[.*\]", "[WHEN]", combined(served()))
    assert line == '192.0.2.1 - - [WHEN] "GET /a%20b?c=d HTTP/1.1" 200 17 "http://example/" "tests"'


def test_time() -> None:
    """The time is the local one, with an English month and the distance from UTC."""
    assert re.search(r"\[\d\d/Sep/2001:\d\d:\d\d:\d\d [+-]\d{4}\]", combined(served()))


def test_nothing_known() -> None:
    """What is not known of a request that was refused is a dash."""
    refused = Served({"REMOTE_ADDR": ""}, status=400, size=0, began=0.0, seconds=0.0)
    assert re.sub(r"\[.*\]", "[WHEN]", combined(refused)) == '- - - [WHEN] "-" 400 - "-" "-"'


@pytest.mark.parametrize(
    "variables,target",
    [
        ({"REQUEST_URI": "/a%20b?c"}, "/a%20b?c"),
        ({"SCRIPT_NAME": "/app", "PATH_INFO": "/x", "QUERY_STRING": ""}, "/app/x"),
        ({"PATH_INFO": "/\xe9?\n", "QUERY_STRING": ""}, "/%E9%3F%0A"),
        ({"PATH_INFO": "*", "QUERY_STRING": ""}, "*"),
    ],
)
def test_target(variables: dict[str, str], target: str) -> None:
    """The target is the client's, or made of the path, wherever an application has left it."""
    assert json.loads(json_line(served(**variables)))["target"] == target


def test_json() -> None:
    """The JSON format has a number or a text for each key, and null for what is not known."""
    assert json.loads(json_line(served())) == {
        "time": 1_000_000_000.25,
        "remote": "192.0.2.1",
        "user": None,
        "method": "GET",
        "target": "/a%20b?c=d",
        "protocol": "HTTP/1.1",
        "status": 200,
        "size": 17,
        "seconds": 0.001234,
        "referer": "http://example/",
        "agent": "tests",
    }


@given(LATIN_1, LATIN_1, LATIN_1)
def test_combined_is_one_line(user: str, target: str, agent: str) -> None:
    """Whatever a client sends, the line stays a line of its fields, and cannot drive a terminal (CWE-117)."""
    line = combined(served(REMOTE_USER=user, REQUEST_URI=target, HTTP_USER_AGENT=agent))
    assert LINE.fullmatch(line)
    assert not re.search("[\x00-\x1f\x7f-\x9f]", line)


@given(LATIN_1, LATIN_1)
def test_json_is_one_line(target: str, agent: str) -> None:
    """Whatever a client sends, the object is one line of printable ASCII, and has it whole."""
    line = json_line(served(REQUEST_URI=target, HTTP_USER_AGENT=agent))
    assert re.fullmatch("[ -~]+", line)
    assert json.loads(line)["agent"] == agent
