"""A typed application: ``gatewright serve hello:application`` in this folder serves it."""

from gatewright.types import Environ, StartResponse


def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
    name = environ.get("QUERY_STRING") or "world"
    body = f"Hello, {name}!\n".encode("latin-1")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
