from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from socket import SHUT_WR, socket
from typing import Any, Protocol, cast

import pytest

from gatewright.errors import ClientDisconnected
from gatewright.gateways.fastcgi import records
from gatewright.gateways.fastcgi.connection import FastCGIConnection
from gatewright.gateways.fastcgi.events import Abort, Begin, GetValues, Input, Variables, encode
from gatewright.gateways.fastcgi.pairs import parse_pairs
from gatewright.gateways.fastcgi.records import RecordReader, record
from gatewright.gateways.limits import Limits
from gatewright.gateways.service import Service
from gatewright.types import StartResponse, WSGIApplication
from gatewright.validate import validator
from gatewright.worker.contract import Interest

VARIABLES = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
}
TIMEOUT = 20.0


class Served(Protocol):
    def send(self, data: bytes) -> None: ...
    def receive_all(self) -> bytes: ...
    def join(self) -> None: ...
    @property
    def client(self) -> Any: ...
    @property
    def connection(self) -> Any: ...
    @property
    def failure(self) -> BaseException | None: ...


class Client:
    """What a web server knows of the requests on a connection."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.reader = RecordReader()
        self.stdout: dict[int, bytes] = {}
        self.stderr: dict[int, bytes] = {}
        self.ended: dict[int, tuple[int, int]] = {}
        self.about_connection: list[tuple[int, bytes]] = []

    def receive(self, until: Callable[[], bool]) -> None:
        """Take in records until it is enough, or the connection ends."""
        while not until():
            try:
                data = self.served.client.recv(65_536)
            except ConnectionResetError:  # the other end closed before it had read everything
                return
            if not data:
                return
            for fragment in self.reader.read(data):
                self._take(fragment.type, fragment.request_id, fragment.content)

    def _take(self, kind: int, number: int, content: bytes) -> None:
        if not number:
            self.about_connection.append((kind, content))
        elif kind == records.END_REQUEST:
            self.ended[number] = (int.from_bytes(content[:4], "big"), content[4])
        else:
            stream = {records.STDOUT: self.stdout, records.STDERR: self.stderr}[kind]
            stream[number] = stream.get(number, b"") + content

    def response(self, number: int = 1) -> bytes:
        """Return a whole response."""
        self.receive(lambda: number in self.ended)
        return self.stdout.get(number, b"")


def request(number: int = 1, body: bytes | None = b"", *, keep: bool = True, **variables: str) -> bytes:
    """Return a request's records; without the body if that is None."""
    begun = encode(Begin(number, records.RESPONDER, keep)) + encode(Variables(number, VARIABLES | variables))
    if body is None:
        return begun
    return begun + (encode(Input(number, body)) if body else b"") + encode(Input(number, b""))


