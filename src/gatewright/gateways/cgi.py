"""CGI (RFC 3875): one process for each request, its variables in the environment, its body on standard input.

A CGI script is two lines::

    from gatewright.gateways.cgi import run

    run(application)

Or none: ``python -m gatewright.gateways.cgi MODULE:APP``.  This module imports little: the web server's visitor waits
for each import.
"""

from __future__ import annotations

import io
import os
import sys

from gatewright.errors import ClientDisconnected
from gatewright.gateways.variables import complete
from gatewright.handlers import (
    CGIStatusMixin,
    EnvironMixin,
    ErrorPageMixin,
    ResponseMixin,
    SendfileMixin,
    read_environ,
)

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Self, TextIO

    from gatewright.types import ErrorStream, InputStream, WSGIApplication

__all__ = ["CGIGateway", "StandardStreams", "body_length", "main", "read_environment", "request_variables", "run"]

META_VARIABLES = frozenset(
    {
        *("AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO", "PATH_TRANSLATED"),
        *("QUERY_STRING", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_IDENT", "REMOTE_USER", "REQUEST_METHOD", "SCRIPT_NAME"),
        *("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE"),
    }
)
"""What RFC 3875 section 4.1 defines."""

SERVER_VARIABLES = frozenset(
    {
        *("CONTEXT_DOCUMENT_ROOT", "CONTEXT_PREFIX", "DOCUMENT_ROOT", "DOCUMENT_URI", "HTTPS", "REMOTE_PORT"),
        *("REQUEST_SCHEME", "REQUEST_URI", "SCRIPT_FILENAME", "SCRIPT_URI", "SCRIPT_URL", "SERVER_ADDR"),
        *("SERVER_ADMIN", "SERVER_SIGNATURE", "UNIQUE_ID"),
    }
)
"""What Apache, lighttpd and nginx add of their own."""

PREFIXES = ("HTTP_", "REDIRECT_", "SSL_")
"""How variables begin that are of the request, too: its fields, an error document's cause, what Apache knows of TLS."""


def read_environment() -> dict[str, str]:
    """Return the process environment, each character one byte (PEP 3333, "Unicode Issues").

    :func:`~gatewright.handlers.read_environ` keeps to the standard library, which mends fewer variables than web
    servers make of requests; it has what Windows needs.
    """
    if not os.supports_bytes_environ:
        return read_environ()
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in os.environb.items()}


def request_variables(environ: Mapping[str, str], further: Iterable[str] = ()) -> dict[str, str]:
    """Return the variables of the request: those of CGI and of web servers, and nothing else of the process.

    Args:
        environ: the process environment, as :func:`read_environment` returns it.
        further: names of other variables to take, such as one that Apache's ``SetEnv`` sets.  All of them, taken or
            not, stay in :data:`os.environ`.
    """
    names = META_VARIABLES | SERVER_VARIABLES | set(further)
    return {name: value for name, value in environ.items() if name in names or name.startswith(PREFIXES)}


def body_length(variables: Mapping[str, str]) -> int | None:
    """Return how many bytes the body has, or None if it ends where standard input ends.

    RFC 3875 section 4.1.2 lets no body come without ``CONTENT_LENGTH``; web servers that pass on what they do not know
    the length of, chunked or by HTTP/2, do just that.

    Args:
        variables: of the request; ``CONTENT_LENGTH`` is a number, if there is one.
    """
    length = variables.get("CONTENT_LENGTH")
    if length:
        return int(length)
    streamed = "HTTP_TRANSFER_ENCODING" in variables or variables.get("SERVER_PROTOCOL", "") >= "HTTP/2"
    return None if streamed else 0


