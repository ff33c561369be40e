"""The rulebook: its ids, its wording, and that the rest of the package and the tests quote it truly."""

import re
from collections.abc import Callable, MutableMapping
from importlib.util import find_spec
from pathlib import Path

import attrs
import pytest

import gatewright
from gatewright.spec.rules import (
    RULES,
    Enforcer,
    Level,
    Party,
    Rule,
    application,
    body,
    environ,
    extensions,
    middleware,
    start_response,
    streams,
)

SECTIONS = (environ, streams, start_response, body, extensions, application, middleware)

IDS = [f"{prefix}{n:02}" for prefix, last in (("S", 81), ("A", 43), ("M", 9)) for n in range(1, last + 1)]

PARTIES = {"S": Party.SERVER, "A": Party.APPLICATION, "M": Party.MIDDLEWARE}

# Which rules are not a MUST, and which need CGI or HTTP beside PEP 3333: kept apart from the rules, to notice a slip.
LEVELS = {
    Level.MUST_NOT: "S19 S44 S55 S59 S60 S75 A14 A18 A20 A21 A22 A23 A26 A27 A30 A31 A32 A37 M02 M05",
    Level.SHOULD: (
        "S17 S20 S21 S22 S23 S28 S30 S31 S33 S36 S37 S38 S39 S48 S49 S50 S54 S56 S62 S66 S72 S81 "
        "A25 A36 A38 A39 A40 A41 A43 M08 M09"
    ),
    Level.SHOULD_NOT: "S61 A08 A11 A29 A33",
    Level.MAY: "S06 S11 S32 S40 S41 S53 S67 S71 M07",
}
DERIVED = "S07 S08 S09 S10 S13 A06 A08 A23 A41 A42 A43 M06 M09"

PEP_SECTIONS = {
    "The Application/Framework Side",
    "The Server/Gateway Side",
    "Middleware: Components that Play Both Sides",
    "Specification Details",
    "environ Variables",
    "Input and Error Streams",
    "The start_response() Callable",
    "Handling the Content-Length Header",
    "Buffering and Streaming",
    "Middleware Handling of Block Boundaries",
    "The write() Callable",
    "Unicode Issues",
    "Error Handling",
    "HTTP 1.1 Expect/Continue",
    "Other HTTP Features",
    "Thread Support",
    "Server Extension APIs",
    "Application Configuration",
    "URL Reconstruction",
    "Optional Platform-Specific File Handling",
}
REFERENCES = {f'PEP 3333, "{title}"' for title in PEP_SECTIONS}
RFC_SECTION = re.compile(r"RFC (?:3875|9110|9112) section [1-9]\d*(?:\.[1-9]\d*)*")

RULE_ID = re.compile(r"\b[SAM]\d\d\b")
SECOND_SENTENCE = re.compile(r"[.!?] +[A-Z]")

SOURCE = Path(gatewright.__file__).parent
TESTS = Path(__file__).parents[1]

# The tests that exercise an enforcer; a rule that it claims must be named in one of them.
TESTS_OF = {
    Enforcer.VALIDATOR: ("test_validate*.py", "validate/**/*.py", "spec/test_checks.py", "spec/checks/**/*.py"),
    Enforcer.HANDLER: ("handlers/**/*.py",),
    Enforcer.MYPY_PLUGIN: ("mypy_plugin/**/*.py",),
}


def offenders(keeps: Callable[[Rule], object]) -> list[str]:
    """Return the ids of the rules for which the test does not hold."""
    return [rule.id for rule in RULES.values() if not keeps(rule)]


def ids_named_in(*paths: Path) -> set[str]:
    """Return every rule id that the files mention."""
    return {found for path in paths for found in RULE_ID.findall(path.read_text(encoding="utf-8"))}


def test_all_rules_in_order() -> None:
    """The rulebook holds all 133 rules, in its order."""
    assert list(RULES) == IDS


def test_no_rule_twice() -> None:
    """No id stands in the sections twice, where the mapping would hide the first of the two."""
    assert [rule.id for section in SECTIONS for rule in section.RULES] == list(RULES)


def test_no_duty_twice() -> None:
    """No two rules say the same."""
    assert len({rule.text for rule in RULES.values()}) == len(RULES)


