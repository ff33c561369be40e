"""The documentation's examples of mypy: what a page says that mypy prints is what mypy prints.

A page is a session.  Text that ends in a file's name, as in "Put this into `hello.py`:", and a block of code after it
write that file; in a console block, ``$ mypy hello.py`` runs mypy, and what stands below it is what it prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from gatewright.spec.rules import RULES, Enforcer

if TYPE_CHECKING:
    from tests.mypy_plugin.conftest import RunMypy

ROOT = Path(__file__).parents[2]
CODES = sorted((ROOT / "docs" / "mypy").glob("wsgi-*.md"))
"""The pages of error codes, on which the plugin is on from the beginning."""

PAGES = [ROOT / "README.md", *CODES, ROOT / "docs" / "mypy" / "index.md", ROOT / "docs" / "typing-your-application.md"]
PLUGIN_ON = "[mypy]\nplugins = gatewright.mypy_plugin\n"

STEP = re.compile(
    r"`(?P<name>[\w.]+)`:\n\n(?:% [^\n]+\n\n)?"
    r"```(?:{code-block} )?(?:python|ini|toml)\n(?::[^\n]+\n\n)?(?P<text>.*?)^```$"
    r"|^\$ mypy(?P<arguments>(?: \S+)*)\n(?P<output>.*?)(?=^\$|^```$)",
    re.DOTALL | re.MULTILINE,
)

Play: TypeAlias = Callable[[Path], list[tuple[str, str]]]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_mypy: RunMypy) -> Play:
    """Do what a page says, in an empty folder; return what it says that mypy prints, and what mypy printed."""
    monkeypatch.chdir(tmp_path)

    def run(page: Path) -> list[tuple[str, str]]:
        if page in CODES:
            (tmp_path / "mypy.ini").write_text(PLUGIN_ON, encoding="utf-8")
        printed: list[tuple[str, str]] = []
        for step in STEP.finditer(page.read_text(encoding="utf-8")):
            if step["name"]:
                (tmp_path / step["name"]).write_text(step["text"], encoding="utf-8")
            else:
                result = run_mypy(*step["arguments"].split())
                printed.append((step["output"], result.stderr + result.stdout))
        assert printed, "the page shows no run of mypy"
        return printed

    return run


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page: Path, play: Play) -> None:
    """What a page says that mypy prints is what mypy prints, to the letter."""
    printed = play(page)
    assert [said for said, _ in printed] == [found for _, found in printed]


@pytest.mark.parametrize("page", CODES, ids=lambda page: page.stem)
def test_wrong_and_right(page: Path) -> None:
    """The page of an error code has a wrong example, of which mypy reports that code, and a right one."""
    outputs = [step["output"] or "" for step in STEP.finditer(page.read_text(encoding="utf-8"))]
    assert any(f"[{page.stem}]" in output for output in outputs)
    assert any(output.startswith("Success") for output in outputs)


def test_every_rule_has_its_row() -> None:
    """The tables of these pages link each rule that the plugin finds, and no other."""
    rows = [line for page in CODES for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    linked = {rule for row in rows for rule in re.findall(r"\[([SAM]\d\d)\]", row)}
    assert linked == {rule.id for rule in RULES.values() if Enforcer.MYPY_PLUGIN in rule.enforcers}
