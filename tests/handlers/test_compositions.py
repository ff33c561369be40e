from __future__ import annotations

import wsgiref.handlers
import wsgiref.headers
from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from subprocess import CompletedProcess
from typing import Any

import attrs
import pytest

from gatewright import handlers
from gatewright.handlers import (
    BaseCGIHandler,
    BaseHandler,
    CGIHandler,
    CGIStatusMixin,
    EnvironMixin,
    ErrorPageMixin,
    FileWrapperMixin,
    HandlerContract,
    ResponseMixin,
    SimpleHandler,
    StreamTransport,
)
from gatewright.headers import Headers
from gatewright.types import ErrorStream, Handler, HeaderList, InputStream, StartResponse, WSGIApplication

MakeApp = Callable[..., WSGIApplication]
Respond = Callable[..., tuple[bytes, str]]
RunPython = Callable[..., CompletedProcess[str]]

EXPECTED = b"Status: 200 OK\r\nContent-Length: 4\r\n\r\nbody"

NAMES = ["BaseHandler", "SimpleHandler", "BaseCGIHandler", "CGIHandler", "IISCGIHandler"]
SETTINGS = [
    *("wsgi_version", "wsgi_multithread", "wsgi_multiprocess", "wsgi_run_once"),
    *("origin_server", "http_version", "server_software", "traceback_limit"),
    *("error_status", "error_headers", "error_body"),
]

# --- What wsgiref has -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*wsgiref.handlers.__all__])
def test_name(name: str) -> None:
    """Every name that wsgiref.handlers exports is there."""
    assert name in handlers.__all__


@pytest.mark.parametrize("name", NAMES)
def test_override_points(name: str) -> None:
    """Each class has every attribute that wsgiref's class of that name has, but for two private checks."""
    theirs, ours = getattr(wsgiref.handlers, name), getattr(handlers, name)
    assert {key for key in dir(theirs) if not hasattr(ours, key)} <= {"_convert_string_type", "_validate_status"}


@pytest.mark.parametrize("name", NAMES)
def test_defaults(name: str) -> None:
    """Each setting has the default of wsgiref."""
    theirs, ours = getattr(wsgiref.handlers, name), getattr(handlers, name)
    assert {key: getattr(ours, key) for key in SETTINGS} == {key: getattr(theirs, key) for key in SETTINGS}


@pytest.mark.parametrize("hook", ["_write", "_flush", "get_stdin", "get_stderr", "add_cgi_vars"])
def test_hooks_are_missing(hook: str) -> None:
    """BaseHandler leaves to subclasses what a transport supplies."""
    with pytest.raises(NotImplementedError):
        getattr(BaseHandler(), hook)(*[b""] * (hook == "_write"))


@pytest.mark.parametrize(
    "method, arguments",
    [
        ("setup_environ", 0),
        ("start_response", 2),
        ("send_headers", 0),
        ("finish_response", 0),
        ("send_preamble", 0),
        ("preamble", 1),
        ("handle_error", 0),
        ("error_output", 2),
        ("log_exception", 1),
        ("log_violation", 1),
        ("close", 0),
        ("run", 1),
    ],
)
def test_contract(method: str, arguments: int) -> None:
    """What a composition forgets to bring says so when it is called."""
    with pytest.raises(NotImplementedError):
        getattr(HandlerContract(), method)(*[None] * arguments)


def test_contract_defaults() -> None:
    """What every handler has a simple answer for needs no mixin."""
    contract = HandlerContract()
    assert (contract.client_is_modern(), contract.result_is_file(), contract.sendfile()) == (True, False, False)


def test_protocol() -> None:
    """A handler fits the protocol."""
    handler: Handler = SimpleHandler(BytesIO(), BytesIO(), StringIO(), {})
    assert callable(handler.run)


# --- Subclasses as users write them ---------------------------------------------------------------------------------


class Minimal(BaseHandler):
    """A subclass that never calls __init__, as BaseHandler's has none."""

    origin_server = False

    def __init__(self) -> None:
        self.sent, self.log = bytearray(), StringIO()

    def _write(self, data: bytes) -> None:
        self.sent += data

    def _flush(self) -> None:
        pass

    def get_stdin(self) -> InputStream:
        return BytesIO()

    def get_stderr(self) -> ErrorStream:
        return self.log

    def add_cgi_vars(self) -> None:
        self.environ["REQUEST_METHOD"] = "GET"


def test_without_init(make_app: MakeApp) -> None:
    """A subclass that never calls __init__ works."""
    handler = Minimal()
    handler.run(make_app(headers=[]))
    assert (bytes(handler.sent), handler.log.getvalue()) == (EXPECTED, "")


def test_init_of_the_base(make_app: MakeApp) -> None:
    """A subclass may call the __init__ of its base on itself."""

    class Own(SimpleHandler):
        def __init__(self, sink: BytesIO) -> None:
            SimpleHandler.__init__(self, BytesIO(), sink, StringIO(), {}, multithread=False)

    class OwnCGI(Own):
        origin_server = False

    sink = BytesIO()
    OwnCGI(sink).run(make_app(headers=[]))
    assert sink.getvalue() == EXPECTED


def test_class_attributes() -> None:
    """A subclass sets settings as class attributes."""

    class Own(Minimal):
        wsgi_multithread = False
        wsgi_multiprocess = False
        wsgi_run_once = True
        wsgi_version = (1, 0)

    handler = Own()
    handler.setup_environ()
    flags = [handler.environ[f"wsgi.{name}"] for name in ("multithread", "multiprocess", "run_once")]
    assert flags == [False, False, True]


