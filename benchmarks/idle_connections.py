"""Ten thousand connections in one process: what memory each holds in each state, and how others are served meanwhile.

It needs Linux, and leave to have as many descriptors.  Writes nothing; what it prints is what ``docs/server.md`` tells.
"""

from __future__ import annotations

import argparse
import resource
import socket
import time
from collections.abc import Iterable
from typing import Any

from soak import resident, served

TIMEOUT = 60.0
PER_ADDRESS = 20_000  # ports that a client's address has for one server's; the system gives out some 28,000

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
BROWSER = b"\r\n".join(
    [
        b"GET /index.html HTTP/1.1",
        b"Host: www.example.com",
        b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        b"Accept-Language: en-US,en;q=0.5",
        b"Accept-Encoding: gzip, deflate, br",
        b"Referer: https://www.example.com/start",
        b"Connection: keep-alive",
        b"Cookie: session=0123456789abcdef0123456789abcdef",
        b"Upgrade-Insecure-Requests: 1",
        b"Sec-Fetch-Dest: document",
        b"Sec-Fetch-Mode: navigate",
        b"Sec-Fetch-Site: same-origin",
        b"Priority: u=0, i",
        b"\r\n",
    ]
)

STATES = {
    "has connected and is silent": b"",
    "is idle after a short request": GET,
    "is idle after a browser's request": BROWSER,
    "has sent half a head of 64 kB": GET[:-2] + b"".join(b"X-%d: %b\r\n" % (n, b"y" * 15_900) for n in range(4)),
    "has sent 60 kB of a body of 65 kB": GET[:-2] + b"Content-Length: 65000\r\n\r\n" + b"x" * 60_000,
    "has sent 262 kB of a chunked body": GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\n40000\r\n" + b"x" * 262_000,
}


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with a few bytes."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, world!\n"]


def connections(address: tuple[str, int], count: int, data: bytes) -> list[socket.socket]:
    """Return connections in a state: the same bytes were sent by each, and answered if they were a request."""
    made: list[socket.socket] = []
    for number in range(count):
        sock = socket.create_connection(address, TIMEOUT, (f"127.0.0.{1 + number // PER_ADDRESS}", 0))
        made.append(sock)
        if data:
            sock.sendall(data)
        if data.endswith(b"\r\n\r\n"):
            answer = sock.recv(1000)
            assert answer.startswith(b"HTTP/1.1 200 "), answer
    return made


def latencies(address: tuple[str, int], count: int) -> tuple[float, float, float]:
    """Return the median, the 99th percentile and the maximum of how many ms answers took, one after the other."""
    with socket.create_connection(address, TIMEOUT) as sock:
        taken: list[float] = []
        for _ in range(count):
            began = time.perf_counter()
            sock.sendall(GET)
            answer = sock.recv(1000)
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.startswith(b"HTTP/1.1 200 "), answer
    taken.sort()
    return taken[count // 2], taken[count * 99 // 100], taken[-1]


def measure(state: str, count: int) -> str:
    """Return a line about so many connections in a state."""
    patient = [
        "--keep-alive",
        "3600",
        "--head-timeout",
        "3600",
        "--body-timeout",
        "3600",
        "--connections",
        str(2 * count),
    ]
    with served("idle_connections:application", *patient) as (address, worker):
        latencies(address, 2000)
        connections(address, 1, STATES[state])[0].close()
        before, alone = resident(worker), latencies(address, 5000)
        held = connections(address, count, STATES[state])
        beside = latencies(address, 5000)
        grown = resident(worker) - before
        for sock in held:
            sock.close()
    times = " ".join(f"{ms:8.3f}" for ms in (*alone, *beside))
    return f"{state:<36} {count:>6} {grown:>9} {grown / count:>8.1f} {times}"


def main() -> None:
    """Measure every state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    count = parser.parse_args().connections
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < count + 100:
        raise SystemExit(f"{count} connections need as many descriptors, but there may be {most} only (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print("How long others waited is in ms: the median, the 99th percentile and the maximum, alone and beside these.")
    print(f"{'a connection that':<36} {'number':>6} {'KiB':>9} {'KiB each':>8} {'alone':^26} {'beside':^26}")
    for state, data in STATES.items():
        print(measure(state, count if len(data) < 10_000 else count // 10), flush=True)


if __name__ == "__main__":
    main()
