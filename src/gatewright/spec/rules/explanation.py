"""What there is to say of a rule beyond its sentence: the same paragraphs in the documentation and in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatewright.spec.rules.model import Rule

__all__ = ["explanation"]


def explanation(rule: Rule) -> Mapping[str, str]:
    """Explain a rule.

    Args:
        rule: the rule.

    Returns:
        The paragraphs by their titles, in the order to print them.  "Found by" names modules, and is missing where
        no part of gatewright finds a breach.
    """
    paragraphs = {
        "Why": rule.why,
        "Instead": rule.fix,
        "Source": rule.reference + (" (derived)" if rule.derived else ""),
    }
    if rule.enforcers:
        paragraphs["Found by"] = ", ".join(sorted(part.value for part in rule.enforcers))
    return paragraphs
