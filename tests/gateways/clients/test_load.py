"""Tools that measure servers, for what they count as an error: there is none, whatever the number of processes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from behind.harness import TIMEOUT, require

from clients.server import BEHIND, Server, serve

TARGET = "/status?line=200%20OK"
BODY = b"x" * 20_000


@pytest.fixture(scope="module", params=[(1, 1), (1, 8), (2, 1), (2, 8)], ids=lambda it: "{}x{}".format(*it))
def loaded(request: pytest.FixtureRequest) -> Generator[Server]:
    """Run workers with threads; under load nothing is logged but the start and the end."""
    workers, threads = request.param
    options = ("--workers", str(workers), "--threads", str(threads))
    with serve(BEHIND / "application.py", *options, quiet=True) as server:
        yield server


@pytest.fixture
def body(tmp_path: Path) -> str:
    """Return the name of a file with a body."""
    (tmp_path / "body").write_bytes(BODY)
    return str(tmp_path / "body")


def run(package: str, *command: str) -> str:
    """Return what a tool prints."""
    require(command[0], package)
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * TIMEOUT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class TestH2load:
    @pytest.mark.parametrize("pipelined", [1, 8])
    def test_get(self, loaded: Server, pipelined: int) -> None:
        """h2load has an answer to each request, one by one and pipelined."""
        assert self.run(10_000, pipelined, loaded.url + TARGET) == "10000 succeeded, 0 failed, 0 errored, 0 timeout"

    @pytest.mark.parametrize("pipelined", [1, 8])
    def test_post(self, loaded: Server, body: str, pipelined: int) -> None:
        """So it has to those with a body."""
        done = self.run(1000, pipelined, f"{loaded.url}/upload", "--data", body)
        assert done == "1000 succeeded, 0 failed, 0 errored, 0 timeout"

    @staticmethod
    def run(count: int, pipelined: int, *rest: str) -> str:
        """Return what h2load says that became of its requests."""
        options = ("--h1", f"--requests={count}", "--clients=50", f"--max-concurrent-streams={pipelined}")
        found = re.search(
            rf"^requests: {count} total, .* done, (.*)$", run("nghttp2-client", "h2load", *options, *rest), re.MULTILINE
        )
        assert found is not None
        return found[1]


class TestWrk:
    def test_get(self, loaded: Server) -> None:
        """It meets neither an error of a socket nor a status that is one; it would say so."""
        command = ("wrk", "--threads=2", "--connections=50", "--duration=1s", f"--timeout={TIMEOUT}s")
        printed = run("wrk", *command, loaded.url + TARGET)
        wrong = re.findall("Socket errors.*|Non-2xx.*", printed)
        assert ("requests in" in printed, wrong) == (True, [])


class TestAb:
    def test_get(self, loaded: Server) -> None:
        """ab, which speaks HTTP/1.0, gets the same answer each time."""
        assert self.run(2000, loaded.url + TARGET) == {"Complete requests": "2000", "Failed requests": "0"}

    def test_keep_alive(self, loaded: Server) -> None:
        """It does on connections that are kept, for all requests."""
        expected = {"Complete requests": "5000", "Failed requests": "0", "Keep-Alive requests": "5000"}
        assert self.run(5000, "-k", loaded.url + TARGET) == expected

    def test_head(self, loaded: Server) -> None:
        """It does with HEAD."""
        expected = {"Complete requests": "2000", "Failed requests": "0", "Keep-Alive requests": "2000"}
        assert self.run(2000, "-k", "-i", loaded.url + TARGET) == expected

    def test_post(self, loaded: Server, body: str) -> None:
        """It does with a body."""
        expected = {"Complete requests": "1000", "Failed requests": "0", "Keep-Alive requests": "1000"}
        posted = ("-p", body, "-T", "application/octet-stream", "-k", f"{loaded.url}/status?line=200%20OK&unread")
        assert self.run(1000, *posted) == expected

    @staticmethod
    def run(count: int, *rest: str) -> dict[str, str]:
        """Return what ab says that became of its requests."""
        printed = run("apache2-utils", "ab", "-q", "-n", str(count), "-c", "50", "-s", str(TIMEOUT), *rest)
        return dict(re.findall(r"^([\w-]+ (?:requests|responses|errors)): +(\d+)$", printed, re.MULTILINE))
