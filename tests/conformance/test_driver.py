from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import flask
import pytest
from attrs import evolve

from gatewright.conformance import Audit, Kind, Request, drive, requests_for
from gatewright.conformance.driver import Server
from gatewright.errors import GatewrightError
from gatewright.simple_server import demo_app
from gatewright.spec.checks import Violation
from gatewright.types import StartResponse, WSGIApplication
from gatewright.validate import Action, Policy, checked

Environ = dict[str, Any]
TEXT = ("Content-Type", "text/plain")
GET = Request("GET", "/")


def rules_of(audit: Audit) -> list[str]:
    """Return the ids of the rules that were broken."""
    return [finding.violation.rule.id for finding in audit.findings]


def conforming(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as PEP 3333 wants it."""
    start_response("200 OK", [TEXT])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"text"]


def flask_hello() -> WSGIApplication:
    """Return the application that everybody knows."""
    application = flask.Flask(__name__)
    application.add_url_rule("/", view_func=lambda: "Hello", methods=["GET", "POST"])
    return application


class TestConforming:
    @pytest.mark.parametrize("application", [conforming, demo_app, flask_hello()], ids=["ours", "demo", "Flask"])
    def test_no_finding(self, application: WSGIApplication) -> None:
        """An application that conforms is not accused."""
        audit = drive(application, requests_for(["/", "/no/such?page"]))
        assert (rules_of(audit), audit.failures, audit.conforms) == ([], [], True)

    def test_statuses(self) -> None:
        """How often it answered, and what, is told; two threads are two calls."""
        audit = drive(conforming, requests_for(methods=["GET"]))
        assert (audit.calls, audit.statuses) == (6, {"200": 6})


def no_iterable(_environ: Environ, start_response: StartResponse) -> Any:
    """Return None."""
    start_response("200 OK", [TEXT])


def text_body(_environ: Environ, start_response: StartResponse) -> Any:
    """Yield a str."""
    start_response("200 OK", [TEXT])
    return ["text"]


def no_reason(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Give a status without a reason."""
    start_response("200", [TEXT])
    return [b"text"]


def hop_by_hop(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Send a field that is the server's."""
    start_response("200 OK", [TEXT, ("Connection", "close")])
    return [b"text"]


def no_response(_environ: Environ, _start_response: StartResponse) -> Iterable[bytes]:
    """Never call start_response."""
    return []


def body_first(_environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """Call start_response after the first block."""
    yield b"text"
    start_response("200 OK", [TEXT])


def started_twice(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Call start_response again without a reason."""
    start_response("200 OK", [TEXT])
    start_response("200 OK", [TEXT])
    return [b"text"]


def closes_input(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Close a stream of the server's."""
    start_response("200 OK", [TEXT])
    environ["wsgi.input"].close()
    return [b"text"]


def bytes_to_errors(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Write bytes where text belongs."""
    start_response("200 OK", [TEXT])
    environ["wsgi.errors"].write(b"text")
    return [b"text"]


def untyped(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Send content of no declared type, which is a breach of level should."""
    start_response("200 OK", [])
    return [b"text"]


class TestServer:
    @pytest.mark.parametrize("request_", requests_for(), ids=str)
    def test_conforms(self, request_: Request) -> None:
        """The server's side of a call breaks no rule."""
        found: list[Violation] = []
        Server(request_).run(checked(conforming, Policy(Action.REPORT, Action.REPORT, report=found.append)))
        assert found == []


class TestBreaches:
    @pytest.mark.parametrize(
        "application,rule",
        [
            (no_iterable, "A07"),
            (text_body, "A09"),
            (no_reason, "A13"),
            (hop_by_hop, "A20"),
            (no_response, "A06"),
            (body_first, "A05"),
            (started_twice, "A26"),
            (closes_input, "A32"),
            (bytes_to_errors, "A34"),
            (untyped, "A43"),
        ],
    )
    def test_rule(self, application: WSGIApplication, rule: str) -> None:
        """Each breach is found under its rule, and nothing that follows of it is told as an exception."""
        audit = drive(application, requests_for(methods=["GET"]))
        assert (rules_of(audit), audit.failures) == ([rule], [])

    def test_once(self) -> None:
        """A violation that many requests show is told once, with the requests."""
        audit = drive(hop_by_hop, requests_for())
        assert len(audit.findings) == 1
        assert len(audit.findings[0].requests) == len(requests_for())

    def test_address(self) -> None:
        """Where an object happens to be in memory makes no second finding."""
        bodies: list[Any] = []

        def application(_environ: Environ, start_response: StartResponse) -> Any:
            start_response("200 OK", [TEXT])
            bodies.append([object()])  # kept, so that the next cannot have its address
            return bodies[-1]

        assert len(drive(application, [GET, evolve(GET, target="/other")]).findings) == 1

    def test_number(self) -> None:
        """Nor does another length or count."""

        def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [TEXT, ("Connection", environ.get("CONTENT_LENGTH", "0"))])
            return []

        assert len(drive(application, requests_for(methods=["POST"])).findings) == 1

    def test_place(self) -> None:
        """The place is in the application's code."""
        place = drive(hop_by_hop, [GET]).findings[0].violation.place
        assert re.fullmatch(rf"{re.escape(__file__)}:\d+ in hop_by_hop", place or "")

    def test_no_place(self) -> None:
        """The place is never one of ours."""

        def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            return (block for block in untyped(environ, start_response))

        place = drive(application, [GET]).findings[0].violation.place
        assert place is None or place.startswith(__file__)

    def test_only_some_requests(self) -> None:
        """What only one kind of request shows is found, and that request named."""

        def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            chunked = environ.get("wsgi.input_terminated", False)
            return (hop_by_hop if chunked else conforming)(environ, start_response)

        findings = drive(application, requests_for()).findings
        assert [str(request) for request in findings[0].requests] == [
            f"{method} /, with a chunked body" for method in ("POST", "PUT", "PATCH", "PROPFIND")
        ]

    def test_order(self) -> None:
        """Breaches of level must come first."""

        def application(environ: Environ, start_response: StartResponse) -> Any:
            untyped(environ, start_response)
            return [b"text", "text"]

        assert rules_of(drive(application, [GET])) == ["A09", "A43"]

    @pytest.mark.parametrize("application,conforms", [(untyped, True), (hop_by_hop, False)])
    def test_conforms(self, application: WSGIApplication, conforms: bool) -> None:
        """Only a breach of level must is one that counts."""
        assert drive(application, [GET]).conforms == conforms

    def test_message(self) -> None:
        """What is told of a body is one printable line of limited length."""

        def application(_environ: Environ, start_response: StartResponse) -> Any:
            start_response("200 OK", [TEXT])
            return ["\x1b\n" * 2**20]

        message = drive(application, [GET]).findings[0].message
        assert (message.isprintable(), len(message) < 500) == (True, True)


class TestExceptions:
    @pytest.mark.parametrize("error", [ValueError("no luck"), SystemExit(1), AssertionError(), GatewrightError("x")])
    def test_failure(self, error: BaseException) -> None:
        """An exception of the application's is told with its place; it breaks no rule."""

        def application(_environ: Environ, _start_response: StartResponse) -> Iterable[bytes]:
            raise error

        audit = drive(application, requests_for())
        told = [(type(error).__name__ in failure.message, failure.place) for failure in audit.failures]
        line = application.__code__.co_firstlineno + 1
        assert told == [(True, f"{__file__}:{line} in application")]

    def test_beside_a_breach(self) -> None:
        """An exception is told although a rule was broken before."""

        def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            hop_by_hop(environ, start_response)
            raise ValueError

        audit = drive(application, [GET])
        assert (rules_of(audit), [failure.message for failure in audit.failures]) == (["A20"], ["ValueError"])

    def test_in_other_peoples_code(self) -> None:
        """The place is the application's, also where it is a library that raises."""

        def application(_environ: Environ, _start_response: StartResponse) -> Iterable[bytes]:
            return [flask.json.loads("{").encode()]

        place = drive(application, [GET]).failures[0].place or ""
        assert place.startswith(__file__)

    def test_after_the_head(self) -> None:
        """exc_info given when the head is out is raised, as rule S47 wants it."""

        def application(_environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [TEXT])
            yield b"text"
            try:
                int("text")
            except ValueError:
                start_response("500 Oh", [TEXT], sys.exc_info())

        audit = drive(application, [GET])
        assert (len(audit.failures), audit.statuses) == (1, {"200": 1})

    def test_interrupt(self) -> None:
        """Ctrl-C is no exception of the application's."""

        def application(_environ: Environ, _start_response: StartResponse) -> Iterable[bytes]:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            drive(application, [GET])


class Body:
    """A body that counts what is taken of it, and how often it is closed."""

    def __init__(self) -> None:
        self.taken = self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for block in (b"", b"one", b"two"):
            self.taken += 1
            yield block

    def close(self) -> None:
        self.closed += 1


class TestDelivery:
    @pytest.mark.parametrize("blocks,taken", [(0, 0), (1, 2), (2, 3), (None, 3)])
    def test_early_close(self, blocks: int | None, taken: int) -> None:
        """As many blocks that are not empty are taken as the request wants; the body is closed once (rule S58)."""
        body = Body()

        def application(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [TEXT])
            return body

        drive(application, [Request("GET", "/", Kind(blocks=blocks))])
        assert (body.taken, body.closed) == (taken, 1)

    def test_threads(self) -> None:
        """Two threads call at the same time."""
        meeting = threading.Barrier(2, timeout=30)

        def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            meeting.wait()
            return conforming(environ, start_response)

        assert drive(application, [Request("GET", "/", Kind(threads=2))]).failures == []

    def test_endless(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A response without end is closed after a while, which is no finding."""
        monkeypatch.setattr("gatewright.conformance.driver._PATIENCE", 0.01)

        def application(_environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
            start_response("200 OK", [TEXT])
            while True:
                yield b"text"

        audit = drive(application, [GET])
        assert (rules_of(audit), audit.failures) == ([], [])

    def test_done(self) -> None:
        """Each request that is done is told."""
        told: list[None] = []
        drive(conforming, requests_for(), lambda: told.append(None))
        assert len(told) == len(requests_for())
