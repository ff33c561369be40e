"""How a breach is told: made from the id of its rule, raised, and found again in an exception.

The rulebook is imported when a rule was broken: CGI starts a process for each request, and nearly all of them break
none.
"""

from __future__ import annotations

from gatewright.errors import RuleBroken

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from typing import NoReturn

    from gatewright.spec.checks.violation import Violation


def broken(rule: str, message: str, culprit: object = None) -> Violation:
    """Make the violation of a rule.

    Args:
        rule: the rule's id.
        message: what was seen, in one sentence.
        culprit: the object that breaks the rule, or None where something is missing.
    """
    from gatewright.spec.checks.violation import Violation
    from gatewright.spec.rules import RULES

    return Violation(RULES[rule], message, culprit)


def violation_of(error: BaseException | None) -> Violation | None:
    """Return the violation that an exception was raised for by :func:`refuse`, or None."""
    from gatewright.spec.checks.violation import Violation

    argument: object = error.args[0] if error is not None and error.args else None
    return argument if isinstance(argument, Violation) else None


def refuse(violation: Violation, kind: type[AssertionError] = AssertionError) -> NoReturn:
    """Raise the violation.

    Args:
        violation: what to raise.
        kind: the exception class.

    Raises:
        AssertionError: always; its argument is the violation and its cause a ``RuleBroken`` with the explanation, so
            that every log that prints the traceback names the rule.
    """
    raise kind(violation) from RuleBroken(violation.explanation)
