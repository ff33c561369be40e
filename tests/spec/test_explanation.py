from attrs import evolve

from gatewright.spec.rules import RULES
from gatewright.spec.rules.explanation import explanation


def test_paragraphs() -> None:
    """Why, what to do instead, the source, and who finds a breach, in this order."""
    assert list(explanation(RULES["A09"])) == ["Why", "Instead", "Source", "Found by"]


def test_found_by_nobody() -> None:
    """Where nothing finds a breach, nothing is said to."""
    assert "Found by" not in explanation(evolve(RULES["A09"], enforcers=frozenset()))


def test_derived() -> None:
    """A rule that PEP 3333 does not state on its own is marked."""
    assert explanation(evolve(RULES["A09"], derived=True))["Source"].endswith(" (derived)")
