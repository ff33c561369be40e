"""The programs that cases are made of: a conforming server, applications, and what is to be done with a linter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from io import BytesIO, StringIO
from typing import Any, TypeAlias

from attrs import frozen

from gatewright.spec.rules import RULES, Level, Rule

__all__ = ["HTML", "OK", "TEXT", "Application", "Case", "Lint", "Program", "Server", "answer", "asked", "served"]

Application: TypeAlias = Callable[..., Any]  # called as it is, rightly or wrongly
Lint: TypeAlias = Callable[[Application], Application]
Program: TypeAlias = Callable[[Lint], object]

OK = "200 OK"
TEXT = [("Content-Type", "text/plain")]
HTML = [("Content-Type", "text/html")]

_HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"}


@frozen
class Case:
    """One way to break one rule, or a liberty that the rule leaves and linters are known to refuse.

    Args:
        id: the rule's.
        what: the breach or the liberty, in a few words.
        breach: what breaks the rule, given the linter to be put around the application; None of a liberty.
        twin: the same without the breach; what takes the liberty.
    """

    id: str
    what: str
    breach: Program | None
    twin: Program

    @property
    def rule(self) -> Rule:
        """The rule."""
        return RULES[self.id]

    @property
    def name(self) -> str:
        """The rule's id and the breach, unique among the cases."""
        return f"{self.id}: {self.what}"

    def __attrs_post_init__(self) -> None:
        """Refuse a case that says nothing."""
        if self.breach is not None and self.rule.level is Level.MAY:
            raise ValueError(f"{self.name}: a rule of level may cannot be broken")


class Server:
    """A server that does all that PEP 3333 asks of it, in memory; a subclass does one thing wrong."""

    def __init__(self, changes: Mapping[str, object] | None = None) -> None:
        """Prepare one request; the changes are to the environ, where ... takes a variable out."""
        self.started = False
        self.blocks: list[object] = []
        self.environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(b"Hello, server!"),
            "wsgi.errors": StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        self.environ = {key: value for key, value in (self.environ | dict(changes or {})).items() if value is not ...}

    def start_response(self, _status: str, headers: Any, exc_info: Any = None, /) -> Callable[[bytes], object]:
        """Start the response."""
        if exc_info:
            if self.blocks:
                raise exc_info[1]
        elif self.started:
            raise RuntimeError("start_response was called a second time")
        self.started = True
        if any(str(name).lower() in _HOP_BY_HOP for name, *_ in headers):
            raise RuntimeError("a hop-by-hop header was given")
        return self.write

    def write(self, block: bytes, /) -> None:
        """Send a block."""
        self.blocks.append(block)

    def serve(self, application: Application) -> None:
        """Call the application, ask for its blocks and close what it returned."""
        self.send(application(self.environ, self.start_response))

    def send(self, result: Any) -> None:
        """Ask for the blocks and close what the application returned."""
        try:
            self.blocks.extend(block for block in result if block)
        finally:
            self.close(result)

    def close(self, result: Any) -> None:
        """Close what the application returned."""
        if hasattr(result, "close"):
            result.close()


def answer(*start: Any, body: Iterable[object] = (b"Hello, client!",), **keywords: Any) -> Application:
    """Return an application that calls start_response with these arguments and returns this body."""

    def application(_environ: dict[str, Any], start_response: Application) -> object:
        start_response(*(start or (OK, TEXT[:])), **keywords)
        return body

    return application


def served(application: Application, changes: Mapping[str, object] | None = None) -> Program:
    """Return the program that serves an application as it should be."""

    def program(lint: Lint) -> None:
        Server(changes).serve(lint(application))

    return program


def asked(server: Callable[[], Server], application: Application | None = None) -> Program:
    """Return the program in which this server serves a good application, or that one."""

    def program(lint: Lint) -> None:
        server().serve(lint(application or answer()))

    return program
