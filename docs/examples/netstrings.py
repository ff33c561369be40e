"""A gateway with a framing of its own: requests and responses as netstrings (``5:hello,``) over a pair of streams.

A request is two netstrings: ``GET /path`` and the body.  A response is one netstring or more, the head in the format of
CGI and then the body, and an empty netstring at the end.  A response without it was cut short.
"""

import io
import sys
from typing import BinaryIO

from gatewright.handlers import CGIStatusMixin, EnvironMixin, ErrorPageMixin, ResponseMixin, StreamTransport
from gatewright.simple_server import demo_app
from gatewright.types import WSGIApplication

NOTHING: dict[str, str] = {}


class NetstringHandler(StreamTransport, ResponseMixin, ErrorPageMixin, EnvironMixin, CGIStatusMixin):
    origin_server = False  # a Status field in the head, as in CGI, and no status line
    os_environ = NOTHING  # of the process environment
    held = b""

    def _write(self, data: bytes) -> None:
        self.held += data

    def _flush(self) -> None:
        if self.held:
            super()._write(b"%d:%b," % (len(self.held), self.held))
            self.held = b""
        super()._flush()

    def close(self) -> None:
        super().close()
        super()._write(b"0:,")


def read_netstring(stream: BinaryIO) -> bytes | None:
    """Return the next netstring, or None at the end of the stream."""
    digits = b""
    while (byte := stream.read(1)) not in (b":", b""):
        digits += byte
    if not digits:
        return None
    data = stream.read(int(digits))
    if stream.read(1) != b",":
        raise ValueError("a netstring ends with a comma")
    return data


def serve(application: WSGIApplication, requests: BinaryIO, responses: BinaryIO) -> None:
    """Answer each request until the stream of requests ends."""
    while head := read_netstring(requests):
        method, path = head.decode("latin-1").split(" ", 1)
        body = read_netstring(requests) or b""
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "0",
            "SERVER_PROTOCOL": "NETSTRING/1.0",
        }
        NetstringHandler(io.BytesIO(body), responses, sys.stderr, environ, multithread=False).run(application)


if __name__ == "__main__":
    serve(demo_app, sys.stdin.buffer, sys.stdout.buffer)
