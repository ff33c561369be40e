"""Handlers: one WSGI call, seen from the server's side.

A handler is composed: each mixin brings one concern, a transport brings the streams, and a class below is a list of
both.  To write a gateway, subclass one of these or make a list of your own.
"""

from __future__ import annotations

import sys

from gatewright.handlers.cgi import CGIStatusMixin
from gatewright.handlers.contract import HandlerContract
from gatewright.handlers.environ import EnvironMixin
from gatewright.handlers.error_page import ErrorPageMixin
from gatewright.handlers.file_wrapper import FileWrapperMixin, SendfileMixin
from gatewright.handlers.origin_server import OriginServerMixin, format_date_time
from gatewright.handlers.read_environ import read_environ
from gatewright.handlers.response import ResponseMixin
from gatewright.handlers.streams import StreamTransport

__all__ = [
    "BaseCGIHandler",
    "BaseHandler",
    "CGIHandler",
    "CGIStatusMixin",
    "EnvironMixin",
    "ErrorPageMixin",
    "FileWrapperMixin",
    "HandlerContract",
    "IISCGIHandler",
    "OriginServerMixin",
    "ResponseMixin",
    "SendfileMixin",
    "SimpleHandler",
    "StreamTransport",
    "format_date_time",
    "read_environ",
]


class BaseHandler(
    ResponseMixin, ErrorPageMixin, FileWrapperMixin, EnvironMixin, OriginServerMixin, CGIStatusMixin, HandlerContract
):
    """Everything but a transport: a subclass brings the five hooks of :class:`HandlerContract` that name one."""


class SimpleHandler(StreamTransport, BaseHandler):
    """A handler over streams for an HTTP origin server: ``SimpleHandler(stdin, stdout, stderr, environ).run(app)``."""


class BaseCGIHandler(SimpleHandler):
    """A handler over streams for CGI and the like: it sends ``Status: 200 OK`` in place of a status line."""

    origin_server = False


class CGIHandler(BaseCGIHandler):
    """Runs an application as a CGI script: ``CGIHandler().run(app)``.

    The streams are those of the process; the environ is :func:`read_environ` at the time of the call, so nothing of one
    call reaches the next (bpo-7250).
    """

    wsgi_run_once = True
    os_environ: dict[str, str] = {}  # noqa: RUF012  # empty and never written to: setup_environ() copies it

    def __init__(self) -> None:
        """Take streams and environment of the process."""
        BaseCGIHandler.__init__(
            self,
            sys.stdin.buffer,
            sys.stdout.buffer,
            sys.stderr,
            self.read_request(),
            multithread=False,
            multiprocess=True,
        )

    def read_request(self) -> dict[str, str]:
        """Return the request's variables; here all of the process environment."""
        return read_environ()


class IISCGIHandler(CGIHandler):
    """A CGI handler for Microsoft's IIS, whose ``PATH_INFO`` repeats ``SCRIPT_NAME`` unless it is told not to.

    Use it where neither ``allowPathInfo`` (IIS 7 and later) nor ``allowPathInfoForScriptMappings`` (before) is set; a
    script cannot find out whether they are.
    """

    def read_request(self) -> dict[str, str]:
        """Return the request's variables with the repeated part taken off ``PATH_INFO``."""
        environ = read_environ()
        path, script = environ.get("PATH_INFO", ""), environ.get("SCRIPT_NAME", "")
        if f"{path}/".startswith(f"{script}/"):
            environ["PATH_INFO"] = path.removeprefix(script)
        return environ
