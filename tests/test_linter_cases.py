from __future__ import annotations

import pytest
from linter_cases import CASES, Case
from linter_verdicts import COLLECTED, RAISED, Linter, judge

# What is honestly not found: whoever makes one of these be found takes it out.
NOT_FOUND: set[str] = set()
NOT_FOUND_BY_RAISING = NOT_FOUND | {
    "A37: HTTP_CONNECTION decides",  # enforced only by a policy that names it: frameworks look, and rely on nothing
    "S37: read() needs a size",  # CPython's tests want read() without a size refused
    "S37: read() is called without a size",  # likewise
    "S47: a second start is let pass",  # the application's own breach, A26, is raised before the server's can happen
    "S50: a hop-by-hop header is let pass",  # likewise, A20
}

# The rules that middleware can see the breach of.
OBSERVABLE = 77


def by_name(case: Case) -> str:
    """Return what a case is called."""
    return case.name


@pytest.mark.parametrize("case", CASES, ids=by_name)
@pytest.mark.parametrize(
    "linter, missed", [(RAISED, NOT_FOUND_BY_RAISING), (COLLECTED, NOT_FOUND)], ids=["raised", "collected"]
)
def test_verdict(linter: Linter, missed: set[str], case: Case) -> None:
    """The breach is reported under the id of its rule, and its conforming twin is not accused of anything."""
    assert (judge(case, linter).mark == "✓") is (case.name not in missed)


def test_all_observable_rules_have_cases() -> None:
    """There is a case for each rule that middleware can see the breach of."""
    assert len({case.id for case in CASES}) == OBSERVABLE


def test_cases_are_distinct() -> None:
    """No two cases have the same name, so that each can be named as missed."""
    assert len({case.name for case in CASES}) == len(CASES)


def test_missed_cases_exist() -> None:
    """What is said not to be found is there to be found."""
    assert {case.name for case in CASES} >= NOT_FOUND_BY_RAISING
