"""The validator around what others wrote, driven by a client: it reports true breaches, and nothing else."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from attrs import field, frozen

from gatewright.simple_server import ThreadingWSGIServer, make_server
from gatewright.spec.checks import Violation
from gatewright.types import WSGIApplication
from gatewright.validate import Action, Policy, checked

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # not all frameworks close every file

TIMEOUT = 20
"""Seconds after which a client gives up."""

CONTENT: Final = bytes(range(256)) * 1000
BLOCKS: Final = (b"one ", b"two ", b"three")

MULTIPART: Final = (
    b'--limit\r\nContent-Disposition: form-data; name="word"\r\n\r\nhello\r\n'
    b'--limit\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n" + CONTENT + b"\r\n--limit--\r\n"
)

MODIFIED: Final = "Sun, 09 Sep 2001 01:46:40 GMT"
"""The date of the file that is served: 1,000,000,000 seconds."""

Headers: TypeAlias = dict[str, str]


class JoiningServer(ThreadingWSGIServer):
    """A server whose end waits for the end of every connection, so that no breach comes too late."""

    daemon_threads = False


@frozen
class Exchange:
    """A request, and the status and the body that answer it; a body that is None is the framework's own affair."""

    name: str
    method: str
    path: str
    status: int
    answer: bytes | None = None
    body: bytes | Iterable[bytes] | None = None
    headers: Headers = field(factory=dict[str, str])


METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS: Final = {"Content-Type": "multipart/form-data; boundary=limit"}
RAW: Final = {"Content-Type": "application/octet-stream"}

EXCHANGES: Final = (
    *(Exchange(method, method, "/any?q=1", 200, method.encode()) for method in METHODS),
    Exchange("head", "HEAD", "/any", 200, b""),
    Exchange("form", "POST", "/form", 200, b"hello", b"word=hello&other=2", FORM),
    Exchange("multipart", "POST", "/upload", 200, b"hello 256000", MULTIPART, PARTS),
    Exchange("raw", "PUT", "/raw", 200, b"256000", CONTENT, RAW),
    Exchange("empty raw", "PUT", "/raw", 200, b"0", b"", RAW),
    Exchange("chunked", "PUT", "/raw", 200, b"256000", (CONTENT[:1000], CONTENT[1000:]), RAW),
    Exchange("unread", "POST", "/any", 200, b"POST", CONTENT, RAW),
    Exchange("file", "GET", "/file", 200, CONTENT),
    Exchange("head of a file", "HEAD", "/file", 200, b""),
    Exchange("range", "GET", "/file", 206, CONTENT[100:300], headers={"Range": "bytes=100-299"}),
    Exchange("unsatisfiable range", "GET", "/file", 416, None, headers={"Range": "bytes=999999-"}),
    Exchange("unchanged file", "GET", "/file", 304, b"", headers={"If-Modified-Since": MODIFIED}),
    Exchange("stream", "GET", "/stream", 200, b"".join(BLOCKS)),
    Exchange("head of a stream", "HEAD", "/stream", 200, b""),
    Exchange("redirect", "GET", "/redirect", 302),
    Exchange("no content", "GET", "/none", 204, b""),
    Exchange("not modified", "GET", "/same", 304, b""),
    Exchange("not found", "GET", "/no-such-thing", 404),
    Exchange("path beyond ASCII", "GET", "/%C3%A9", 404),
    Exchange("head of what is not there", "HEAD", "/no-such-thing", 404, b""),
    Exchange("error page", "GET", "/error", 500),
    Exchange("exception", "GET", "/raise", 500),
    Exchange("method not allowed", "PUT", "/form", 405),
)


# --- One application for each framework, with the same addresses --------------------------------------------------


def flask(path: Path) -> WSGIApplication:
    """Return an application of Flask's."""
    flask = pytest.importorskip("flask")
    app, request = flask.Flask("any"), flask.request

    def upload() -> str:
        return f"{request.form['word']} {len(request.files['file'].read())}"

    def fail() -> str:
        raise LookupError("meant")

    def add(address: str, view: Callable[[], object], *methods: str) -> None:
        app.add_url_rule(address, address, view, methods=methods or None)

    add("/any", lambda: flask.Response("" if request.method == "HEAD" else request.method), *METHODS)
    add("/form", lambda: request.form["word"], "POST")
    add("/upload", upload, "POST")
    add("/raw", lambda: str(len(request.get_data())), "PUT")
    add("/file", lambda: flask.send_file(path))
    add("/stream", lambda: flask.Response(iter(BLOCKS), mimetype="text/plain"))
    add("/redirect", lambda: flask.redirect("/any"))
    add("/none", lambda: ("", 204))
    add("/same", lambda: ("", 304))
    add("/error", lambda: flask.abort(500))
    add("/raise", fail)
    return app  # type: ignore[no-any-return]  # the module is looked up by name


