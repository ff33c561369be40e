"""Gateways behind nginx: CPU time of the gateway process for one request, side by side with peers, in one run.

It needs Linux, nginx and wrk.  All gateways run at the same time, each on the first CPU that there is, nginx and wrk on
the last; rounds alternate, and the minimum counts.  Writes ``docs/benchmarks-gateways.md``.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen
from processes import answers, circumstances, cpu_time, free_ports, process, version_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks-gateways.md"
CONNECTIONS = 32

HELLO = """
BODY = b"Hello, world!\\n"


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
"""

GATEWRIGHT = (
    "import hello; from gatewright.gateways import {0};{0}.run(hello.application, '127.0.0.1:{1}', threads={2})"
)
FLUP = (
    "import hello; from flup.server.{0} import WSGIServer;"
    "WSGIServer(hello.application, bindAddress=('127.0.0.1', {1})).run()"
)
FCGISGI = (
    "import asyncio, hello, fcgisgi;"
    "asyncio.run(fcgisgi.run_wsgi_server(hello.application, bind_address=('127.0.0.1', {1})))"
)


@frozen
class Gateway:
    """Something that serves the application.

    Attributes:
        name: for the table.
        package: whose version stands beside it.
        protocol: ``fastcgi`` or ``scgi``.
        command: makes the command line for a port.
    """

    name: str
    package: str
    protocol: str
    command: Callable[[int], list[str]]


def python(code: str, *values: object) -> Callable[[int], list[str]]:
    """Return what runs a line of Python; the port is its second value."""
    return lambda port: [sys.executable, "-c", code.format(values[0] if values else "", port, *values[1:])]


def uwsgi(protocol: str) -> Callable[[int], list[str]]:
    """Return what runs uWSGI, with one process and one thread, as it does unless it is told otherwise."""
    options = ["--wsgi-file", "hello.py", "--disable-logging", "--die-on-term"]
    program = str(Path(sys.executable).parent / "pyuwsgi")
    return lambda port: [program, f"--{protocol}-socket", f"127.0.0.1:{port}", *options]


GATEWAYS = [
    Gateway("gatewright, 1 thread", "gatewright", "fastcgi", python(GATEWRIGHT, "fastcgi", 1)),
    Gateway("gatewright, 8 threads", "gatewright", "fastcgi", python(GATEWRIGHT, "fastcgi", 8)),
    Gateway("uWSGI", "pyuwsgi", "fastcgi", uwsgi("fastcgi")),
    Gateway("flup", "flup", "fastcgi", python(FLUP, "fcgi")),
    Gateway("fcgisgi", "fcgisgi", "fastcgi", python(FCGISGI)),
    Gateway("gatewright, 1 thread", "gatewright", "scgi", python(GATEWRIGHT, "scgi", 1)),
    Gateway("gatewright, 8 threads", "gatewright", "scgi", python(GATEWRIGHT, "scgi", 8)),
    Gateway("uWSGI", "pyuwsgi", "scgi", uwsgi("scgi")),
    Gateway("flup", "flup", "scgi", python(FLUP, "scgi")),
]

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  scgi_temp_path {folder}/d; uwsgi_temp_path {folder}/e;
{upstreams}
  server {{
    listen 127.0.0.1:{port};
    server_name localhost;
{locations}
  }}
}}
"""

UPSTREAM = "  upstream u{0} {{ server 127.0.0.1:{1}; keepalive 64; keepalive_requests 100000000; }}"
LOCATION = "    location = /{0} {{ {1}_pass u{0}; {2} }}"
VARIABLES = {
    "QUERY_STRING": "$query_string",
    "REQUEST_METHOD": "$request_method",
    "CONTENT_TYPE": "$content_type",
    "SCRIPT_NAME": "''",
    "PATH_INFO": "$document_uri",
    "REQUEST_URI": "$request_uri",
    "DOCUMENT_ROOT": "$document_root",
    "SERVER_PROTOCOL": "$server_protocol",
    "REQUEST_SCHEME": "$scheme",
    "REMOTE_ADDR": "$remote_addr",
    "REMOTE_PORT": "$remote_port",
    "SERVER_PORT": "$server_port",
    "SERVER_NAME": "$server_name",
}
EXTRA = {
    "fastcgi": "fastcgi_keep_conn on; fastcgi_param CONTENT_LENGTH $content_length;",
    "scgi": "scgi_param SCGI 1;",
}


