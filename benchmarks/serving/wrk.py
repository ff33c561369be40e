"""Load by wrk: the requests as Lua scripts, and what wrk counted."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from attrs import evolve, frozen

BROWSER = {
    "Connection": "keep-alive",
    "sec-ch-ua": '"Chromium";v="138", "Google Chrome";v="138", "Not)A;Brand";v="8"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-US,en;q=0.9,de;q=0.8",
    "Cookie": "sessionid=6vk2wq9x0zr5t1; csrftoken=5Wb2yZsN0wS6vJq8",
    "X-Request-Id": "5f0c2b8e-7d41-4a3b-9c66-000000000",
}
"""What a browser sends beside Host: with it, 12 header fields.  The last is of the proxy before the server."""

# Nine digits, as long as the numbers that stand there when requests differ.
VARYING = ("{path}{id}?page={id}", "sessionid=6vk2w{id}; csrftoken=5Wb2yZsN0wS6vJq8", "5f0c2b8e-7d41-4a3b-9c66-{id}")

DONE = """
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "duration": %d, "p50": %d, "p99": %d, "connect": %d, "read": %d, "write": %d, ' ..
    '"status": %d, "timeout": %d}\\n', summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect, e.read, e.write, e.status, e.timeout))
end
"""

# What is the same in all requests is put together once; Lua joins the pieces around each number.
DIFFERING = """
local pieces, requests, number = {{{pieces}}}, {{}}, 100000000
function request()
  for i = 1, {depth} do
    number = number + 1
    requests[i] = table.concat(pieces, number)
  end
  return table.concat(requests)
end
"""

PIPELINE = """
function init(args)
  local one = wrk.format()
  requests = string.rep(one, {depth})
end
function request()
  return requests
end
"""


@frozen(kw_only=True)
class Load:
    """Requests that wrk makes.

    Attributes:
        path: of the request; where they differ, what it begins with.
        headers: ``minimal``, which are wrk's own, ``browser``, or ``differing``.
        body: the bytes of a body that is posted.
        depth: of pipelining.
        connections: that are kept alive.
    """

    path: str = "/"
    headers: str = "minimal"
    body: int = 0
    depth: int = 1
    connections: int = 32

    def script(self) -> str:
        """Return the Lua script."""
        if self.headers == "differing":
            return DIFFERING.format(pieces=", ".join(map(quoted, pieces(self.path))), depth=self.depth) + DONE
        fields = BROWSER if self.headers == "browser" else {}
        lines = [f"wrk.path = {quoted(self.path)}"]
        lines += [f"wrk.headers[{quoted(name)}] = {quoted(value)}" for name, value in fields.items()]
        if self.body:
            lines += ['wrk.method = "POST"', f'wrk.body = string.rep("x", {self.body})']
            lines += ['wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"']
        if self.depth > 1:
            lines.append(PIPELINE.format(depth=self.depth))
        return "\n".join([*lines, DONE])


def quoted(text: str) -> str:
    """Return a string literal that Lua and JSON write alike."""
    return json.dumps(text)


def head(path: str, cookie: str, identifier: str) -> str:
    """Return the head of a browser's request."""
    fields = {"Host": "localhost", **BROWSER, "Cookie": cookie, "X-Request-Id": identifier}
    return "\r\n".join([f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""])


def pieces(path: str) -> list[str]:
    """Return what stands between the numbers of a request that is like no other."""
    return head(*(part.replace("{path}", path) for part in VARYING)).split("{id}")


@frozen(kw_only=True)
class Counted:
    """What wrk counted.

    Attributes:
        requests: that were answered.
        duration: in microseconds.
        p50: half of the answers took no more microseconds than this.
        p99: nor 99 of 100 more than this.
        connect: errors of connecting.
        read: of reading.
        write: of writing.
        status: answers that say neither 2xx nor 3xx.
        timeout: answers that took longer than wrk waits.
        hung: 1, if wrk itself did not end.
    """

    requests: int
    duration: int
    p50: int = 0
    p99: int = 0
    connect: int = 0
    read: int = 0
    write: int = 0
    status: int = 0
    timeout: int = 0
    hung: int = 0

    @property
    def errors(self) -> dict[str, int]:
        """What went wrong, and how often."""
        names = ("connect", "read", "write", "status", "timeout", "hung")
        return {name: count for name in names if (count := int(getattr(self, name)))}


def run(load: Load, port: int, seconds: int, folder: str) -> Counted:
    """Have wrk make requests for some seconds.

    Its latencies are left out where it pipelines: it corrects them for requests that it could not make in time, and
    then compares the time of a whole pipeline with the interval of single requests.
    """
    script = Path(folder, "load.lua")
    script.write_text(load.script(), "utf-8")
    options = ["-t", "1", "-c", str(load.connections), "-d", f"{seconds}s", "--timeout", "2s", "-s", str(script)]
    command = ["wrk", *options, f"http://127.0.0.1:{port}{load.path}"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 5).stdout
    except subprocess.TimeoutExpired:
        return Counted(requests=0, duration=(seconds + 5) * 1_000_000, hung=1)
    result = counted(output)
    return evolve(result, p50=0, p99=0) if load.depth > 1 else result


def counted(output: str) -> Counted:
    """Read the line that the script has written."""
    found: dict[str, int] = json.loads(output.rpartition("RESULT ")[2])
    return Counted(**found)
