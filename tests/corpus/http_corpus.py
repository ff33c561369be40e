"""Reads this folder: raw requests, one a file, and what becomes of them (``expected.toml``).

Whatever reads requests is driven by it: the parser, a live server, fuzzers.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from attrs import frozen

FOLDER = Path(__file__).parent


@frozen
class Case:
    """One request as it is sent.

    Attributes:
        name: of the file, without its ending.
        law: where it is ruled what becomes of it.
        raw: the bytes.
    """

    name: str
    law: str
    raw: bytes


@frozen
class Refused(Case):
    """A request that is refused with a status: for its head, or, if it is broken, while its body is read."""

    status: int


@frozen
class Accepted(Case):
    """A request that is served; the attributes say what the application is given.

    Attributes:
        environ: every variable ``HTTP_*`` and ``CONTENT_*``, and the request line's.
        body: decoded.
        keep_alive: whether the connection may carry another request.
        waits: whether the client waits for 100 Continue.
    """

    environ: dict[str, str]
    body: bytes
    keep_alive: bool
    waits: bool


def _accepted(case: Case, expected: dict[str, Any]) -> Accepted:
    environ = {
        "REQUEST_METHOD": expected.get("method", "GET"),
        "REQUEST_URI": case.raw.split(b" ", 2)[1].decode("latin-1"),
        "SCRIPT_NAME": "",
        "PATH_INFO": expected.get("path", "/"),
        "QUERY_STRING": expected.get("query", ""),
        "SERVER_PROTOCOL": expected.get("protocol", "HTTP/1.1"),
        **expected["environ"],
    }
    return Accepted(
        case.name,
        case.law,
        case.raw,
        environ,
        expected.get("body", "").encode("latin-1"),
        expected.get("keep_alive", True),
        expected.get("waits", False),
    )


def _case(kind: str, name: str, law: str) -> Case:
    return Case(name, law, (FOLDER / kind / f"{name}.http").read_bytes())


def _refused(kind: str) -> list[Refused]:
    found = [(_case(kind, name, said["law"]), said["status"]) for name, said in EXPECTED[kind].items()]
    return [Refused(case.name, case.law, case.raw, status) for case, status in found]


EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
"""By folder, then by name of the file."""

REFUSED = _refused("refused")
"""Refused for their heads."""

BROKEN = _refused("broken")
"""Their heads are sound, their bodies are not."""

CUT = [_case("cut", name, said["law"]) for name, said in EXPECTED["cut"].items()]
"""The connection ends too early."""

ACCEPTED = [_accepted(_case("accepted", name, said["law"]), said) for name, said in EXPECTED["accepted"].items()]
"""Served."""

EVERY: list[Case] = [*REFUSED, *BROKEN, *CUT, *ACCEPTED]
