"""Clients that take their time, and what a connection bears of it (cases 64 to 66)."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from http_client import TIMEOUT, Recorder, reset

from gatewright.types import StartResponse

Live = Callable[..., Any]
Talk = Callable[..., Any]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT = 0.05  # seconds


def drip(client: Any, data: bytes, pause: float) -> bool:
    """Send byte by byte, until the server says something or gives up; whether it did."""
    for index in range(len(data)):
        try:
            client.send(data[index : index + 1])
        except ConnectionError:
            return True
        if select.select([client.socket], [], [], pause)[0]:
            return True
    return False


def test_silence(talk: Talk) -> None:
    """A client that never says anything is left without a word."""
    client = talk(Recorder(), head_timeout=SHORT)
    assert client.rest() == b""


def test_silence_between_requests(talk: Talk) -> None:
    """An idle connection ends after a while, without a word: an answer would be taken for the next request's."""
    client = talk(Recorder(), keep_alive=SHORT)
    client.send(GET)
    client.response()
    assert client.rest() == b""


def test_an_empty_line_begins_nothing(talk: Talk) -> None:
    """Nor is there a word after an empty line, which some clients send behind a body."""
    client = talk(Recorder(), keep_alive=SHORT)
    client.send(GET + b"\r\n")
    client.response()
    assert client.rest() == b""


def test_half_a_head(talk: Talk) -> None:
    """A client that stops in the middle of a head is told that it was waited for."""
    client = talk(Recorder(), head_timeout=SHORT, sent=GET[:20])
    response = client.response()
    assert (response.status, response.fields["connection"], client.rest()) == (408, "close", b"")


def test_a_head_in_drips(talk: Talk) -> None:
    """The time of a head is that of all of it: sending a byte now and then gains nothing."""
    recorder = Recorder()
    client = talk(recorder, head_timeout=0.2, sent=b"GET / HTTP/1.1\r\nHost: ")
    drip(client, b"x" * 1000, 0.01)
    assert (client.response().status, recorder.environs) == (408, [])


@pytest.mark.parametrize("coding", [b"Content-Length: 9", b"Transfer-Encoding: chunked"])
def test_half_a_body(talk: Talk, coding: bytes) -> None:
    """A client that stops in the middle of a body that is awaited is told so, and the application is not called."""
    recorder = Recorder()
    client = talk(recorder, body_timeout=SHORT)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\n" + coding + b"\r\n\r\n3")
    response = client.response()
    assert (response.status, client.rest(), recorder.environs) == (408, b"", [])