def echo(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the body."""
    body = b"".join(iter(lambda: environ["wsgi.input"].read(65_536), b""))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


HEAD = b"Status: 200 OK\r\nContent-Type: text/plain\r\n"


class Connect(Protocol):
    def __call__(
        self, application: WSGIApplication, limits: Limits = ..., *, threads: int = ..., tcp: bool = ...
    ) -> Client: ...


@pytest.fixture
def connect(serve_connection: Callable[..., Served]) -> Connect:
    """Connect to an application, with the validator before it."""

    def connect(
        application: WSGIApplication, limits: Limits | None = None, *, threads: int = 8, tcp: bool = False
    ) -> Client:
        service = Service(application=validator(application), limits=limits or Limits(), threads=threads)
        return Client(serve_connection(FastCGIConnection, service, tcp=tcp))

    return connect


def test_a_whole_request(connect: Connect) -> None:
    """A request that came whole is answered."""
    client = connect(echo)
    client.served.send(request(body=b"hello"))
    assert client.response() == HEAD + b"\r\nhello"
    assert client.ended == {1: (0, records.REQUEST_COMPLETE)}


class OneRequest:
    """A socket that brings a request and remembers what is sent, send by send."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sent: list[bytes] = []

    def recv(self, _size: int) -> bytes:
        return self.data

    def send(self, data: bytes) -> int:
        self.sent.append(data)
        return len(data)


class NoTurn:
    now = 0.0
    overtaken = False
    is_alone = False

    def hand_over(self) -> None:
        raise AssertionError("nothing lasts here")


def test_one_send() -> None:
    """A small response, its head and the end of the request are one send."""
    sock = OneRequest(request(body=b"hello"))
    connection = FastCGIConnection(cast("socket", sock), "", Service(application=echo))
    assert connection.on_ready(NoTurn()) is Interest.READ
    stdout = HEAD + b"Content-Length: 5\r\n\r\nhello"
    assert b"".join(sock.sent) == (
        b"\1\6\0\1\0%c\0\0%b\1\6\0\1\0\0\0\0\1\3\0\1\0\x08\0\0\0\0\0\0\0\0\0\0" % (len(stdout), stdout)
    )
    assert len(sock.sent) == 1


def test_requests_one_after_the_other(connect: Connect) -> None:
    """A connection that is to be kept serves request after request, under any number."""
    client = connect(echo)
    for number in (1, 1, 7):
        client.ended.clear()
        client.stdout.clear()
        client.served.send(request(number, b"x"))
        assert client.response(number).endswith(b"\r\n\r\nx")


def test_a_connection_that_is_not_kept(connect: Connect) -> None:
    """Without KEEP_CONN the connection ends with the request."""
    client = connect(echo)
    client.served.send(request(keep=False))
    client.receive(lambda: False)
    assert client.ended == {1: (0, 0)}


def test_byte_by_byte(connect: Connect) -> None:
    """It does not matter how a request is cut."""
    client = connect(echo)
    for byte in request(body=b"hello", CONTENT_LENGTH="5"):
        client.served.send(bytes((byte,)))
    assert client.response().endswith(b"hello")


def test_a_body_as_it_comes(connect: Connect) -> None:
    """A body of unknown length is read as it comes, and the response sent while it does."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield from iter(environ["wsgi.input"].readline, b"")

    client = connect(application)
    client.served.send(request(body=None))
    for line in (b"one\n", b"two\n"):
        client.served.send(encode(Input(1, line)))
        client.receive(lambda line=line: client.stdout.get(1, b"").endswith(line))  # type: ignore[misc]  # bound now
    client.served.send(encode(Input(1, b"")))
    assert client.response().endswith(b"\r\n\r\none\ntwo\n")


def test_a_large_body(connect: Connect) -> None:
    """A body longer than what is awaited is read by the application, whole."""
    block = b"x" * 65_000
    client = connect(echo)
    client.served.send(request(body=None, CONTENT_LENGTH=str(20 * len(block))))
    sender = threading.Thread(target=client.served.send, args=(encode(Input(1, block)) * 20 + encode(Input(1, b"")),))
    sender.start()
    assert client.response().endswith(b"\r\n\r\n" + block * 20)
    sender.join(TIMEOUT)


def test_a_body_longer_than_it_says(connect: Connect) -> None:
    """The application sees no more of a body than its declared length."""
    client = connect(echo)
    client.served.send(request(body=b"hello", CONTENT_LENGTH="4"))
    assert client.response().endswith(b"\r\n\r\nhell")


def test_a_body_shorter_than_it_says(connect: Connect) -> None:
    """A body that ends early is an error at the read, not an end."""
    failures: list[BaseException] = []

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            return echo(environ, start_response)
        except ClientDisconnected as failure:
            failures.append(failure)
            raise

    client = connect(application)
    client.served.send(request(body=b"hello", CONTENT_LENGTH="6"))
    client.response()
    assert [failure.code for failure in failures if isinstance(failure, ClientDisconnected)] == [400]
    assert client.ended == {1: (1, 0)}


def test_an_unread_body(connect: Connect) -> None:
    """What an application has not read of its body does not get into the next request."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["REQUEST_METHOD"].encode()]

    client = connect(application)
    client.served.send(request(body=None) + encode(Input(1, b"begun")))
    assert client.response().endswith(b"POST")
    client.served.send(encode(Input(1, b"the rest")) + encode(Input(1, b"")) + request(2, REQUEST_METHOD="PUT"))
    assert client.response(2).endswith(b"PUT")


def test_an_unread_body_on_a_connection_that_is_not_kept(connect: Connect) -> None:
    """A response arrives whole although the web server still sends."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * 100_000]

    client = connect(application, tcp=True)
    client.served.send(request(body=None, keep=False) + encode(Input(1, b"begun")))
    assert client.response().endswith(b"x" * 100_000)
    client.served.send(encode(Input(1, b"more")))
    client.served.client.shutdown(1)
    assert client.served.client.recv(1) == b""


def test_blocks_are_sent_as_they_come(connect: Connect) -> None:
    """Each block of a response is sent before the next one is asked for."""
    allowed = threading.Semaphore(0)

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        for number in range(3):
            yield b"%d" % number
            assert allowed.acquire(timeout=TIMEOUT)

    client = connect(application)
    client.served.send(request())
    for number in range(3):
        client.receive(lambda last=b"%d" % number: client.stdout.get(1, b"").endswith(last))  # type: ignore[misc]  # bound now
        allowed.release()
    assert client.response().endswith(b"\r\n\r\n012")


def test_a_large_block(connect: Connect) -> None:
    """A block longer than a record arrives whole, though the web server takes its time."""
    body = bytes(range(256)) * 4096

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body]

    client = connect(application)
    client.served.send(request())
    assert client.response().endswith(b"\r\n\r\n" + body)


def test_the_log(connect: Connect) -> None:
    """What the application writes to wsgi.errors arrives in STDERR, before what it sends after."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.errors"].write("caf\xe9 \udcff\n")
        environ["wsgi.errors"].writelines(["a", "b"])
        environ["wsgi.errors"].flush()
        environ["wsgi.errors"].write("unflushed")
        return echo(environ, start_response)

    client = connect(application)
    client.served.send(request())
    client.response()
    assert client.stderr == {1: b"caf\xc3\xa9 \\udcff\nabunflushed"}


