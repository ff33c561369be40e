from __future__ import annotations

import ast
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given, strategies as st
from mypy.errors import Errors
from mypy.nodes import Expression, ExpressionStmt, LambdaExpr
from mypy.options import Options
from mypy.parse import parse

from gatewright.mypy_plugin.bindings import Bindings
from gatewright.mypy_plugin.headers import header_findings, status_findings
from gatewright.mypy_plugin.literals import UNKNOWN, Literals, is_known


def expression(source: str) -> Expression:
    """Return what mypy reads the source of an expression as, before it looks at names."""
    options = Options()
    options.native_parser = False  # it reads files only
    (statement,) = parse(f"({source}\n)", "case.py", "case", Errors(options), options).defs
    assert isinstance(statement, ExpressionStmt)
    return statement.expr


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8)
ATOMS = st.one_of(TEXTS.map(repr), st.integers(0, 999).map(str), st.sampled_from(["200 OK", "a\nb"]).map(repr))
KNOWN = st.recursive(
    ATOMS,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(parts, max_size=3).map(lambda items: f"({''.join(item + ', ' for item in items)})"),
    ),
    max_leaves=6,
)
ANY = st.recursive(
    st.one_of(
        ATOMS,
        st.sampled_from(
            [
                "name",
                "None",
                "True",
                "...",
                "b'a'",
                "1.5",
                "2j",
                "f'{name}'",
                "f'{1:>4}{name!r}'",
                "'%s %d'",
                "'%'",
                "-1",
            ]
        ),
    ),
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from(["+", "%", "*", "or", "and", "==", "<"]), parts).map(" ".join),
        st.lists(parts, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(parts, max_size=3).map(lambda items: f"({''.join(item + ', ' for item in items)})"),
        st.lists(parts, max_size=2).map(lambda items: f"{{{', '.join(f'{item}: {item}' for item in items)}}}"),
        st.lists(parts, min_size=1, max_size=2).map(lambda items: f"{{{', '.join(items)}}}"),
        parts.map(lambda part: f"({part}).value"),
        parts.map(lambda part: f"str({part})"),
        parts.map(lambda part: f"({part})(*a, **b)"),
        parts.map(lambda part: f"[*a, {part}]"),
        parts.map(lambda part: f"[{part} for x in y if z]"),
        parts.map(lambda part: f"(lambda x=1: {part})"),
        parts.map(lambda part: f"({part} if name else {part})"),
        parts.map(lambda part: f"({part})[{part}:]"),
        parts.map(lambda part: f"(x := {part})"),
    ),
    max_leaves=8,
)


@given(KNOWN)
def test_literals(source: str) -> None:
    """What is written out has the value that Python gives it."""
    assert Literals().value(expression(source)) == ast.literal_eval(source)


@given(TEXTS, TEXTS)
def test_sum(one: str, other: str) -> None:
    """Strings that are added, or stand beside each other, are one string."""
    assert Literals().value(expression(f"{one!r} + {other!r} {one!r}")) == one + other + one


@given(ANY)
def test_any_expression(source: str) -> None:
    """No expression is too strange: it has a value, or is unknown, and checks find something or nothing."""
    node = expression(source)
    value = Literals().value(node)
    findings = [*status_findings(Literals(), node), *header_findings(Literals(), node)]
    assert all(str(violation) for _, violation in findings)
    assert is_known(value) or "..." in repr(value)


@pytest.mark.parametrize(
    "source, value",
    [
        ("'%d %s' % (404, 'Not Found')", "404 Not Found"),
        ("'%d' % 404", "404"),
        ("f'{404} {\"OK\"}'", "404 OK"),
        ("f'{4:03d}'", "004"),
        ("b'a\\x00'", b"a\x00"),
        ("{'a': 'b'}", {"a": "b"}),
    ],
)
def test_formats(source: str, value: object) -> None:
    """The simple ways to format are followed."""
    assert Literals().value(expression(source)) == value


@pytest.mark.parametrize(
    "source",
    [
        "'%999999999d' % 1",
        "f'{1:>999999999}'",
        "'a' * 999999999",
        "'%s' % name",
        "'%s %s' % ('a',)",
        "'%d' % 'a'",
        "f'{name}'",
        "f'{\"a\":d}'",
        "[*a]",
        "{name: 'b'}",
        "+".join(["'a'"] * 50),
    ],
)
def test_unknown(source: str) -> None:
    """What fails, what is not known, and what would take long, has no value."""
    assert Literals().value(expression(source)) is UNKNOWN


def test_is_known() -> None:
    """A value with something unknown deep in it is not known."""
    values: list[Any] = ["a", ("a", ["b"]), {"a": "b"}, HTTPStatus.OK]
    unknown: list[Any] = [UNKNOWN, ("a", [UNKNOWN]), {"a": UNKNOWN}]
    assert [is_known(value) for value in (*values, *unknown)] == [True] * 4 + [False] * 3


def test_names_that_mypy_has_not_bound() -> None:
    """A function that was not analyzed binds nothing that could be followed."""
    source = "lambda headers: (headers.append(('a', 'b')), start_response('200 OK', headers))"
    function = expression(source)
    assert isinstance(function, LambdaExpr)
    assert Bindings(function, "start_response").follow(function.arguments[0].variable) is None