def test_read_only() -> None:
    """The rulebook cannot be changed by those who quote it."""
    assert not isinstance(RULES, MutableMapping)


def test_party() -> None:
    """The letter of the id says whose duty a rule is."""
    assert offenders(lambda rule: rule.party is PARTIES[rule.id[0]]) == []


@pytest.mark.parametrize("level", Level, ids=lambda level: level.name)
def test_level(level: Level) -> None:
    """Each rule is as binding as PEP 3333 says, a MUST unless it is listed otherwise."""
    listed = {member: ids.split() for member, ids in LEVELS.items()}
    others = {rule_id for ids in listed.values() for rule_id in ids}
    expected = listed.get(level, [rule_id for rule_id in IDS if rule_id not in others])
    assert sorted(rule.id for rule in RULES.values() if rule.level is level) == sorted(expected)


@pytest.mark.parametrize("level", Level, ids=lambda level: level.name)
def test_binding(level: Level) -> None:
    """Only what must or must not be is an error when it is broken."""
    assert level.binding is level.value.startswith("must")


def test_derived() -> None:
    """The rules that do not stand in PEP 3333 itself are marked as derived."""
    assert [rule.id for rule in RULES.values() if rule.derived] == DERIVED.split()


def test_text_continues_the_level() -> None:
    """The duty is an infinitive that goes on from "must:", so it begins in lower case and has no full stop."""
    assert offenders(lambda rule: re.fullmatch(r"[a-z]+ .*[^.!?:;, ]", rule.text)) == []


def test_text_is_one_sentence() -> None:
    """The duty is one sentence."""
    assert offenders(lambda rule: not SECOND_SENTENCE.search(rule.text)) == []


@pytest.mark.parametrize("part", ["why", "fix"])
def test_explanation_is_a_sentence(part: str) -> None:
    """What breaks and what to write instead are whole sentences."""
    assert offenders(lambda rule: re.fullmatch(r"[A-Z].*[^. ]\.", getattr(rule, part))) == []


@pytest.mark.parametrize("part", ["why", "fix"])
def test_explanation_is_one_sentence(part: str) -> None:
    """What breaks and what to write instead are one sentence each."""
    assert offenders(lambda rule: not SECOND_SENTENCE.search(getattr(rule, part))) == []


def test_reference() -> None:
    """Each rule cites a section that exists in PEP 3333, or a section of the RFC that it is derived from."""
    cited = [rule.id for rule in RULES.values() if rule.derived and RFC_SECTION.fullmatch(rule.reference)]
    assert offenders(lambda rule: rule.reference in REFERENCES or rule.id in cited) == []


def test_str() -> None:
    """A rule prints as its id, whose duty it is, how binding, and the duty."""
    assert str(RULES["A20"]) == "A20 (application must not): send hop-by-hop header fields"


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Rule)])
def test_frozen(name: str) -> None:
    """No part of a rule can be changed."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(RULES["S01"], name, None)


def test_not_enforced_unless_said() -> None:
    """A rule claims no enforcer by itself."""
    rule = Rule(
        id="S01", level=Level.MUST, party=Party.SERVER, text="be", reference="PEP 3333", why="Because.", fix="Do."
    )
    assert rule.enforcers == frozenset()


@pytest.mark.parametrize("enforcer", Enforcer, ids=lambda enforcer: enforcer.name)
def test_enforcer_exists(enforcer: Enforcer) -> None:
    """Each enforcer is a module or package of gatewright."""
    assert find_spec(enforcer.value) is not None


def test_quoted_rules_exist() -> None:
    """Every rule id that stands anywhere in the package is in the rulebook."""
    assert ids_named_in(*SOURCE.rglob("*.py")) <= set(RULES)


@pytest.mark.parametrize("enforcer", Enforcer, ids=lambda enforcer: enforcer.name)
def test_claims_are_exercised(enforcer: Enforcer) -> None:
    """Every rule that an enforcer claims to find is named by a test of that enforcer."""
    claimed = {rule.id for rule in RULES.values() if enforcer in rule.enforcers}
    exercised = ids_named_in(*(path for pattern in TESTS_OF[enforcer] for path in TESTS.glob(pattern)))
    assert sorted(claimed - exercised) == []