def werkzeug(path: Path) -> WSGIApplication:
    """Return an application of Werkzeug's."""
    wrappers = pytest.importorskip("werkzeug.wrappers")
    utils, exceptions = pytest.importorskip("werkzeug.utils"), pytest.importorskip("werkzeug.exceptions")
    response = wrappers.Response

    def dispatch(request: Any) -> object:
        match request.path:
            case "/any":
                return response(request.method)
            case "/form" if request.method == "POST":
                return response(request.form["word"])
            case "/form":
                return exceptions.MethodNotAllowed(["POST"])
            case "/upload":
                return response(f"{request.form['word']} {len(request.files['file'].read())}")
            case "/raw":
                return response(str(len(request.get_data())))
            case "/file":
                return utils.send_file(path, request.environ, conditional=True)
            case "/stream":
                return response(iter(BLOCKS), mimetype="text/plain")
            case "/redirect":
                return utils.redirect("/any")
            case "/none" | "/same" as address:
                return response(status=204 if address == "/none" else 304)
            case "/error":
                return exceptions.InternalServerError()
            case "/raise":
                raise LookupError("meant")
            case _:
                return exceptions.NotFound()

    def guarded(request: Any) -> object:
        try:
            return dispatch(request)
        except exceptions.HTTPException as error:
            return error

    return wrappers.Request.application(guarded)  # type: ignore[no-any-return]  # likewise


def bottle(path: Path) -> WSGIApplication:
    """Return an application of Bottle's."""
    bottle = pytest.importorskip("bottle")
    app, request = bottle.Bottle(), bottle.request

    def upload() -> str:
        return f"{request.forms.word} {len(request.files.file.file.read())}"

    def fail() -> str:
        raise LookupError("meant")

    def add(address: str, view: Callable[[], object], *methods: str) -> None:
        app.route(address, list(methods or ["GET"]), view)

    add("/any", lambda: request.method, *METHODS)
    add("/form", lambda: request.forms.word, "POST")
    add("/upload", upload, "POST")
    add("/raw", lambda: str(len(request.body.read())), "PUT")
    add("/file", lambda: bottle.static_file(path.name, path.parent))
    add("/stream", lambda: (block for block in BLOCKS))
    add("/redirect", lambda: bottle.redirect("/any", 302))
    add("/none", lambda: bottle.HTTPResponse(status=204))
    add("/same", lambda: bottle.HTTPResponse(status=304))
    add("/error", lambda: bottle.abort(500))
    add("/raise", fail)
    return app  # type: ignore[no-any-return]  # likewise


def falcon(path: Path) -> WSGIApplication:
    """Return an application of Falcon's."""
    falcon = pytest.importorskip("falcon")
    app = falcon.App()

    def add(address: str, answer: Callable[[Any, Any], object], *methods: str) -> None:
        responders = {f"on_{method.lower()}": staticmethod(answer) for method in methods or ("GET",)}
        app.add_route(address, type("Resource", (), responders)())

    def assign(**values: object) -> Callable[[Any, Any], None]:
        def answer(_request: Any, response: Any) -> None:
            for name, value in values.items():
                setattr(response, name, value)

        return answer

    def respond(make: Callable[[Any], str]) -> Callable[[Any, Any], None]:
        def answer(request: Any, response: Any) -> None:
            response.content_type, response.text = "text/plain", make(request)

        return answer

    def upload(request: Any) -> str:
        parts = {part.name: part.stream.read() for part in request.get_media()}
        return f"{parts['word'].decode()} {len(parts['file'])}"

    def fail(_request: Any, _response: Any) -> None:
        raise LookupError("meant")

    def refuse(_request: Any, _response: Any) -> None:
        raise falcon.HTTPInternalServerError

    add("/any", respond(lambda request: str(request.method)), *METHODS, "HEAD")
    add("/form", respond(lambda request: str(request.get_media()["word"])), "POST")
    add("/upload", respond(upload), "POST")
    add("/raw", respond(lambda request: str(len(request.bounded_stream.read()))), "PUT")
    app.add_static_route("/file", path.parent, fallback_filename=path.name)
    add("/stream", lambda _request, response: setattr(response, "stream", iter(BLOCKS)), "GET", "HEAD")
    add("/redirect", assign(status=302, location="/any"))
    add("/none", assign(status=204))
    add("/same", assign(status=304))
    add("/error", refuse)
    add("/raise", fail)
    return app  # type: ignore[no-any-return]  # likewise


