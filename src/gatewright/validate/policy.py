"""What becomes of a violation: raised, warned about, logged, reported or let pass, for each level and each rule."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType

from attrs import field, frozen

from gatewright.errors import ConfigurationError
from gatewright.spec.checks import Violation, refuse
from gatewright.spec.rules import RULES, Rule
from gatewright.validate.place import frame_of_caller

__all__ = ["STDLIB", "Action", "Policy", "WSGIWarning"]

_ONLY_BY_NAME = frozenset({"A37"})
"""Rules that are enforced only where ``rules`` names them: see :mod:`gatewright.validate.hop_by_hop`."""

_logger = logging.getLogger("gatewright.validate")


class WSGIWarning(Warning):
    """A rule of level should was broken: questionable, but PEP 3333 does not forbid it."""


class Action(Enum):
    """What to do about a violation."""

    RAISE = "raise"
    """Raise an ``AssertionError`` whose argument is the violation, where the breach is."""

    WARN = "warn"
    """Warn with :class:`WSGIWarning`."""

    LOG = "log"
    """Write the explanation to the logger ``gatewright.validate``: an error if the rule is binding, else a warning."""

    IGNORE = "ignore"
    """Do nothing."""

    REPORT = "report"
    """Call the policy's ``report`` with the violation."""


def _frozen_copy(rules: Mapping[str, Action]) -> Mapping[str, Action]:
    return MappingProxyType(dict(rules))


@frozen
class Policy:
    """What to do about violations.

    Unless a violation is raised, the call goes on as if it were not checked.

    Args:
        must: what to do about a breach of level must or must not.
        should: what to do about a breach of level should or should not.
        rules: what to do about single rules, by id; this wins over the level.  Rule A37 is enforced only if it is here:
            frameworks look at ``HTTP_CONNECTION``, and looking is not relying on it.
        report: called with each violation whose action is ``REPORT``, in the thread in which the breach happens;
            ``report=found.append`` collects them in a list.  What it raises passes through.

    Raises:
        ConfigurationError: there is no rule of such an id, or the action is ``REPORT`` and ``report`` is None.
    """

    must: Action = Action.RAISE
    should: Action = Action.WARN
    rules: Mapping[str, Action] = field(factory=dict[str, Action], converter=_frozen_copy)
    report: Callable[[Violation], object] | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be followed."""
        unknown = sorted(set(self.rules) - set(RULES))
        if unknown:
            raise ConfigurationError(f"there is no rule {', '.join(map(repr, unknown))}; the rules are S01 to M09")
        if self.report is None and Action.REPORT in (self.must, self.should, *self.rules.values()):
            raise ConfigurationError("Action.REPORT needs a report function")

    def action_for(self, rule: Rule) -> Action:
        """Return what is to be done about a breach of this rule."""
        if rule.id in _ONLY_BY_NAME:
            return self.rules.get(rule.id, Action.IGNORE)
        return self.rules.get(rule.id) or (self.must if rule.level.binding else self.should)

    def apply(self, violation: Violation) -> None:
        """Do what is to be done about this violation.

        Raises:
            AssertionError: the action is ``RAISE``.
        """
        action = self.action_for(violation.rule)
        if action is Action.RAISE:
            refuse(violation)
        elif action is Action.WARN:
            _warn(violation)
        elif action is Action.LOG:
            level = logging.ERROR if violation.rule.level.binding else logging.WARNING
            _logger.log(level, "%s", violation.explanation)
        elif action is Action.REPORT and self.report is not None:
            self.report(violation)


STDLIB = Policy(rules={"A08": Action.RAISE, "S20": Action.RAISE, "S37": Action.RAISE})
"""The policy of ``validator()``: these three are errors in the standard library too."""


def _warn(violation: Violation) -> None:
    """Warn at the nearest line that is not the validator's, so that filters by module and "once per line" work."""
    frame = frame_of_caller()
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        f"{violation.message} ({violation.rule.id})",
        WSGIWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        str(frame.f_globals.get("__name__", "<unknown>")),  # None would silence it
        registry,
    )
