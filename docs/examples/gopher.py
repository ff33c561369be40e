"""A new gateway: an application over Gopher (RFC 1436).  ``python gopher.py``, then ``curl gopher://127.0.0.1:7070/``."""

import io
import sys
from socketserver import StreamRequestHandler, TCPServer

from gatewright.handlers import EnvironMixin, ErrorPageMixin, ResponseMixin, StreamTransport
from gatewright.simple_server import demo_app as application

NOTHING: dict[str, str] = {}


class GopherHandler(StreamTransport, ResponseMixin, ErrorPageMixin, EnvironMixin):
    os_environ = NOTHING  # of the process environment

    def client_is_modern(self) -> bool:
        return False  # it knows neither status nor headers, so only the body is sent


class GopherRequest(StreamRequestHandler):
    def handle(self) -> None:
        path = self.rfile.readline(1024).decode("latin-1").strip().lstrip("/")
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/{path}", "SERVER_PROTOCOL": "GOPHER"}
        environ |= {"SERVER_NAME": "localhost", "SERVER_PORT": "7070"}
        GopherHandler(io.BytesIO(), self.wfile, sys.stderr, environ, multithread=False).run(application)


if __name__ == "__main__":
    with TCPServer(("127.0.0.1", 7070), GopherRequest) as server:
        server.serve_forever()
