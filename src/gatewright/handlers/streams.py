"""The transport over streams: what a handler needs when it is handed its streams and its environ."""

from __future__ import annotations

from gatewright.handlers.contract import HandlerContract

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gatewright.types import ErrorStream, InputStream, OutputStream


class StreamTransport(HandlerContract):
    """Supplies a handler's hooks from three streams and an environ.

    Args:
        stdin: ``wsgi.input``.
        stdout: where the response goes; its ``write()`` should take each block whole.
        stderr: ``wsgi.errors``.
        environ: the CGI variables of the request; it is copied for each call and kept as ``base_env``.
        multithread: ``wsgi.multithread``.
        multiprocess: ``wsgi.multiprocess``.
    """

    def __init__(
        self,
        stdin: InputStream,
        stdout: OutputStream,
        stderr: ErrorStream,
        environ: Mapping[str, Any],
        multithread: bool = True,
        multiprocess: bool = False,
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.base_env = environ
        self.wsgi_multithread = multithread
        self.wsgi_multiprocess = multiprocess

    def get_stdin(self) -> InputStream:
        """Return ``stdin``."""
        return self.stdin

    def get_stderr(self) -> ErrorStream:
        """Return ``stderr``."""
        return self.stderr

    def add_cgi_vars(self) -> None:
        """Add ``base_env`` to the environ."""
        self.environ.update(self.base_env)

    def _write(self, data: bytes) -> None:
        """Write to ``stdout``; what it does not take at once is written again, with a ``DeprecationWarning``."""
        written = self.stdout.write(data)
        if written == len(data) or written is None:
            return
        from warnings import warn

        warn("SimpleHandler.stdout.write() should not do partial writes", DeprecationWarning, stacklevel=2)
        while data := data[written:]:
            written = self.stdout.write(data) or 0

    def _flush(self) -> None:
        """Flush ``stdout``."""
        self.stdout.flush()
