"""What is refused before the application is called, and what is borne."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from gatewright.errors import RequestError
from gatewright.simple_server.request_head import (
    MAX_BLANK_LINES,
    MAX_FIELDS,
    MAX_LINE,
    read_request_head,
    read_request_line,
)
from gatewright.spec.framing import NO_BODY, Framing
from gatewright.types import StartResponse, WSGIEnvironment

if TYPE_CHECKING:
    from tests.simple_server.conftest import Recorder, Serve

SECOND = b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n"

REFUSED = {
    # Framing.
    "two lengths": (400, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 33\r\n\r\nabc"),
    "signed length": (400, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc"),
    "length with underscore": (400, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1_0\r\n\r\n"),
    "hexadecimal length": (400, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc"),
    "length as list": (400, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc"),
    "empty length": (400, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"),
    "length of 30 digits": (400, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n"),
    "length and chunked": (
        400,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    ),
    "chunked twice": (400, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    "chunked in HTTP/1.0": (400, b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "gzip": (501, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    # Fields.
    "bare CR between lines": (400, b"GET / HTTP/1.1\r\nHost: x\r\nX: y\rContent-Length: 9\r\n\r\n"),
    "bare CR after the head": (400, b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\r\n\r\n"),
    "NUL": (400, b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n"),
    "folded line": (400, b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n"),
    "folded Transfer-Encoding": (400, b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"),
    "first line folded": (400, b"GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
    "space before colon": (400, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc"),
    "no colon": (400, b"GET / HTTP/1.1\r\nHost: x\r\nX\r\n\r\n"),
    "From line": (400, b"GET / HTTP/1.1\r\nHost: x\r\nFrom someone\r\n\r\n"),
    "no name": (400, b"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n"),
    "name beyond ASCII": (400, b"GET / HTTP/1.1\r\nHost: x\r\nX\xa0: y\r\n\r\n"),
    "no Host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
    "no host in Host": (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "two Content-Types": (400, b"GET / HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\n"),
    "field line too long": (431, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * MAX_LINE + b"\r\n\r\n"),
    "too many field lines": (431, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * MAX_FIELDS + b"\r\n"),
    "head too long": (431, b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"X: " + b"y" * 60_000 + b"\r\n") * 5 + b"\r\n"),
    # Request line.
    "two spaces": (400, b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "tabs": (400, b"GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n"),
    "vertical tab": (400, b"GET /\x0bHTTP/1.1\r\nHost: x\r\n\r\n"),
    "bare CR": (400, b"GET /\rX: y HTTP/1.1\r\nHost: x\r\n\r\n"),
    "no request line": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n"),
    "method is no token": (400, b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "fragment": (400, b"GET /#x HTTP/1.1\r\nHost: x\r\n\r\n"),
    "relative target": (400, b"GET x HTTP/1.1\r\nHost: x\r\n\r\n"),
    "asterisk": (400, b"GET * HTTP/1.1\r\nHost: x\r\n\r\n"),
    "CONNECT": (501, b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "odd version": (400, b"GET / HTTP/1.1.1\r\nHost: x\r\n\r\n"),
    "HTTP/2": (505, b"GET / HTTP/2.0\r\nHost: x\r\n\r\n"),
    "request line too long": (414, b"GET /" + b"x" * MAX_LINE + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "too many empty lines": (400, b"\r\n" * (MAX_BLANK_LINES + 1) + b"GET / HTTP/1.0\r\n\r\n"),
}

ACCEPTED = {
    "bare LF": b"GET / HTTP/1.0\nX: y\n\n",
    "end of file after the request line": b"GET / HTTP/1.0\r\n",
    "request line without an end": b"GET / HTTP/1.0",
    "end of file after a field line": b"GET / HTTP/1.0\r\nX: y\r\n",
    "empty lines first": b"\r\n\n" * (MAX_BLANK_LINES // 2) + b"GET / HTTP/1.0\r\n\r\n",
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "later minor version": b"GET / HTTP/1.9\r\nHost: x\r\n\r\n",
    "as many field lines as may be": b"GET / HTTP/1.0\r\n" + b"X: y\r\n" * MAX_FIELDS + b"\r\n",
    "long field line": b"GET / HTTP/1.0\r\nX: " + b"y" * (MAX_LINE - 5) + b"\r\n\r\n",
    "long request line": b"GET /" + b"x" * (MAX_LINE - 16) + b" HTTP/1.0\r\n\r\n",
    "no-break space in the target": b"GET /\x85\xa0 HTTP/1.0\r\n\r\n",
}


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer with a word."""
    start_response("200 OK", [])
    return [b"hello"]


