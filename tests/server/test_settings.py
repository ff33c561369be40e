from __future__ import annotations

import math
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import fields_dict

from gatewright.errors import ConfigurationError
from gatewright.server import Settings
from gatewright.server.settings import described
from gatewright.sockets import Access

DOCS = Path(__file__).parents[2] / "docs"

WRONG: dict[str, list[object]] = {
    "bind": [("8000",), ("::1:80",), (":1", "nowhere"), (":1", ":1")],
    "socket_mode": ["9", "rw", "0o660", "66", "06600"],
    "socket_owner": ["a b", "a:b:c", "-a", ":"],
    "backlog": [0, -1, 2**31],
    "workers": [0, 1025],
    "threads": [0, -8, 4097],
    "connections": [0],
    "request_line": [31],
    "header_count": [0],
    "field_size": [63],
    "header_size": [255],
    "body_size": [-1],
    "chunked_bodies": ["", "Store"],
    "head_timeout": [0.0, -1.0, math.nan, math.inf],
    "body_timeout": [0.0, math.nan],
    "body_rate": [-1],
    "keep_alive": [-0.1, math.nan, math.inf],
    "write_timeout": [0.0, math.nan],
    "graceful_timeout": [-1.0, math.inf],
    "max_requests": [-1],
    "max_requests_jitter": [-1],
    "access_log": ["on", ""],
    "server_name": ["a\r\nb", "é", "\x7f"],
    "underscores": ["keep"],
    "raw_targets": ["drop"],
}


def make(**values: Any) -> Settings:
    """Make settings of values that type checkers would refuse."""
    return Settings(**values)


def test_all_are_tested() -> None:
    """There is a wrong value for every setting."""
    assert list(WRONG) == list(fields_dict(Settings))


@pytest.mark.parametrize("name,value", [(name, value) for name, values in WRONG.items() for value in values])
def test_wrong(name: str, value: object) -> None:
    """A value that cannot be meant is refused with a line that quotes it."""
    with pytest.raises(ConfigurationError) as refusal:
        make(**{name: value})
    assert "\n" not in str(refusal.value)


def test_any_port_twice() -> None:
    """Port 0 is another port each time."""
    assert Settings(bind=(":0", ":0")).bind == (":0", ":0")


@pytest.mark.parametrize("name", [name for name in WRONG if name != "bind"])
def test_line(name: str) -> None:
    """The line begins with the name of the setting."""
    with pytest.raises(ConfigurationError, match=f"^{name} is "):
        make(**{name: WRONG[name][0]})


@pytest.mark.parametrize(
    "owner,user,group",
    [("", None, None), ("web", "web", None), ("web:www-data", "web", "www-data"), (":33", None, "33")],
)
def test_access(owner: str, user: str | None, group: str | None) -> None:
    """Mode and owner of Unix sockets are read from their texts."""
    assert Settings(socket_mode="0620", socket_owner=owner).access == Access(0o620, user, group)


def test_described() -> None:
    """Each setting is described, in whole sentences, and in the order of the class."""
    found = {name: text for name, _, text in described() if text.endswith(".")}
    assert list(found) == list(fields_dict(Settings))


def test_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has each setting, with its option and its variable."""
    pytest.importorskip("sphinx")
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    entries = "\n\n".join(runpy.run_path(str(DOCS / "settings_page.py"))["entries"]())
    monkeypatch.delitem(sys.modules, "rulebook")
    spellings = [f"`--{name.replace('_', '-')}`, `GATEWRIGHT_{name.upper()}`" for name in fields_dict(Settings)]
    assert [spelling for spelling in spellings if spelling not in entries] == []
