"""The mixin for responses whose body is one block: head and body go out together, by a short way."""

from __future__ import annotations

from typing import Any

from gatewright.handlers.contract import NO_FIELDS
from gatewright.handlers.response import ResponseMixin
from gatewright.spec.checks.response import LENGTH
from gatewright.spec.grammar import WITHOUT_CONTENT

# What lies between the application's result and the transport: for the short way nothing of it may be overridden.
_STEPS = (
    *("_flush", "_write", "cleanup_headers", "finish_content", "finish_response", "headers_class", "preamble"),
    *("send_headers", "send_preamble", "set_content_length", "start_response", "write"),
)


class WholeResponseMixin(ResponseMixin):
    """Has a response that is a list of one block sent whole.

    The transport brings :meth:`send_whole`, and vouches that it sends what all the steps between would.  A class that
    overrides one of those steps does without the short way.
    """

    __slots__ = NO_FIELDS

    is_usual: bool = False
    """Whether the short way is open for the class.  Found out for each subclass."""

    closes_plainly: bool = False
    """Whether the class adds nothing to how a call ends.  Found out likewise."""

    def __init_subclass__(cls) -> None:
        """Find out whether the short way is open for the class."""
        super().__init_subclass__()
        transport = next(base for base in cls.__mro__ if "send_whole" in vars(base))
        kept = {step for step in (*_STEPS, "close") if getattr(cls, step) is getattr(transport, step)}
        cls.is_usual = kept.issuperset(_STEPS)
        cls.closes_plainly = "close" in kept

    def finish_response(self) -> None:
        """Send the body, and close; a body that is one block takes the short way, together with the head."""
        marks = self.field_marks
        result: Any = self.result  # whatever the application returned
        kind: object = type(result)  # pyright: ignore[reportUnknownVariableType]  # of what is Any it is that
        if marks is None or kind is not list or len(result) != 1 or self.headers_sent or not self.is_usual:
            super().finish_response()
            return
        body = result[0]
        if (
            type(body) is not bytes
            or (self.field_length != len(body) and marks & LENGTH)
            or self.status_code in WITHOUT_CONTENT
            or self.environ.get("REQUEST_METHOD") == "HEAD"
        ):
            super().finish_response()
            return
        lines = self.field_lines
        if self.field_length < 0:
            lines += f"Content-Length: {len(body)}\r\n"
        self.headers_sent: bool = True
        self.bytes_sent: int = len(body)
        try:
            self.send_whole(marks, lines, body)
        except (ConnectionError, TimeoutError):
            self.client_gone: bool = True
            raise
        if not self.closes_plainly:
            self.close()

    def send_whole(self, marks: int, lines: str, body: bytes) -> None:
        """Send a response, head and body.

        Args:
            marks: as of :meth:`preamble`.
            lines: the header fields as they travel, with the Content-Length.
            body: the whole of it.

        Raises:
            ConnectionError: the client has gone.
            TimeoutError: it took nothing for too long.
        """
        raise NotImplementedError
