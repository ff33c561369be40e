"""A server whose error page is JSON: ``python json_errors.py``, then ``curl http://127.0.0.1:8000/``."""

import json
import sys
from collections.abc import Iterable

from gatewright.handlers import ErrorPageMixin
from gatewright.simple_server import ServerHandler, WSGIRequestHandler, make_server
from gatewright.types import StartResponse, WSGIEnvironment


class JSONErrorMixin(ErrorPageMixin):
    """Answers an exception with JSON; it goes before any class that has an error page already."""

    def error_output(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        page = {"error": self.error_status, "path": environ["PATH_INFO"]}
        start_response(self.error_status, [("Content-Type", "application/json")], sys.exc_info())
        return [json.dumps(page).encode()]


class JSONErrorHandler(JSONErrorMixin, ServerHandler):
    """The handler of the simple server, with the other error page."""


class RequestHandler(WSGIRequestHandler):
    gateway_handler_class = JSONErrorHandler


def broken(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    """Fail, as applications do."""
    raise LookupError("there is no such cake")


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, broken, handler_class=RequestHandler) as server:
        server.serve_forever()
