"""What programs do with requests and HTTPX."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import requests
from behind.harness import TIMEOUT

from clients.server import Server

BLOCK = bytes(range(256)) * 256


@pytest.fixture
def session() -> Generator[requests.Session]:
    """Return a session that heeds nothing of the environment."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def client(server: Server) -> Generator[httpx.Client]:
    """Return a client that heeds nothing of the environment."""
    with httpx.Client(base_url=server.url, timeout=TIMEOUT, trust_env=False) as client:
        yield client


def blocks(count: int) -> Iterator[bytes]:
    """Yield blocks."""
    for _ in range(count):
        yield BLOCK


ORDER = [("GET", "/environ"), ("POST", "/upload"), ("HEAD", "/environ"), ("GET", "/status?line=204%20Empty")] * 5 + [
    *[("GET", "/nothing"), ("GET", "/error"), ("GET", "/status?line=304%20Same"), ("PUT", "/environ")] * 5,
]
"""Requests with and without content, answers with and without, and errors."""


class TestRequests:
    def test_session(self, server: Server, session: requests.Session) -> None:
        """A session keeps its connection, whatever is asked."""
        ports = set[str]()
        for method, path in ORDER:
            session.request(method, server.url + path, data=b"x" * 1000 if method in {"POST", "PUT"} else None)
            ports.add(session.get(f"{server.url}/environ", timeout=TIMEOUT).json()["REMOTE_PORT"])
        assert len(ports) == 1

    def test_generator(self, server: Server, session: requests.Session) -> None:
        """A generator is uploaded in chunks, while the application reads."""
        answer = session.post(f"{server.url}/upload", data=blocks(100), timeout=TIMEOUT)
        assert answer.text.split()[:2] == [str(100 * len(BLOCK)), hashlib.sha256(BLOCK * 100).hexdigest()]

    def test_stream(self, server: Server, session: requests.Session) -> None:
        """A response is read piece by piece."""
        with session.get(f"{server.url}/download?blocks=100", stream=True, timeout=TIMEOUT) as answer:
            assert sum(map(len, answer.iter_content(10_000))) == 100 * len(BLOCK) + 10

    def test_stream_that_is_left(self, server: Server, session: requests.Session) -> None:
        """Whoever leaves in the middle of a response is served again."""
        with session.get(f"{server.url}/download?blocks=1600", stream=True, timeout=TIMEOUT) as answer:
            next(answer.iter_content(10_000))
        assert session.get(f"{server.url}/environ", timeout=TIMEOUT).status_code == 200

    def test_failure(self, server: Server, session: requests.Session) -> None:
        """A response that fails midway raises."""
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            session.get(f"{server.url}/late_error", timeout=TIMEOUT)

    def test_short_response(self, server: Server, session: requests.Session) -> None:
        """So does one that is shorter than it says."""
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            session.get(f"{server.url}/late_error?length", timeout=TIMEOUT)


class TestHttpx:
    def test_client(self, client: httpx.Client) -> None:
        """A client keeps its connection, whatever is asked."""
        ports = set[str]()
        for method, path in ORDER:
            client.request(method, path, content=b"x" * 1000 if method in {"POST", "PUT"} else None)
            ports.add(client.get("/environ").json()["REMOTE_PORT"])
        assert len(ports) == 1

    def test_generator(self, client: httpx.Client) -> None:
        """A generator is uploaded in chunks, while the application reads."""
        answer = client.post("/upload", content=blocks(100))
        assert answer.text.split()[:2] == [str(100 * len(BLOCK)), hashlib.sha256(BLOCK * 100).hexdigest()]

    def test_stream(self, client: httpx.Client) -> None:
        """A response is read piece by piece."""
        with client.stream("GET", "/download?blocks=100") as answer:
            assert sum(map(len, answer.iter_bytes(10_000))) == 100 * len(BLOCK) + 10

    def test_stream_that_is_left(self, client: httpx.Client) -> None:
        """Whoever leaves in the middle of a response is served again."""
        with client.stream("GET", "/download?blocks=1600") as answer:
            next(answer.iter_bytes(10_000))
        assert client.get("/environ").status_code == 200

    def test_crowd(self, client: httpx.Client) -> None:
        """Threads share a client."""
        numbers = [str(number) for number in range(200)]
        with ThreadPoolExecutor(20) as crowd:
            answers = list(crowd.map(client.get, [f"/environ?{number}" for number in numbers]))
        assert [answer.json()["QUERY_STRING"] for answer in answers] == numbers

    @pytest.mark.parametrize("path", ["/late_error", "/late_error?length"])
    def test_failure(self, client: httpx.Client, path: str) -> None:
        """A response that fails midway, or is shorter than it says, raises."""
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(path)
