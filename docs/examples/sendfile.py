"""A server that sends files with ``os.sendfile``: ``python sendfile.py FILE``, then ``curl http://127.0.0.1:8000/``."""

import sys
from collections.abc import Iterable
from pathlib import Path

from gatewright.handlers import SendfileMixin
from gatewright.simple_server import ServerHandler, WSGIRequestHandler, make_server
from gatewright.types import Environ, StartResponse, WSGIApplication


class SendfileHandler(SendfileMixin, ServerHandler):
    """The handler of the simple server; what ``wsgi.file_wrapper`` made goes from descriptor to descriptor."""


class RequestHandler(WSGIRequestHandler):
    gateway_handler_class = SendfileHandler


def file_application(path: Path) -> WSGIApplication:
    """Return an application that answers every request with this file."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return environ["wsgi.file_wrapper"](path.open("rb"))

    return application


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, file_application(Path(sys.argv[1])), handler_class=RequestHandler) as server:
        server.serve_forever()