def pyramid(path: Path) -> WSGIApplication:
    """Return an application of Pyramid's."""
    config = pytest.importorskip("pyramid.config").Configurator()
    responses = pytest.importorskip("pyramid.response")
    exceptions = pytest.importorskip("pyramid.httpexceptions")
    response = responses.Response

    def add(address: str, view: Callable[[Any], object]) -> None:
        config.add_route(address, address)
        config.add_view(view, route_name=address)

    def form(request: Any) -> object:
        return response(request.POST["word"]) if request.method == "POST" else exceptions.HTTPMethodNotAllowed()

    def file(request: Any) -> object:
        found = responses.FileResponse(path, request)
        found.conditional_response = True
        return found

    def fail(_request: Any) -> object:
        raise LookupError("meant")

    add("/any", lambda request: response(request.method))
    add("/form", form)
    add("/upload", lambda request: response(f"{request.POST['word']} {len(request.POST['file'].file.read())}"))
    add("/raw", lambda request: response(str(len(request.body))))
    add("/file", file)
    add("/stream", lambda _request: response(app_iter=iter(BLOCKS), content_type="text/plain"))
    add("/redirect", lambda _request: exceptions.HTTPFound("/any"))
    add("/none", lambda _request: exceptions.HTTPNoContent())
    add("/same", lambda _request: exceptions.HTTPNotModified())
    add("/error", lambda _request: exceptions.HTTPInternalServerError())
    add("/raise", fail)
    return config.make_wsgi_app()  # type: ignore[no-any-return]  # likewise


def cherrypy(path: Path) -> WSGIApplication:
    """Return an application of CherryPy's."""
    cherrypy = pytest.importorskip("cherrypy")
    static = pytest.importorskip("cherrypy.lib.static")
    request, root = cherrypy.request, type("Root", (), {})()

    def method(**_query: str) -> object:
        return request.method

    def form(word: str, **_others: str) -> str:
        return word

    def upload(word: str, file: Any) -> str:
        return f"{word} {len(file.file.read())}"

    def answer(status: int) -> Callable[[], None]:
        return lambda: setattr(cherrypy.response, "status", status)

    def refuse(error: str, *arguments: object) -> Callable[[], None]:
        def view() -> None:
            raise getattr(cherrypy, error)(*arguments)

        return view

    def fail() -> None:
        raise LookupError("meant")

    views: dict[str, Callable[..., object]] = {
        "any": method,
        "form": form,
        "upload": upload,
        "raw": lambda: str(len(request.body.read())),
        "file": lambda: static.serve_file(str(path), "application/octet-stream"),
        "stream": lambda: iter(BLOCKS),
        "redirect": refuse("HTTPRedirect", "/any", 302),
        "none": answer(204),
        "same": answer(304),
        "error": refuse("HTTPError", 500),
        "raise": fail,
    }
    for name, view in views.items():
        view.exposed = True  # type: ignore[attr-defined]  # CherryPy's mark  # pyright: ignore[reportFunctionMemberAccess]
        setattr(root, name, view)
    tools = {"tools.allow.on": True, "tools.allow.methods": ["POST"]}
    settings = {"/": {"log.screen": False}, "/form": tools, "/stream": {"response.stream": True}}
    return cherrypy.Application(root, "", settings)  # type: ignore[no-any-return]  # likewise


