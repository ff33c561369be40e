from __future__ import annotations

import attrs
import pytest

from gatewright.errors import ForbiddenCharacter, RuleBroken
from gatewright.spec.checks import Violation, refuse
from gatewright.spec.rules import RULES

BREACH = Violation(RULES["A12"], "Status must be of type str (got 200)", 200)


def refused(violation: Violation, kind: type[AssertionError] = AssertionError) -> AssertionError:
    """Return what refuse() raises."""
    with pytest.raises(AssertionError) as raised:
        refuse(violation, kind)
    return raised.value


def test_str() -> None:
    """A violation prints as its message, so that str() of the error is what wsgiref says."""
    assert str(refused(BREACH)) == "Status must be of type str (got 200)"


def test_stdlib_message() -> None:
    """Where wsgiref says nothing, the violation prints as nothing but still holds a message (cpython#58857)."""
    breach = Violation(RULES["S37"], "one argument, please", stdlib_message="")
    assert (str(breach), breach.message) == ("", "one argument, please")


def test_explanation() -> None:
    """The explanation names the rule and its id, what was seen and the remedy, and links the rule's place."""
    assert BREACH.explanation == (
        "A12 (application must): give the status as a str. Seen: Status must be of type str (got 200). "
        'Fix: Pass text such as "200 OK". See https://gatewright.readthedocs.io/en/latest/rules.html#a12'
    )


def test_refuse_hands_over_the_violation() -> None:
    """The argument of the error is the violation itself."""
    assert refused(BREACH).args == (BREACH,)


def test_refuse_explains() -> None:
    """The cause of the error is a RuleBroken with the explanation, for every log that prints tracebacks."""
    cause = refused(BREACH).__cause__
    assert isinstance(cause, RuleBroken)
    assert str(cause) == BREACH.explanation


@pytest.mark.parametrize("kind", [AssertionError, ForbiddenCharacter])
def test_refuse_kind(kind: type[AssertionError]) -> None:
    """The error is of the class that was asked for."""
    assert type(refused(BREACH, kind)) is kind


def test_no_culprit() -> None:
    """What is missing has no culprit."""
    assert Violation(RULES["S04"], "no method").culprit is None


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Violation)])
def test_frozen(name: str) -> None:
    """No part of a violation can be changed."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(BREACH, name, None)
