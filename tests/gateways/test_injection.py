"""One policy for every protocol: what an application may not send is refused by all of them alike (case 74)."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gatewright.gateways.cgi import CGIGateway, StandardStreams
from gatewright.gateways.connection import GatewayConnection
from gatewright.gateways.fastcgi.connection import FastCGIConnection
from gatewright.gateways.fastcgi.events import Begin, Input, Variables, encode as encode_fastcgi
from gatewright.gateways.fastcgi.records import STDERR, STDOUT, RecordReader
from gatewright.gateways.scgi import SCGIConnection, encode as encode_scgi
from gatewright.gateways.service import Service
from gatewright.server import Server, Settings
from gatewright.types import StartResponse, WSGIApplication

Serve = Callable[..., Any]

TIMEOUT = 20.0
VARIABLES = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
}


def by_http(application: WSGIApplication, serve: Serve) -> bytes:
    """Return what the HTTP server sends."""
    del serve
    with Server(application, Settings(bind=("127.0.0.1:0",), threads=1)) as server:
        address: Any = server.addresses[0]
        with socket.create_connection((address.host, address.port), TIMEOUT) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: sock.recv(65_536), b""))


def by_gateway(kind: type[GatewayConnection], application: WSGIApplication, serve: Serve, request: bytes) -> bytes:
    """Return what a gateway sends."""
    served = serve(kind, Service(application=application))
    served.send(request)
    answer: bytes = served.receive_all()
    return answer


def by_fastcgi(application: WSGIApplication, serve: Serve) -> bytes:
    """Return what FastCGI sends as the response."""
    request = (
        encode_fastcgi(Begin(1, 1, False)) + encode_fastcgi(Variables(1, VARIABLES)) + encode_fastcgi(Input(1, b""))
    )
    sent = list(RecordReader().read(by_gateway(FastCGIConnection, application, serve, request)))
    sys.stderr.write(b"".join(fragment.content for fragment in sent if fragment.type == STDERR).decode())
    return b"".join(fragment.content for fragment in sent if fragment.type == STDOUT)


def by_scgi(application: WSGIApplication, serve: Serve) -> bytes:
    """Return what SCGI sends."""
    return by_gateway(SCGIConnection, application, serve, encode_scgi(VARIABLES, b""))


def by_cgi(application: WSGIApplication, serve: Serve) -> bytes:
    """Return what CGI prints."""
    del serve
    streams = StandardStreams()
    reading, streams.output = os.pipe()
    streams.errors = sys.stderr
    with open(reading, "rb") as printed:
        try:
            CGIGateway(streams, VARIABLES.copy()).run(application)
        finally:
            os.close(streams.output)
        return printed.read()


PROTOCOLS = {"HTTP": by_http, "FastCGI": by_fastcgi, "SCGI": by_scgi, "CGI": by_cgi}

EVIL = "x\r\nInjected: yes"

ATTEMPTS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "line end in a value": ("200 OK", [("X", EVIL)]),
    "CR in a value": ("200 OK", [("X", "x\rInjected: yes")]),
    "LF in a value": ("200 OK", [("X", "x\nInjected: yes")]),
    "NUL in a value": ("200 OK", [("X", "x\0Injected: yes")]),
    "line end in a name": ("200 OK", [(EVIL, "x")]),
    "colon in a name": ("200 OK", [("Injected: yes, X", "x")]),
    "space in a name": ("200 OK", [("Injected X", "x")]),
    "empty name": ("200 OK", [("", "Injected: yes")]),
    "line end in the status": (f"200 {EVIL}", []),
    "NUL in the status": ("200 \0Injected", []),
    "a status that is none": ("Injected", []),
    "hop-by-hop field": ("200 OK", [("Connection", "Injected")]),
    "transfer coding": ("200 OK", [("Transfer-Encoding", "chunked, Injected")]),
    "two lengths": ("200 OK", [("Content-Length", "8"), ("Content-Length", "0")]),
    "a length that is none": ("200 OK", [("Content-Length", "+8")]),
    "beyond Latin-1": ("200 OK", [("X", "Injected \N{EURO SIGN}")]),
    "beyond Latin-1 in the status": ("200 Injected \N{EURO SIGN}", []),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("late", [False, True])
def test_refused(
    serve_connection: Serve, capsys: pytest.CaptureFixture[str], protocol: str, attempt: str, *, late: bool
) -> None:
    """It becomes the error page, and nothing of it is sent: no field, no status, no body."""
    status, headers = ATTEMPTS[attempt]

    def application(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if late:
            start_response("200 OK", [("Content-Type", "text/plain")])
            try:
                int("nothing")
            except ValueError:  # another response after all
                start_response(status, headers, sys.exc_info())
        else:
            start_response(status, headers)
        return [b"Injected"]

    answer = PROTOCOLS[protocol](application, serve_connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (b" 500 Internal Server Error" in head.split(b"\r\n", 1)[0], b"Injected" in answer) == (True, False), answer
    assert body.startswith(b"A server error occurred.")
    assert "Traceback" in capsys.readouterr().err