def django(path: Path) -> WSGIApplication:
    """Return an application of Django's, with the middleware that its template for projects lists."""
    conf, http = pytest.importorskip("django.conf"), pytest.importorskip("django.http")
    urls, decorators = pytest.importorskip("django.urls"), pytest.importorskip("django.views.decorators.http")

    def form(request: Any) -> object:
        return http.HttpResponse(request.POST["word"])

    def upload(request: Any) -> object:
        return http.HttpResponse(f"{request.POST['word']} {len(request.FILES['file'].read())}")

    def fail(_request: Any) -> object:
        raise LookupError("meant")

    views: dict[str, Callable[[Any], object]] = {
        "any": lambda request: http.HttpResponse(request.method),
        "form": decorators.require_POST(form),
        "upload": upload,
        "raw": lambda request: http.HttpResponse(str(len(request.body))),
        "file": lambda _request: http.FileResponse(path.open("rb")),
        "stream": lambda _request: http.StreamingHttpResponse(iter(BLOCKS), content_type="text/plain"),
        "redirect": lambda _request: http.HttpResponseRedirect("/any"),
        "none": lambda _request: http.HttpResponse(status=204),
        "same": lambda _request: http.HttpResponseNotModified(),
        "error": lambda _request: http.HttpResponseServerError("error"),
        "raise": fail,
    }
    patterns = tuple(urls.path(address, view) for address, view in views.items())
    conf.settings.configure(
        conf.global_settings,
        ALLOWED_HOSTS=["*"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.gzip.GZipMiddleware",
            "django.middleware.http.ConditionalGetMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        ROOT_URLCONF=patterns,
    )
    return pytest.importorskip("django.core.wsgi").get_wsgi_application()  # type: ignore[no-any-return]  # likewise


FRAMEWORKS: Final = {each.__name__: each for each in (bottle, cherrypy, django, falcon, flask, pyramid, werkzeug)}

WHOLE_FILE: Final = {"django": {"range", "unsatisfiable range", "unchanged file"}}
"""Where a framework answers the request for less than a file with the file, as it may."""

_BODY_FOR_HEAD: Final = {"A42": "Django answers HEAD with the body of GET, and leaves it to the server to drop it"}

TRUE_BREACHES: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("django", "head"): _BODY_FOR_HEAD,
    ("django", "head of a stream"): _BODY_FOR_HEAD,
    ("django", "head of what is not there"): _BODY_FOR_HEAD,
    ("dulwich", "push and clone"): {
        "A29": "the packs of git are sent with write()",
        "A30": "write() is called in the generator that the application returned (dulwich.web.handle_service_request)",
    },
}
"""By framework and exchange: the rules that the framework breaks in it, with the reason."""


@pytest.fixture(scope="module")
def own_django_settings() -> Iterator[None]:
    """Give Django no settings, and those that it had afterwards."""
    settings = pytest.importorskip("django.conf").settings
    before = settings._wrapped
    settings._wrapped = pytest.importorskip("django.utils.functional").empty
    yield
    settings._wrapped = before