def test_half_a_body_that_is_read(talk: Talk) -> None:
    """In the middle of one that the application reads, the read fails, and the connection ends."""
    failures: list[BaseException] = []

    def application(environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        try:
            environ["wsgi.input"].read()
        except ConnectionError as failure:
            failures.append(failure)
            raise
        return []

    client = talk(application, body_timeout=SHORT)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n3")
    assert (client.rest(), str(failures[0])) == (b"", "408 the client stopped sending in the middle of the body")


def test_a_body_in_drips(talk: Talk) -> None:
    """A body that comes slower than it has to uses up the time that there is for pauses."""
    recorder = Recorder()
    client = talk(recorder, body_timeout=0.2, body_rate=1000)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    drip(client, b"x" * 1000, 0.01)
    assert (client.response().status, recorder.environs) == (408, [])


def test_a_body_that_nobody_reads_in_drips(talk: Talk) -> None:
    """A body that is dropped may not take longer than an idle connection."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"x"]

    client = talk(application, chunked_bodies="stream", keep_alive=0.1)
    client.send(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.response()
    assert drip(client, b"0" * 1000, 0.01)


def large(size: int) -> Callable[..., Iterable[bytes]]:
    """Return an application that answers with one block of a size."""

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * size]

    return application


def test_a_reader_that_stops(talk: Talk) -> None:
    """A client that reads no more of a response that is sent without the application is left."""
    client = talk(large(10_000_000), small=True, write_timeout=SHORT)
    client.send(GET)
    client.join()
    assert client.served.failure is None


def test_a_reader_that_is_slow(talk: Talk) -> None:
    """A client that reads slowly gets all of it."""
    client = talk(large(1_000_000))
    client.send(GET + GET)
    assert [len(client.response().body) for _ in range(2)] == [1_000_000] * 2


def test_a_reader_that_stops_amid_blocks(talk: Talk) -> None:
    """A client that reads no more of a response in blocks ends the call: close() is called, no more blocks are made."""
    closed = threading.Event()
    made: list[int] = []

    class Blocks:
        def __iter__(self) -> Iterator[bytes]:
            for number in range(1000):
                made.append(number)
                yield b"x" * 100_000

        def close(self) -> None:
            closed.set()

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Blocks()

    client = talk(application, small=True, write_timeout=SHORT)
    client.send(GET)
    client.join()
    assert (closed.is_set(), len(made) < 1000, client.served.failure) == (True, True, None)


def test_a_reader_that_stops_amid_a_file(talk: Talk, tmp_path: Any) -> None:
    """Nor does a file that the system sends hold the connection for ever."""
    path = tmp_path / "large"
    path.write_bytes(bytes(20_000_000))

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        blocks: Iterable[bytes] = environ["wsgi.file_wrapper"](path.open("rb"))
        return blocks

    client = talk(application, small=True, write_timeout=SHORT)
    client.send(GET)
    client.join()
    assert client.served.failure is None


def test_gone_amid_a_response(talk: Talk) -> None:
    """A client that goes in the middle of a response is no error."""
    client = talk(large(10_000_000), small=True)
    client.send(GET)
    client.head()
    client._file.close()
    reset(client.socket)
    client.join()
    assert client.served.failure is None or isinstance(client.served.failure, ConnectionError)


def test_a_call_that_outlasts_keep_alive(talk: Talk) -> None:
    """The time between requests begins when the response was sent, however long it took to make."""
    made: list[float] = []

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        made.append(time.monotonic())
        return [b"x"]

    client = talk(application, keep_alive=60)
    client.send(GET)
    client.response()
    client.stop_sending()
    client.join()
    assert client.connection.deadline > made[0] + 60


CHUNKED = b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
LONG = b"PUT /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"

HOSTILE = {
    "silent": b"",
    "half a request line": GET[:9],
    "half a head": GET[:-2],
    "half a body": GET[:-2] + b"Content-Length: 100\r\n\r\nx",
    "half a chunk": CHUNKED + b"FF\r\nx",
    "half a body that is read": LONG + b"x",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(100)),
    "no more requests": GET,
    "does not read": GET.replace(b"/ ", b"/large "),
}


@pytest.mark.parametrize("threads", [1, 3])
def test_all_of_them_at_once(live: Live, threads: int) -> None:
    """However many clients do as little as they can, all are left in time, and others are served meanwhile."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/read" and threads > 1:
            environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"x" * (20_000_000 if environ["PATH_INFO"] == "/large" else 1)]

    soon = dict.fromkeys(("head_timeout", "body_timeout", "keep_alive", "write_timeout"), 0.3)
    server = live(application, threads=threads, **soon)
    clients = {(kind, number): server.connect() for kind in HOSTILE for number in range(3)}
    for (kind, _), client in clients.items():
        client.send(HOSTILE[kind])
    witness = server.connect()
    witness.send(GET)
    assert witness.response().status == 200
    for (kind, _), client in clients.items():
        if kind != "does not read":
            end_of(client)
    until(lambda: not server.server._worker._loop._connections)
    for number in range(3):
        assert end_of(clients["does not read", number]) < 20_000_000


def until(condition: Callable[[], bool]) -> None:
    """Wait for what nobody tells."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.02)


def end_of(client: Any) -> int:
    """Read until the server has left; return how much came."""
    count = 0
    try:
        while data := client.socket.recv(1_000_000):
            count += len(data)
    except ConnectionResetError:
        pass
    return count
