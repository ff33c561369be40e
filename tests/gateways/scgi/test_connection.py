from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from socket import SHUT_WR
from typing import Any, Protocol

import pytest

from gatewright.errors import ClientDisconnected
from gatewright.gateways.limits import Limits
from gatewright.gateways.scgi import SCGIConnection, encode
from gatewright.gateways.service import Service
from gatewright.types import StartResponse, WSGIApplication
from gatewright.validate import validator

VARIABLES = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
}
TIMEOUT = 20.0
HEAD = b"Status: 200 OK\r\nContent-Type: text/plain\r\n"


class Served(Protocol):
    def send(self, data: bytes) -> None: ...
    def receive_all(self) -> bytes: ...
    def join(self) -> None: ...
    @property
    def client(self) -> Any: ...
    @property
    def connection(self) -> Any: ...


class Connect(Protocol):
    def __call__(self, application: WSGIApplication, limits: Limits | None = ..., *, tcp: bool = ...) -> Served: ...


@pytest.fixture
def connect(serve_connection: Callable[..., Served]) -> Connect:
    """Connect to an application, with the validator before it."""

    def connect(application: WSGIApplication, limits: Limits | None = None, *, tcp: bool = False) -> Served:
        service = Service(application=validator(application), limits=limits or Limits())
        return serve_connection(SCGIConnection, service, tcp=tcp)

    return connect


def request(body: bytes = b"", length: int | None = None, **variables: str) -> bytes:
    """Return a request; perhaps with another length than the body has."""
    whole = encode(VARIABLES | variables, body)
    return whole if length is None else encode(VARIABLES | variables, bytes(length))[: -length or None] + body


def echo(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the body."""
    body = b"".join(iter(lambda: environ["wsgi.input"].read(65_536), b""))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


def test_a_request(connect: Connect) -> None:
    """A response has a status field, and ends with the connection."""
    served = connect(echo)
    served.send(request(b"hello"))
    assert served.receive_all() == HEAD + b"\r\nhello"


def test_byte_by_byte(connect: Connect) -> None:
    """It does not matter how a request is cut."""
    served = connect(echo)
    for byte in request(b"hello"):
        served.send(bytes((byte,)))
    assert served.receive_all().endswith(b"\r\n\r\nhello")


def test_a_large_body(connect: Connect) -> None:
    """A body longer than what is awaited is read by the application as it comes, whole."""
    body = bytes(range(256)) * 4096
    served = connect(echo)
    sender = threading.Thread(target=served.send, args=(request(body),))
    sender.start()
    assert served.receive_all().endswith(b"\r\n\r\n" + body)
    sender.join(TIMEOUT)


def test_a_body_as_it_comes(connect: Connect) -> None:
    """What has come of a long body is there before the rest is."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield environ["wsgi.input"].read(5)
        yield environ["wsgi.input"].read(5)

    served = connect(application, Limits(waiting_body=0))
    served.send(request(b"hello", 10))
    received = b""
    while not received.endswith(b"hello"):
        received += served.client.recv(100)
    served.send(b"world")
    assert served.receive_all() == b"world"


def test_a_body_that_ends_early(connect: Connect) -> None:
    """A body that ends early is an error at the read, not an end."""
    failures: list[BaseException] = []

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            return echo(environ, start_response)
        except ClientDisconnected as failure:
            failures.append(failure)
            raise

    served = connect(application, Limits(waiting_body=0))
    served.send(request(b"hello", 10))
    served.client.shutdown(1)
    assert served.receive_all() == b""
    assert len(failures) == 1


def test_an_unread_body(connect: Connect) -> None:
    """A response arrives whole although the body was not read."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 100_000]

    served = connect(application, tcp=True)
    served.send(request(b"y" * 100_000, 200_000))
    assert served.receive_all().endswith(b"\r\n\r\n" + b"x" * 100_000)


def test_a_response_that_is_cut_short(connect: Connect) -> None:
    """A response that is cut short ends with a reset, so that nobody takes it for whole."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"begun"
        raise LookupError("too late")

    served = connect(application, tcp=True)
    served.send(request())
    with pytest.raises(ConnectionResetError):
        served.receive_all()


def test_an_error_before_the_head(connect: Connect, capsys: pytest.CaptureFixture[str]) -> None:
    """An application that fails is answered for with an error page, and standard error says why."""

    def application(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("no such thing")

    served = connect(application)
    served.send(request())
    assert served.receive_all().startswith(b"Status: 500 Internal Server Error\r\n")
    assert "LookupError: no such thing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "data, message",
    [
        (b"GET / HTTP/1.1\r\n\r\n", "a netstring begins with a number"),
        (request() + b"!", "1 bytes follow the end of the body"),
    ],
)
def test_malformed(connect: Connect, caplog: pytest.LogCaptureFixture, data: bytes, message: str) -> None:
    """What is not SCGI ends the connection with one line that says why."""
    served = connect(echo)
    served.send(data)
    assert served.receive_all() == b""
    lines = [text for _, level, text in caplog.record_tuples if level == logging.WARNING]
    assert [message in line for line in lines] == [True]


def test_a_client_that_goes_away(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """If the web server goes away, the iterable is closed and nothing is logged."""
    closed = threading.Event()

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x" * 10_000

        def close(self) -> None:
            closed.set()

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Endless()

    served = connect(application)
    served.send(request())
    served.client.recv(1)
    served.client.close()
    assert closed.wait(TIMEOUT)
    assert caplog.text == ""


def test_deadlines(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Half a request has a deadline."""
    served = connect(echo)
    connection = served.connection
    assert connection.deadline == float("inf")
    served.send(request()[:20])
    served.client.shutdown(SHUT_WR)
    served.join()
    connection.on_deadline()
    assert connection.deadline < float("inf")
    assert "stopped sending" in caplog.text
