"""The mixin that makes the environ of a call."""

from __future__ import annotations

from gatewright.handlers.contract import HandlerContract
from gatewright.util import guess_scheme

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from gatewright.types import WSGIEnvironment


class EnvironMixin(HandlerContract):
    """Makes ``environ`` from the class's settings and the transport's hooks (PEP 3333, "environ Variables")."""

    def setup_environ(self) -> None:
        """Set ``self.environ`` to a new, fully populated environ.

        It starts as a copy of ``os_environ``; ``add_cgi_vars()`` adds the request's variables; then the ``wsgi.*`` ones
        are set, so that no request can set them.
        """
        self.environ: WSGIEnvironment = {**self.os_environ}
        self.add_cgi_vars()
        environ = self.environ
        environ["wsgi.input"] = self.get_stdin()
        environ["wsgi.errors"] = self.get_stderr()
        environ["wsgi.version"] = self.wsgi_version
        environ["wsgi.run_once"] = self.wsgi_run_once
        environ["wsgi.url_scheme"] = self.get_scheme()
        environ["wsgi.multithread"] = self.wsgi_multithread
        environ["wsgi.multiprocess"] = self.wsgi_multiprocess
        if self.wsgi_file_wrapper is not None:
            environ["wsgi.file_wrapper"] = self.wsgi_file_wrapper
        if self.origin_server and self.server_software:
            environ.setdefault("SERVER_SOFTWARE", self.server_software)

    def get_scheme(self) -> str:
        """Return ``wsgi.url_scheme``: "https" if the environ's ``HTTPS`` says so, else "http"."""
        return guess_scheme(self.environ) if "HTTPS" in self.environ else "http"