@pytest.fixture(scope="module", params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    """Return the name of a framework."""
    return str(request.param)


@pytest.fixture(scope="module")
def application(
    framework: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[WSGIApplication]:
    """Return the application of a framework."""
    if framework == "django":
        request.getfixturevalue("own_django_settings")
    path = tmp_path_factory.mktemp("served") / "file.bin"
    path.write_bytes(CONTENT)
    os.utime(path, (1e9, 1e9))
    yield FRAMEWORKS[framework](path)
    gc.collect()  # the files that frameworks leave to it, while warnings of them are ignored


@contextmanager
def served(application: WSGIApplication, breaches: list[Violation]) -> Generator[int]:
    """Serve an application on the port that is given, validated; all its breaches are there at the end."""
    policy = Policy(must=Action.REPORT, should=Action.REPORT, report=breaches.append)
    with make_server("127.0.0.1", 0, checked(application, policy), JoiningServer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(TIMEOUT)


def ask(port: int, exchange: Exchange) -> tuple[int, bytes]:
    """Make a request, and return the status and the body that answer it."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as client:
        client.request(exchange.method, exchange.path, exchange.body, exchange.headers)
        response = client.getresponse()
        return response.status, response.read()


def rules_of(breaches: list[Violation]) -> set[str]:
    """Return the ids of the rules that were broken."""
    return {breach.rule.id for breach in breaches}


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.name)
def test_framework(framework: str, application: WSGIApplication, exchange: Exchange) -> None:
    """The application answers as it would without the validator, which reports its true breaches alone."""
    breaches: list[Violation] = []
    with served(application, breaches) as port:
        status, answer = ask(port, exchange)
    if exchange.name in WHOLE_FILE.get(framework, ()):
        expected = (200, CONTENT)
    else:
        expected = (exchange.status, answer if exchange.answer is None else exchange.answer)
    assert (status, answer) == expected
    assert rules_of(breaches) == set(TRUE_BREACHES.get((framework, exchange.name), {}))


# --- Servers of their own kind ------------------------------------------------------------------------------------

PROPERTIES: Final = b'<?xml version="1.0"?><propfind xmlns="DAV:"><allprop/></propfind>'
LOCK: Final = (
    b'<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
    b"<locktype><write/></locktype></lockinfo>"
)
XML: Final = {"Content-Type": "application/xml"}

DAV: Final = (
    Exchange("options", "OPTIONS", "/", 200, b""),
    Exchange("put", "PUT", "/file", 201, None, CONTENT),
    Exchange("put again", "PUT", "/file", 204, b"", CONTENT),
    Exchange("get", "GET", "/file", 200, CONTENT),
    Exchange("head", "HEAD", "/file", 200, b""),
    Exchange("range", "GET", "/file", 206, CONTENT[100:300], headers={"Range": "bytes=100-299"}),
    Exchange("collection", "MKCOL", "/folder", 201),
    Exchange("copy", "COPY", "/file", 201, headers={"Destination": "/folder/copy"}),
    Exchange("move", "MOVE", "/folder/copy", 201, headers={"Destination": "/folder/moved"}),
    Exchange("list", "GET", "/folder/", 200),
    Exchange("head of a list", "HEAD", "/folder/", 200, b""),
    Exchange("properties", "PROPFIND", "/", 207, None, PROPERTIES, {**XML, "Depth": "1"}),
    Exchange("lock", "LOCK", "/file", 200, None, LOCK, {**XML, "Depth": "0", "Timeout": "Second-60"}),
    Exchange("locked", "PUT", "/file", 423, None, b"other"),
    Exchange("delete", "DELETE", "/folder/", 204, b"", headers={"Depth": "infinity"}),
    Exchange("not found", "GET", "/folder/moved", 404),
    Exchange("method not allowed", "POST", "/file", 405),
)


@pytest.fixture(scope="module")
def dav(tmp_path_factory: pytest.TempPathFactory) -> WSGIApplication:
    """Return WsgiDAV's application, over an empty folder."""
    settings: dict[str, object] = {
        "provider_mapping": {"/": str(tmp_path_factory.mktemp("dav"))},
        "simple_dc": {"user_mapping": {"*": True}},
        "logging": {"enable": False},
        "verbose": 0,
    }
    return pytest.importorskip("wsgidav.wsgidav_app").WsgiDAVApp(settings)  # type: ignore[no-any-return]  # likewise


def test_wsgidav(dav: WSGIApplication) -> None:
    """WsgiDAV answers a client's requests, one after the other, and breaks no rule but those that are listed."""
    breaches: list[Violation] = []
    found: dict[str, tuple[int, set[str]]] = {}
    for exchange in DAV:
        with served(dav, breaches) as port:
            status, answer = ask(port, exchange)
        assert exchange.answer in (None, answer)
        found[exchange.name] = (status, rules_of(breaches))
        breaches.clear()
    expected = {each.name: (each.status, set(TRUE_BREACHES.get(("wsgidav", each.name), {}))) for each in DAV}
    assert found == expected


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git client")
def test_dulwich(tmp_path: Path) -> None:
    """The server of dulwich takes a push of git's, in chunks, serves a clone, and breaks no rule but the listed."""
    repository, server = pytest.importorskip("dulwich.repo").Repo, pytest.importorskip("dulwich.server")
    backend = server.DictBackend({"/": repository.init_bare(str(tmp_path / "served"), mkdir=True)})
    application: WSGIApplication = pytest.importorskip("dulwich.web").make_wsgi_chain(backend)

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, timeout=60, capture_output=True)

    git("init", "mine")
    (tmp_path / "mine" / "file").write_bytes(CONTENT)
    git("-C", "mine", "add", "file")
    git("-C", "mine", "commit", "-m", "first")
    breaches: list[Violation] = []
    with served(application, breaches) as port:
        url = f"http://127.0.0.1:{port}/"
        git("-C", "mine", "-c", "http.postBuffer=1000", "-c", "core.compression=0", "push", url, "main")
        git("clone", "--branch", "main", url, "clone")
    assert (tmp_path / "clone" / "file").read_bytes() == CONTENT
    assert rules_of(breaches) == set(TRUE_BREACHES["dulwich", "push and clone"])
