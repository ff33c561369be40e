"""An application with a fault that few servers mind: one of the fields is theirs to send."""

from gatewright.types import Environ, StartResponse


def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    name = environ.get("QUERY_STRING") or "world"
    return [f"Hello, {name}!\n".encode("latin-1")]
