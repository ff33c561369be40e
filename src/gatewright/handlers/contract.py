"""What a handler is made of: the settings, the state and the hooks that its mixins share."""

from __future__ import annotations

from gatewright.handlers.read_environ import read_environ
from gatewright.headers import Headers
from gatewright.util import FileWrapper

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gatewright.spec.checks import Violation
    from gatewright.types import (
        ErrorStream,
        FileWrapper as FileWrapperProtocol,
        HeaderList,
        HeadersProtocol,
        InputStream,
        OptExcInfo,
        StartResponse,
        Write,
        WSGIApplication,
        WSGIEnvironment,
    )


NO_FIELDS: tuple[str, ...] = ()
"""``__slots__`` of a mixin: a mixin without them would give the instances of every composition a ``__dict__``.

CPython 3.12 and later have a quick way to an attribute of an instance unless it hides a default of the class, so state
belongs into slots; and to one of the class unless there are both slots and a ``__dict__``.  (The value has a name
because type checkers would want the composition's slots in the mixin otherwise, and no two mixins could be composed.)
"""


class HandlerContract:
    """The settings, state and hooks of a handler; one handler runs one application call at a time.

    All settings and all state are class-level defaults, so that a subclass sets them as plain class attributes, an
    instance as plain instance attributes, and a subclass that never calls ``__init__`` works.  (No attrs fields here
    for this reason: a generated ``__init__`` would hide the subclass's values.)

    The mixins beside this module each bring one concern.  What they call of each other is declared here.

    Neither this class nor the mixins give their instances a ``__dict__``; a class made of them does, as classes do,
    unless it names all that its instances keep in ``__slots__``.
    """

    __slots__ = NO_FIELDS

    wsgi_version: tuple[int, int] = (1, 0)
    """``wsgi.version``."""
    wsgi_multithread: bool = True
    """``wsgi.multithread``: another thread may call the same application meanwhile."""
    wsgi_multiprocess: bool = True
    """``wsgi.multiprocess``: another process may call an equal application meanwhile."""
    wsgi_run_once: bool = False
    """``wsgi.run_once``: the process ends after this call."""
    origin_server: bool = True
    """Whether what is written goes to the client itself rather than to a web server that wants a ``Status:`` line."""
    http_version: str = "1.0"
    """The version in the status line of an origin server."""
    server_software: str | None = None
    """``SERVER_SOFTWARE`` and the ``Server`` field of an origin server."""
    os_environ: dict[str, str] = read_environ()
    """The start of every environ: the process environment when this module was imported.  Read only; it is shared."""
    wsgi_file_wrapper: Callable[..., Iterable[bytes]] | FileWrapperProtocol | None = FileWrapper
    """``wsgi.file_wrapper``, or None to offer none."""
    headers_class: Callable[[HeaderList], HeadersProtocol] = Headers
    """What holds the response headers."""
    traceback_limit: int | None = None
    """How many frames of a traceback are logged; None for all."""
    error_status: str = "500 Internal Server Error"
    """The status of the error page."""
    error_headers: HeaderList = [("Content-Type", "text/plain")]  # noqa: RUF012  # documented as a plain attribute
    """The headers of the error page."""
    error_body: bytes = b"A server error occurred.  Please contact the administrator."
    """The error page."""

    environ: WSGIEnvironment
    """The environ of the current call."""
    status: str | None = None
    """The status that the application gave, or None."""
    status_code: int = 0
    """The number in ``status``."""
    field_marks: int | None = None
    """Which fields the response has that a server adds otherwise (:data:`~gatewright.spec.checks.response.LENGTH` and
    the like, as bits), or None if it is to be asked of :attr:`headers`."""
    field_lines: str = ""
    """The header fields as they travel; of meaning while ``field_marks`` is not None, and so are the next two."""
    field_length: int = -1
    """The Content-Length among them, -1 if there is none or it needs a closer look."""
    fields: HeaderList = []  # noqa: RUF012  # never written to, whosever it is: responses may share one
    """The header fields as :attr:`headers` shows them; replaced, never changed."""
    result: Iterable[bytes] | None = None
    """What the application returned, or None."""
    closed_result: Iterable[bytes] | None = None
    """The result whose ``close()`` was called already."""
    headers_sent: bool = False
    """Whether the head of the response was sent."""
    bytes_sent: int = 0
    """How many bytes of the body were sent."""
    length_computed: bool = False
    """Whether the Content-Length is the handler's own finding."""
    bytes_left: int | None = None
    """How many bytes of the body may still be sent: the rest of the Content-Length, or None for any number."""
    response_started: bool = False
    """Whether ``start_response`` was called, be it in vain."""
    sends_content: bool = True
    """Whether the response has a body; no to HEAD, 1xx, 204 and 304.  Known once the head was sent."""
    client_gone: bool = False
    """Whether the connection broke while the response was written."""

    _headers: HeadersProtocol | None = None

    @property
    def headers(self) -> HeadersProtocol | None:
        """The headers that the application gave, or None.

        The object is made when somebody asks for it: most responses are sent as the application gave them.
        """
        if self.field_marks is not None:
            self.field_marks = None  # whoever asks may change them
            self._headers = Headers.from_checked(self.fields[:])
        return self._headers

    @headers.setter
    def headers(self, headers: HeadersProtocol | None) -> None:
        self.field_marks = None
        self._headers = headers

    # The hooks that a transport supplies.

    def _write(self, data: bytes) -> None:
        """Send these bytes, or hold them until :meth:`_flush`."""
        raise NotImplementedError

    def _flush(self) -> None:
        """Send what :meth:`_write` holds."""
        raise NotImplementedError

    def get_stdin(self) -> InputStream:
        """Return ``wsgi.input`` for the current request."""
        raise NotImplementedError

    def get_stderr(self) -> ErrorStream:
        """Return ``wsgi.errors`` for the current request."""
        raise NotImplementedError

    def add_cgi_vars(self) -> None:
        """Put the CGI variables of the current request into ``self.environ``."""
        raise NotImplementedError

    # What the mixins ask of each other.

    def setup_environ(self) -> None:
        """Make ``self.environ``."""
        raise NotImplementedError

    def start_response(self, status: str, headers: HeaderList, exc_info: OptExcInfo | None = None) -> Write:
        """Take the application's status and headers."""
        raise NotImplementedError

    def send_headers(self) -> None:
        """Send the head of the response."""
        raise NotImplementedError

    def finish_response(self) -> None:
        """Send the body in ``self.result``."""
        raise NotImplementedError

    def preamble(self, marks: int) -> str:
        """Return what comes before the header fields.

        Args:
            marks: which fields there are that a server adds otherwise, as bits: see ``field_marks``.
        """
        raise NotImplementedError

    def send_preamble(self) -> None:
        """Send what comes before the header fields."""
        raise NotImplementedError

    def client_is_modern(self) -> bool:
        """Whether the client understands a status line and header fields at all."""
        return True

    def result_is_file(self) -> bool:
        """Whether ``self.result`` is a file that :meth:`sendfile` may send its own way."""
        return False

    def sendfile(self) -> bool:
        """Send ``self.result`` in the platform's own way; False to have it iterated over instead."""
        return False

    def handle_error(self) -> None:
        """Deal with the current exception."""
        raise NotImplementedError

    def error_output(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Make the error page: a WSGI application."""
        raise NotImplementedError

    def log_exception(self, exc_info: OptExcInfo) -> None:
        """Write an exception to the log."""
        raise NotImplementedError

    def log_violation(self, violation: Violation) -> None:
        """Write a breach that stops nothing to the log."""
        raise NotImplementedError

    def close(self) -> None:
        """End the call."""
        raise NotImplementedError

    def run(self, application: WSGIApplication) -> None:
        """Run the application."""
        raise NotImplementedError
