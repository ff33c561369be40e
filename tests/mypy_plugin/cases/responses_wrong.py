"""Statuses and headers that break a rule, in every form in which they stand in a source."""

import http
import wsgiref.handlers
import wsgiref.types
from http import HTTPStatus
from typing import Any, Final, Literal

from gatewright.handlers import BaseHandler, CGIHandler
from gatewright.types import StartResponse

NO_REASON: Final = "200"
NUMBER: Final = 404
ANNOTATED: Final[str] = "OK"
TYPED: Literal["20 OK"] = "20 OK"
COMMON: Final = [("Content-Type", "text/plain"), ("Connection", "close")]  # E: Hop-by-hop header, 'Connection: close', not allowed (A20)  [wsgi-header]


class Statuses:
    GONE: Final = "410"


# --- Statuses


def statuses(start_response: StartResponse, ok: bool, code: int) -> None:
    start_response("200", [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response("200OK", [])  # E: Status codes must be three characters: '200OK' (A13)  [wsgi-status]
    start_response("200 ", [])  # E: The status string ('200 ') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response("200  OK", [])  # E: The status string ('200  OK') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response(" 200 OK", [])  # E: The status string (' 200 OK') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response("20 OK", [])  # E: Status codes must be three characters: '20' (A13)  [wsgi-status]
    start_response("two hundred", [])  # E: Status code is not a number: 'two' (A13)  [wsgi-status]
    start_response("099 Odd", [])  # E: Status code is invalid: 99 (A13)  [wsgi-status]
    start_response("", [])  # E: Status codes must be three characters: '' (A13)  [wsgi-status]
    start_response("200 OK\r\nSet-Cookie: a=b", [])  # E: Control characters are not allowed in the status: '200 OK\r\nSet-Cookie: a=b' (bad char: '\r') (A14)  [wsgi-status]
    start_response("200 OK\t", [])  # E: Control characters are not allowed in the status: '200 OK\t' (bad char: '\t') (A14)  [wsgi-status]
    start_response("200 \N{EURO SIGN}", [])  # E: Status holds a character above U+00FF: '200 €' (A19)  [wsgi-status]
    start_response(200, [])  # E: Status must be of type str (got 200) (A12)  [wsgi-status]
    start_response(b"200 OK", [])  # E: Status must be of type str (got b'200 OK') (A12)  [wsgi-status]
    start_response(None, [])  # E: Status must be of type str (got None) (A12)  [wsgi-status]
    start_response(HTTPStatus.OK, [])  # E: Status must be of type str (got <HTTPStatus.OK: 200>) (A12)  [wsgi-status]
    start_response(http.HTTPStatus.NOT_FOUND, [])  # E: Status must be of type str (got <HTTPStatus.NOT_FOUND: 404>) (A12)  [wsgi-status]


def computed_statuses(start_response: StartResponse, ok: bool) -> None:
    start_response(NO_REASON, [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response(NUMBER, [])  # E: Status must be of type str (got 404) (A12)  [wsgi-status]
    start_response(ANNOTATED, [])  # E: Status codes must be three characters: 'OK' (A13)  [wsgi-status]
    start_response(TYPED, [])  # E: Status codes must be three characters: '20' (A13)  [wsgi-status]
    start_response(Statuses.GONE, [])  # E: The status string ('410') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response("40" "4", [])  # E: The status string ('404') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response("404" + "", [])  # E: The status string ('404') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response(f"404", [])  # E: The status string ('404') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response(f"{NO_REASON}", [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response(f"{HTTPStatus.OK}", [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response(f"{HTTPStatus.OK.value}{HTTPStatus.OK.phrase}", [])  # E: Status codes must be three characters: '200OK' (A13)  [wsgi-status]
    start_response(str(HTTPStatus.OK), [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response(str(HTTPStatus.OK.value), [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response(str(NUMBER), [])  # E: The status string ('404') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response("%d" % 404, [])  # E: The status string ('404') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    start_response("200 OK" if ok else "404", [])  # E: The status string ('404') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]


def local_status(start_response: StartResponse) -> None:
    status = "500"
    start_response(status, [])  # E: The status string ('500') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]


# --- Headers


def headers(start_response: StartResponse, number: int, text: str, others: list[tuple[str, str]]) -> None:
    start_response("200 OK", (("Content-Type", "text/plain"),))  # E: Headers ((('Content-Type', 'text/plain'),)) must be of type list: <class 'tuple'> (A15)  [wsgi-header]
    start_response("200 OK", {"Content-Type": "text/plain"})  # E: Headers ({'Content-Type': 'text/plain'}) must be of type list: <class 'dict'> (A15)  [wsgi-header]
    start_response("200 OK", None)  # E: Headers (None) must be of type list: <class 'NoneType'> (A15)  [wsgi-header]
    start_response("200 OK", "Content-Type: text/plain")  # E: Headers ('Content-Type: text/plain') must be of type list: <class 'str'> (A15)  [wsgi-header]
    start_response("200 OK", [["Content-Type", "text/plain"]])  # E: Individual headers (['Content-Type', 'text/plain']) must be of type tuple: <class 'list'> (A16)  [wsgi-header]
    start_response("200 OK", [("Content-Type", "text/plain", "")])  # E: Individual headers must be pairs, not 3 items: ('Content-Type', 'text/plain', '') (A16)  [wsgi-header]
    start_response("200 OK", ["Content-Type: text/plain"])  # E: Individual headers ('Content-Type: text/plain') must be of type tuple: <class 'str'> (A16)  [wsgi-header]
    start_response("200 OK", [("Content-Length", 5)])  # E: Header value must be of type str (got 5) (A16)  [wsgi-header]
    start_response("200 OK", [(b"X-Name", "value")])  # E: Header name must be of type str (got b'X-Name') (A16)  [wsgi-header]
    start_response("200 OK", [("X-Name", None)])  # E: Header value must be of type str (got None) (A16)  [wsgi-header]
    start_response("200 OK", [("", "value")])  # E: Bad header name: '' (A17)  [wsgi-header]
    start_response("200 OK", [("X Name", "value")])  # E: Bad header name: 'X Name' (A17)  [wsgi-header]
    start_response("200 OK", [("X-Name:", "value")])  # E: Bad header name: 'X-Name:' (A17)  [wsgi-header]
    start_response("200 OK", [("X-Name-", "value")])  # E: Names may not end in '-' or '_': 'X-Name-' (A17)  [wsgi-header]
    start_response("200 OK", [("X-Name\r\n", "value")])  # E: Bad header name: 'X-Name\r\n' (bad char: '\r') (A17)  [wsgi-header]
    start_response("200 OK", [("X-Name", "value\r\nSet-Cookie: a=b")])  # E: Bad header value: 'value\r\nSet-Cookie: a=b' (bad char: '\r') (A18)  [wsgi-header]
    start_response("200 OK", [("X-Name", "value\x7f")])  # E: Bad header value: 'value\x7f' (bad char: '\x7f') (A18)  [wsgi-header]
    start_response("200 OK", [("X-Name", "\N{EURO SIGN}")])  # E: Header value holds a character above U+00FF: '€' (A19)  [wsgi-header]
    start_response("200 OK", [("Connection", "close")])  # E: Hop-by-hop header, 'Connection: close', not allowed (A20)  [wsgi-header]
    start_response("200 OK", [("keep-alive", "timeout=5")])  # E: Hop-by-hop header, 'keep-alive: timeout=5', not allowed (A20)  [wsgi-header]
    start_response("200 OK", [("Proxy-Connection", "close")])  # E: A header that affects the connection, 'Proxy-Connection: close', not allowed (A21)  [wsgi-header]
    start_response("200 OK", [("Transfer-Encoding", "chunked")])  # E: Hop-by-hop header, 'Transfer-Encoding: chunked', not allowed (A22)  [wsgi-header]
    start_response("200 OK", [("Status", "200 OK")])  # E: The Status header cannot be used; it conflicts with CGI script, and HTTP status is not given through headers (value: '200 OK'). (A23)  [wsgi-header]
    start_response("200 OK", [("Content-Length", "many")])  # E: Content-Length is not a number: 'many' (A41)  [wsgi-header]
    start_response("200 OK", [("Content-Length", "5"), ("content-length", "6")])  # E: More than one Content-Length header: 5, 6 (A41)  [wsgi-header]


def partly_known_headers(start_response: StartResponse, number: int, text: str, others: list[tuple[str, str]]) -> None:
    start_response("200 OK", [("Upgrade", text), *others])  # E: Hop-by-hop header, 'Upgrade: ...', not allowed (A20)  [wsgi-header]
    start_response("200 OK", [*others, (text, "a\nb")])  # E: Bad header value: 'a\nb' (bad char: '\n') (A18)  [wsgi-header]
    start_response("200 OK", [("TE", text)] + others)  # E: Hop-by-hop header, 'TE: ...', not allowed (A20)  [wsgi-header]
    start_response("200 OK", others + [("TE", text)])  # E: Hop-by-hop header, 'TE: ...', not allowed (A20)  [wsgi-header]
    start_response("200 OK", [("Content-Length", str(number)), ("Content-Length", text)])  # E: More than one Content-Length header: ..., ... (A41)  [wsgi-header]
    start_response("200 OK", [("A", "b")] if number else [("A:", "b")])  # E: Bad header name: 'A:' (A17)  [wsgi-header]
    start_response(text, [("A", "b"), ("B ", text), ("C ", text)])  # E: Bad header name: 'B ' (A17)  [wsgi-header] # E: Bad header name: 'C ' (A17)  [wsgi-header]


def local_headers(start_response: StartResponse, text: str) -> None:
    fields = [("Trailers", text)]  # E: Hop-by-hop header, 'Trailers: ...', not allowed (A20)  [wsgi-header]
    if text:
        fields.append(("Bad Name", text))  # E: Bad header name: 'Bad Name' (A17)  [wsgi-header]
    start_response("200 OK", fields)


def final_headers(start_response: StartResponse) -> None:
    start_response("200 OK", COMMON)
    start_response("200 OK", [*COMMON, ("X-Name", "value")])


# --- Whatever start_response is called


def of_the_standard_library(respond: wsgiref.types.StartResponse) -> None:
    respond("200", [("A ", "b")])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status] # E: Bad header name: 'A ' (A17)  [wsgi-header]


def with_exc_info(start_response: StartResponse, exc_info: Any) -> None:
    start_response("500", [("A ", "b")], exc_info)  # E: The status string ('500') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status] # E: Bad header name: 'A ' (A17)  [wsgi-header]


class MyResponse(StartResponse):
    pass


class Middleware:
    def __init__(self, start_response: StartResponse) -> None:
        self.start_response = start_response

    def run(self) -> None:
        self.start_response("200", [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]


def of_a_subclass(mine: MyResponse) -> None:
    mine("200", [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]


class Handler(CGIHandler):
    FINAL: Final = "500"

    def send_error(self) -> None:
        self.start_response("500", [("A ", "b")])  # E: The status string ('500') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status] # E: Bad header name: 'A ' (A17)  [wsgi-header]
        self.start_response(self.FINAL, [])  # E: The status string ('500') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]


def of_handlers(ours: BaseHandler, theirs: wsgiref.handlers.SimpleHandler) -> None:
    ours.start_response("200", [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    theirs.start_response("200", [])  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]


# --- The error page


class ErrorPage(BaseHandler):
    error_status = "500"  # E: The status string ('500') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
    error_headers = [("Content Type", "text/plain"), ("Content-Length", "x")]  # E: Bad header name: 'Content Type' (A17)  [wsgi-header] # E: Content-Length is not a number: 'x' (A41)  [wsgi-header]


class TheirErrorPage(wsgiref.handlers.SimpleHandler):
    error_status: str = "Error"  # E: Status codes must be three characters: 'Error' (A13)  [wsgi-status]
    error_headers = [("Connection", "close")]  # E: Hop-by-hop header, 'Connection: close', not allowed (A20)  [wsgi-header]


class Derived(TheirErrorPage):
    error_status = NO_REASON  # E: The status string ('200') should be a three-digit integer followed by a single space and a status explanation (A13)  [wsgi-status]