def configuration(folder: str, gateways: list[Gateway], ports: list[int], port: int) -> str:
    """Return nginx's configuration: one location for each gateway."""
    upstreams = [UPSTREAM.format(number, ports[number]) for number in range(len(gateways))]
    locations: list[str] = []
    for number, gateway in enumerate(gateways):
        params = " ".join(f"{gateway.protocol}_param {name} {value};" for name, value in VARIABLES.items())
        locations.append(LOCATION.format(number, gateway.protocol, f"{params} {EXTRA[gateway.protocol]}"))
    return NGINX.format(folder=folder, port=port, upstreams="\n".join(upstreams), locations="\n".join(locations))


def load(port: int, number: int, seconds: float) -> int:
    """Have wrk make requests, and return how many were answered."""
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds:.0f}s", f"http://127.0.0.1:{port}/{number}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in", output)
    if found is None or "Non-2xx" in output:
        raise RuntimeError(f"wrk says: {output}")
    return int(found[1])


def measure(rounds: int, seconds: float) -> list[tuple[Gateway, float]]:
    """Return the microseconds per request of every gateway that runs here."""
    cpus = sorted(os.sched_getaffinity(0))
    *ports, port = free_ports(len(GATEWAYS) + 1)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        Path(folder, "hello.py").write_text(HELLO, "ascii")
        Path(folder, "nginx.conf").write_text(configuration(folder, GATEWAYS, ports, port), "ascii")
        pids = [
            stack.enter_context(process(gateway.command(ports[number]), folder, cpus[0])).pid
            for number, gateway in enumerate(GATEWAYS)
        ]
        nginx = [shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", f"{folder}/nginx.conf"]
        stack.enter_context(process(nginx, folder, cpus[-1]))
        os.sched_setaffinity(0, {cpus[-1]})
        best: dict[int, float] = {
            number: float("inf") for number in range(len(GATEWAYS)) if answers(port, f"/{number}", seconds=5)
        }
        for number in [*best] * rounds:
            before = cpu_time(pids[number])
            count = load(port, number, seconds)
            best[number] = min(best[number], (cpu_time(pids[number]) - before) / count * 1e6)
        return [(GATEWAYS[number], least) for number, least in best.items()]


def page(results: list[tuple[Gateway, float]], rounds: int) -> str:
    """Make the page of the results."""
    lines = [
        "# Benchmarks of the gateways",
        "",
        "Measured by `nox -s bench_gateways`, which writes this page: CPU time of the gateway process, user and",
        "system, for one request of a hello application, behind nginx, with upstream keep-alive for FastCGI (uWSGI",
        f"ends the connection all the same; SCGI has none) and {CONNECTIONS} clients that keep theirs. The",
        f"minimum of {rounds} rounds that alternate. The ratio is to uWSGI, a program in C, in one thread.",
        "",
        circumstances(),
        "",
    ]
    for protocol, title in (("fastcgi", "FastCGI"), ("scgi", "SCGI")):
        rows = [(gateway, least) for gateway, least in results if gateway.protocol == protocol]
        uwsgis = [least for gateway, least in rows if gateway.name == "uWSGI"]
        lines += [f"**{title}**", "", "| | version | µs | ratio |", "| --- | --- | --: | --: |"]
        for gateway, least in rows:
            ratio = f"{least / uwsgis[0]:.2f}" if uwsgis else ""
            lines.append(f"| {gateway.name} | {version_of(gateway.package)} | {least:.1f} | {ratio} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="rounds of each gateway")
    parser.add_argument("--seconds", type=float, default=2, help="of each round")
    parser.add_argument("--no-page", action="store_true", help="print only")
    options = parser.parse_args()
    text = page(measure(options.rounds, options.seconds), options.rounds)
    print(text)
    if not options.no_page:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
