"""What the handlers of FastCGI and SCGI share: variables that came from a web server, and output that is held."""

from __future__ import annotations

from collections.abc import Iterable

from gatewright.gateways.service import Service
from gatewright.gateways.variables import complete
from gatewright.handlers import (
    CGIStatusMixin,
    EnvironMixin,
    ErrorPageMixin,
    FileWrapperMixin,
    HandlerContract,
)
from gatewright.handlers.contract import NO_FIELDS
from gatewright.handlers.whole_response import WholeResponseMixin
from gatewright.types import InputStream, WSGIEnvironment

__all__ = ["GatewayHandler", "HeldOutput", "RequestVariables"]

# How many bytes of a response are held at most, where holding them delays nothing.
HOLD = 65_536

_NOTHING: dict[str, str] = {}


class RequestVariables(HandlerContract):
    """Makes the environ of the variables that a web server sent, and of nothing else."""

    __slots__ = NO_FIELDS

    os_environ: dict[str, str] = _NOTHING  # the process environment is the gateway's, not the request's

    variables: WSGIEnvironment
    """What the web server sent; it becomes the environ."""
    script_name: str | None = None
    """Where the application is mounted, or None to believe the web server."""
    body: InputStream
    """``wsgi.input``; it ends where the body ends."""

    def add_cgi_vars(self) -> None:
        """Add the request's variables, as PEP 3333 wants them."""
        complete(self.variables, self.script_name)
        self.variables["wsgi.input_terminated"] = True
        if self.environ:
            self.environ.update(self.variables)
        else:
            self.environ: WSGIEnvironment = self.variables

    def get_stdin(self) -> InputStream:
        """Return the body."""
        return self.body


class HeldOutput(HandlerContract):
    """Holds what is written, so that head and first block travel together.

    While the application runs, each block is sent at once.  A list runs nothing between its blocks, so those are held,
    up to a limit, and travel with the end of the response.
    """

    __slots__ = NO_FIELDS

    held_size: int = 0
    """How many bytes are held."""

    held: list[bytes]
    """What is held; whoever makes the handler makes the list."""

    completed: bool = False
    """Whether the response, the application's or the error page, is whole."""
    failed: bool = False
    """Whether the application failed."""

    def _write(self, data: bytes) -> None:
        """Hold the bytes."""
        self.held.append(data)
        self.held_size += len(data)

    def _flush(self) -> None:
        """Send what is held, unless it can wait for more."""
        if self.held_size >= HOLD or type(self.result) is not list:
            blocks, self.held, self.held_size = self.held, [], 0
            self.send(blocks)

    def send(self, blocks: list[bytes]) -> None:
        """Send these bytes of the response; empty blocks may be among them.

        Raises:
            ConnectionError: the web server has gone or wants no more.
            TimeoutError: it took nothing for too long.
        """
        raise NotImplementedError

    def handle_error(self) -> None:
        """Remember that there was one."""
        self.failed = True
        super().handle_error()

    def close(self) -> None:
        """Remember that the response is complete, unless it is shorter than its Content-Length."""
        self.completed = not self.bytes_left
        super().close()


class GatewayHandler(
    RequestVariables, HeldOutput, WholeResponseMixin, ErrorPageMixin, FileWrapperMixin, EnvironMixin, CGIStatusMixin
):
    """Runs an application behind a web server; a subclass brings :meth:`send` and ``get_stderr``.

    After ``run()`` the caller sends what is still in ``held``, and ends the response in the way of its protocol, or, if
    ``completed`` is false, so that nobody takes it for whole.

    Args:
        service: what is served.
        variables: what the web server sent; it becomes the environ.
        body: ``wsgi.input``; it ends where the body ends.
    """

    # See NO_FIELDS for the reason.
    __slots__ = (
        *("_headers", "bytes_left", "bytes_sent", "client_gone", "closed_result", "completed", "environ", "failed"),
        *("field_length", "field_lines", "field_marks", "fields", "headers_sent", "held", "held_size"),
        *("length_computed", "response_started", "result", "script_name", "sends_content", "status", "status_code"),
        *("body", "variables", "wsgi_multiprocess", "wsgi_multithread"),
    )

    origin_server = False
    held_size: int

    def __init__(self, service: Service, variables: WSGIEnvironment, body: InputStream) -> None:
        self.variables = variables
        self.body = body
        self.script_name: str | None = service.script_name
        self.wsgi_multithread: bool = service.multithread
        self.wsgi_multiprocess: bool = service.multiprocess
        self.held: list[bytes] = []
        self.held_size = self.bytes_sent = 0
        self.completed: bool = False
        self.failed: bool = False
        self.headers_sent: bool = False
        self.response_started: bool = False
        self.client_gone: bool = False
        self.result: Iterable[bytes] | None = None
        self.closed_result: Iterable[bytes] | None = None
        self.status: str | None = None
        self.field_marks: int | None = None
        self.bytes_left: int | None = None
        self._headers = None

    def send_whole(self, marks: int, lines: str, body: bytes) -> None:
        """Hold the response; what is too much to be held is sent."""
        head = f"Status: {self.status}\r\n{lines}\r\n".encode("latin-1")
        self.held += (head, body)
        self.held_size += len(head) + len(body)
        if self.held_size >= HOLD:
            self._flush()
        self.completed = True
