"""Starts a web server, and the gateway behind it, from a configuration of the documentation."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from attrs import frozen

from behind.setups import CONFIGURATIONS, Setup

TIMEOUT: Final = 60
"""Seconds after which whatever does not happen is taken not to happen."""

Process: TypeAlias = "subprocess.Popen[bytes]"

REQUIRED: Final = "GATEWRIGHT_WEB_SERVERS"
"""The environment variable that makes a web server that is not there a failure: CI installs them."""

SECRET: Final = "OF_THE_PROCESS"
"""A variable in the environment of web server and gateway, which must not reach any request."""

PATH: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"  # where Debian puts servers; users do not look there


@frozen
class WebServer:
    """A web server of Debian's.

    Attributes:
        package: what to install.
        main: the main configuration, around that of a site; it says what Debian's does, where paths allow.
        command: how to start it, in the foreground.
        unprivileged: whether it refuses to serve as root.
    """

    package: str
    main: str
    command: tuple[str, ...]
    unprivileged: bool = False


NGINX: Final = """
{user}
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/site.conf;
}}
"""

LIGHTTPD: Final = """
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{folder}"
server.upload-dirs = ( "{folder}" )
server.errorlog = "{folder}/error.log"
server.http-parseopts = (
    "header-strict" => "enable",
    "host-strict" => "enable",
    "host-normalize" => "enable",
    "url-normalize-unreserved" => "enable",
    "url-normalize-required" => "enable",
    "url-ctrls-reject" => "enable",
    "url-path-2f-decode" => "enable",
    "url-path-dotseg-remove" => "enable",
)
include "{folder}/site.conf"
"""

APACHE: Final = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
DocumentRoot {folder}
Listen 127.0.0.1:{port}
{modules}
<IfModule mod_cgid.c>
    ScriptSock {folder}/cgisock
</IfModule>
<IfModule mod_fcgid.c>
    FcgidIPCDir {folder}
    FcgidProcessTableFile {folder}/fcgid
</IfModule>
<Directory />
    Require all denied
</Directory>
Include {folder}/site.conf
"""

MODULES: Final = "/usr/lib/apache2/modules"

SERVERS: Final = {
    "nginx": WebServer(
        "nginx-light", NGINX, ("nginx", "-e", "error.log", "-p", "{folder}", "-c", "{folder}/main.conf")
    ),
    "lighttpd": WebServer("lighttpd", LIGHTTPD, ("lighttpd", "-D", "-f", "{folder}/main.conf")),
    "apache": WebServer(
        "apache2-bin libapache2-mod-fcgid",
        APACHE,
        ("apache2", "-DFOREGROUND", "-f", "{folder}/main.conf"),
        unprivileged=True,
    ),
}

# Apache refuses to serve as root. It may go on reading everything: the interpreter of the tests may be root's own.
AS_NOBODY: Final = (
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
)


@frozen
class Site:
    """A web server with the application behind it, both running.

    Attributes:
        setup: which.
        folder: where the application, the configuration and the logs are.
        port: where the web server listens, on 127.0.0.1.
    """

    setup: Setup
    folder: Path
    port: int

    def log(self) -> str:
        """Return what web server and gateway have logged so far."""
        files = [self.folder / name for name in ("error.log", "breakage.log", "server.out", "gateway.out")]
        return "".join(f"--- {file.name}\n{file.read_text('utf-8', 'replace')}" for file in files if file.exists())


def require(program: str, package: str) -> None:
    """Skip the test, or fail it in CI, if a program is not there."""
    if shutil.which(program, path=PATH) is None:
        absent = f"{program} is not installed: apt-get install {package}"
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(absent)


@contextmanager
def reserved_port() -> Generator[int]:
    """Keep a port for the server that is told its number, until the context is left.

    Linux gives a port that is bound to nobody who asks for any, be it to listen or to connect from, but lets servers
    have it that ask for this one with SO_REUSEADDR, as all here do.  A port that is merely free may be another's by the
    time the server asks for it, and then whoever waits for the server finds that other one.
    """
    with socket.socket() as holder:
        holder.bind(("", 0))  # of all interfaces, as nginx listens on all
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # only now: no two holders share a port
        yield int(holder.getsockname()[1])


