"""What the plugin says of code, right and wrong.

Each file in ``cases`` is such code, and says itself what mypy is to report: ``# E:`` and an error, ``# N:`` and a note,
at the end of the line.  With every error of ours goes a note with the page of the rule; it is not written there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from gatewright.spec.rules import RULES, Enforcer

if TYPE_CHECKING:
    from tests.mypy_plugin.conftest import RunMypy

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.glob("cases/*.py"))

REPORTED = re.compile(r"(?P<path>.+?):(?P<line>\d+): (?P<kind>error|note): (?P<text>.+)")
EXPECTED = re.compile(r"# (?P<kind>[EN]): (?P<text>.+?)(?= # [EN]: |$)")
OURS = re.compile(r"\((?P<rule>[SAM]\d\d)\)  \[wsgi-\w+\]$")
KINDS = {"E": "error", "N": "note"}

Messages: TypeAlias = set[tuple[int, str, str]]
"""Line, kind and text."""


@pytest.fixture(scope="module")
def reported(run_mypy: RunMypy) -> Mapping[str, Messages]:
    """What one run of mypy reports of all files, by their names."""
    result = run_mypy("--config-file", FOLDER / "mypy.ini", *CASES)
    assert result.stderr == ""
    messages: dict[str, Messages] = defaultdict(set)
    for found in filter(None, map(REPORTED.fullmatch, result.stdout.splitlines())):
        messages[Path(found["path"]).name].add((int(found["line"]), found["kind"], found["text"]))
    return messages


def expected(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield what is to be reported of a file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for found in EXPECTED.finditer(line):
            yield number, KINDS[found["kind"]], found["text"]
            if ours := OURS.search(found["text"]):
                yield number, "note", f"Rule {ours['rule']}: {RULES[ours['rule']].url}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, reported: Mapping[str, Messages]) -> None:
    """Of each file is reported what it says itself, and nothing else."""
    assert sorted(reported[path.name]) == sorted(set(expected(path)))


def test_every_rule_is_reported() -> None:
    """The rules that the plugin claims to find are those that it reports in one of the cases."""
    claimed = {rule.id for rule in RULES.values() if Enforcer.MYPY_PLUGIN in rule.enforcers}
    texts = [text for path in CASES for _, _, text in expected(path)]
    assert claimed == {found["rule"] for found in map(OURS.search, texts) if found}
