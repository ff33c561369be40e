"""What an expression will be at run time, as far as its source tells: mypy's nodes in, Python's values out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Final, TypeAlias, cast

from mypy.nodes import (
    BytesExpr,
    CallExpr,
    ConditionalExpr,
    DictExpr,
    Expression,
    IntExpr,
    ListExpr,
    MemberExpr,
    NameExpr,
    OpExpr,
    RefExpr,
    StarExpr,
    StrExpr,
    TupleExpr,
    TypeInfo,
    Var,
)
from mypy.types import Instance, LiteralType, NoneType, Type, get_proper_type

__all__ = ["MAX_DEPTH", "UNKNOWN", "Follow", "Literals", "alternatives", "is_known", "literal_of_type"]

Follow: TypeAlias = Callable[[Var], Expression | None]
"""Tells the one expression that a variable was bound to, or None where that is not certain."""


class _Unknown:
    """What is not known before the program runs."""

    def __repr__(self) -> str:
        return "..."


UNKNOWN: Final = _Unknown()
"""Stands for every value, and for every part of a list or tuple, that is not known."""

MAX_DEPTH = 20
"""How far names and operators are followed: more is not written by hand, and ``a = b; b = a`` has no end."""

# Of the ways to format, those that cannot make a megabyte of a short line.
_CONVERSION = re.compile(r"%(?:%|0?\d{0,2}[dsr])")
_SPECIFICATION = re.compile(r"0?\d{0,2}[ds]?")
_HOLE = "{:{}}"

_CONSTANTS: Final[dict[str, object]] = {"builtins.True": True, "builtins.False": False, "builtins.None": None}


def _not_followed(_: Var) -> Expression | None:
    return None


def is_known(value: object) -> bool:
    """Whether a value is known, with all that it holds."""
    if isinstance(value, tuple | list):
        return all(map(is_known, cast("tuple[object, ...]", value)))
    if isinstance(value, dict):
        return is_known([*cast("dict[object, object]", value).items()])
    return value is not UNKNOWN


def alternatives(node: Expression) -> Iterator[Expression]:
    """Yield what an expression may be: both arms of a conditional expression, and otherwise itself."""
    if isinstance(node, ConditionalExpr):
        yield from alternatives(node.if_expr)
        yield from alternatives(node.else_expr)
    else:
        yield node


def literal_of_type(typ: Type | None) -> object:
    """Return the one value that a type has, or :data:`UNKNOWN`."""
    proper = get_proper_type(typ) if typ is not None else None
    if isinstance(proper, Instance):
        proper = proper.last_known_value
    if isinstance(proper, NoneType):
        return None
    if not isinstance(proper, LiteralType):
        return UNKNOWN
    kind = proper.fallback.type.fullname
    if kind == "http.HTTPStatus":
        return _http_status(str(proper.value))
    return proper.value if kind in ("builtins.str", "builtins.int", "builtins.bool") else UNKNOWN


class Literals:
    """Evaluates expressions without running anything.

    Args:
        follow: looks up variables that are not ``Final``.
    """

    def __init__(self, follow: Follow = _not_followed) -> None:
        self.follow = follow
        self._depth = 0

    def value(self, node: Expression) -> object:
        """Return what the expression will be.

        Returns:
            A value of a builtin type, an :class:`http.HTTPStatus`, or :data:`UNKNOWN`, which may also stand for items
            of a list or tuple, and for keys and values of a dict.  A list or tuple with ``*rest`` in it is unknown.
        """
        evaluate = _EVALUATORS.get(type(node))
        if evaluate is None or self._depth > MAX_DEPTH:
            return UNKNOWN
        self._depth += 1
        try:
            return evaluate(self, node)
        finally:
            self._depth -= 1

    def values(self, nodes: list[Expression]) -> list[object]:
        """Return what each of the expressions will be."""
        return [self.value(node) for node in nodes]

    def reference(self, node: RefExpr) -> object:
        """Return what a name stands for."""
        if node.fullname in _CONSTANTS:
            return _CONSTANTS[node.fullname]
        return self.variable(node.node) if isinstance(node.node, Var) else UNKNOWN

    def variable(self, variable: Var) -> object:
        """Return what a variable holds."""
        if variable.info and variable.info.fullname == "http.HTTPStatus":
            return _http_status(variable.name)
        if isinstance(variable.final_value, str | int):
            return variable.final_value
        known = literal_of_type(variable.type) if variable.is_final or not variable.is_inferred else UNKNOWN
        if known is not UNKNOWN:
            return known
        bound = self.follow(variable)
        return UNKNOWN if bound is None else self.value(bound)


def _http_status(name: str) -> object:
    return HTTPStatus.__members__.get(name, UNKNOWN)


def _text(_: Literals, node: Expression) -> object:
    return node.value if isinstance(node, StrExpr | IntExpr) else UNKNOWN


def _bytes(_: Literals, node: Expression) -> object:
    assert isinstance(node, BytesExpr)
    try:  # mypy keeps what stands between the quotes
        return node.value.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
    except UnicodeError:
        return b"..."


def _reference(literals: Literals, node: Expression) -> object:
    assert isinstance(node, RefExpr)
    return literals.reference(node)


def _member(literals: Literals, node: Expression) -> object:
    assert isinstance(node, MemberExpr)
    if node.name in ("value", "phrase"):
        status = literals.value(node.expr)
        if isinstance(status, HTTPStatus):
            return status.value if node.name == "value" else status.phrase
    owner = node.expr.node if isinstance(node.expr, RefExpr) else None
    symbol = owner.names.get(node.name) if isinstance(owner, TypeInfo) else None
    if symbol is not None and isinstance(symbol.node, Var):
        return literals.variable(symbol.node)
    return literals.reference(node)


def _list(literals: Literals, node: Expression) -> object:
    assert isinstance(node, ListExpr | TupleExpr)
    if any(isinstance(item, StarExpr) for item in node.items):
        return UNKNOWN
    values = literals.values(node.items)
    return values if isinstance(node, ListExpr) else tuple(values)


def _dict(literals: Literals, node: Expression) -> object:
    assert isinstance(node, DictExpr)
    pairs = [(literals.value(key), literals.value(value)) for key, value in node.items if key is not None]
    shown = {key: value for key, value in pairs if isinstance(key, str)}
    return shown if len(shown) == len(pairs) else UNKNOWN


def _operation(literals: Literals, node: Expression) -> object:
    assert isinstance(node, OpExpr)
    left, right = literals.value(node.left), literals.value(node.right)
    if isinstance(left, str) and node.op == "+":
        return left + right if isinstance(right, str) else UNKNOWN
    return _percent(left, right) if isinstance(left, str) and node.op == "%" else UNKNOWN


def _percent(text: str, value: object) -> object:
    values = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    if "%" in _CONVERSION.sub("", text) or not all(isinstance(item, str | int) for item in values):
        return UNKNOWN
    try:
        return text % values
    except (TypeError, ValueError):
        return UNKNOWN


def _call(literals: Literals, node: Expression) -> object:
    """Evaluate ``str(x)``, and what mypy makes of an f-string: ``"".join([..., "{:{}}".format(x, "")])``."""
    assert isinstance(node, CallExpr)
    callee, values = node.callee, literals.values(node.args)
    if isinstance(callee, NameExpr) and callee.fullname == "builtins.str" and len(values) == 1:
        return _shown(values[0], "")
    if not isinstance(callee, MemberExpr) or not isinstance(callee.expr, StrExpr):
        return UNKNOWN
    if (callee.name, callee.expr.value, len(values)) == ("join", "", 1):
        return _joined(values[0])
    if (callee.name, callee.expr.value, len(values)) == ("format", _HOLE, 2):
        return _shown(values[0], values[1])
    return UNKNOWN


def _joined(parts: object) -> object:
    texts = cast("list[object]", parts) if isinstance(parts, list) else [UNKNOWN]
    strings = [text for text in texts if isinstance(text, str)]
    return "".join(strings) if len(strings) == len(texts) else UNKNOWN


def _shown(value: object, specification: object) -> object:
    if not isinstance(value, str | int) or not isinstance(specification, str):
        return UNKNOWN
    if not _SPECIFICATION.fullmatch(specification):
        return UNKNOWN
    try:
        return format(value, specification)
    except ValueError:
        return UNKNOWN


_EVALUATORS: Final[dict[type[Expression], Callable[[Literals, Expression], object]]] = {
    StrExpr: _text,
    IntExpr: _text,
    BytesExpr: _bytes,
    NameExpr: _reference,
    MemberExpr: _member,
    ListExpr: _list,
    TupleExpr: _list,
    DictExpr: _dict,
    OpExpr: _operation,
    CallExpr: _call,
}
