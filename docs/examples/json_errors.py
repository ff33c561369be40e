"""A server whose error page is JSON: ``python json_errors.py``, then ``curl http://127.0.0.1:8000/``."""

import json
from collections.abc import Iterable

from gatewright.handlers import ErrorPageMixin
from gatewright.simple_server import ServerHandler, WSGIRequestHandler, make_server
from gatewright.types import HeaderList, StartResponse, WSGIEnvironment

JSON: HeaderList = [("Content-Type", "application/json")]


class JSONErrorMixin(ErrorPageMixin):
    """Says in JSON what the error page said in text; it goes before the class that has that page."""

    error_headers = JSON

    def error_output(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        detail = b"".join(super().error_output(environ, start_response))
        return [json.dumps({"status": self.status, "detail": detail.decode()}).encode()]


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
