"""A breach of a rule as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, field, frozen

if TYPE_CHECKING:
    from gatewright.spec.rules import Party, Rule


def _party(violation: Violation) -> Party | None:
    return violation.rule.party


@frozen
class Violation:
    """One breach of one rule.

    Attributes:
        rule: the rule that was broken.
        message: what was seen, in one sentence; where the standard library has a message for it, that message.
        culprit: the object that breaks the rule, or None where something is missing.
        stdlib_message: the standard library's message where it cannot serve as ``message`` (it is empty).
        side: who broke it: the party whose duty the rule is, unless said otherwise.
        place: where, as ``file:line in function`` of the application's code, or None where that is not known.
    """

    rule: Rule
    message: str
    culprit: object = None
    stdlib_message: str | None = None
    side: Party | None = field(default=Factory(_party, takes_self=True))
    place: str | None = None

    def __str__(self) -> str:
        """Return what ``str()`` of the standard library's ``AssertionError`` would be."""
        return self.message if self.stdlib_message is None else self.stdlib_message

    @property
    def explanation(self) -> str:
        """The line for a log: the rule with its id, what was seen, how to mend it, and where to read more."""
        return f"{self.rule}. Seen: {self.message}. Fix: {self.rule.fix} See {self.rule.url}"
