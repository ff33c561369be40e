"""Programs that import wsgiref, unchanged, on gatewright: each in a process of its own, asked over the loopback."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from textwrap import dedent

import pytest

TIMEOUT = 60
"""Seconds after which a program that does not answer is ended."""

Launch = Callable[..., int]


@pytest.fixture(scope="module")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Run scripts with ``python -m gatewright.dropin`` until the module ends; return the port that each prints."""
    with ExitStack() as programs:

        def start(source: str, *arguments: str) -> int:
            folder = tmp_path_factory.mktemp("program")
            (folder / "program.py").write_text(dedent(source), encoding="utf-8")
            command = [sys.executable, "-u", "-m", "gatewright.dropin", "program.py", *arguments]
            process = subprocess.Popen(
                command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
            )
            programs.enter_context(process)
            programs.callback(process.kill)
            clock = threading.Timer(TIMEOUT, process.kill)
            clock.start()
            assert process.stdout is not None
            printed = ""
            for line in process.stdout:
                printed += line
                if found := re.search(r"http://127\.0\.0\.1:([1-9]\d*)", line):
                    clock.cancel()
                    return int(found[1])
            pytest.fail(f"the program ended: {printed}")

        yield start


def ask(
    port: int, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    """Make one request and return status and body of the answer."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as client:
        client.request(method, path, body, headers)
        answer = client.getresponse()
        return answer.status, answer.read()


DJANGO = """
    import sys
    from django.conf import settings
    from django.core.management import execute_from_command_line
    from django.core.servers import basehttp
    from django.http import HttpResponse
    from django.urls import path

    settings.configure(
        DEBUG=True,
        ROOT_URLCONF="__main__",
        SECRET_KEY="secret",
        INSTALLED_APPS=["django.contrib.staticfiles"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        STATIC_URL="/static/",
        STATICFILES_DIRS=["."],
    )

    def module(request):
        return HttpResponse(basehttp.simple_server.__name__)

    def echo(request):
        return HttpResponse(request.body)

    def ignore(request):
        return HttpResponse(request.method)

    urlpatterns = [path("module", module), path("echo", echo), path("ignore", ignore)]

    if __name__ == "__main__":
        execute_from_command_line(sys.argv)
"""


@pytest.fixture(scope="module")
def django(launch: Launch) -> int:
    """Run ``manage.py runserver`` and return its port."""
    pytest.importorskip("django")
    return launch(DJANGO, "runserver", "--noreload", "--skip-checks", "127.0.0.1:0")


def test_django_runs_on_gatewright(django: int) -> None:
    """Django's development server takes its classes from gatewright."""
    assert ask(django, "/module") == (200, b"gatewright.simple_server")


def test_django_reads_a_body(django: int) -> None:
    """A view of Django reads the body of a POST."""
    assert ask(django, "/echo", "POST", b"x" * 100_000) == (200, b"x" * 100_000)


def test_django_serves_static_files(django: int) -> None:
    """Django serves static files."""
    status, body = ask(django, "/static/program.py")
    assert (status, body.decode()) == (200, dedent(DJANGO))


def test_django_finds_nothing(django: int) -> None:
    """Django answers 404 for what is not there."""
    assert ask(django, "/nothing")[0] == 404


def test_django_keeps_alive(django: int) -> None:
    """Django keeps a connection over several requests, bodies that no view reads and HEAD included."""
    sockets: set[object] = set()
    answers: list[bytes] = []
    with closing(HTTPConnection("127.0.0.1", django, timeout=TIMEOUT)) as client:
        for method in ("POST", "GET", "HEAD", "PUT"):
            client.request(method, "/ignore", b"unread" * 1000)
            sockets.add(client.sock)
            answers.append(client.getresponse().read())
    assert (answers, len(sockets)) == ([b"POST", b"GET", b"", b"PUT"], 1)


def test_django_is_guarded(django: int) -> None:
    """A request with two lengths never reaches Django (cpython#150499)."""
    with closing(HTTPConnection("127.0.0.1", django, timeout=TIMEOUT)) as client:
        client.putrequest("POST", "/echo")
        client.putheader("Content-Length", "3")
        client.putheader("Content-Length", "4")
        client.endheaders(b"abcd")
        assert client.getresponse().status == 400


BOTTLE = """
    import bottle
    from wsgiref.simple_server import WSGIServer

    class Announced(WSGIServer):
        def server_activate(self):
            super().server_activate()
            print(f"http://127.0.0.1:{self.server_port}")

    @bottle.post("/<name>")
    def greet(name):
        return f"{WSGIServer.__module__} {name} {bottle.request.forms.word}"

    bottle.run(host="127.0.0.1", port=0, server_class=Announced)
"""


def test_bottle(launch: Launch) -> None:
    """Bottle's default server serves its routes and forms."""
    pytest.importorskip("bottle")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = ask(launch(BOTTLE), "/you", "POST", b"word=hello", **form)
    assert answer == (200, b"gatewright.simple_server.server you hello")


def test_bottle_reads_chunks(launch: Launch) -> None:
    """Bottle, which asks for a length or decodes chunks itself, sees a chunked body once and whole."""
    pytest.importorskip("bottle")
    with closing(HTTPConnection("127.0.0.1", launch(BOTTLE), timeout=TIMEOUT)) as client:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        client.request("POST", "/you", iter([b"word=", b"hello"]), form)
        assert client.getresponse().read() == b"gatewright.simple_server.server you hello"


PROMETHEUS = """
    from prometheus_client import Counter, start_http_server

    Counter("requests", "how many").inc(3)
    server, thread = start_http_server(0, "127.0.0.1")
    print(f"http://127.0.0.1:{server.server_port}")
    thread.join()
"""


def test_prometheus_client(launch: Launch) -> None:
    """prometheus_client's server exposes its metrics."""
    pytest.importorskip("prometheus_client")
    status, body = ask(launch(PROMETHEUS), "/metrics")
    assert (status, b"requests_total 3.0" in body) == (200, True)


DULWICH = """
    import sys
    from dulwich.repo import Repo
    from dulwich.server import DictBackend
    from dulwich.web import WSGIRequestHandlerLogger, WSGIServerLogger, make_server, make_wsgi_chain

    backend = DictBackend({"/": Repo.init_bare(sys.argv[1], mkdir=True)})
    handler = WSGIRequestHandlerLogger
    server = make_server("127.0.0.1", 0, make_wsgi_chain(backend), WSGIServerLogger, handler)
    print(f"http://127.0.0.1:{server.server_port}")
    server.serve_forever()
"""


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git client")
def test_dulwich(launch: Launch, tmp_path: Path) -> None:
    """Git pushes a large commit, in chunks, to dulwich's server, and clones it back."""
    pytest.importorskip("dulwich")
    url = f"http://127.0.0.1:{launch(DULWICH, 'served')}/"

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, timeout=TIMEOUT, capture_output=True)

    data = bytes(range(256)) * 1000
    git("init", "mine")
    (tmp_path / "mine" / "file").write_bytes(data)
    git("-C", "mine", "add", "file")
    git("-C", "mine", "commit", "-m", "first")
    git("-C", "mine", "-c", "http.postBuffer=1000", "-c", "core.compression=0", "push", url, "main")
    git("clone", "--branch", "main", url, "clone")
    assert (tmp_path / "clone" / "file").read_bytes() == data
