"""What the application is told of a request, and what the client gets of a response, behind each web server."""

from __future__ import annotations

import json
import select
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest

from behind.client import Answer, ask, connect, head, raw
from behind.harness import SECRET, TIMEOUT, Site
from behind.setups import SETUPS

ALL_BYTES = range(256)


def environ_of(answer: Answer) -> dict[str, str | bool]:
    """Return the environ that an application has shown."""
    shown: dict[str, str | bool] = json.loads(answer.body)
    return shown


@pytest.mark.parametrize(
    "target, script_name, path_info",
    [
        ("/", "", "/"),
        ("/environ", "", "/environ"),
        ("/environ/", "", "/environ/"),
        ("/app", "/app", ""),
        ("/app/", "/app", "/"),
        ("/app/environ/x", "/app", "/environ/x"),
        ("/app/environ/a%2Fb%20c%0Ad?e=f", "/app", "/environ/a/b c\nd"),
        ("/environ/a/../b", "", "/environ/b"),
    ],
)
@pytest.mark.parametrize("site", [name for name, setup in SETUPS.items() if setup.mounts], indirect=True)
def test_split(site: Site, target: str, script_name: str, path_info: str) -> None:
    """SCRIPT_NAME is where the application is mounted, PATH_INFO the rest of the path, decoded."""
    if set(b"\n") & site.setup.refused:
        target, path_info = target.replace("%0A", ""), path_info.replace("\n", "")
    environ = environ_of(ask(site, target))
    assert (environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")) == (script_name, path_info)


def test_not_mounted(site: Site) -> None:
    """What only begins like the path of a mounted application belongs to another."""
    assert ask(site, "/apple").status == 404


def test_odd_bytes_in_the_path(site: Site) -> None:
    """Every byte that may be percent-encoded in a path reaches PATH_INFO as the character of that number."""
    odd = bytes(byte for byte in ALL_BYTES if byte not in site.setup.refused)
    environ = environ_of(ask(site, f"/environ/{''.join(f'%{byte:02x}' for byte in odd)}"))
    assert environ["PATH_INFO"] == f"/environ/{odd.decode('latin-1')}"


def test_refused_bytes_in_the_path(site: Site) -> None:
    """The web server refuses the bytes that it is said to refuse, and the application never sees them."""
    statuses = {ask(site, f"/environ/%{byte:02x}").status for byte in site.setup.refused}
    assert statuses == {site.setup.refusal}


def test_double_slashes(site: Site) -> None:
    """Slashes in a row stay apart, if the web server lets them."""
    path = environ_of(ask(site, "/environ//a///b"))["PATH_INFO"]
    assert path == ("/environ/a/b" if site.setup.merges_slashes else "/environ//a///b")


def test_encoded_bytes_in_the_query(site: Site) -> None:
    """The query arrives percent-encoded, byte for byte if the web server does not write it anew."""
    odd = bytes(byte for byte in ALL_BYTES if byte not in site.setup.refused_in_query)
    query = quote_from_bytes(odd)
    seen = str(environ_of(ask(site, f"/environ?{query}"))["QUERY_STRING"])
    assert (unquote_to_bytes(seen) if site.setup.normalizes_query else seen) == (
        odd if site.setup.normalizes_query else query
    )


def test_raw_bytes_in_the_query(site: Site) -> None:
    """Bytes that have no business in a query arrive as they were sent, if the web server does not encode them."""
    refused = site.setup.refused_in_query | site.setup.refused_raw
    odd = bytes(byte for byte in range(33, 256) if byte not in {*b"#%?\x7f", *refused})
    seen = str(environ_of(ask(site, f"/environ?{odd.decode('latin-1')}"))["QUERY_STRING"])
    assert (unquote_to_bytes(seen) if site.setup.normalizes_query else seen.encode("latin-1")) == odd


def test_headers(site: Site) -> None:
    """Header fields arrive, their bytes as Latin-1."""
    environ = environ_of(ask(site, "/environ", "GET", None, "X-Odd: \xe9\xff~", "Cookie: a=1; b=2"))
    assert (environ["HTTP_X_ODD"], environ["HTTP_COOKIE"]) == ("\xe9\xff~", "a=1; b=2")


def test_content_headers(site: Site) -> None:
    """Type and length of the body have variables of their own, and no HTTP_ ones."""
    environ = environ_of(ask(site, "/environ", "POST", b"12345", "Content-Type: text/plain"))
    names = ("CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
    assert [environ.get(name) for name in names] == ["text/plain", "5", None, None]


def test_proxy_header(site: Site) -> None:
    """A field called Proxy does not become HTTP_PROXY, by which clients in the application would be led astray."""
    assert "HTTP_PROXY" not in environ_of(ask(site, "/environ", "GET", None, "Proxy: http://evil.example/"))


def test_process_environment(site: Site) -> None:
    """The environment of the process is no part of environ."""
    assert SECRET not in environ_of(ask(site, "/environ"))


def test_repeated_headers(site: Site) -> None:
    """Fields of a response that are repeated stay apart, and their bytes are kept."""
    answer = ask(site, "/cookies")
    assert (answer.values("Set-Cookie"), answer.values("X-Odd")) == (["a=1; Path=/", "b=2"], ["\xe9 \xff"])


@pytest.mark.parametrize("line", ["200 Fine", "404 Not Found", "201 Created", "503 Service Unavailable", "299 New"])
def test_status(site: Site, line: str) -> None:
    """The application decides the status."""
    answer = ask(site, f"/status?line={line.replace(' ', '%20')}")
    assert (answer.status, answer.body) == (int(line[:3]), b"text")


@pytest.mark.parametrize("line", ["204 No Content", "304 Not Modified"])
def test_no_content(site: Site, line: str) -> None:
    """A status without content has none on the wire, and its fields are kept."""
    before, after = raw(site, head(f"/status?line={line.replace(' ', '%20')}"))
    assert (line[:3].encode() in before.split(b"\r\n")[0], b'"x"' in before, after) == (True, True, b"")


def test_head(site: Site) -> None:
    """The answer to HEAD has the fields of the one to GET, and no content on the wire."""
    before, after = raw(site, head("/cookies", "HEAD"))
    assert (b"200" in before.split(b"\r\n")[0], before.count(b"Set-Cookie: "), after) == (True, 2, b"")


def test_expect(site: Site) -> None:
    """A client that waits for 100 Continue is told to go on by the web server."""
    with connect(site) as connection:
        connection.sendall(head("/upload", "POST", "Content-Length: 5", "Expect: 100-continue"))
        first = connection.recv(25)
        connection.sendall(b"12345")
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
    assert (first, b" 200 " in rest.split(b"\r\n")[0]) == (b"HTTP/1.1 100 Continue\r\n\r\n", True)


def test_log(site: Site) -> None:
    """What is written to wsgi.errors is in the log, the web server's if the protocol has a way there."""
    ask(site, "/log?word=found")
    log = site.folder / site.setup.log
    for _ in range(TIMEOUT * 50):
        if "logged: found" in log.read_text("utf-8", "replace"):
            break
        select.select([], [], [], 0.02)  # the web server writes its log when it likes
    assert "logged: found" in log.read_text("utf-8", "replace")


def test_at_once(site: Site) -> None:
    """Many requests at once are all answered."""
    connections = [connect(site) for _ in range(site.setup.crowd)]
    for number, connection in enumerate(connections):
        connection.sendall(head(f"/environ?{number}"))
    answers = [b"".join(iter(lambda: connection.recv(65536), b"")) for connection in connections]  # noqa: B023  # at once
    for connection in connections:
        connection.close()
    queries = [f'"QUERY_STRING": "{number}"'.encode() in answer for number, answer in enumerate(answers)]
    assert queries == [True] * len(answers)


def test_names_are_set_ups(site: Site) -> None:
    """The gateway that is asked is the one that is meant: CGI runs once, the others do not."""
    assert environ_of(ask(site, "/environ"))["wsgi.run_once"] == site.setup.run_once


def test_every_configuration_is_tested() -> None:
    """Each configuration in the documentation is a set-up."""
    folder = next(iter(SETUPS.values())).configuration.parent
    assert {path.stem for path in folder.glob("*.conf")} == set(SETUPS)
