"""The application of the suite: it is put into a folder of its own, and served from there by each gateway.

It imports nothing of the tests, and talks to them through files beside it: a CGI script has nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from gatewright.types import StartResponse
from gatewright.validate import Action, Policy, checked

FOLDER: Final = Path(__file__).parent
BLOCK: Final = bytes(range(256)) * 256  # 64 KiB

Environ = dict[str, Any]
View = Callable[[Environ, StartResponse], Iterable[bytes]]


def report(violation: object) -> None:
    """Write a violation where the tests look for it; one write, so that processes do not mix their lines."""
    with (FOLDER / "violations").open("a", encoding="utf-8") as file:
        file.write(f"{getattr(violation, 'explanation', violation)}\n")


def memory(name: str, process: int | str = "self") -> int:
    """Return VmRSS or VmHWM (the highest VmRSS) of a process, in bytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) * 1024


def begin_measurement() -> int:
    """Make the present size of this process its highest, and return it."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return memory("VmRSS")


def body(environ: Environ, size: int) -> Iterator[bytes]:
    """Yield the request's body in blocks: as much as CONTENT_LENGTH says, or all if it says nothing."""
    left = int(environ.get("CONTENT_LENGTH") or sys.maxsize)
    while block := environ["wsgi.input"].read(min(size, left)):
        yield block
        left -= len(block)


def query(environ: Environ) -> dict[str, str]:
    """Return the words of the query."""
    return dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))


def tell(pipe: str, message: str) -> None:
    """Send a line to the tests, which hold the pipe open."""
    with (FOLDER / pipe).open("w", encoding="ascii") as file:
        file.write(f"{message}\n")


def wait(pipe: str) -> None:
    """Wait until the tests write to a pipe."""
    with (FOLDER / pipe).open("rb", buffering=0) as file:
        file.read(1)


def plain(
    environ: Environ, start_response: StartResponse, answer: str, *headers: tuple[str, str], status: str = "200 OK"
) -> list[bytes]:
    """Answer with a short text."""
    body = answer.encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def environ(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the environ, as far as it is text and flags."""
    shown = {name: value for name, value in environ.items() if isinstance(value, str | bool)}
    return plain(environ, start_response, json.dumps(shown))


def upload(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Read the body in blocks; answer with its length, its digest, and how much larger the process became."""
    before, length, digest = begin_measurement(), 0, hashlib.sha256()
    for block in body(environ, len(BLOCK)):
        length += len(block)
        digest.update(block)
    return plain(environ, start_response, f"{length} {digest.hexdigest()} {memory('VmHWM') - before}")


def download(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Send as many blocks as are asked for, and how much larger the process became, in ten figures."""

    def blocks() -> Iterator[bytes]:
        before = begin_measurement()
        for _ in range(int(query(environ)["blocks"])):
            yield BLOCK
        yield b"%010d" % (memory("VmHWM") - before)

    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return blocks()


def cookies(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Send a header twice."""
    return plain(
        environ, start_response, "two", ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2"), ("X-Odd", "\xe9 \xff")
    )


def status(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the status that is asked for; those without content have none."""
    line = query(environ)["line"]
    if line[:3] in {"204", "304"}:
        start_response(line, [("ETag", '"x"')])
        return []
    return plain(environ, start_response, "text", status=line)


def error(_environ: Environ, _start_response: StartResponse) -> Iterable[bytes]:
    """Fail before anything is sent."""
    raise LookupError("meant, before the headers")


def late_error(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Fail after a block."""

    def blocks() -> Iterator[bytes]:
        yield BLOCK
        raise LookupError("meant, after the headers")

    length = [("Content-Length", str(2 * len(BLOCK)))] if "length" in query(environ) else []
    start_response("200 OK", [("Content-Type", "application/octet-stream"), *length])
    return blocks()


def log(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Write to the log of the web server."""
    environ["wsgi.errors"].write(f"logged: {query(environ)['word']}\n")
    environ["wsgi.errors"].flush()
    return plain(environ, start_response, "logged")


def stream(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Send a block, wait for the tests, and send another."""

    def blocks() -> Iterator[bytes]:
        yield b"first\n"
        wait(query(environ)["gate"])
        yield b"second\n"

    # nginx takes the second header for an order to hold nothing back, and keeps it
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Accel-Buffering", "no")])
    return blocks()


class Endless:
    """A body without end that tells the tests when it is closed."""

    def __init__(self, pipe: str) -> None:
        """Remember whom to tell."""
        self.pipe = pipe

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return BLOCK

    def close(self) -> None:
        """Tell the tests."""
        tell(self.pipe, "closed")


def endless(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Send blocks until nobody takes them."""
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return Endless(query(environ)["pipe"])


class Reading:
    """A body that is made of the request's, and tells the tests when it begins, and when it is closed."""

    def __init__(self, environ: Environ) -> None:
        """Remember what to read and whom to tell."""
        self.blocks, self.pipe = body(environ, 1000), query(environ)["pipe"]

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        for block in self.blocks:
            if total == 0:
                tell(self.pipe, "begun")
            total += len(block)
        tell(self.pipe, f"read {total}")
        yield b"%d" % total

    def close(self) -> None:
        """Tell the tests."""
        tell(self.pipe, "closed")


def reading(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Read the request while the response is made."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return Reading(environ)


VIEWS: Final[dict[str, View]] = {
    view.__name__: view
    for view in (environ, upload, download, cookies, status, error, late_error, log, stream, endless, reading)
}


def unchecked(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Call the view that the first segment of the path names."""
    view = VIEWS.get(environ.get("PATH_INFO", "").partition("/")[2].partition("/")[0] or "environ")
    if view is None:
        return plain(environ, start_response, "no such view", status="404 Not Found")
    return view(environ, start_response)


application = checked(unchecked, Policy(must=Action.REPORT, should=Action.REPORT, report=report))
