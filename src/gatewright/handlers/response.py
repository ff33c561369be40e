"""The mixin that runs an application and sends what it answers: the course of one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewright.errors import ClientDisconnected, ForbiddenCharacter
from gatewright.handlers.contract import HandlerContract
from gatewright.spec.checks import Violation, check_exc_info, check_header_fields, check_status_line, refuse
from gatewright.spec.grammar import forbids_content, forbids_content_length, is_digits
from gatewright.spec.rules import RULES

if TYPE_CHECKING:
    from typing import NoReturn

    from gatewright.types import HeaderList, OptExcInfo, WSGIApplication, Write

_CHARACTER_RULES = frozenset({"A14", "A17", "A18"})


class ResponseMixin(HandlerContract):
    """Calls the application and sends its response (PEP 3333, "The Server/Gateway Side").

    What must never reach the wire is refused, under ``python -O`` too: the exceptions are raised where the application
    made the mistake, and lead to the error page or, once the head was sent, to a response that is cut short.
    """

    def run(self, application: WSGIApplication) -> None:
        """Call the application and send its response; the one method for callers.

        A client that goes away ends the call silently.  An exception of the application's is dealt with by
        ``handle_error()``, ``SystemExit`` included, and does not come out; a ``KeyboardInterrupt`` does.

        Args:
            application: the WSGI application.

        Raises:
            BaseException: what went wrong while an error was being handled, after :meth:`close`.
        """
        try:
            self.setup_environ()
            self.result = application(self.environ, self.start_response)
            self.finish_response()
        except KeyboardInterrupt:
            self.close()
            raise
        except BaseException as error:  # noqa: BLE001  # an application that exits must not end the server
            if self.client_gone or isinstance(error, ClientDisconnected):
                return
            self._recover()

    def _recover(self) -> None:
        """Have the current exception handled; what goes wrong in that is for the server to hear, unless nobody listens."""
        try:
            self.handle_error()
        except BaseException:
            self.close()
            if not self.client_gone:
                raise

    def finish_response(self) -> None:
        """Send the body and close: an asynchronous handler replaces this and calls :meth:`close` when it is done."""
        try:
            if not (self.result_is_file() and self.sendfile()):
                self._send_blocks()
            self.finish_content()
        except BaseException:
            self._close_result()  # the rest of the state stays, for those who look at what went wrong (bpo-29183)
            raise
        self.close()

    def _send_blocks(self) -> None:
        """Send each block as soon as it is there; stop early where nothing of it would be sent."""
        result = self.result
        if result is None:
            refuse(Violation(RULES["A07"], "The application must return an iterator, if only an empty list"))
        for data in result:
            if data or type(data) is not bytes:
                self.write(data)
                if not self.sends_content:
                    break

    def start_response(self, status: str, headers: HeaderList, exc_info: OptExcInfo | None = None) -> Write:
        """Take status and headers (PEP 3333, "The start_response() Callable").

        Nothing is sent yet.  The headers are copied, so that a list which the application keeps for its next response
        stays as it is.

        Args:
            status: like ``"200 OK"``.
            headers: a list of ``(name, value)`` pairs.
            exc_info: what ``sys.exc_info()`` returns, from an application that replaces a response by an error page.

        Returns:
            :meth:`write`.

        Raises:
            AssertionError: a rule was broken; the response has neither status nor headers then.
            ForbiddenCharacter: a character in status or headers would break the head apart; an ``AssertionError`` too.
            BaseException: ``exc_info`` itself, if the head was sent already.
        """
        if exc_info:
            self._replace_response(exc_info)
        elif self.response_started:
            refuse(Violation(RULES["A26"], "Headers already set!"))
        self.response_started = True
        self.status = self.headers = None
        violation = check_status_line(status) or check_header_fields(headers)
        if violation is not None:
            _refuse(violation)
        self.headers = self.headers_class(headers[:])
        self.status, self.status_code = status, int(status[:3])
        return self.write

    def _replace_response(self, exc_info: OptExcInfo) -> None:
        violation = check_exc_info(exc_info)
        if violation is not None:
            refuse(violation)
        error, traceback = exc_info[1], exc_info[2]
        if not self.headers_sent:
            return
        if error is None:
            refuse(Violation(RULES["A26"], "Headers already sent, and exc_info holds no exception", exc_info))
        try:
            raise error.with_traceback(traceback)
        finally:
            del error, traceback, exc_info  # or this frame and the traceback hold each other (rule S48)

    def write(self, data: bytes) -> None:
        """Send a block of the body, after the head if that was not sent yet (PEP 3333, "The write() Callable").

        Args:
            data: the block; it is sent before this method returns, or safely held by the transport.

        Raises:
            AssertionError: the block is no ``bytes`` (A28), ``start_response`` was not called (A05), or the block goes
                beyond the Content-Length (A41; the part within was sent).
        """
        if type(data) is not bytes:
            refuse(Violation(RULES["A28"], f"write() argument must be a bytes instance (got {data!r})", data))
        if self.headers_sent:
            self.bytes_sent += len(data)
        else:
            if self.headers is None:
                refuse(Violation(RULES["A05"], "write() before start_response()"))
            self.bytes_sent = len(data)  # set_content_length() reads it
            self.send_headers()
        if self.bytes_left is None and self.sends_content:
            self._deliver(data)
        else:
            self._deliver_within_bounds(data)

    def _deliver(self, data: bytes) -> None:
        """Hand bytes to the transport and have them sent; remember a client that is gone, so that nobody is blamed."""
        try:
            self._write(data)
            self._flush()
        except (ConnectionError, TimeoutError):
            self.client_gone = True
            raise

    def _deliver_within_bounds(self, data: bytes) -> None:
        """Send what the head of the response allows for: nothing, or no more than the Content-Length."""
        left = len(data) if self.bytes_left is None else self.bytes_left
        allowed = data[:left] if self.sends_content else b""
        excess = len(data) - len(allowed)
        self.bytes_sent -= excess
        if self.bytes_left is not None:
            self.bytes_left -= len(allowed)
        self._deliver(allowed)
        if self.sends_content and excess:
            refuse(Violation(RULES["A41"], f"the body is longer than its Content-Length: {excess} bytes were cut off"))

    def finish_content(self) -> None:
        """Send the head if no block did, and log a body that is shorter than its Content-Length (rule A41)."""
        if not self.headers_sent:
            if self.headers is None:
                refuse(Violation(RULES["A06"], "the application did not call start_response()"))
            if self._may_have_content():
                self.headers.setdefault("Content-Length", "0")
            self.send_headers()
            self._deliver(b"")
        if self.bytes_left:
            message = f"the body is {self.bytes_left} bytes shorter than its Content-Length"
            self.log_violation(Violation(RULES["A41"], message))

    def send_headers(self) -> None:
        """Send the head of the response.

        Raises:
            AssertionError: ``start_response`` was not called (rule A06), or there is not one valid Content-Length at most
                (rule A41); nothing was sent then.
        """
        if self.headers is None:
            refuse(Violation(RULES["A06"], "the application did not call start_response()"))
        self.cleanup_headers()
        self.sends_content = self._may_have_content()
        lengths = self.headers.get_all("Content-Length")
        if lengths:
            if len(lengths) > 1 or not is_digits(lengths[0]):
                refuse(Violation(RULES["A41"], f"Content-Length is not one decimal number: {lengths!r}", lengths))
            if self.sends_content:
                self.bytes_left = int(lengths[0])
        modern = not self.origin_server or self.client_is_modern()
        self.headers_sent = True
        if modern:
            self._send_head(bytes(self.headers))

    def _send_head(self, fields: bytes) -> None:
        try:
            self.send_preamble()
            self._write(fields)
        except (ConnectionError, TimeoutError):
            self.client_gone = True
            raise

    def cleanup_headers(self) -> None:
        """Add and remove what HTTP asks for before the head is sent; extend it to add headers of your own."""
        headers = self.headers
        if headers is None:
            return
        if "Content-Length" not in headers:
            self.set_content_length()
        elif forbids_content_length(self.status_code):
            del headers["Content-Length"]

    def set_content_length(self) -> None:
        """Set the Content-Length where the body is known to be one block, the one just written (rule S57)."""
        headers = self.headers
        if headers is None or forbids_content(self.status_code):
            return
        try:
            blocks = len(self.result)  # type: ignore[arg-type]  # the question is whether it has a length
        except (TypeError, AttributeError, NotImplementedError):
            return
        if blocks == 1 and self.bytes_sent:
            headers["Content-Length"] = str(self.bytes_sent)

    def close(self) -> None:
        """End the call: close the application's iterable and reset the state; the transport stays open."""
        try:
            self._close_result()
        finally:
            self.environ = {}
            self.result = self.headers = self.status = self.bytes_left = self.closed_result = None
            self.bytes_sent = 0
            self.headers_sent = self.response_started = False
            self.sends_content = True

    def _close_result(self) -> None:
        """Close the application's iterable, once (rule S58)."""
        result = self.result
        if result is not self.closed_result:
            self.closed_result = result
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _may_have_content(self) -> bool:
        """Whether a response with this status, to this request, may have content (RFC 9110 section 6.4.1)."""
        return self.environ.get("REQUEST_METHOD") != "HEAD" and not forbids_content(self.status_code)


def _refuse(violation: Violation) -> NoReturn:
    refuse(violation, ForbiddenCharacter if violation.rule.id in _CHARACTER_RULES else AssertionError)
