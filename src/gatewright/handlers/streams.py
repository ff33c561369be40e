"""The transport over streams: what a handler needs when it is handed its streams and its environ."""

from __future__ import annotations

from typing import TYPE_CHECKING
from warnings import warn

from attrs import define, field

from gatewright.handlers.contract import HandlerContract

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from gatewright.types import ErrorStream, InputStream, OutputStream


@define(slots=False, eq=False, repr=False)
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

    stdin: InputStream
    stdout: OutputStream
    stderr: ErrorStream
    base_env: Mapping[str, Any] = field(alias="environ")
    wsgi_multithread: bool = field(default=True, alias="multithread")
    wsgi_multiprocess: bool = field(default=False, alias="multiprocess")

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
        warn("SimpleHandler.stdout.write() should not do partial writes", DeprecationWarning, stacklevel=2)
        while data := data[written:]:
            written = self.stdout.write(data) or 0

    def _flush(self) -> None:
        """Flush ``stdout``."""
        self.stdout.flush()