def test_an_error_before_the_head(connect: Connect) -> None:
    """An application that fails is answered for with an error page, a status that is not zero, and a log."""

    def application(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("no such thing")

    client = connect(application)
    client.served.send(request())
    assert client.response().startswith(b"Status: 500 Internal Server Error\r\n")
    assert client.ended == {1: (1, 0)}
    assert b"LookupError: no such thing" in client.stderr[1]


def fails_late(_environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
    """Fail after the head."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    raise LookupError("too late")


def test_an_error_after_the_head(connect: Connect) -> None:
    """A response that is cut short is not ended, but the connection is, so that nobody takes it for whole."""
    client = connect(fails_late, tcp=True)
    client.served.send(request())
    client.receive(lambda: False)
    assert client.stdout[1].endswith(b"\r\n\r\nbegun")
    assert (b"too late" in client.stderr[1], client.ended) == (True, {})


def test_abort(connect: Connect) -> None:
    """An abort ends the response, the iterable is closed, and the connection goes on."""
    closed = threading.Event()

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x" * 1000

        def close(self) -> None:
            closed.set()

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/other":
            return echo(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Endless()

    client = connect(application)
    client.served.send(request())
    client.receive(lambda: 1 in client.stdout)
    client.served.send(encode(Abort(1)))
    client.response()
    assert closed.wait(TIMEOUT)
    assert client.ended == {1: (1, 0)}
    client.served.send(request(2, b"on", PATH_INFO="/other"))
    assert client.response(2).endswith(b"on")


def test_abort_while_the_body_is_read(connect: Connect) -> None:
    """A read of an aborted request raises."""
    failures: list[str] = []

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            return waits(environ, start_response)
        except ClientDisconnected as failure:
            failures.append(failure.message)
            raise

    client = connect(application)
    client.served.send(request(body=None))
    client.receive(lambda: 1 in client.stderr)
    client.served.send(encode(Abort(1)))
    client.response()
    assert (failures, client.ended) == (["the web server aborted the request"], {1: (1, 0)})


def test_abort_before_the_variables(connect: Connect) -> None:
    """A request can be aborted before the application is called."""
    client = connect(echo)
    client.served.send(encode(Begin(1, records.RESPONDER, keep_conn=True)) + encode(Abort(1)))
    client.response()
    assert client.ended == {1: (1, 0)}


def test_a_connection_that_breaks(connect: Connect) -> None:
    """If the web server goes away, a read raises and nothing is logged."""
    failures: list[BaseException] = []

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            return echo(environ, start_response)
        except BaseException as failure:
            failures.append(failure)
            raise

    client = connect(application)
    client.served.send(request(body=None, CONTENT_LENGTH="100000"))
    client.served.client.close()
    client.served.join()
    assert isinstance(failures[0], ClientDisconnected)
    assert client.served.failure is None


def test_silence_in_the_body(connect: Connect) -> None:
    """A body that stops coming is an error once the time-out is over."""
    client = connect(echo, Limits(read_timeout=0.01))
    client.served.send(request(body=None, CONTENT_LENGTH="100000"))
    client.receive(lambda: False)
    assert client.ended == {}


def test_values(connect: Connect) -> None:
    """The values of section 4.1 are told to who asks; unknown ones are left out."""
    client = connect(echo)
    client.served.send(encode(GetValues(("FCGI_MAX_CONNS", "FCGI_MPXS_CONNS", "FCGI_WHAT"))))
    client.receive(lambda: bool(client.about_connection))
    kind, content = client.about_connection[0]
    assert kind == records.GET_VALUES_RESULT
    assert parse_pairs(content) == [("FCGI_MAX_CONNS", "1000"), ("FCGI_MPXS_CONNS", "1")]


def test_an_unknown_type(connect: Connect) -> None:
    """A record about the connection of an unknown type is answered with UNKNOWN_TYPE."""
    client = connect(echo)
    client.served.send(record(42, 0, b"what"))
    client.receive(lambda: bool(client.about_connection))
    assert client.about_connection == [(records.UNKNOWN_TYPE, b"\x2a" + bytes(7))]


@pytest.mark.parametrize("role", [records.FILTER, 9])
def test_an_unknown_role(connect: Connect, role: int) -> None:
    """A role that no application here has is refused, and the rest of the request ignored."""
    client = connect(echo)
    refused = encode(Begin(3, role, keep_conn=True)) + encode(Variables(3, VARIABLES)) + encode(Input(3, b""))
    client.served.send(refused + request(4, b"next"))
    assert client.response(4).endswith(b"next")
    assert client.ended[3] == (0, records.UNKNOWN_ROLE)


def test_an_authorizer(connect: Connect) -> None:
    """An authorizer is told its role and has no body; the web server need not end one."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Variable-ROLE", environ["FCGI_ROLE"])])
        return [environ["wsgi.input"].read(10), b"!"]

    client = connect(application)
    client.served.send(encode(Begin(1, records.AUTHORIZER, keep_conn=True)) + encode(Variables(1, VARIABLES)))
    assert b"\r\nVariable-ROLE: AUTHORIZER\r\n" in client.response()


