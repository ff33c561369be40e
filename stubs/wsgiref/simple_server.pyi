from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final, TypeVar, overload
from wsgiref.handlers import SimpleHandler
from wsgiref.types import WSGIEnvironment

from gatewright.types import ErrorStream, StartResponse, WSGIApplication

__all__ = ["WSGIRequestHandler", "WSGIServer", "demo_app", "make_server"]

_Server = TypeVar("_Server", bound=WSGIServer)

__version__: Final[str]
server_version: Final[str]
sys_version: Final[str]
software_version: Final[str]

class ServerHandler(SimpleHandler):
    request_handler: WSGIRequestHandler  # set by the request handler

class WSGIServer(HTTPServer):
    application: WSGIApplication | None
    base_environ: WSGIEnvironment  # from setup_environ() on
    def setup_environ(self) -> None: ...
    def get_app(self) -> WSGIApplication | None: ...
    def set_app(self, application: WSGIApplication | None) -> None: ...

class WSGIRequestHandler(BaseHTTPRequestHandler):
    server: WSGIServer
    server_version: str
    def get_environ(self) -> WSGIEnvironment: ...
    def get_stderr(self) -> ErrorStream: ...

def demo_app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]: ...
@overload
def make_server(
    host: str, port: int, app: WSGIApplication, *, handler_class: type[WSGIRequestHandler] = ...
) -> WSGIServer: ...
@overload
def make_server(
    host: str,
    port: int,
    app: WSGIApplication,
    server_class: type[_Server],
    handler_class: type[WSGIRequestHandler] = ...,
) -> _Server: ...
