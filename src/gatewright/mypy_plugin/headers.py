"""Header lists and statuses in source code, held against the rules: the part that needs no type checker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from mypy.nodes import Expression, ListExpr, NameExpr, OpExpr, StarExpr, Var

from gatewright.mypy_plugin.literals import MAX_DEPTH, UNKNOWN, Literals, alternatives
from gatewright.spec.checks import check_content_length, check_header_fields, check_headers, check_status

if TYPE_CHECKING:
    from gatewright.spec.checks import Violation
    from gatewright.types import HeaderList

__all__ = ["Appended", "Finding", "field_findings", "header_findings", "status_findings"]

Finding: TypeAlias = "tuple[Expression, Violation]"
"""Where, and what is wrong there."""

Appended: TypeAlias = Callable[[Var], list[Expression]]
"""Tells what is appended to the list that a variable is bound to."""

_SOMETHING: Final = "..."
"""Stands for text that is not known: good as a value, and said so in messages."""

_SOME_NAME: Final = "X-Name"


def _nothing_appended(_: Var) -> list[Expression]:
    return []


def status_findings(literals: Literals, node: Expression) -> Iterator[Finding]:
    """Yield what is wrong with a status (rules A12, A13, A14, A19), once for each that the expression may be."""
    for arm in alternatives(node):
        status = literals.value(arm)
        violation = None if status is UNKNOWN else check_status(status)
        if violation is not None:
            yield arm, violation


def header_findings(literals: Literals, node: Expression, appended: Appended = _nothing_appended) -> Iterator[Finding]:
    """Yield what is wrong with a header list (rules A15 to A23, A41), field by field."""
    for arm in alternatives(node):
        value = literals.value(arm)
        if value is not UNKNOWN and type(value) is not list:
            violation = check_header_fields(cast("HeaderList", value))
            if violation is not None:
                yield arm, violation
            continue
        for item in _items(literals, arm, appended):
            field = literals.value(item)
            yield from ((item, violation) for violation in field_findings(field))
        yield from ((arm, violation) for violation in _several_lengths(literals, arm))


def field_findings(field: object) -> Iterator[Violation]:
    """Yield what is wrong with one field; the name, the value or both may be unknown."""
    violation = _field_violation(field) or _length_violation(field)
    if violation is not None:
        yield violation


def _items(literals: Literals, node: Expression, appended: Appended, depth: int = 0) -> Iterator[Expression]:
    """Yield the expressions that make the items of a list, as far as they are known."""
    parts: list[Expression] = []
    if isinstance(node, ListExpr):
        for item in node.items:
            if isinstance(item, StarExpr):
                yield from _items(literals, item.expr, appended, depth + 1)
            else:
                yield item
    elif isinstance(node, OpExpr) and node.op == "+":
        parts = [node.left, node.right]
    elif isinstance(node, NameExpr) and isinstance(node.node, Var):
        bound = literals.follow(node.node)
        parts = [] if bound is None else [bound]
        yield from appended(node.node) if parts else ()
    for part in parts if depth < MAX_DEPTH else ():
        yield from _items(literals, part, appended, depth + 1)


def _field_violation(field: object) -> Violation | None:
    if field is UNKNOWN:
        return None
    if not isinstance(field, tuple) or len(cast("tuple[object, ...]", field)) != 2:
        return check_headers(cast("HeaderList", [field]))
    name, value = cast("tuple[object, object]", field)
    if name is UNKNOWN and value is UNKNOWN:
        return None
    known = (_SOME_NAME if name is UNKNOWN else name, _SOMETHING if value is UNKNOWN else value)
    return check_headers(cast("HeaderList", [known]))


def _length_violation(field: object) -> Violation | None:
    if not _is_length(field):
        return None
    name, value = cast("tuple[str, object]", field)
    return check_content_length([(name, value)]) if type(value) is str else None


def _several_lengths(literals: Literals, node: Expression) -> Iterator[Violation]:
    """Say that a list has more than one Content-Length; what is appended may be so in one branch each."""
    fields = [literals.value(item) for item in _items(literals, node, _nothing_appended)]
    lengths = [cast("tuple[str, object]", field) for field in fields if _is_length(field)]
    if len(lengths) > 1:
        shown = [(name, value if isinstance(value, str) else repr(value)) for name, value in lengths]
        violation = check_content_length(shown)
        if violation is not None:
            yield violation


def _is_length(field: object) -> bool:
    if not isinstance(field, tuple) or len(cast("tuple[object, ...]", field)) != 2:
        return False
    name = cast("tuple[object, object]", field)[0]
    return isinstance(name, str) and name.lower() == "content-length"
