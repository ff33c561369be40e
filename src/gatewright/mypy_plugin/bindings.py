"""What the local names of a function are bound to, for those that are bound once and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, cast

from mypy import nodes, patterns
from mypy.nodes import LDEF, AssignmentStmt, CallExpr, Expression, FuncItem, ListExpr, MemberExpr, NameExpr, OpExpr, Var

if TYPE_CHECKING:
    from mypy.nodes import MypyFile, Node

__all__ = ["Bindings", "bindings_of", "final_list"]

# The parts of each kind of node that may hold names.  mypy's own traverser is compiled and cannot be subclassed here.
_PARTS: Final[Mapping[type[nodes.Node], tuple[str, ...]]] = {
    nodes.AssertStmt: ("expr", "msg"),
    nodes.AssertTypeExpr: ("expr",),
    nodes.AssignmentExpr: ("target", "value"),
    nodes.AssignmentStmt: ("lvalues", "rvalue"),
    nodes.AwaitExpr: ("expr",),
    nodes.Block: ("body",),
    nodes.BreakStmt: (),
    nodes.BytesExpr: (),
    nodes.CallExpr: ("callee", "args"),
    nodes.CastExpr: ("expr",),
    nodes.ClassDef: ("decorators", "defs"),
    nodes.ComparisonExpr: ("operands",),
    nodes.ComplexExpr: (),
    nodes.ConditionalExpr: ("cond", "if_expr", "else_expr"),
    nodes.ContinueStmt: (),
    nodes.Decorator: ("decorators", "func"),
    nodes.DelStmt: ("expr",),
    nodes.DictExpr: ("items",),
    nodes.DictionaryComprehension: ("indices", "sequences", "condlists", "key", "value"),
    nodes.EllipsisExpr: (),
    nodes.ExpressionStmt: ("expr",),
    nodes.FloatExpr: (),
    nodes.ForStmt: ("index", "expr", "body", "else_body"),
    nodes.FuncDef: ("arguments", "body"),
    nodes.GeneratorExpr: ("indices", "sequences", "condlists", "left_expr"),
    nodes.GlobalDecl: (),
    nodes.IfStmt: ("expr", "body", "else_body"),
    nodes.Import: (),
    nodes.ImportFrom: (),
    nodes.IndexExpr: ("base", "index"),
    nodes.IntExpr: (),
    nodes.LambdaExpr: ("arguments", "body"),
    nodes.ListComprehension: ("generator",),
    nodes.ListExpr: ("items",),
    nodes.MatchStmt: ("subject", "patterns", "guards", "bodies"),
    nodes.MemberExpr: ("expr",),
    nodes.NameExpr: (),
    nodes.NonlocalDecl: (),
    nodes.OpExpr: ("left", "right"),
    nodes.OperatorAssignmentStmt: ("lvalue", "rvalue"),
    nodes.OverloadedFuncDef: ("items",),
    nodes.PassStmt: (),
    nodes.RaiseStmt: ("expr", "from_expr"),
    nodes.ReturnStmt: ("expr",),
    nodes.RevealExpr: ("expr",),
    nodes.SetComprehension: ("generator",),
    nodes.SetExpr: ("items",),
    nodes.SliceExpr: ("begin_index", "end_index", "stride"),
    nodes.StarExpr: ("expr",),
    nodes.StrExpr: (),
    nodes.SuperExpr: ("call",),
    nodes.TempNode: (),
    nodes.TryStmt: ("body", "types", "vars", "handlers", "else_body", "finally_body"),
    nodes.TupleExpr: ("items",),
    nodes.UnaryExpr: ("expr",),
    nodes.WhileStmt: ("expr", "body", "else_body"),
    nodes.WithStmt: ("expr", "target", "body"),
    nodes.YieldExpr: ("expr",),
    nodes.YieldFromExpr: ("expr",),
    patterns.AsPattern: ("pattern", "name"),
    patterns.ClassPattern: ("class_ref", "positionals", "keyword_values"),
    patterns.MappingPattern: ("keys", "values", "rest"),
    patterns.OrPattern: ("patterns",),
    patterns.SequencePattern: ("patterns",),
    patterns.SingletonPattern: (),
    patterns.StarredPattern: ("capture",),
    patterns.ValuePattern: ("expr",),
}

# The parts in which a name is bound in another way than by a plain assignment.
_TARGETS: Final[Mapping[type[nodes.Node], str]] = {
    nodes.AssignmentExpr: "target",
    nodes.DelStmt: "expr",
    nodes.DictionaryComprehension: "indices",
    nodes.ForStmt: "index",
    nodes.GeneratorExpr: "indices",
    nodes.OperatorAssignmentStmt: "lvalue",
    nodes.TryStmt: "vars",
    nodes.WithStmt: "target",
    patterns.AsPattern: "name",
    patterns.MappingPattern: "rest",
    patterns.StarredPattern: "capture",
}


class Bindings:
    """Reads a function, with the functions in it, once.

    A name counts as known if a single assignment binds it.  A list must not be seen by anybody else either: only
    ``append()`` and the call that is being checked may touch it, for all others might take its items out again.

    Args:
        function: what to read.
        callee: the name under which the function knows ``start_response``; its calls leave lists alone.
    """

    def __init__(self, function: FuncItem, callee: str) -> None:
        self._callee = callee
        self._bound: dict[Var, list[Expression]] = {}
        self._rebound: set[Var] = set()
        self._shared: set[Var] = set()
        self._appended: dict[Var, list[Expression]] = {}
        self._strange = False
        self._read(function)

    def knows(self, variable: Var) -> bool:
        """Whether the function mentions the variable."""
        return variable in self._bound or variable in self._rebound or variable in self._shared

    def follow(self, variable: Var) -> Expression | None:
        """Return the one expression that the variable is bound to, or None."""
        bound = self._bound.get(variable, ())
        if self._strange or len(bound) != 1 or variable in self._rebound:
            return None
        return None if isinstance(bound[0], ListExpr | OpExpr) and variable in self._shared else bound[0]

    def appended(self, variable: Var) -> list[Expression]:
        """Return what is appended to the list that the variable is bound to."""
        return self._appended.get(variable, [])

    def _read(self, node: Node) -> None:
        kind = type(node)
        if kind is NameExpr:
            self._shared.update(_variables(node))
        elif kind is AssignmentStmt:
            self._read_assignment(cast("AssignmentStmt", node))
        elif kind is CallExpr:
            self._read_call(cast("CallExpr", node))
        elif kind not in _PARTS:  # a statement of a Python to come
            self._strange = True
        else:
            if kind in _TARGETS:
                self._rebind(getattr(node, _TARGETS[kind]))
            if isinstance(node, FuncItem):
                self._rebound.update(argument.variable for argument in node.arguments)
            for name in _PARTS[kind]:
                for part in _nodes(getattr(node, name)):
                    self._read(part)

    def _read_assignment(self, node: AssignmentStmt) -> None:
        for target in node.lvalues:
            if isinstance(target, NameExpr) and isinstance(target.node, Var) and target.kind == LDEF:
                self._bound.setdefault(target.node, []).append(node.rvalue)
            else:
                self._rebind(target)
                self._read(target)
        self._read(node.rvalue)

    def _read_call(self, node: CallExpr) -> None:
        callee = node.callee
        if isinstance(callee, MemberExpr) and callee.name == "append" and isinstance(callee.expr, NameExpr):
            for variable in _variables(callee.expr):
                self._appended.setdefault(variable, []).extend(node.args)
        else:
            self._read(callee)
        lent = isinstance(callee, NameExpr | MemberExpr) and callee.name == self._callee
        for position, argument in enumerate(node.args):
            if not (lent and position == 1 and isinstance(argument, NameExpr)):
                self._read(argument)

    def _rebind(self, target: object) -> None:
        for node in _nodes(target):
            self._rebound.update(_variables(node))
            for part in _parts(node):
                self._rebind(part)


class _Memory:
    """Keeps the function that was read last: most calls come in groups of one function."""

    last: ClassVar[tuple[FuncItem, str, Bindings] | None] = None


def bindings_of(function: FuncItem, callee: str, variable: Var) -> Bindings:
    """Return what a function binds, read anew if it does not know the variable: mypy's daemon analyzes code anew."""
    last = _Memory.last
    if last is None or last[0] is not function or last[1] != callee or not last[2].knows(variable):
        last = _Memory.last = (function, callee, Bindings(function, callee))
    return last[2]


