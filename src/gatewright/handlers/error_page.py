"""The mixin that deals with errors: the log and the page that the client sees."""

from __future__ import annotations

import sys

from gatewright.errors import RequestError
from gatewright.handlers.contract import NO_FIELDS, HandlerContract
from gatewright.spec.checks.breach import broken, violation_of

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from gatewright.spec.checks import Violation
    from gatewright.types import OptExcInfo, StartResponse, WSGIEnvironment


class ErrorPageMixin(HandlerContract):
    """Logs errors to ``wsgi.errors`` and answers with ``error_status``, ``error_headers`` and ``error_body``.

    Override :meth:`error_output` for another page, :meth:`log_exception` for another log.
    """

    __slots__ = NO_FIELDS

    def handle_error(self) -> None:
        """Log the current exception; if nothing was sent yet, send the error page.

        Once the head was sent nothing can be taken back: the response stays cut short, and the log says so (rule A38).
        A log that cannot be written, on a full disk, is no reason to leave the client without an answer.
        """
        try:  # noqa: SIM105  # contextlib is not cheap
            self.log_exception(sys.exc_info())
        except OSError:
            pass
        if not self.headers_sent:
            self.result: Iterable[bytes] | None = self.error_output(self.environ, self.start_response)
            self.finish_response()
        elif violation_of(sys.exception()) is None:  # or the log has named a rule already
            message = "the application failed after the head was sent, too late for an error page"
            self.log_violation(broken("A38", message))

    def error_output(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Make the error page; a WSGI application that is called while the exception is being handled.

        The page says nothing of the cause: what a visitor may see of it is for the deployer to decide.  Only a client
        that sent a broken request body, which shows when the application reads it, is told what was wrong with it.
        """
        error = sys.exception()
        status, body = self.error_status, self.error_body
        if isinstance(error, RequestError):
            status, body = f"{error.code} {_reason(error.code)}", error.message.encode()
        start_response(status, self.error_headers[:], sys.exc_info())
        return [body]

    def log_exception(self, exc_info: OptExcInfo) -> None:
        """Write the traceback to ``wsgi.errors`` and flush it.

        If a rule was broken, the line before the traceback names it: it is the exception's cause.  A client's fault
        gets one line and no traceback.

        Args:
            exc_info: what ``sys.exc_info()`` returns.
        """
        stderr = self.get_stderr()
        if isinstance(exc_info[1], RequestError):
            stderr.write(f"gatewright: bad request: {exc_info[1]}\n")
        else:
            from traceback import print_exception  # neither is cheap, and most processes never need them
            from typing import cast

            print_exception(*exc_info, limit=self.traceback_limit, file=cast("TextIO", stderr))
        stderr.flush()

    def log_violation(self, violation: Violation) -> None:
        """Write one line about a breach that does not stop the response to ``wsgi.errors`` and flush it."""
        stderr = self.get_stderr()
        try:
            stderr.write(f"gatewright: {violation.explanation}\n")
            stderr.flush()
        except OSError:  # as in handle_error()
            pass


def _reason(code: int) -> str:
    from http import HTTPStatus  # likewise

    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""  # the reason may be empty (RFC 9112 section 4)
