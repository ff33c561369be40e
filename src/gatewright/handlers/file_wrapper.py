"""The mixins for files: recognising them, and sending them with ``os.sendfile``."""

from __future__ import annotations

import os
from io import FileIO

from gatewright.handlers.contract import NO_FIELDS, HandlerContract

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from io import BufferedReader
    from typing import Any

_LARGEST = 0x7FFF_F000  # what Linux sends in one call at most, sendfile(2)


class FileWrapperMixin(HandlerContract):
    """Recognises what ``wsgi.file_wrapper`` made (PEP 3333, "Optional Platform-Specific File Handling")."""

    __slots__ = NO_FIELDS

    def result_is_file(self) -> bool:
        """Whether the application returned an instance of ``wsgi_file_wrapper``."""
        wrapper = self.wsgi_file_wrapper
        return isinstance(wrapper, type) and isinstance(self.result, wrapper)

    def sendfile(self) -> bool:
        """Send the file in the platform's own way.

        Called only if :meth:`result_is_file`.  Call :meth:`send_headers` first if ``headers_sent`` is false.

        Returns:
            True if the file was sent; False to have it iterated over, which is what this method does.
        """
        return False


class SendfileMixin(FileWrapperMixin):
    """Sends files with :func:`os.sendfile`: from descriptor to descriptor, without passing through Python.

    It needs ``get_output_descriptor()`` and a file that :func:`open` made; anything else is iterated over.  Do not put
    it over a TLS socket: its descriptor takes plain bytes.
    """

    __slots__ = NO_FIELDS

    stdout: Any
    """The transport's, if it has one; unused where ``get_output_descriptor()`` is overridden."""

    def get_output_descriptor(self) -> int:
        """Return the descriptor that the client reads from, after all that was written went out.

        Raises:
            OSError: there is none.  :class:`io.UnsupportedOperation` is one.
        """
        self._flush()
        return int(self.stdout.fileno())

    def sendfile(self) -> bool:
        """Send the file from its current position to its end or to the Content-Length, whichever comes first.

        A response without Content-Length gets one: the size of a file is known.

        Returns:
            False if one end has no descriptor or the file is no regular one; nothing was sent then.

        Raises:
            OSError: the connection broke.
        """
        if not hasattr(os, "sendfile"):
            return False
        try:
            wrapper: Any = self.result
            file: BufferedReader = wrapper.filelike
            if type(getattr(file, "raw", file)) is not FileIO:
                return False  # the descriptor of a GzipFile, say, is one of other bytes (rule S77)
            source, start = file.fileno(), file.tell()
            size = os.fstat(source).st_size - start
            sink = self.get_output_descriptor()
        except (AttributeError, OSError):
            return False
        if size <= 0:
            return False
        if not self.headers_sent:
            if self.headers is not None:
                self.headers.setdefault("Content-Length", str(size))
            self.send_headers()
        try:
            self._flush()
            if self.sends_content:
                left = size if self.bytes_left is None else min(size, self.bytes_left)
                self._send_descriptor(sink, source, start, left)
        except (ConnectionError, TimeoutError):
            self.client_gone = True
            raise
        return True

    def _send_descriptor(self, sink: int, source: int, start: int, count: int) -> None:
        """Send ``count`` bytes; a sink that is full is waited for, as its descriptor may not block."""
        end = start + count
        while start < end:
            try:
                sent = os.sendfile(sink, source, start, min(end - start, _LARGEST))
            except BlockingIOError:
                self.wait_for_sink(sink)
                continue
            if sent == 0:
                break  # the file was cut while it was sent; finish_content() sees what is missing
            start += sent
            self.bytes_sent: int = self.bytes_sent + sent
            if self.bytes_left is not None:
                self.bytes_left: int | None = self.bytes_left - sent

    def wait_for_sink(self, sink: int) -> None:
        """Wait until a sink that does not block takes more; override it to wait no longer than some time.

        Args:
            sink: what :meth:`get_output_descriptor` returned.

        Raises:
            TimeoutError: in an override, if it took nothing in time.
        """
        import select  # a sink that is ready needs it not

        writable = select.poll()  # not select(): it refuses descriptors above 1023
        writable.register(sink, select.POLLOUT)
        writable.poll()
