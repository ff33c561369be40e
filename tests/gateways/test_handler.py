from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from gatewright import handlers
from gatewright.gateways.handler import GatewayHandler, HeldOutput, RequestVariables
from gatewright.gateways.service import Service
from gatewright.handlers.whole_response import WholeResponseMixin
from gatewright.types import ErrorStream, StartResponse, WSGIApplication

VARIABLES = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
}


class Handler(GatewayHandler):
    """A handler that remembers what it sends."""

    def __init__(self, application: WSGIApplication, **variables: str) -> None:
        super().__init__(Service(application=application, threads=2), VARIABLES | variables, io.BytesIO())
        self.sent: list[list[bytes]] = []
        self.log = io.StringIO()
        self.run(application)

    def send(self, blocks: list[bytes]) -> None:
        self.sent.append(blocks)

    def get_stderr(self) -> ErrorStream:
        return self.log


HEAD = b"Status: 200 OK\r\nContent-Type: text/plain\r\n"


def answer(*blocks: bytes) -> WSGIApplication:
    """Return an application that answers with a list."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return list(blocks)

    return application


def generate(_environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
    """Answer block by block."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one"
    yield b""
    yield b"two"


def test_it_is_a_list_of_mixins() -> None:
    """The handler of the gateways is what its bases are."""
    assert GatewayHandler.__bases__ == (
        RequestVariables,
        HeldOutput,
        WholeResponseMixin,
        handlers.ErrorPageMixin,
        handlers.FileWrapperMixin,
        handlers.EnvironMixin,
        handlers.CGIStatusMixin,
    )


def test_a_list_is_held() -> None:
    """A response that is a list is held, and travels with the end."""
    handler = Handler(answer(b"one", b"two"))
    assert (handler.sent, b"".join(handler.held)) == ([], HEAD + b"\r\nonetwo")


def test_a_long_list_is_sent() -> None:
    """What is held has a bound."""
    handler = Handler(answer(b"x" * 40_000, b"y" * 40_000, b"z"))
    assert b"".join(handler.sent[0]).endswith(b"y" * 40_000)
    assert handler.held == [b"z"]


def test_blocks_are_sent() -> None:
    """While the application runs, each block is sent at once, the first one with the head."""
    handler = Handler(generate)
    assert handler.sent == [[HEAD + b"\r\n", b"one"], [b"two"]]


def test_the_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the process environment gets into environ."""
    monkeypatch.setenv("SECRET", "x")
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.update(environ)
        return answer(b"")(environ, start_response)

    Handler(application)
    assert set(VARIABLES) == {name for name in seen if name.isupper()} - {"SCRIPT_NAME"}
    assert (seen["wsgi.multithread"], seen["wsgi.multiprocess"]) == (True, False)


@pytest.mark.parametrize("blocks, completed", [([b"12345"], True), ([b"1234"], False)])
def test_completed(blocks: list[bytes], completed: bool) -> None:
    """A response that is shorter than its Content-Length is not complete."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return blocks

    assert Handler(application).completed is completed


def test_failed() -> None:
    """An error page is complete, but the application has failed."""

    def application(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("no such thing")

    handler = Handler(application)
    assert (handler.completed, handler.failed) == (True, True)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_head(method: str) -> None:
    """HEAD has the head of GET, and no body."""
    handler = Handler(answer(b"body"), REQUEST_METHOD=method)
    head, _, body = b"".join(handler.held).partition(b"\r\n\r\n")
    assert head == HEAD + b"Content-Length: 4"
    assert body == (b"" if method == "HEAD" else b"body")


class Deserted(Handler):
    """A handler whose web server has gone."""

    def send(self, blocks: list[bytes]) -> None:
        raise ConnectionResetError


@pytest.mark.parametrize("application", [answer(b"x" * 70_000), generate], ids=["whole", "block by block"])
def test_a_web_server_that_leaves_is_nobodys_fault(application: WSGIApplication) -> None:
    """A response that nobody takes is not complete, and the log says nothing of the application."""
    handler = Deserted(application)
    assert (handler.log.getvalue(), handler.completed, handler.failed) == ("", False, False)
