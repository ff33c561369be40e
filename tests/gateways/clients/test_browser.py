"""A browser on the sites of two frameworks: a page that does what pages do, and writes down what came of it."""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from behind.harness import TIMEOUT, require

from clients.server import Server

BLOCK = bytes(range(256)) * 256
DIGEST = {count: hashlib.sha256(BLOCK * count).hexdigest() for count in (32, 48)}

CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
    *("--no-proxy-server", "--dump-dom"),
)
"""Prints a page when it has loaded, and asks nothing of anybody else; as root it starts only without its sandbox."""


def dump(url: str, profile: Path) -> str:
    """Return a page as it is when it has loaded."""
    require("chromium", "chromium")
    command = [*CHROMIUM, f"--user-data-dir={profile}", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * TIMEOUT, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def outcome(site: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what the page wrote down."""
    page = dump(f"{site.url}/", tmp_path_factory.mktemp("profile"))
    found = re.search(r'<pre id="outcome">(.+)</pre>', page)
    assert found is not None, page + site.log()
    return dict(json.loads(html.unescape(found[1])))


@pytest.mark.parametrize(
    "trial, expected",
    [
        ("stylesheet", "rgb(1, 2, 3)"),
        ("session", [1, 2, 3]),
        ("stream", 100 * len(BLOCK)),
        ("file", {"length": 48 * len(BLOCK), "size": 48 * len(BLOCK), "sha256": DIGEST[48]}),
        ("redirect", [True, "/visits", 200]),
        ("head", [48 * len(BLOCK), 0]),
        ("errors", [404, 500]),
        ("aborted", 200),
        (
            "form",
            {
                "comment": "grüße, 世界",
                "name": "data.bin",
                "size": 48 * len(BLOCK),
                "sha256": DIGEST[48],
                "expected": DIGEST[48],
            },
        ),
        (
            "upload",
            {"method": "PUT", "size": 32 * len(BLOCK), "sha256": DIGEST[32], "expected": DIGEST[32]},
        ),
    ],
)
def test_page(outcome: dict[str, Any], trial: str, expected: object) -> None:
    """What a script of the page asks for comes as it does from any server."""
    assert outcome[trial] == expected


def test_connections(outcome: dict[str, Any]) -> None:
    """A hundred requests at once come through, on the few connections that a browser keeps."""
    told = outcome["parallel"]
    assert (told["answers"], told["connections"] <= 6) == (100, True)
