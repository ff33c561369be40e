"""The clients behind one interface, each with cookies, kept connections and redirects."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import httpx
import requests
from attrs import frozen
from behind.harness import TIMEOUT, require


@frozen
class Reply:
    """What a client has received in the end.

    Attributes:
        status: the status code.
        fields: the header fields, by their names in lower case.
        body: the body.
        redirects: how often the client was sent elsewhere.
    """

    status: int
    fields: Mapping[str, str]
    body: bytes
    redirects: int

    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)


class Visitor(Protocol):
    """A client that keeps its cookies."""

    def ask(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> Reply:
        """Make a request; the length of a body that is not bytes is not told."""
        ...

    def submit(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> Reply:
        """Fill in a form, with a file in the field ``file``."""
        ...


@frozen
class Requests:
    """requests."""

    url: str
    session: requests.Session

    def ask(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> Reply:
        """Make a request."""
        return self._reply(self.session.request(method, self.url + path, data=body, timeout=TIMEOUT))

    def submit(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> Reply:
        """Fill in a form."""
        files = {"file": (name, content)}
        return self._reply(self.session.post(self.url + path, dict(fields), files=files, timeout=TIMEOUT))

    @staticmethod
    def _reply(answer: requests.Response) -> Reply:
        fields = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, fields, answer.content, len(answer.history))


@frozen
class Httpx:
    """HTTPX."""

    client: httpx.Client

    def ask(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> Reply:
        """Make a request."""
        return self._reply(self.client.request(method, path, content=body))

    def submit(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> Reply:
        """Fill in a form."""
        return self._reply(self.client.post(path, data=fields, files={"file": (name, content)}))

    @staticmethod
    def _reply(answer: httpx.Response) -> Reply:
        return Reply(answer.status_code, dict(answer.headers), answer.content, len(answer.history))


CURL: Final = ("curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(TIMEOUT))
"""It heeds nothing but its command, and ends."""


@frozen
class Curl:
    """curl, with its cookies in a folder."""

    url: str
    folder: Path

    def ask(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None) -> Reply:
        """Make a request."""
        sent = () if body is None else ("--data-binary", "@-", "--header", "Content-Type: application/octet-stream")
        if not isinstance(body, bytes | None):
            sent, body = (*sent, "--header", "Transfer-Encoding: chunked"), b"".join(body)
        return self._run(path, body, *(("--head",) if method == "HEAD" else ("--request", method)), *sent)

    def submit(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> Reply:
        """Fill in a form."""
        text = (word for item in fields.items() for word in ("--form-string", "=".join(item)))
        return self._run(path, content, *text, "--form", f"file=@-;filename={name}")

    def _run(self, path: str, content: bytes | None, *options: str) -> Reply:
        jar, body = self.folder / "cookies", self.folder / "body"
        body.unlink(missing_ok=True)  # it writes none if there is no body
        kept = ("--location", "--cookie", str(jar), "--cookie-jar", str(jar), "--output", str(body))
        told = "%{http_code} %{num_redirects} %{header_json}"
        command = [*CURL, *kept, "--write-out", told, *options, self.url + path]
        done = subprocess.run(command, input=content, capture_output=True, timeout=2 * TIMEOUT, check=True)
        status, redirects, fields = done.stdout.split(b" ", 2)
        named = {name: ", ".join(values) for name, values in json.loads(fields).items()}
        received = b"" if "--head" in options or not body.exists() else body.read_bytes()  # --head writes the head
        return Reply(int(status), named, received, int(redirects))


@contextmanager
def visit_by_requests(url: str, _folder: Path) -> Generator[Visitor]:
    """Visit a site by requests."""
    with requests.Session() as session:
        session.trust_env = False
        yield Requests(url, session)


@contextmanager
def visit_by_httpx(url: str, _folder: Path) -> Generator[Visitor]:
    """Visit a site by HTTPX."""
    with httpx.Client(base_url=url, follow_redirects=True, timeout=TIMEOUT, trust_env=False) as client:
        yield Httpx(client)


@contextmanager
def visit_by_curl(url: str, folder: Path) -> Generator[Visitor]:
    """Visit a site by curl."""
    require("curl", "curl")
    yield Curl(url, folder)


VISITORS: Final = {"curl": visit_by_curl, "httpx": visit_by_httpx, "requests": visit_by_requests}