@contextmanager
def run(setup: Setup, application: Path, program: str = "gatewright") -> Generator[Site]:
    """Put an application behind a web server until the context is left.

    Args:
        setup: how.
        application: the module that becomes ``hello``.
        program: which of the commands in the configuration starts it.
    """
    require(SERVERS[setup.server].command[0], SERVERS[setup.server].package)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatewright-")))
        folder.chmod(0o755)
        site = Site(setup, folder, stack.enter_context(reserved_port()))
        gateway = stack.enter_context(reserved_port())
        _write(site, gateway, application)
        if command := _gateway_command(folder / "site.conf", program):
            process = stack.enter_context(_running(site, command, "gateway.out"))
            _await(site, process, gateway if f"127.0.0.1:{gateway}" in command else folder / "run" / "socket")
        process = stack.enter_context(_running(site, _server_command(site), "server.out"))
        _await(site, process, site.port)
        yield site


def _server_command(site: Site) -> list[str]:
    server = SERVERS[site.setup.server]
    prefix = AS_NOBODY if server.unprivileged and os.geteuid() == 0 else ()
    return [*prefix, *(word.format(folder=site.folder) for word in server.command)]


def _write(site: Site, gateway: int, application: Path) -> None:
    """Write everything into the folder of the site, with paths and ports of the documentation replaced."""
    folder = site.folder
    (folder / "run").mkdir()
    shutil.copy(application, folder / "hello.py")
    replaced = {
        "/srv/hello/venv/bin/python": sys.executable,
        "/srv/hello": str(folder),
        "/run/hello": f"{folder}/run",
        "/var/log/lighttpd": str(folder),
        "8080": str(site.port),
        "9000": str(gateway),
    }
    for source, target in ((site.setup.configuration, "site.conf"), *((CONFIGURATIONS / n, n) for n in SCRIPTS)):
        text = source.read_text("utf-8")
        pattern = "|".join(map(re.escape, replaced))
        (folder / target).write_text(re.sub(pattern, lambda found: replaced[found[0]], text), encoding="utf-8")
        (folder / target).chmod(0o755)
    main = SERVERS[site.setup.server].main.format(
        folder=folder,
        port=site.port,
        user="user root;" if os.geteuid() == 0 else "",
        modules=_modules(site.setup.configuration.read_text("utf-8")),
    )
    (folder / "main.conf").write_text(main, encoding="utf-8")


SCRIPTS: Final = ("hello.cgi", "hello.fcgi")


def _modules(configuration: str) -> str:
    """Return what loads the modules that Debian's Apache has, and those that a configuration names."""
    named = re.findall(r"^# a2enmod (.+)$", configuration, re.MULTILINE)
    names = ["mpm_event", "authz_core", "alias", *" ".join(named).split()]
    names[3:3] = ["proxy"] if any(name.startswith("proxy_") for name in names) else []
    return "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names)


def _gateway_command(configuration: Path, program: str) -> list[str]:
    """Return the command that a configuration says is to be given first, or none."""
    found = re.search(rf"^# \$ {program} (.+)$", configuration.read_text("utf-8"), re.MULTILINE)
    if found is None:
        return []
    started = [sys.executable, "-m", "gatewright"] if program == "gatewright" else [program]
    return [*started, *shlex.split(found[1])]


@contextmanager
def _running(site: Site, command: Iterable[str], output: str) -> Generator[Process]:
    """Run a process, and all that it starts, until the context is left."""
    with (site.folder / output).open("wb") as log:
        process = subprocess.Popen(
            list(command),
            cwd=site.folder,
            env={**os.environ, "PATH": PATH, SECRET: "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(TIMEOUT)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _await(site: Site, process: Process, address: int | Path) -> None:
    """Wait until a process listens."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end and process.poll() is None:
        if _listens(address):
            return
        time.sleep(0.02)  # a server tells nobody that it is ready; its port does
    pytest.fail(f"nothing listens on {address}\n{site.log()}")


def _listens(address: int | Path) -> bool:
    """Whether somebody listens on a port or a Unix socket."""
    with socket.socket(socket.AF_INET if isinstance(address, int) else socket.AF_UNIX) as probe:
        return probe.connect_ex(("127.0.0.1", address) if isinstance(address, int) else str(address)) == 0