def test_method_of_an_instance(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance's own _flush and _write are called."""
    handler, calls = Minimal(), list[bytes]()

    def flush() -> None:
        calls.append(b"flush")

    monkeypatch.setattr(handler, "_flush", flush)
    monkeypatch.setattr(handler, "_write", calls.append)
    handler.run(make_app(headers=[]))
    assert b"".join(calls) == EXPECTED + b"flush"


def test_own_send_preamble(make_app: MakeApp) -> None:
    """A subclass may replace what comes before the fields."""

    class Own(Minimal):
        def send_preamble(self) -> None:
            self._write(b"Hello: ")
            super().send_preamble()

    handler = Own()
    handler.run(make_app(headers=[]))
    assert bytes(handler.sent) == b"Hello: " + EXPECTED


def test_send_preamble_of_an_instance(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """So may an instance."""
    handler = Minimal()
    monkeypatch.setattr(handler, "send_preamble", lambda: None)
    handler.run(make_app(headers=[]))
    assert bytes(handler.sent) == EXPECTED.partition(b"\r\n")[2]


def test_send_preamble_without_headers() -> None:
    """Before start_response() there is nothing to come before."""
    handler = Minimal()
    handler.send_preamble()
    assert handler.sent == b""


def test_own_cleanup(make_app: MakeApp) -> None:
    """A subclass may add headers of its own before they are sent."""

    class Own(Minimal):
        def cleanup_headers(self) -> None:
            super().cleanup_headers()
            assert self.headers is not None
            self.headers["X"] = "y"

    handler = Own()
    handler.run(make_app(headers=[]))
    assert bytes(handler.sent) == EXPECTED.replace(b"\r\n\r\n", b"\r\nX: y\r\n\r\n")


class Quiet(Headers):
    pass


class Recorded(Headers):
    """Headers that are made in a way of their own."""

    def __init__(self, headers: HeaderList) -> None:
        super().__init__([*headers, ("X", "y")])


@pytest.mark.parametrize("headers_class", [Quiet, wsgiref.headers.Headers])
def test_headers_class(headers_class: Any, make_app: MakeApp) -> None:
    """The headers may be held by another class, wsgiref's too."""
    handler = Minimal()
    handler.headers_class = headers_class
    handler.run(make_app(headers=[]))
    assert bytes(handler.sent) == EXPECTED


def test_headers_class_is_called(make_app: MakeApp, respond: Respond) -> None:
    """It is called with the list, so a subclass may say how it is made."""

    class Own(BaseCGIHandler):
        headers_class = Recorded

    assert respond(make_app((), headers=[]), Own)[0] == b"Status: 200 OK\r\nX: y\r\nContent-Length: 0\r\n\r\n"


def test_asynchronous_finish(make_app: MakeApp) -> None:
    """A handler may send the body later and call close() when it is done."""

    class Later(Minimal):
        def finish_response(self) -> None:
            pass

    handler = Later()
    handler.run(make_app(headers=[]))
    before = bytes(handler.sent)
    BaseHandler.finish_response(handler)
    assert (before, bytes(handler.sent), handler.result) == (b"", EXPECTED, None)


# --- Recomposed -----------------------------------------------------------------------------------------------------


class Gateway(ResponseMixin, ErrorPageMixin, EnvironMixin, CGIStatusMixin, StreamTransport):
    """A new gateway without an origin server's fields and without files."""

    origin_server = False
    wsgi_file_wrapper = None


class JSONErrors(ErrorPageMixin):
    error_headers = [("Content-Type", "application/json")]  # noqa: RUF012  # as users write it
    error_body = b'{"error": true}'


class JSONGateway(JSONErrors, Gateway):
    pass


def test_recomposed(make_app: MakeApp) -> None:
    """The mixins make up a new handler in a list of bases."""
    sink = BytesIO()
    Gateway(BytesIO(), sink, StringIO(), {"REQUEST_METHOD": "GET"}).run(make_app(headers=[]))
    assert sink.getvalue() == EXPECTED


def test_another_error_page() -> None:
    """A mixin of one's own takes the place of one of ours."""
    sink = BytesIO()

    def app(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
        raise ValueError

    JSONGateway(BytesIO(), sink, StringIO(), {}).run(app)
    assert sink.getvalue().endswith(b'Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{"error": true}')


def test_attrs_transport(make_app: MakeApp) -> None:
    """A transport of one's own may be an attrs class."""

    @attrs.define(slots=False, eq=False)
    class Memory(ResponseMixin, ErrorPageMixin, FileWrapperMixin, EnvironMixin, CGIStatusMixin):
        sent: bytearray = attrs.field(factory=bytearray)
        origin_server: bool = False

        def _write(self, data: bytes) -> None:
            self.sent += data

        def _flush(self) -> None:
            pass

        def get_stdin(self) -> InputStream:
            return BytesIO()

        def get_stderr(self) -> ErrorStream:
            return StringIO()

        def add_cgi_vars(self) -> None:
            pass

    handler = Memory()
    handler.run(make_app(headers=[]))
    assert bytes(handler.sent) == EXPECTED


def test_cgi_handler_is_a_list_of_bases() -> None:
    """The ready-made handlers are made of the mixins that one can use oneself."""
    mixins = {ResponseMixin, ErrorPageMixin, FileWrapperMixin, EnvironMixin, CGIStatusMixin, StreamTransport}
    assert mixins < {*CGIHandler.__mro__}
