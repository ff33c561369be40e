"""What starting costs: imports, a fresh process each time, less what an empty one takes; and a whole CGI process."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from time import perf_counter

MODULES = ("types", "util", "headers", "handlers", "validate", "simple_server")

HELLO = """
def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, world!"]
"""

STDLIB_CGI = "wsgiref.handlers.CGIHandler().run(hello)"

CGI = {
    "an empty process": "pass",
    STDLIB_CGI: f"from wsgiref.handlers import CGIHandler{HELLO}CGIHandler().run(hello)",
    "gatewright.handlers.CGIHandler().run(hello)": (
        f"from gatewright.handlers import CGIHandler{HELLO}CGIHandler().run(hello)"
    ),
    "gatewright.gateways.cgi.run(hello)": f"from gatewright.gateways.cgi import run{HELLO}run(hello)",
}
"""CGI scripts, the standard library's and ours."""

REQUEST = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "/hello",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "localhost",
    "REMOTE_ADDR": "127.0.0.1",
    "PYTHONDONTWRITEBYTECODE": "",  # ours is to be compiled once, as theirs was
}


def _milliseconds(code: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (perf_counter() - start) * 1000


def measure_imports(rounds: int = 12) -> dict[str, tuple[float, float]]:
    """Return, by module, the least time to import gatewright's and the standard library's, in milliseconds."""
    codes = {name: (f"import gatewright.{name}", f"import wsgiref.{name}") for name in MODULES}
    least: dict[str, float] = {}
    for _ in range(rounds):
        for code in ("pass", *(code for pair in codes.values() for code in pair)):
            least[code] = min(least.get(code, float("inf")), _milliseconds(code))
    return {
        name: (least[ours] - least["pass"], least[theirs] - least["pass"]) for name, (ours, theirs) in codes.items()
    }


def _whole_process(code: str) -> tuple[float, float]:
    """Return what a CGI process takes from its start to its end, in milliseconds: on the clock, and of the CPU."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **REQUEST}, check=True, stdout=subprocess.DEVNULL)
    wall, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def measure_cgi(rounds: int = 40) -> dict[str, tuple[float, float]]:
    """Return, by script, the least time of a whole process on the clock and of the CPU, in milliseconds."""
    least: dict[str, tuple[float, float]] = {}
    for _ in range(rounds):
        for name, code in CGI.items():
            wall, cpu = _whole_process(code)
            best = least.get(name, (wall, cpu))
            least[name] = (min(best[0], wall), min(best[1], cpu))
    return least
