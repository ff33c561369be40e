"""A gateway for a protocol like SCGI, but smaller: a request is one netstring of names and values, each with a NUL.

There are no bodies.  A response is what a CGI program would write, and ends where the connection ends.
"""

import io
import sys

from gatewright.gateways.connection import GatewayConnection
from gatewright.gateways.errors import MalformedRequest
from gatewright.gateways.handler import GatewayHandler
from gatewright.gateways.running import run_gateway
from gatewright.gateways.service import Service
from gatewright.simple_server import demo_app
from gatewright.types import ErrorStream, WSGIApplication
from gatewright.worker.contract import Interest


def decode(data: bytes) -> dict[str, str] | None:
    """Return the variables of a request, or None if it has not come whole."""
    digits, colon, rest = data[:10_000].partition(b":")
    if not colon and len(digits) < 5:
        return None
    if not digits.isdigit() or int(digits) > 10_000:
        raise MalformedRequest(f"a request of {digits[:5]!r} bytes")
    if len(rest) <= int(digits):
        return None
    fields = rest[: int(digits)].decode("latin-1").split("\0")
    return dict(zip(fields[::2], fields[1::2], strict=False))


class SmallHandler(GatewayHandler):
    connection: "SmallConnection"

    def send(self, blocks: list[bytes]) -> None:
        self.connection.send_all(blocks)

    def get_stderr(self) -> ErrorStream:
        return sys.stderr


class SmallConnection(GatewayConnection):
    protocol = "Small"
    begun = b""

    def received(self, data: bytes) -> Interest:
        self.begun += data
        variables = decode(self.begun)
        if variables is None:
            return self.await_more(self.service.limits.head_timeout if self.idle else None)
        handler = SmallHandler(self.service, variables, io.BytesIO())
        handler.connection = self
        handler.run(self.service.application)
        if not handler.completed:
            return self.reset()
        handler.send(handler.held)
        return Interest.CLOSE


def run(application: WSGIApplication, *bind: str) -> None:
    """Serve the application until SIGTERM."""
    run_gateway(SmallConnection, Service(application=application, threads=4), bind)


if __name__ == "__main__":
    run(demo_app, *sys.argv[1:])
