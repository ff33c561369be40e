"""The mixin that runs an application and sends what it answers: the course of one call."""

from __future__ import annotations

from gatewright.errors import ClientDisconnected, ForbiddenCharacter
from gatewright.handlers.contract import NO_FIELDS, HandlerContract
from gatewright.headers import Headers
from gatewright.spec.checks.breach import broken, refuse
from gatewright.spec.checks.response import (
    LENGTH,
    STATUS_CODES,
    check_exc_info,
    check_header_fields,
    check_iterable,
    check_status_field,
    check_status_line,
    head_of,
    marks_of,
)
from gatewright.spec.grammar import WITHOUT_CONTENT, WITHOUT_CONTENT_LENGTH, is_digits

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from gatewright.spec.checks import Violation
    from gatewright.spec.checks.response import Fields
    from gatewright.types import HeaderList, OptExcInfo, Write, WSGIApplication, WSGIEnvironment

_CHARACTER_RULES = frozenset({"A14", "A17", "A18"})


class ResponseMixin(HandlerContract):
    """Calls the application and sends its response (PEP 3333, "The Server/Gateway Side").

    What must never reach the wire is refused, under ``python -O`` too: the exceptions are raised where the application
    made the mistake, and lead to the error page or, once the head was sent, to a response that is cut short.
    """

    __slots__ = NO_FIELDS

    def run(self, application: WSGIApplication) -> None:
        """Call the application and send its response; the one method for callers.

        A client that goes away ends the call silently.  An exception of the application's is dealt with by
        ``handle_error()``, ``SystemExit`` included, and does not come out; a ``KeyboardInterrupt`` does.

        Args:
            application: the WSGI application.

        Raises:
            BaseException: what went wrong while an error was being handled, after :meth:`close`.
        """
        if self.response_started or self.client_gone:
            self._forget()
            self.client_gone = False
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
        """Have the current exception handled; if that goes wrong, tell the server, unless the client is gone."""
        try:
            self.handle_error()
        except BaseException:
            self.close()
            if not self.client_gone:
                raise

    def finish_response(self) -> None:
        """Send the body and close: an asynchronous handler replaces this and calls :meth:`close` when it is done."""
        try:
            result = self.result
            kind = type(result)
            blocks = _require_iterable(result) if result is None or kind is not list else result
            if kind is list or not (self.result_is_file() and self.sendfile()):
                for data in blocks:
                    if type(data) is not bytes:
                        refuse(broken("A09", f"the application yielded {data!r}, which is no bytes", data))
                    if data:  # an empty block does not send the head (rule S44)
                        self.write(data)
                        if not self.sends_content:
                            break  # nothing more would be sent
            self.finish_content()
            if kind is not list:
                self._close_result()  # before close() forgets that the head was sent: no error page may follow the body
        except BaseException:
            self._close_result()  # the rest of the state stays, for those who look at what went wrong (bpo-29183)
            raise
        self.close()

    def start_response(self, status: str, headers: HeaderList, exc_info: OptExcInfo | None = None) -> Write:
        """Take the status and headers (PEP 3333, "The start_response() Callable").

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
            try:
                self._replace_response(exc_info)
            finally:
                exc_info = None  # this frame is in the traceback, too (rule S48)
            self.status = self.headers = None
        elif self.response_started:
            refuse(broken("A26", "Headers already set!"))
        self.response_started = True
        head = head_of(headers) if type(status) is str and status in STATUS_CODES else None
        if head is None:
            code, head = self._judge(status, headers)
        else:
            code = STATUS_CODES[status]
        self.status = status
        self.status_code: int = code
        if self.headers_class is Headers:
            self.field_lines: str
            self.fields: HeaderList
            self.field_lines, self.field_marks, self.field_length, self.fields = head
        else:
            self.headers = self.headers_class(headers[:])
        return self.write

    def _judge(self, status: str, headers: HeaderList) -> tuple[int, Fields]:
        """Refuse what may not be sent; of what may, return the status code, and what :func:`head_of` would."""
        violation = check_status_line(status) or check_header_fields(headers)
        if violation is None and not self.origin_server:
            violation = _status_field(headers)
        if violation is not None:
            _refuse(violation)
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        return int(status[:3]), head_of(headers) or (lines, marks_of(headers), -1, headers[:])

    def _replace_response(self, exc_info: OptExcInfo) -> None:
        violation = check_exc_info(exc_info)
        if violation is not None:
            refuse(violation)
        error, traceback = exc_info[1], exc_info[2]
        if not self.headers_sent:
            return
        if error is None:
            refuse(broken("A26", "Headers already sent, and exc_info holds no exception", exc_info))
        try:
            raise error.with_traceback(traceback)
        finally:
            del error, traceback, exc_info  # or this frame and the traceback hold each other (rule S48)

    def write(self, data: bytes) -> None:
        """Send one block of the body, after the head if that was not sent yet (PEP 3333, "The write() Callable").

        Args:
            data: the block; it is sent before this method returns, or safely held by the transport.

        Raises:
            AssertionError: the block is no ``bytes`` (A28), ``start_response`` was not called (A05), or the block goes
                beyond the Content-Length (A41; the part within was sent).
        """
        if type(data) is not bytes:
            refuse(broken("A28", f"write() argument must be a bytes instance (got {data!r})", data))
        size = len(data)
        if self.headers_sent:
            self.bytes_sent += size
        else:
            if self.field_marks is None and self.headers is None:
                refuse(broken("A05", "write() before start_response()"))
            self.bytes_sent = size  # set_content_length() reads it
            self.send_headers()
        left = self.bytes_left
        if left is not None:
            if size > left:
                self._deliver_part(data, left)
                return
            self.bytes_left = left - size
        try:  # _deliver(), written out: each block of each response passes here
            self._write(data)
            self._flush()
        except (ConnectionError, TimeoutError):
            self.client_gone = True
            raise

    def _deliver_part(self, data: bytes, size: int) -> None:
        """Send what the head of the response allows for: nothing, or the rest of the Content-Length."""
        excess = len(data) - size
        self.bytes_sent -= excess
        self.bytes_left = 0
        self._deliver(data[:size])
        if self.sends_content:
            refuse(broken("A41", f"the body is longer than its Content-Length: {excess} bytes were cut off"))

    def _deliver(self, data: bytes) -> None:
        """Hand bytes to the transport and have them sent; remember a client that is gone, so that nobody is blamed."""
        try:
            self._write(data)
            self._flush()
        except (ConnectionError, TimeoutError):
            self.client_gone = True
            raise

    def finish_content(self) -> None:
        """Send the head if no block did, and log a body that is shorter than its Content-Length (rule A41)."""
        if not self.headers_sent:
            if self.field_marks is None and self.headers is None:
                refuse(broken("A06", "the application did not call start_response()"))
            if self.environ.get("REQUEST_METHOD") != "HEAD" and self.status_code not in WITHOUT_CONTENT:
                self._add_content_length(0)
            self.send_headers()
            self._deliver(b"")
        if self.bytes_left:
            message = f"the body is {self.bytes_left} bytes shorter than its Content-Length"
            self.log_violation(broken("A41", message))

    def send_headers(self) -> None:
        """Send the head of the response.

        Raises:
            AssertionError: ``start_response`` was not called (rule A06), or there is not just one Content-Length that
                is a number (rule A41); nothing was sent then.
        """
        if self.field_marks is None and self.headers is None:
            refuse(broken("A06", "the application did not call start_response()"))
        self.length_computed = False
        self.cleanup_headers()
        marks = self.field_marks
        if marks is None:
            marks = self._marks()
        self.sends_content: bool = (
            self.status_code not in WITHOUT_CONTENT and self.environ.get("REQUEST_METHOD") != "HEAD"
        )
        self.bytes_left = None if self.sends_content else 0
        if marks & LENGTH:
            length = self.bytes_sent if self.length_computed else self._declared_length()
            if self.sends_content:
                self.bytes_left = length
        modern = not self.origin_server or self.client_is_modern()
        self.headers_sent = True
        if not modern:
            return
        try:
            if getattr(self.send_preamble, "__func__", None) is not ResponseMixin.send_preamble:  # overridden
                self.send_preamble()
                self._write(self._field_block())
            elif self.field_marks is None:
                self._write(self.preamble(marks).encode("latin-1") + self._field_block())
            else:
                self._write(f"{self.preamble(marks)}{self.field_lines}\r\n".encode("latin-1"))
        except (ConnectionError, TimeoutError):
            self.client_gone: bool = True
            raise

    def _field_block(self) -> bytes:
        """Return the fields as they travel, and the empty line after them."""
        if self.field_marks is not None:
            return f"{self.field_lines}\r\n".encode("latin-1")
        return bytes(self.headers) if self.headers is not None else b""

    def _marks(self) -> int:
        """Return the marks of the fields where they are not known yet."""
        return 0 if self.headers is None else marks_of(list(self.headers.items()))

    def send_preamble(self) -> None:
        """Write :meth:`preamble` by itself; where a subclass overrides this, it is called before the fields go."""
        if self.field_marks is not None or self.headers is not None:
            marks = self.field_marks
            self._write(self.preamble(self._marks() if marks is None else marks).encode("latin-1"))

    def cleanup_headers(self) -> None:
        """Add and remove what HTTP asks for before the head is sent; extend it to add headers of your own."""
        marks = self.field_marks
        if marks is None:
            marks = self._marks()
        if not marks & LENGTH:
            self.set_content_length()
        elif self.status_code in WITHOUT_CONTENT_LENGTH and self.headers is not None:
            del self.headers["Content-Length"]

    def set_content_length(self) -> None:
        """Set the Content-Length where the body is known to be one block, the one just written (rule S57)."""
        if self.status_code in WITHOUT_CONTENT:
            return
        try:
            blocks = len(self.result)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # it may have none
        except (TypeError, AttributeError, NotImplementedError):
            return
        if blocks == 1 and self.bytes_sent:
            self._add_content_length(self.bytes_sent)
            self.length_computed: bool = True

    def _add_content_length(self, length: int) -> None:
        """Add a Content-Length unless there is one."""
        marks = self.field_marks
        if marks is None:
            if self.headers is not None:
                self.headers.setdefault("Content-Length", str(length))
        elif not marks & LENGTH:
            self.field_marks: int | None = marks | LENGTH
            self.field_length: int = length
            self.field_lines += f"Content-Length: {length}\r\n"
            self.fields = [*self.fields, ("Content-Length", str(length))]

    def _declared_length(self) -> int:
        """Return the Content-Length that the response has.

        Raises:
            AssertionError: there is more than one, or it is no number (rule A41, RFC 9110 section 8.6).
        """
        if self.field_marks is not None and self.field_length >= 0:
            return self.field_length
        fields = self.fields if self.field_marks is not None or self.headers is None else list(self.headers.items())
        lengths = [value for name, value in fields if name.lower() == "content-length"]
        if len(lengths) != 1 or not is_digits(lengths[0]):
            refuse(broken("A41", f"Content-Length is not one decimal number: {lengths!r}", lengths))
        return int(lengths[0])

    def close(self) -> None:
        """End the call: close the application's iterable and reset the state; the transport stays open."""
        try:
            if type(self.result) is not list:
                self._close_result()
        finally:
            self.environ: WSGIEnvironment = {}
            self.result = self.status = self.field_marks = self._headers = None  # _forget(), written out
            self.bytes_sent = 0
            self.headers_sent = self.response_started = False

    def _forget(self) -> None:
        """Reset the state; what is left of a call that was not closed, because its client went away, goes with it."""
        self.result = self.status = self.field_marks = self._headers = None
        self.bytes_sent: int = 0
        self.headers_sent: bool = False
        self.response_started: bool = False

    def _close_result(self) -> None:
        """Close the application's iterable, once (rule S58)."""
        result = self.result
        if result is not self.closed_result:
            self.closed_result = result
            close = getattr(result, "close", None)
            if close is not None:
                close()


def _refuse(violation: Violation) -> NoReturn:
    refuse(violation, ForbiddenCharacter if violation.rule.id in _CHARACTER_RULES else AssertionError)


def _status_field(headers: HeaderList) -> Violation | None:
    """Look for a ``Status`` field: the web server would see it beside ours (rule A23)."""
    for name, value in headers:
        violation = check_status_field(name, value)
        if violation is not None:
            return violation
    return None


def _require_iterable(result: Iterable[bytes] | None) -> Iterable[bytes]:
    """Refuse what cannot be a body (rules A07, A08); an empty str or bytes passes for an empty one, as in wsgiref."""
    body: object = result
    violation = check_iterable(body)
    if result is None or (violation is not None and not (isinstance(body, (str, bytes)) and not body)):
        refuse(violation or broken("A07", "The application returned None"))
    return result
