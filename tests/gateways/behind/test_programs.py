"""Real programs behind nginx, by FastCGI, by SCGI and by HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from pathlib import Path
from socket import AF_UNIX, create_server
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from behind.client import ask
from behind.harness import TIMEOUT, Site, require, run
from behind.setups import CONFIGURATIONS, SETUPS
from behind.tools import LITMUS_GROUPS, commit, git, litmus, litmus_passed

CONTENT = bytes(range(256)) * 1000


@pytest.fixture(scope="module", params=["nginx-fastcgi", "nginx-scgi", "nginx-http"])
def set_up(request: pytest.FixtureRequest) -> str:
    """Return the name of a set-up."""
    return str(request.param)


def served(set_up: str, program: str) -> Generator[Site]:
    """Run a program behind a set-up."""
    with run(SETUPS[set_up], Path(__file__).parent / "programs" / f"{program}.py") as site:
        yield site


# --- spawn-fcgi ---------------------------------------------------------------------------------------------------


def test_spawn_fcgi() -> None:
    """A script that spawn-fcgi starts serves on the socket that it is given as standard input."""
    require("spawn-fcgi", "spawn-fcgi")
    with run(SETUPS["nginx-fastcgi-unix"], Path(__file__).with_name("application.py"), "spawn-fcgi") as site:
        assert ask(site, "/status?line=200%20OK").body == b"text"


# --- systemd ------------------------------------------------------------------------------------------------------

# What systemd does: the socket is descriptor 3, and the variables are for this process and no child of it.
LIKE_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "gatewright", *sys.argv[2:]])
"""


def test_systemd() -> None:
    """What the service of the documentation starts serves on the socket that systemd has made."""
    unit = (CONFIGURATIONS / "hello.service").read_text("utf-8")
    command = unit.partition("ExecStart=/srv/hello/venv/bin/gatewright ")[2].partition("\n")[0].split()
    with run(SETUPS["nginx-fastcgi-unix"], Path(__file__).with_name("application.py"), "systemd") as site:
        with create_server(str(site.folder / "run" / "socket"), family=AF_UNIX) as listener:
            started = [sys.executable, "-c", LIKE_SYSTEMD, str(listener.fileno()), *command]
            process = subprocess.Popen(started, cwd=site.folder, pass_fds=[listener.fileno()], stdout=subprocess.PIPE)
        try:
            assert ask(site, "/status?line=200%20OK").body == b"text"
        finally:
            process.terminate()
            process.communicate(timeout=TIMEOUT)


# --- Django -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def django(set_up: str) -> Generator[Site]:
    """Run Django's admin."""
    pytest.importorskip("django")
    yield from served(set_up, "django_admin")


@pytest.fixture
def browser(django: Site) -> OpenerDirector:
    """Return a browser that is logged in."""
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    submit(opener, f"http://127.0.0.1:{django.port}/admin/login/?next=/admin/", username="root", password="password")
    return opener


def get(browser: OpenerDirector, url: str) -> str:
    """Return a page."""
    with browser.open(url, timeout=TIMEOUT) as page:
        return str(page.read().decode())


def submit(browser: OpenerDirector, url: str, **fields: str) -> str:
    """Fill in the form on a page, and return the page that follows."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', get(browser, url))
    assert found is not None
    form = urlencode({"csrfmiddlewaretoken": found[1], **fields}).encode()
    with browser.open(url, form, TIMEOUT) as page:
        return str(page.read().decode())


def test_django_logs_in(django: Site, browser: OpenerDirector) -> None:
    """Whoever has logged in sees the admin."""
    assert "Site administration" in get(browser, f"http://127.0.0.1:{django.port}/admin/")


def test_django_changes_a_row(django: Site, browser: OpenerDirector) -> None:
    """A form of the admin changes a row of the database."""
    page = submit(browser, f"http://127.0.0.1:{django.port}/admin/auth/group/1/change/", name="after", _save="Save")
    assert ("was changed successfully" in page, "after" in page) == (True, True)


def test_django_serves_a_static_file(django: Site) -> None:
    """The style sheet of the admin arrives whole."""
    admin = pytest.importorskip("django.contrib.admin")
    expected = (Path(admin.__file__).parent / "static" / "admin" / "css" / "base.css").read_text("utf-8")
    assert get(build_opener(), f"http://127.0.0.1:{django.port}/static/admin/css/base.css") == expected


# --- Git ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dulwich(set_up: str) -> Generator[Site]:
    """Run the server of dulwich."""
    pytest.importorskip("dulwich")
    yield from served(set_up, "dulwich_web")


def test_git(dulwich: Site, tmp_path: Path) -> None:
    """Git pushes a commit, in chunks, and clones it back."""
    url, mine = f"http://127.0.0.1:{dulwich.port}/", tmp_path / "mine"
    git(tmp_path, "init", "mine")
    commit(mine, "file", CONTENT)
    git(mine, "-c", "http.postBuffer=1000", "-c", "core.compression=0", "push", url, "main")
    git(tmp_path, "clone", "--branch", "main", url, "clone")
    assert (tmp_path / "clone" / "file").read_bytes() == CONTENT


# --- WebDAV -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def webdav(set_up: str) -> Generator[Site]:
    """Run WsgiDAV."""
    pytest.importorskip("wsgidav")
    yield from served(set_up, "webdav")


def dav(site: Site, method: str, path: str, body: bytes | None = None, **fields: str) -> tuple[int, bytes]:
    """Make a request and return status and body of the answer."""
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=TIMEOUT)) as client:
        client.request(method, path, body, fields)
        answer = client.getresponse()
        return answer.status, answer.read()


def test_webdav(webdav: Site) -> None:
    """A file is stored, moved, found by its properties, and fetched."""
    base = f"http://127.0.0.1:{webdav.port}"
    stored = dav(webdav, "PUT", "/before", CONTENT)
    moved = dav(webdav, "MOVE", "/before", Destination=f"{base}/after")
    found = dav(webdav, "PROPFIND", "/", Depth="1")
    fetched = dav(webdav, "GET", "/after")
    assert (stored[0], moved[0], found[0], b"/after" in found[1], fetched) == (201, 201, 207, True, (200, CONTENT))


def test_litmus(webdav: Site, tmp_path: Path) -> None:
    """The test suite of WebDAV finds no fault."""
    printed = litmus(f"http://127.0.0.1:{webdav.port}/", tmp_path)
    assert litmus_passed(printed) == [*LITMUS_GROUPS], printed
