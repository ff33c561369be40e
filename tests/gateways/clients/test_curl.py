"""What curl can be told to do, and other clients do without being told."""

from __future__ import annotations

import hashlib
import json
import subprocess
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from behind.harness import TIMEOUT, require

from clients.server import BEHIND, Server, serve
from clients.visitors import CURL

BLOCK = bytes(range(256)) * 256
LARGE = BLOCK * 32


@pytest.fixture(scope="module", autouse=True)
def _curl() -> None:
    """Look for curl."""
    require("curl", "curl")


def curl(*arguments: str, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run curl."""
    return subprocess.run([*CURL, *arguments], input=content, capture_output=True, timeout=2 * TIMEOUT, check=False)


def output(*arguments: str, content: bytes = b"") -> bytes:
    """Return what curl prints when all has gone well."""
    done = curl(*arguments, content=content)
    assert done.returncode == 0, done.stderr
    return done.stdout


def environ(*arguments: str) -> dict[str, Any]:
    """Return the environ of a request."""
    return dict(json.loads(output(*arguments)))


def lines(*arguments: str, content: bytes = b"") -> list[str]:
    """Return the lines of the heads that curl has seen, those of what it sent with ``>``."""
    done = curl("--verbose", *arguments, content=content)
    text = done.stderr.decode("latin-1").replace("\r", "")
    return [line for line in text.splitlines() if line[:2] in {"> ", "< ", "* "}]


def told(content: bytes) -> str:
    """Return how the application tells of an upload."""
    return f"{len(content)} {hashlib.sha256(content).hexdigest()}"


class TestExpect:
    def test_upload(self, server: Server) -> None:
        """Before a body of more than 1 MB, a client waits for 100 Continue, and is told to go on, once."""
        seen = lines("--data-binary", "@-", f"{server.url}/upload", content=LARGE)
        heads = [line for line in seen if line.startswith("< HTTP/")]
        assert ("> Expect: 100-continue" in seen, heads) == (True, ["< HTTP/1.1 100 Continue", "< HTTP/1.1 200 OK"])

    @pytest.mark.parametrize("header", ["Content-Type: a/b", "Transfer-Encoding: chunked"])
    def test_content(self, server: Server, header: str) -> None:
        """The body arrives then, with its length or in chunks."""
        url = f"{server.url}/upload"
        answer = output("--header", header, "--data-binary", "@-", url, content=LARGE)
        assert answer.decode().rpartition(" ")[0] == told(LARGE)

    def test_view_that_reads_nothing(self, server: Server) -> None:
        """Where nobody wants the body, the answer comes instead, and curl sends none."""
        seen = lines("--data-binary", "@-", f"{server.url}/status?line=403%20No", content=LARGE)
        assert [line for line in seen if line.startswith("< HTTP/")] == ["< HTTP/1.1 403 No"]

    def test_too_large(self, server: Server) -> None:
        """A body that is larger than allowed is refused before it is sent."""
        header = ("--header", f"Content-Length: {1 << 31}", "--header", "Expect: 100-continue")
        seen = lines(*header, "--data-binary", "x", f"{server.url}/upload")
        heads = [line for line in seen if line.startswith("< HTTP/")]
        assert (heads, "< Connection: close" in seen) == ([f"< HTTP/1.1 413 {HTTPStatus(413).phrase}"], True)


class TestOlderClients:
    def test_response(self, server: Server) -> None:
        """To a client of HTTP/1.0 no chunks are sent; the end of the connection ends the body."""
        answer = output("--http1.0", "--include", f"{server.url}/download?blocks=3")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert (b"chunked" in head, b"Connection: close" in head, len(body)) == (False, True, 3 * len(BLOCK) + 10)

    def test_upload(self, server: Server) -> None:
        """It uploads without being told to continue."""
        seen = lines("--http1.0", "--data-binary", "@-", f"{server.url}/upload", content=LARGE)
        assert [line for line in seen if line.startswith("< HTTP/")] == ["< HTTP/1.1 200 OK"]

    def test_keep_alive(self, server: Server) -> None:
        """Its connection is kept if it asks for that."""
        url = f"{server.url}/status?line=200%20OK"
        count = ("--write-out", " %{num_connects} ")
        answer = output("--http1.0", "--header", "Connection: keep-alive", *count, url, url, url)
        assert answer.decode().split() == ["text", "1", "text", "0", "text", "0"]


class TestConnections:
    def test_keep_alive(self, server: Server) -> None:
        """Answers of every kind leave the connection as it is to be for the next request."""
        lines = ("200%20OK", "404%20No", "204%20Empty", "304%20Same", "500%20Failed", "200%20OK")
        urls = [f"{server.url}/status?line={line}" for line in lines]
        answer = output("--write-out", "%{http_code}:%{num_connects} ", "--output", "/dev/null", *(urls[:1]))
        several = [word for url in urls[1:] for word in ("--output", "/dev/null", url)]
        answer = output("--write-out", "%{http_code}:%{num_connects} ", "--output", "/dev/null", urls[0], *several)
        assert answer.decode().split() == ["200:1", "404:0", "204:0", "304:0", "500:0", "200:0"]

    def test_head(self, server: Server) -> None:
        """HEAD leaves it so as well."""
        urls = [f"{server.url}/environ"] * 3
        answer = output("--head", "--write-out", "connects=%{num_connects}\n", *urls).decode()
        assert [line for line in answer.splitlines() if line.startswith("connects")] == [
            *("connects=1", "connects=0", "connects=0"),
        ]

    def test_parallel(self, server: Server) -> None:
        """A hundred transfers at once come through."""
        url = f"{server.url}/download?blocks=4&n=[1-100]"
        sizes = output(
            "--parallel", "--parallel-max", "50", "--write-out", "%{size_download}\n", "--output", "/dev/null", url
        )
        assert sizes.decode().split() == [str(4 * len(BLOCK) + 10)] * 100

    def test_early_end(self, server: Server) -> None:
        """A response that fails midway is an error for the client: 18 is CURLE_PARTIAL_FILE."""
        assert curl("--output", "/dev/null", f"{server.url}/late_error").returncode == 18


class TestRequests:
    def test_proxy(self, server: Server) -> None:
        """What is asked for as of a proxy is taken for this site, with the host of the URL."""
        seen = environ("--noproxy", "", "--proxy", server.url, "http://example.org/environ?a")
        assert (seen["PATH_INFO"], seen["QUERY_STRING"], seen["HTTP_HOST"]) == ("/environ", "a", "example.org")

    def test_dots(self, server: Server) -> None:
        """A path is what the client says."""
        seen = environ("--path-as-is", f"{server.url}/environ/../a/./b//c")
        assert seen["PATH_INFO"] == "/environ/../a/./b//c"

    def test_asterisk(self, server: Server) -> None:
        """``OPTIONS *`` is for the server as a whole, which the application answers."""
        seen = environ("--request", "OPTIONS", "--request-target", "*", f"{server.url}/")
        assert (seen["REQUEST_METHOD"], seen["REQUEST_URI"]) == ("OPTIONS", "*")

    def test_upgrade(self, server: Server) -> None:
        """An offer to speak HTTP/2 is not taken up, and the request is served."""
        seen = environ("--http2", f"{server.url}/environ")
        assert seen["SERVER_PROTOCOL"] == "HTTP/1.1"

    def test_http_2(self, server: Server) -> None:
        """HTTP/2 without an offer is refused in HTTP/1.1."""
        assert curl("--http2-prior-knowledge", f"{server.url}/environ").returncode != 0

    def test_many_fields(self, server: Server) -> None:
        """More fields than are allowed are told to be too many, and as many as are allowed are not."""
        fields = [word for number in range(99) for word in ("--header", f"X-{number}: x")]
        status = ("--output", "/dev/null", "--write-out", "%{http_code}", f"{server.url}/environ")
        assert (output(*fields[:190], *status), output(*fields, *status)) == (b"200", b"431")

    def test_long_url(self, server: Server) -> None:
        """A URL that is too long is told to be."""
        url = f"{server.url}/environ?{'x' * 9000}"
        assert output("--output", "/dev/null", "--write-out", "%{http_code}", url) == b"414"

    def test_cookies(self, server: Server) -> None:
        """Cookies that the application sets come one by one."""
        seen = lines(f"{server.url}/cookies")
        assert [line for line in seen if line.startswith("< Set-Cookie")] == [
            *("< Set-Cookie: a=1; Path=/", "< Set-Cookie: b=2"),
        ]


def test_unix_socket(tmp_path: Path) -> None:
    """A Unix socket is served as well, beside the port."""
    path = tmp_path / "socket"
    with serve(BEHIND / "application.py", "--bind", f"unix:{path}", "--socket-mode", "600"):
        seen = environ("--unix-socket", str(path), "http://example.org/environ")
        assert (seen["HTTP_HOST"], seen["REMOTE_ADDR"], path.stat().st_mode & 0o777) == ("example.org", "", 0o600)
    assert not path.exists()