class StandardStreams:
    """The streams of the process, out of the application's reach: what it prints goes to the log, not to the client.

    While the context lasts, descriptor 0 is at its end and descriptor 1, and ``sys.stdout`` with it, is the log; that
    also holds for programs that the application starts.

    Attributes:
        input: the descriptor of the request's body.
        output: the descriptor of the response.
        errors: the log of the web server.
    """

    input: int
    output: int
    errors: TextIO

    def __enter__(self) -> Self:
        """Take the streams away."""
        self._stdout = sys.stdout
        null = os.open(os.devnull, os.O_RDWR)
        self.input, self.output = os.dup(0), os.dup(1)
        self.errors = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # None if 2 was closed
        os.dup2(null, 0)
        os.dup2(2 if sys.stderr else null, 1)
        os.close(null)
        if self._stdout:
            self._stdout.flush()  # what was printed before is no response either
        sys.stdout = self.errors
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Put them back."""
        sys.stdout = self._stdout
        os.dup2(self.input, 0)
        os.dup2(self.output, 1)
        os.close(self.input)
        os.close(self.output)


class CGIGateway(SendfileMixin, ResponseMixin, ErrorPageMixin, EnvironMixin, CGIStatusMixin):
    """Runs an application for the one request of a CGI process; most programs call :func:`run`.

    :class:`gatewright.handlers.CGIHandler` keeps what ``wsgiref`` promises.  This one shows the application the request
    and not the process, ends ``wsgi.input`` where the body ends, and sends each block as it comes.

    Args:
        streams: the streams of the process.
        variables: of the request, from :func:`request_variables`.
    """

    origin_server = False
    wsgi_run_once = True
    wsgi_multithread = False
    os_environ: dict[str, str] = {}  # noqa: RUF012  # empty and never written to: setup_environ() copies it

    held: bytes = b""
    """What was written and not sent yet."""

    heeds_termination: bool = False
    """Whether SIGTERM raises: once, and not after the application's iterable is being closed."""

    def __init__(self, streams: StandardStreams, variables: dict[str, str]) -> None:
        self.streams = streams
        self.variables = variables

    def add_cgi_vars(self) -> None:
        """Add the request's variables, as PEP 3333 wants them.

        Raises:
            RequestError: there is no ``REQUEST_METHOD``, or ``CONTENT_LENGTH`` is no number.
        """
        self.environ.update(self.variables)
        complete(self.environ, None)
        self.environ["wsgi.input_terminated"] = True

    def get_stdin(self) -> InputStream:
        """Return the body; it is read from the process's standard input as the application asks for it."""
        length = body_length(self.variables)
        if length == 0:
            return io.BytesIO()
        file = open(self.streams.input, "rb", closefd=False)  # noqa: SIM115  # open as long as the process
        if length is None:
            return file
        from gatewright.body import LengthBody, RequestBody  # most requests have no body

        return RequestBody(LengthBody(file, length))

    def get_stderr(self) -> ErrorStream:
        """Return the log."""
        return self.streams.errors

    def get_output_descriptor(self) -> int:
        """Return the descriptor of the response, after all that is held was sent."""
        self._flush()
        return self.streams.output

    def finish_response(self) -> None:
        """Send the body; a SIGTERM, which is how web servers say that the client has gone, ends it in good order."""
        if type(self.result) is list:
            super().finish_response()
            return
        try:
            self._heed_termination()
            super().finish_response()
        finally:
            self._close_result()  # again, for a SIGTERM that came on the way to it; there is no second one

    def _heed_termination(self) -> None:
        import signal  # not cheap, and needed only where something is to be closed

        def end(_number: int, _frame: object) -> None:
            if self.heeds_termination:
                self.heeds_termination = False
                self.client_gone = True
                raise ClientDisconnected(400, "the web server ended the request")

        self.heeds_termination = True
        signal.signal(signal.SIGTERM, end)

    def _close_result(self) -> None:
        """Close the application's iterable, undisturbed: Apache ends the body or its pipe, and then sends SIGTERM."""
        self.heeds_termination = False
        super()._close_result()

    def _write(self, data: bytes) -> None:
        """Hold these bytes, so that the head travels with the first block."""
        self.held += data

    def _flush(self) -> None:
        """Send what is held; a pipe may take it in parts."""
        rest = memoryview(self.held)
        self.held = b""
        while rest:
            rest = rest[os.write(self.streams.output, rest) :]


def run(application: WSGIApplication, *, variables: Iterable[str] = ()) -> None:
    """Answer the request of this process.

    The application's errors go to standard error, which is the web server's log, and so does what it prints.

    Args:
        application: the WSGI application.
        variables: names of environment variables that are of neither CGI nor a web server and shall be in the environ
            nevertheless; see :func:`request_variables`.
    """
    with StandardStreams() as streams:
        CGIGateway(streams, request_variables(read_environment(), variables)).run(application)


def main(target: str) -> int:
    """Answer the request of this process by the application that ``target`` names.

    If it cannot be imported, the log says why in one line, and the visitor sees the error page.

    Args:
        target: ``MODULE:APP``, as :func:`gatewright.loading.load` takes it.

    Returns:
        The exit status: 0, or 1 if there is no such application.
    """
    from gatewright.errors import ConfigurationError
    from gatewright.loading import load

    with StandardStreams() as streams:
        gateway = CGIGateway(streams, request_variables(read_environment()))
        try:
            application = load(target)
        except ConfigurationError as mistake:
            streams.errors.write(f"gatewright: {mistake}\n")
            gateway.run(gateway.error_output)
            return 1
        gateway.run(application)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m gatewright.gateways.cgi MODULE:APP")
    sys.exit(main(sys.argv[1]))
