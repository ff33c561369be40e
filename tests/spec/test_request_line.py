"""The request line and its target: RFC 9112 section 3."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gatewright.errors import RequestError
from gatewright.spec.request_line import RequestLine, Target, decode_path, is_host, parse_request_line, parse_target

NATIVE = st.text(st.characters(max_codepoint=255), max_size=40)


def code_of(line: str) -> int:
    """Return the status that the request line is refused with."""
    with pytest.raises(RequestError) as refusal:
        parse_request_line(line)
    return refusal.value.code


def target_code(method: str, target: str) -> int:
    """Return the status that the target is refused with."""
    with pytest.raises(RequestError) as refusal:
        parse_target(method, target)
    return refusal.value.code


def test_three_words() -> None:
    """Method, target and version are told apart."""
    assert parse_request_line("GET /a?b HTTP/1.1") == RequestLine("GET", "/a?b", (1, 1))


def test_two_words() -> None:
    """A line without a version is HTTP/0.9."""
    assert parse_request_line("GET /a") == RequestLine("GET", "/a", (0, 9))


@pytest.mark.parametrize("method", ["get", "PROPFIND", "M-SEARCH", "X!#"])
def test_method_is_any_token(method: str) -> None:
    """A method is any token and keeps its case."""
    assert parse_request_line(f"{method} / HTTP/1.0").method == method


@pytest.mark.parametrize("byte", ["\x80", "\x85", "\xa0", "\xff", "|", '"', "<", "\\"])
def test_tolerated_in_target(byte: str) -> None:
    """What browsers and CPython's tests send in a target, although it should be percent-encoded, is left as it is."""
    assert parse_request_line(f"GET /{byte} HTTP/1.0").target == "/" + byte


@pytest.mark.parametrize(
    "line",
    [
        "",
        "GET",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "GET / x HTTP/1.1",
        "GET /\x0bx HTTP/1.1",
        "GET /\rx HTTP/1.1",
        "GET /\x00 HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET /# HTTP/1.1",
        "GET  HTTP/1.1",
        "G(T / HTTP/1.1",
        "G\xe9T / HTTP/1.1",
        " / HTTP/1.1",
        "POST /",
    ],
)
def test_malformed_line(line: str) -> None:
    """A request line that is not three words with single spaces, or has a stray character, is refused."""
    assert code_of(line) == 400


@pytest.mark.parametrize(
    "version",
    ["HTTP/1", "HTTP/1.1.1", "HTTP/01.1", "HTTP/1.32", "http/1.1", "HTTP/1.x", "HTTP/\xb9.1", "\r\r1.1", "HTTPS"],
)
def test_malformed_version(version: str) -> None:
    """A version that is not ``HTTP/DIGIT.DIGIT`` is refused."""
    assert code_of(f"GET / {version}") == 400


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/2.0", "HTTP/9.9"])
def test_other_major_version(version: str) -> None:
    """Another major version is refused as such."""
    assert code_of(f"GET / {version}") == 505


@pytest.mark.parametrize(
    "target, expected",
    [
        ("/", Target("/", "")),
        ("/a?b?c", Target("/a", "b?c")),
        ("/a?", Target("/a", "")),
        ("//evil/x", Target("//evil/x", "")),
        ("/http://x/", Target("/http://x/", "")),
        ("http://example.org", Target("/", "", "example.org")),
        ("http://example.org?q", Target("/", "q", "example.org")),
        ("HTTPS://example.org:8000/a/b?c", Target("/a/b", "c", "example.org:8000")),
        ("http://[::1]:80/a", Target("/a", "", "[::1]:80")),
        ("http://x//y", Target("//y", "", "x")),
    ],
)
def test_target(target: str, expected: Target) -> None:
    """Origin and absolute form give path, query and authority; two slashes at the start are no host (cpython#87389)."""
    assert parse_target("GET", target) == expected


def test_asterisk() -> None:
    """``OPTIONS *`` asks the root, since a WSGI path starts with a slash."""
    assert parse_target("OPTIONS", "*") == Target("/", "")


@pytest.mark.parametrize(
    "target",
    [
        "*",
        "a",
        "a/b",
        "?q",
        "example.org:80",
        "http:/x",
        "http:///x",
        "http://:80/x",
        "http://user@host/",
        "ftp://host/",
        "://host/",
        "http://ho st/",
        "http://[::1/",
    ],
)
def test_malformed_target(target: str) -> None:
    """A target that is neither a path nor an http URI with a valid host is refused."""
    assert target_code("GET", target) == 400


def test_connect() -> None:
    """CONNECT is not for an origin server."""
    assert target_code("CONNECT", "example.org:443") == 501


@pytest.mark.parametrize("host", ["", "x", "x:", "x:80", "a_b.example", "127.0.0.1:1", "[::1]", "[::1]:80", "%41"])
def test_valid_host(host: str) -> None:
    """A host may be empty, a name, an address or a bracketed IPv6 address, with or without a port."""
    assert is_host(host)


@pytest.mark.parametrize(
    "host", ["a b", "a/b", "a@b", "a:b", "a:1:2", "::1", "[::1", "[x]", "h\xe9", "a,b c", "x:\xb9"]
)
def test_invalid_host(host: str) -> None:
    """Anything else is no host."""
    assert not is_host(host)


@given(NATIVE)
def test_any_line(line: str) -> None:
    """Every line is either refused by a RequestError or parsed into words that rebuild it."""
    try:
        parsed = parse_request_line(line)
    except RequestError:
        return
    words = [parsed.method, parsed.target]
    words += ["HTTP/{}.{}".format(*parsed.version)] if parsed.version > (0, 9) else []
    assert " ".join(words) == line


@given(st.sampled_from(["GET", "OPTIONS", "CONNECT"]), NATIVE)
def test_any_target(method: str, target: str) -> None:
    """Every target is either refused by a RequestError or has a path that starts with a slash."""
    try:
        parsed = parse_target(method, target)
    except RequestError:
        return
    assert parsed.path.startswith("/")


@pytest.mark.parametrize(
    "path, decoded",
    [("/", "/"), ("", ""), ("/a%2fb%2F", "/a/b/"), ("/%00%ff%E9", "/\x00\xff\xe9"), ("/%2541", "/%41"), ("/+", "/+")],
)
def test_decoded_path(path: str, decoded: str) -> None:
    """Each "%" with its digits is one byte, decoded once."""
    assert decode_path(path) == decoded


@pytest.mark.parametrize("path", ["%", "/%2", "/%zz", "/%%41", "/% 1", "/%+1", "/%1", "/a%", "/%u0041", "/%\xb3\xb3"])
def test_malformed_encoding(path: str) -> None:
    """A "%" without two hexadecimal digits is refused, never left as it is."""
    with pytest.raises(RequestError, match="400"):
        decode_path(path)


@given(st.binary())
def test_path_round_trip(path: bytes) -> None:
    """Whatever bytes are encoded come back, each as one character."""
    assert decode_path("".join(f"%{byte:02x}" for byte in path)) == path.decode("latin-1")