def _variables(node: Node) -> set[Var]:
    return {node.node} if isinstance(node, NameExpr) and isinstance(node.node, Var) else set()


def _parts(node: Node) -> Iterator[Node]:
    for name in _PARTS.get(type(node), ()):
        yield from _nodes(getattr(node, name))


def _nodes(part: object) -> list[Node]:
    """Return the nodes in an attribute of a node: itself, or what its lists and tuples hold."""
    if isinstance(part, nodes.Argument):
        return _nodes(part.initializer)
    if isinstance(part, nodes.Node):
        return [part]
    if not isinstance(part, list | tuple):
        return []
    items = cast("Iterable[object]", part)
    return [node for item in items for node in ([item] if isinstance(item, nodes.Statement) else _nodes(item))]


def final_list(tree: MypyFile, variable: Var) -> Expression | None:
    """Return the list that a ``Final`` name of this module, or of a class at its top level, is bound to, or None.

    Other modules are not looked into: with a warm cache mypy has no statements of theirs.
    """
    if not variable.is_final:
        return None
    body = tree.defs
    if variable.info:
        body = variable.info.defn.defs.body if variable.info.module_name == tree.fullname else []
    for statement in body:
        if not isinstance(statement, AssignmentStmt) or not isinstance(statement.rvalue, ListExpr):
            continue
        if any(isinstance(target, NameExpr) and target.node is variable for target in statement.lvalues):
            return statement.rvalue
    return None
