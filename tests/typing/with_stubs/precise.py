"""What our stubs of wsgiref say and the run time of gatewright's namesakes does not promise: checked as program.py is."""

import io
from typing import Any, assert_type
from wsgiref.simple_server import WSGIRequestHandler
from wsgiref.types import InputStream, StartResponse, WSGIEnvironment
from wsgiref.util import FileWrapper
from wsgiref.validate import IteratorWrapper

from gatewright.types import Environ


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """WSGIEnvironment is an Environ."""
    assert_type(environ, Environ)
    assert_type(environ["PATH_INFO"], str)
    assert_type(environ["wsgi.input"], InputStream)
    assert_type(environ.get("CONTENT_LENGTH"), str | None)
    assert_type(environ["myframework.user"], Any)
    environ["wsgi.input"].raed()  # refused: misspelt
    int(environ.get("CONTENT_LENGTH"))  # refused: it may be absent
    start_response("200 OK", [("Content-Length", 0)])  # refused: values are text
    return [environ["REQUEST_METHOD"]]  # refused: blocks are bytes


def made_by_the_server(handler: WSGIRequestHandler) -> None:
    """So is what the server makes."""
    assert_type(handler.get_environ()["REMOTE_ADDR"], str)
    assert_type(handler.server.base_environ["SERVER_PORT"], str)


class OneByte:
    """A file that cannot be closed."""

    def read(self, size: int = -1, /) -> bytes:
        return b"1"


class Blocks(FileWrapper[OneByte]):
    pass


def closing(either: FileWrapper) -> None:
    """A FileWrapper has close() if its file has it."""
    FileWrapper(io.BytesIO()).close()
    FileWrapper(OneByte()).close()  # refused: there is no close()
    assert_type(FileWrapper(OneByte()).filelike, OneByte)
    either.close()
    wrapper = Blocks(OneByte())
    assert_type(iter(wrapper), Blocks)


class Checked(IteratorWrapper):
    pass


def iterating(checked: Checked) -> None:
    """An iterator returns itself, of its own class."""
    assert_type(iter(checked), Checked)
