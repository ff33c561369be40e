"""A program that imports wsgiref, checked with our stubs of it (tests/test_stubs.py), never run.

Every line passes mypy, pyright and pyrefly, and passes them again when `wsgiref` is replaced by `gatewright`. The lines
that are marked are refused with typeshed's stubs of wsgiref, or say less.
"""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, assert_type
from wsgiref.handlers import BaseCGIHandler, BaseHandler, CGIHandler, SimpleHandler, format_date_time, read_environ
from wsgiref.headers import Headers
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer, demo_app, make_server
from wsgiref.types import ErrorStream, FileWrapper, InputStream, StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import (
    FileWrapper as Wrapper,
    application_uri,
    guess_scheme,
    is_hop_by_hop,
    request_uri,
    setup_testing_defaults,
    shift_path_info,
)
from wsgiref.validate import (
    ErrorWrapper,
    InputWrapper,
    IteratorWrapper,
    PartialIteratorWrapper,
    WriteWrapper,
    WSGIWarning,
    validator,
)


def application(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Date", format_date_time(0.0))])
    return [request_uri(environ).encode(), application_uri(environ).encode(), guess_scheme(environ).encode()]


def middleware(app: WSGIApplication) -> WSGIApplication:
    def wrapped(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        return app(environ, start_response) if shift_path_info(environ) else []

    return validator(wrapped)


def as_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [] if shift_path_info(environ) else demo_app(environ, start_response)


class Threadless(WSGIServer):
    def setup_environ(self) -> None:
        super().setup_environ()
        self.base_environ["myframework.server"] = self


class Requests(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        assert_type(self.server.get_app(), WSGIApplication | None)  # typeshed: a BaseServer has no get_app()
        return super().get_environ() | {"myframework.port": self.server.server_port}

    def get_stderr(self) -> ErrorStream:
        return io.StringIO()


def servers() -> None:
    with make_server("", 0, middleware(application)) as server:
        assert_type(server, WSGIServer)
        server.set_app(as_wsgi)
        server.set_app(None)
    assert_type(make_server("", 0, as_wsgi, Threadless, Requests), Threadless)
    assert_type(make_server("", 0, demo_app, handler_class=Requests), WSGIServer)
    print(WSGIServer.base_environ, WSGIServer.application)


class Chunks:
    """Another class for wsgi.file_wrapper."""

    def __init__(self, file: io.BufferedIOBase, block_size: int = 8192) -> None:
        self.file, self.block_size = file, block_size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self.block_size), b"")


class Handler(SimpleHandler):
    """Overrides what the documentation lets one override."""

    wsgi_run_once = True
    server_software = "test"
    os_environ = {}
    traceback_limit = 3
    error_status = "503 Service Unavailable"
    error_headers = [("Content-Type", "text/plain"), ("Retry-After", "1")]
    wsgi_file_wrapper = Chunks  # typeshed: only FileWrapper and its subclasses

    def setup_environ(self) -> None:
        super().setup_environ()
        self.environ["myframework.handler"] = self  # typeshed: no such attribute

    def cleanup_headers(self) -> None:
        super().cleanup_headers()
        if self.headers is not None and self.status is not None and self.bytes_sent == 0:  # typeshed: none of them
            self.headers.setdefault("X-Status", self.status)

    def sendfile(self) -> bool:
        if isinstance(self.result, Chunks):  # typeshed: no such attribute
            self.stdout.write(self.result.file.read())
        return self.headers_sent

    def error_output(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response(self.error_status, self.error_headers, sys.exc_info())
        yield self.error_body


class FromSockets(BaseHandler):
    """Brings the transport itself."""

    def _write(self, data: bytes) -> None:
        print(data)

    def _flush(self) -> None:
        print()

    def get_stdin(self) -> InputStream:
        return io.BytesIO()

    def get_stderr(self) -> ErrorStream:
        return sys.stderr

    def add_cgi_vars(self) -> None:
        self.environ.update(read_environ())


class Logging(ServerHandler):
    def close(self) -> None:
        self.request_handler.log_message("done")  # typeshed: no such attribute
        super().close()


def handlers(connection: io.RawIOBase, environ: dict[str, str | bool]) -> None:
    Handler(sys.stdin.buffer, sys.stdout.buffer, sys.stderr, dict(os.environ)).run(application)
    BaseCGIHandler(io.BytesIO(), connection, sys.stderr, environ).run(as_wsgi)  # typeshed: IO and str only
    CGIHandler().run(demo_app)
    FromSockets().run(demo_app)
    Handler(io.BytesIO(), io.BytesIO(), io.StringIO(), {}).log_exception(sys.exc_info())


def headers(default: int) -> None:
    block = Headers([("Content-Type", "text/plain")])
    block.add_header("Content-Disposition", "attachment", filename="a.gif", preview=None)
    block["X-A"] = block.setdefault("X-B", "b")
    assert_type(block["X-A"], str | None)
    assert_type(block.get("X-A"), str | None)
    assert_type(block.get("X-A", ""), str)
    assert_type(block.get("X-A", default), str | int)  # typeshed: str and None only
    assert_type(block.get_all("X-A"), list[str])
    assert_type(block.items(), list[tuple[str, str]])
    print(bytes(block), len(block), "X-A" in block, is_hop_by_hop("TE"))


def wrappers(body: InputStream, errors: ErrorStream, iterable: Iterable[bytes]) -> Iterable[bytes]:
    assert_type(InputWrapper(body).readlines(), list[bytes])  # typeshed: bytes
    ErrorWrapper(errors).writelines(line for line in ["a", "b"])
    errors.writelines(line for line in ["a", "b"])  # typeshed: lists only
    WriteWrapper(print)(b"")
    IteratorWrapper(iterable, []).close()  # typeshed: an Iterator and a bool
    for block in PartialIteratorWrapper(iterable):  # typeshed: an Iterator
        assert_type(block, bytes)
    assert issubclass(WSGIWarning, Warning)
    environ: WSGIEnvironment = {}
    setup_testing_defaults(environ)
    return Wrapper(body, 80)  # typeshed: IO only


def file_wrapper(wrap: FileWrapper, body: InputStream) -> Iterable[bytes]:
    Wrapper(io.BytesIO()).close()
    return wrap(body, 1024)
