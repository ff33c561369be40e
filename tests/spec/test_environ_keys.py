from __future__ import annotations

import ast
from pathlib import Path

import gatewright.types
from gatewright.spec.checks import check_environ, check_variable
from gatewright.spec.environ_keys import KINDS, MISPLACED, RULE_OF_KEY, Kind, is_header
from gatewright.spec.rules import RULES

ALIASES = {
    "_RequiredText": Kind.TEXT,
    "_OptionalText": Kind.TEXT,
    "_RequiredFlag": Kind.FLAG,
    "_OptionalFlag": Kind.FLAG,
    "_Version": Kind.VERSION,
    "_Input": Kind.INPUT,
    "_Errors": Kind.ERRORS,
    "_Wrapper": Kind.WRAPPER,
}


def literals() -> dict[str, Kind]:
    """Return the keys in the literal types of gatewright.types; checkers see them, but nothing at run time does."""
    tree = ast.parse(Path(gatewright.types.__file__).read_text(encoding="utf-8"))
    found: dict[str, Kind] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in ALIASES:
            keys = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            found.update({str(key): ALIASES[node.target.id] for key in keys})
    return found


def test_types_list_the_same_keys() -> None:
    """The literal types of Environ and the table agree on every key and on what it holds."""
    assert literals() == dict(KINDS)


def test_rules_of_required_keys() -> None:
    """A key that must be there goes with the rule that the check of a whole environ names when it is missing."""
    missing = {str(violation).split("'")[1]: violation.rule.id for violation in check_environ({})}
    assert {key: RULE_OF_KEY[key] for key in missing} == missing


def test_rules_exist() -> None:
    """Every key goes with a rule that there is."""
    assert set(RULE_OF_KEY.values()) <= set(RULES)


def test_headers_are_text() -> None:
    """Every known key of a request header holds text."""
    assert {KINDS[key] for key in KINDS if is_header(key)} == {Kind.TEXT}


def test_misplaced_keys_are_no_headers() -> None:
    """The two that have no HTTP_ are no keys of headers with it."""
    assert not any(map(is_header, MISPLACED))


def test_variable_by_itself() -> None:
    """A variable is judged whatever the others are: SCRIPT_NAME may be empty although there is no PATH_INFO."""
    assert check_variable("SCRIPT_NAME", "") is None