def test_malformed(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """What is not FastCGI ends the connection with one line that says why."""
    client = connect(echo)
    client.served.send(b"GET / HTTP/1.1\r\n\r\n")
    client.receive(lambda: False)
    client.served.join()
    lines = [message for _, level, message in caplog.record_tuples if level == logging.WARNING]
    assert lines == ["FastCGI connection from a Unix socket ended: 400 a record of version 71, not 1"]


def test_malformed_while_the_body_is_read(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """The same holds while a request runs, which sees a broken connection."""
    client = connect(echo)
    client.served.send(request(body=None) + b"GET / HTTP/1.1\r\n\r\n")
    client.receive(lambda: False)
    client.served.join()
    assert [message[-33:] for _, _, message in caplog.record_tuples] == ["400 a record of version 71, not 1"]


def test_a_request_without_a_method(connect: Connect) -> None:
    """A request that is none is answered with 400."""
    client = connect(echo)
    client.served.send(request(REQUEST_METHOD=""))
    assert client.response().startswith(b"Status: 400 Bad Request\r\n")


def test_deadlines(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """A connection with half a request has a deadline; one without has none unless a limit says so."""
    client = connect(echo)
    connection = client.served.connection
    assert connection.deadline == float("inf")
    client.served.send(request()[:20])
    client.served.client.shutdown(SHUT_WR)
    client.served.join()
    assert connection.deadline < float("inf")
    connection.on_deadline()
    assert "stopped sending" in caplog.text


# --- Several requests at a time -------------------------------------------------------------------------------------


def waits(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the body, and say that reading begins."""
    environ["wsgi.errors"].write(".")
    environ["wsgi.errors"].flush()
    return echo(environ, start_response)


def test_a_request_while_another_waits(connect: Connect) -> None:
    """A request is answered although one before it on the same connection waits for its body."""
    client = connect(waits)
    client.served.send(request(1, None))
    client.receive(lambda: 1 in client.stderr)
    client.served.send(request(2, b"second"))
    assert client.response(2).endswith(b"second")
    assert 1 not in client.ended
    client.served.send(encode(Input(1, b"first")) + encode(Input(1, b"")))
    assert client.response(1).endswith(b"first")


def test_bodies_in_turn(connect: Connect) -> None:
    """Bodies that come in turn, longer than what is kept in memory, are each read whole."""
    numbers, block = range(1, 6), 60_000
    client = connect(waits)
    client.served.send(b"".join(request(number, None) for number in numbers))
    parts = [encode(Input(number, b"%d" % number * block)) for _ in range(4) for number in numbers]
    ends = [encode(Input(number, b"")) for number in numbers]
    sender = threading.Thread(target=client.served.send, args=(b"".join(parts + ends),))
    sender.start()
    client.receive(lambda: len(client.ended) == len(numbers))
    sender.join(TIMEOUT)
    assert {number: client.stdout[number].partition(b"\r\n\r\n")[2] for number in numbers} == {
        number: b"%d" % number * 4 * block for number in numbers
    }


def test_a_body_that_nobody_reads_yet(connect: Connect) -> None:
    """A body that its application does not read yet is kept, and holds up no other."""
    may_read = threading.Event()

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/late":
            assert may_read.wait(TIMEOUT)
        return echo(environ, start_response)

    client = connect(application)
    client.served.send(encode(GetValues(("FCGI_MPXS_CONNS",))) + request(1, None, PATH_INFO="/late"))
    client.served.send(encode(Input(1, b"x" * 60_000)) * 20 + encode(Input(1, b"")) + request(2, b"second"))
    assert client.response(2).endswith(b"second")
    may_read.set()
    assert client.response(1).endswith(b"\r\n\r\n" + b"x" * 1_200_000)


def test_too_much_to_keep(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """What is kept has a bound; beyond it the connection ends, and a line says why."""
    ended = threading.Event()

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        assert ended.wait(TIMEOUT)
        return echo(environ, start_response)

    client = connect(application, Limits(spooled_bytes=100_000))
    client.served.send(encode(GetValues(("FCGI_MPXS_CONNS",))) + request(1, None))
    client.served.send(encode(Input(1, b"x" * 60_000)) * 3)
    while not client.served.connection.broken:
        pass
    ended.set()
    client.receive(lambda: False)
    assert caplog.text.rstrip().endswith("400 more than 100000 bytes of request bodies wait to be read")


def test_overloaded(connect: Connect) -> None:
    """A request beyond the limit is told so; those that are open go on."""
    client = connect(waits, Limits(requests=1))
    client.served.send(request(1, None))
    client.receive(lambda: 1 in client.stderr)
    client.served.send(request(2, b"second") + encode(Input(1, b"")))
    client.receive(lambda: {1, 2} <= set(client.ended))
    assert client.ended == {1: (0, 0), 2: (0, records.OVERLOADED)}


def test_one_thread(connect: Connect) -> None:
    """An application that may be called once at a time takes one request at a time, and says so."""
    client = connect(waits, threads=1)
    client.served.send(encode(GetValues(("FCGI_MPXS_CONNS",))) + request(1, None))
    client.receive(lambda: 1 in client.stderr)
    client.served.send(request(2, b"second") + encode(Input(1, b"")))
    client.receive(lambda: {1, 2} <= set(client.ended))
    assert parse_pairs(client.about_connection[0][1]) == [("FCGI_MPXS_CONNS", "0")]
    assert client.ended == {1: (0, 0), 2: (0, records.CANT_MPX_CONN)}


def test_abort_of_one(connect: Connect) -> None:
    """An abort ends one request and none of the others."""
    client = connect(waits)
    client.served.send(request(1, None) + request(2, None))
    client.receive(lambda: {1, 2} <= set(client.stderr))
    client.served.send(encode(Abort(1)))
    client.receive(lambda: 1 in client.ended)
    client.served.send(encode(Input(2, b"second")) + encode(Input(2, b"")))
    assert client.response(2).endswith(b"second")
    assert client.ended == {1: (1, 0), 2: (0, 0)}


def test_all_end_with_the_connection(connect: Connect) -> None:
    """If the connection breaks, every request on it fails, and the threads end."""
    client = connect(waits)
    client.served.send(request(1, None) + request(2, None))
    client.receive(lambda: {1, 2} <= set(client.stderr))
    client.served.client.close()
    client.served.join()
    assert client.served.failure is None


def test_one_of_several_fails_late(connect: Connect) -> None:
    """A response that is cut short among others is ended with a status; the others go on."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return (fails_late if environ["PATH_INFO"] == "/late" else waits)(environ, start_response)

    client = connect(application)
    client.served.send(request(1, None))
    client.receive(lambda: 1 in client.stderr)
    client.served.send(request(2, b"", PATH_INFO="/late"))
    client.response(2)
    client.served.send(encode(Input(1, b"first")) + encode(Input(1, b"")))
    assert client.response(1).endswith(b"first")
    assert client.ended == {1: (0, 0), 2: (1, 0)}
