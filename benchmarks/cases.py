"""What is measured: the same work by gatewright and by its peer."""

from __future__ import annotations

import io
import warnings
import wsgiref.handlers
import wsgiref.headers
import wsgiref.util
import wsgiref.validate
from importlib.metadata import version
from platform import python_version
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.lint import LintMiddleware

import gatewright.handlers
import gatewright.headers
import gatewright.validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gatewright.types import StartResponse, WSGIApplication

    Case = tuple[str, Callable[[], object], Callable[[], object], str]


def _checks_characters() -> bool:
    """Whether this Python's wsgiref refuses control characters: it has the fix for CVE-2026-0865."""
    try:
        wsgiref.headers.Headers()["Name"] = "value\r"
    except ValueError:
        return True
    return False


STDLIB = f"wsgiref of {python_version()}, {'with' if _checks_characters() else 'without'} character checks"
WERKZEUG = f"Werkzeug {version('werkzeug')}"

BROWSER = {
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.5",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
    "HTTP_COOKIE": "session=0123456789abcdef; theme=dark",
    "HTTP_REFERER": "http://127.0.0.1/",
    "REMOTE_ADDR": "127.0.0.1",
    "QUERY_STRING": "page=2",
    "CONTENT_TYPE": "",
    "CONTENT_LENGTH": "",
}


def hello(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """The smallest application."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, world!"]


def page(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """A page as a framework sends it."""
    start_response(
        "200 OK",
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-cache"),
            ("ETag", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
            ("Vary", "Accept, Cookie"),
            ("X-Frame-Options", "DENY"),
            ("Set-Cookie", "session=0123456789abcdef; Path=/; HttpOnly"),
            ("Content-Length", "5000"),
        ],
    )
    return [b"x" * 5000]


def environ_of(extra: dict[str, str]) -> dict[str, Any]:
    """Return a request."""
    environ: dict[str, Any] = dict(extra)
    wsgiref.util.setup_testing_defaults(environ)
    environ.setdefault("QUERY_STRING", "")  # or wsgiref.validate spends its time on a warning
    return environ


def run(handler: Callable[..., Any], application: WSGIApplication, extra: dict[str, str]) -> Callable[[], object]:
    """Make a case of one call through a handler, its construction included."""
    environ, stdin, stderr = environ_of(extra), io.BytesIO(), io.StringIO()

    def call() -> None:
        handler(stdin, io.BytesIO(), stderr, environ, multithread=False, multiprocess=False).run(application)

    return call


def validated(wrap: Callable[[Any], Any], application: WSGIApplication, extra: dict[str, str]) -> Callable[[], object]:
    """Make a case of one call through a validator, as a server would make it."""
    environ, checked = environ_of(extra), wrap(application)

    def write(data: bytes) -> None:
        pass

    def start_response(status: str, headers: object, exc_info: object = None) -> Callable[[bytes], None]:
        return write

    def call() -> None:
        result = checked(dict(environ), start_response)
        for _ in result:
            pass
        result.close()

    return call


def on_headers(work: Callable[[Any], object]) -> tuple[Callable[[], object], Callable[[], object]]:
    """Make a pair of cases of one operation on headers of five fields."""
    fields = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-cache, max-age=0"),
        ("ETag", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
        ("Vary", "Accept-Encoding"),
        ("X-Frame-Options", "DENY"),
    ]
    ours, theirs = gatewright.headers.Headers(list(fields)), wsgiref.headers.Headers(list(fields))
    return lambda: work(ours), lambda: work(theirs)


def response_of(headers_class: Callable[[list[tuple[str, str]]], Any]) -> Callable[[], object]:
    """Make a case of what a response does with its headers, from the list to the bytes."""

    def call() -> bytes:
        headers = headers_class(
            [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Cache-Control", "no-cache, max-age=0"),
                ("ETag", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
                ("Vary", "Accept-Encoding"),
                ("X-Frame-Options", "DENY"),
            ]
        )
        if "Content-Length" not in headers:
            headers["Content-Length"] = "5000"
        headers["Vary"] = "Cookie"
        headers.setdefault("Server", "gatewright")
        headers.add_header("Content-Disposition", "attachment", filename="report.pdf")
        if headers.get("content-type") is None or "Date" in headers or headers.get_all("Set-Cookie"):
            raise AssertionError
        return bytes(headers)

    return call


def _add_and_delete(headers: Any) -> None:
    headers.add_header("Content-Disposition", "attachment", filename="report.pdf")
    del headers["content-disposition"]


def _replace(headers: Any) -> None:
    headers["Vary"] = "Cookie"


OPERATIONS: dict[str, Callable[[Any], object]] = {
    "headers.get(...), found": lambda headers: headers.get("vary"),
    "headers.get(...), missing": lambda headers: headers.get("X-Missing"),
    "headers[...]": lambda headers: headers["ETag"],
    "... in headers": lambda headers: "Content-Length" in headers,
    "headers.get_all(...)": lambda headers: headers.get_all("Set-Cookie"),
    "headers.setdefault(...), found": lambda headers: headers.setdefault("Vary", "Accept"),
    "headers[...] = ...": _replace,
    "headers.add_header(...) and del": _add_and_delete,
    "headers.items()": lambda headers: headers.items(),
    "str(headers)": str,
    "bytes(headers)": bytes,
}

warnings.simplefilter("ignore")  # Werkzeug warns of every relative thing; what is measured is the way through

_ours, _std = gatewright.handlers, wsgiref.handlers
_check, _std_check = gatewright.validate.validator, wsgiref.validate.validator

SECTIONS: dict[str, list[Case]] = {
    "One call through a handler": [
        (
            "SimpleHandler(...).run(hello)",
            run(_ours.SimpleHandler, hello, {}),
            run(_std.SimpleHandler, hello, {}),
            STDLIB,
        ),
        (
            "SimpleHandler(...).run(page), browser headers",
            run(_ours.SimpleHandler, page, BROWSER),
            run(_std.SimpleHandler, page, BROWSER),
            STDLIB,
        ),
        (
            "BaseCGIHandler(...).run(hello)",
            run(_ours.BaseCGIHandler, hello, {}),
            run(_std.BaseCGIHandler, hello, {}),
            STDLIB,
        ),
    ],
    "One call through the validator": [
        ("validator(hello)", validated(_check, hello, {}), validated(_std_check, hello, {}), STDLIB),
        (
            "validator(page), browser headers",
            validated(_check, page, BROWSER),
            validated(_std_check, page, BROWSER),
            STDLIB,
        ),
        ("validator(hello)", validated(_check, hello, {}), validated(LintMiddleware, hello, {}), WERKZEUG),
    ],
    "Headers": [
        (
            "a response: from the list to the bytes",
            response_of(gatewright.headers.Headers),
            response_of(wsgiref.headers.Headers),
            STDLIB,
        ),
        *((name, *on_headers(work), STDLIB) for name, work in OPERATIONS.items()),
    ],
}