@pytest.mark.parametrize("code, request_", REFUSED.values(), ids=REFUSED)
def test_status_of_refusal(serve: Serve, recorder: Recorder, code: int, request_: bytes) -> None:
    """A malformed or ambiguous request is answered with one error and the end of the connection.

    The stdlib passes most of these on (cpython#150499, cpython#114782, cpython#103204).
    """
    answer = serve(recorder).talk(request_)
    assert (answer[:13], answer.count(b"\r\nServer:")) == (b"HTTP/1.0 %d " % code, 1)


@pytest.mark.parametrize("request_", [request for _, request in REFUSED.values()], ids=REFUSED)
def test_application_is_not_called(serve: Serve, recorder: Recorder, request_: bytes) -> None:
    """A refused request never reaches the application, nor does what follows it."""
    serve(recorder).talk(request_ + SECOND)
    assert recorder.environs == []


@pytest.mark.parametrize("request_", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(serve: Serve, recorder: Recorder, request_: bytes) -> None:
    """What clients of wsgiref send, and what HTTP allows, is served."""
    assert serve(recorder).talk(request_, cut=True).startswith(b"HTTP/1.0 200 OK\r\n")


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.0\r\nX: y", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.0\r\nContent-Length: 1"]
)
def test_head_cut_short(serve: Serve, recorder: Recorder, request_: bytes) -> None:
    """A head that ends in a line, or in HTTP/1.1 before its empty line, is refused: it may lack what matters."""
    assert serve(recorder).talk(request_, cut=True).startswith(b"HTTP/1.0 400 ")


@pytest.mark.parametrize("request_", [b"", b"\r\n"])
def test_no_request(serve: Serve, recorder: Recorder, capsys: pytest.CaptureFixture[str], request_: bytes) -> None:
    """A connection that closes without a request is no event."""
    assert serve(recorder).talk(request_, cut=True) == b""
    assert capsys.readouterr().err == ""


def test_refusal_says_why(serve: Serve, recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    """The log says why a request was refused."""
    serve(recorder).talk(REFUSED["signed length"][1])
    assert "code 400, message Content-Length is not a number" in capsys.readouterr().err


def test_refusal_escapes_the_log(serve: Serve, recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    """What a refused client sent cannot write to the terminal."""
    serve(recorder).talk(b"GET /\x1b[31m HTTP/1.0\r\n\r\n")
    assert "\x1b" not in capsys.readouterr().err


def test_http_0_9(serve: Serve) -> None:
    """An HTTP/0.9 request is answered at once, with nothing but the body, though no empty line comes."""
    assert serve(hello).talk(b"GET /\r\n") == b"hello"


def test_field_lines_as_sent() -> None:
    """The head is kept as it was sent, for http.server to parse."""
    head = read_request_head(b"POST / HTTP/1.0\r\n", io.BytesIO(b"A: b\nContent-Length: 3\r\n\r\nabc"))
    assert (head.field_lines, head.framing) == (b"A: b\nContent-Length: 3\r\n", Framing(3))


def test_file_stands_at_the_body() -> None:
    """After a head was read, the file stands at the body."""
    file = io.BytesIO(b"A: b\r\n\r\nbody")
    read_request_head(b"POST / HTTP/1.0\r\n", file)
    assert file.read() == b"body"


def test_no_fields_in_http_0_9() -> None:
    """After the line of an HTTP/0.9 request nothing is read: the client sends nothing more."""
    file = io.BytesIO(b"rest")
    assert read_request_head(b"GET /\r\n", file).framing == NO_BODY
    assert file.read() == b"rest"


def test_line_read_elsewhere() -> None:
    """A request line that somebody else read without a limit is held to it here."""
    with pytest.raises(RequestError, match="414"):
        read_request_line(b"x" * (MAX_LINE + 1), io.BytesIO())
