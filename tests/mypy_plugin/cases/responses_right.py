"""Statuses and headers that keep the rules, or of which nothing certain is known: not a word about any of it."""

import sys
import wsgiref.handlers
import wsgiref.headers
import wsgiref.types
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Literal

from gatewright.handlers import BaseHandler
from gatewright.headers import Headers
from gatewright.types import HeaderList, StartResponse

OK: Final = "200 OK"
STATUSES: Final = {200: "200 OK", 404: "404 Not Found"}
COMMON: Final = [("Content-Type", "text/plain")]
changing = "200"
Known = Literal["200 OK", "404 Not Found"]


def statuses(start_response: StartResponse, text: str, code: HTTPStatus, known: Known) -> None:
    start_response("200 OK", [])
    start_response("299 Somewhat odd, but sound (really)", [])
    start_response("404 Nicht gefunden: \xe4", [])
    start_response(OK, [])
    start_response(known, [])
    start_response(STATUSES[200], [])
    start_response(text, [])
    start_response(changing, [])
    start_response(f"{code.value} {code.phrase}", [])
    start_response(f"{HTTPStatus.OK.value} {HTTPStatus.OK.phrase}", [])
    start_response(f"{HTTPStatus.OK} {text}", [])
    start_response("%d %s" % (code, text), [])
    start_response("{} {}".format(404, "Not Found"), [])
    start_response(" ".join(["200", "OK"]), [])
    start_response("200 OK" if text else OK, [])


def rebound(start_response: StartResponse, text: str, status: str = "200") -> None:
    start_response(status, [])
    other = "500"
    if text:
        other = "500 Internal Server Error"
    start_response(other, [])
    third = "20"
    third += "0 OK"
    start_response(third, [])
    for fourth in ["200 OK"]:
        start_response(fourth, [])
    with open(text) as fifth:
        start_response(fifth.read(), [])
    if sixth := text:
        start_response(sixth, [])
    match text:
        case str() as seventh:
            start_response(seventh, [])
    try:
        eighth = text
    except ValueError as error:
        start_response(str(error), [], sys.exc_info())
    start_response(eighth, [])


def headers(start_response: StartResponse, text: str, number: int, others: HeaderList) -> None:
    start_response("200 OK", [])
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(number))])
    start_response("200 OK", [("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")])
    start_response("200 OK", [("Content-Length", "0")])
    start_response("200 OK", [("X-Tab", "a\tb"), ("X_Y", ""), ("1", "2"), ("!", "\xff")])
    start_response("200 OK", [(text, text), *others])
    start_response("200 OK", [("Trailer", "Expires")])
    start_response("200 OK", others)
    start_response("200 OK", list(others))
    start_response("200 OK", COMMON)
    start_response("200 OK", COMMON + others)
    start_response("200 OK", [(name, value) for name, value in others])
    start_response("200 OK", [("Content-Length", str(number))] if number else [("Content-Length", text)])


def changed(start_response: StartResponse, text: str, change: Callable[[HeaderList], None]) -> None:
    taken_out = [("Connection", text)]
    del taken_out[0]
    start_response("200 OK", taken_out)
    replaced = [("Connection", text)]
    replaced[0] = ("X-Connection", text)
    start_response("200 OK", replaced)
    handed_on = [("Connection", text)]
    change(handed_on)
    start_response("200 OK", handed_on)
    kept = [("Connection", text)]
    alias = kept
    alias.clear()
    start_response("200 OK", kept)
    one_of_two = [("Content-Type", "text/plain")]
    if text:
        one_of_two.append(("Content-Length", "1"))
    else:
        one_of_two.append(("Content-Length", "2"))
    start_response("200 OK", one_of_two)


def others(start_response: Any, plain: Callable[[str, str], None], theirs: wsgiref.types.StartResponse) -> None:
    start_response("200", [("Connection", "close")])
    plain("200", "Connection")
    theirs("200 OK", [("Content-Type", "text/plain")])


def start_response(status: str, headers: HeaderList) -> None: ...


start_response("200", [("Connection", "close")])


# --- Headers, and gateways, which may speak of the connection


def objects(text: str) -> None:
    ours = Headers([("Content-Type", "text/plain")])
    ours["X-Name"] = text
    ours[text] = "value"
    ours.add_header("Content-Disposition", "attachment", filename="a b.txt", size=None)
    ours.add_header("Content-Disposition", None, filename=text)
    ours.setdefault("Content-Length", text)
    Headers()
    Headers(None)
    Headers(headers=[("X-Name", text)])
    theirs = wsgiref.headers.Headers()
    theirs["X-Name"] = text
    print(ours["Connection"], ours.get("Bad Name"), "Bad Name" in ours)
    del ours["Connection"]


class Handler(BaseHandler):
    error_status = "503 Service Unavailable"
    error_headers = [("Content-Type", "text/plain"), ("Retry-After", "120")]

    def cleanup_headers(self) -> None:
        Headers([("Connection", "close")])["Keep-Alive"] = "timeout=5"


class TheirHandler(wsgiref.handlers.BaseHandler):
    error_status = OK


class NoHandler:
    error_status = "500"
    error_headers = [("Connection", "close")]
