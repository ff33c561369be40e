"""What a rule is: one duty of PEP 3333, with all that a message about its breach needs to say."""

from __future__ import annotations

from enum import Enum

from attrs import frozen

DOCUMENTATION = "https://gatewright.readthedocs.io/en/latest/"
"""Where the documentation stands; :file:`.readthedocs.yaml` builds it."""


class Level(Enum):
    """How binding a rule is, in the words of RFC 2119."""

    MUST = "must"
    MUST_NOT = "must not"
    SHOULD = "should"
    SHOULD_NOT = "should not"
    MAY = "may"

    @property
    def binding(self) -> bool:
        """Whether a breach is an error rather than a reason to warn."""
        return self in (Level.MUST, Level.MUST_NOT)


class Party(Enum):
    """Whose duty a rule is."""

    SERVER = "server"
    APPLICATION = "application"
    MIDDLEWARE = "middleware"


class Enforcer(Enum):
    """Which part of gatewright finds a breach; the value is that part's module."""

    VALIDATOR = "gatewright.validate"
    HANDLER = "gatewright.handlers"
    MYPY_PLUGIN = "gatewright.mypy_plugin"


@frozen
class Rule:
    """One duty of PEP 3333.

    Attributes:
        id: its name everywhere: ``S`` for servers, ``A`` for applications, ``M`` for middleware, and two digits.
        level: how binding it is.
        party: whose duty it is.
        text: the duty, one sentence.
        reference: the section of PEP 3333, or of the RFC for a derived rule, that states it.
        why: what breaks in practice when it is not kept, one sentence.
        fix: what to write instead, one sentence.
        enforcers: the parts of gatewright that find a breach of it.
        derived: whether it follows from PEP 3333 together with CGI or HTTP rather than from its text alone.
    """

    id: str
    level: Level
    party: Party
    text: str
    reference: str
    why: str
    fix: str
    enforcers: frozenset[Enforcer] = frozenset()
    derived: bool = False

    @property
    def url(self) -> str:
        """The rule's place on the page of rules."""
        return f"{DOCUMENTATION}rules.html#{self.id.lower()}"

    def __str__(self) -> str:
        """Return the rule as a log line shows it: id, level, whose duty, and the sentence."""
        return f"{self.id} ({self.party.value} {self.level.value}): {self.text}"
