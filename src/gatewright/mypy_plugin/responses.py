"""Responses: statuses and headers that stand in the source (error codes ``wsgi-status`` and ``wsgi-header``).

Whatever the rulebook says of them is found here before the program runs: in calls of ``start_response``, ours or the
standard library's, in what is put into ``Headers``, and in the error page of a handler.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from mypy.checker import TypeChecker
from mypy.nodes import AssignmentStmt, CallExpr, Expression, FuncItem, LambdaExpr, MemberExpr, NameExpr, TypeInfo, Var
from mypy.types import AnyType, CallableType, FunctionLike, TypeOfAny

from gatewright.mypy_plugin.bindings import bindings_of, final_list
from gatewright.mypy_plugin.callees import NEVER, START_RESPONSES
from gatewright.mypy_plugin.guard import careful
from gatewright.mypy_plugin.headers import field_findings, header_findings, status_findings
from gatewright.mypy_plugin.literals import UNKNOWN, Literals, alternatives, literal_of_type
from gatewright.mypy_plugin.messages import WSGI_HEADER, WSGI_STATUS, report
from gatewright.spec.checks import check_field_value, check_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy.errorcodes import ErrorCode
    from mypy.plugin import (
        CheckerPluginInterface,
        ClassDefContext,
        FunctionSigContext,
        MethodSigContext,
        SemanticAnalyzerPluginInterface,
    )

    from gatewright.mypy_plugin.headers import Appended, Finding
    from gatewright.mypy_plugin.hooks import ClassHook, FunctionSignatureHook, Host, MethodSignatureHook

__all__ = ["base_class_hook", "function_signature_hook", "method_signature_hook"]

_HANDLERS = frozenset({"gatewright.handlers.contract.HandlerContract", "wsgiref.handlers.BaseHandler"})
_HEADERS = frozenset({"gatewright.headers.Headers", "wsgiref.headers.Headers"})

_OF_THE_CONNECTION = frozenset({"A20", "A21", "A22", "A23"})
"""What binds applications only: the ``Headers`` of a gateway hold its own fields."""

_OF_TYPES = frozenset({"A12", "A15", "A16"})
"""What mypy would report, too, in its words."""


# --- What mypy asks for ---------------------------------------------------------------------------------------------


def method_signature_hook(host: Host, fullname: str) -> MethodSignatureHook | None:
    """Check calls of ``start_response`` and of the methods of ``Headers`` that take in fields."""
    owner, _, name = fullname.rpartition(".")
    if name not in _METHODS or owner.startswith("builtins."):
        return None
    roots, check = _METHODS[name]
    if not _descends(host, owner, roots):
        return None
    return careful(partial(check, host), _unchanged)


def function_signature_hook(host: Host, fullname: str) -> FunctionSignatureHook | None:
    """Check what is given to the constructor of ``Headers``."""
    if not fullname.endswith("Headers") or not _descends(host, fullname, _HEADERS):
        return None
    return careful(partial(_check_headers_object, host), _unchanged)


def base_class_hook(host: Host, fullname: str) -> ClassHook | None:
    """Check ``error_status`` and ``error_headers`` of the handlers that users write."""
    if fullname.startswith(NEVER) or not _descends(host, fullname, _HANDLERS):
        return None
    return careful(partial(_check_error_page, host), _silent)


def _unchanged(context: MethodSigContext | FunctionSigContext) -> FunctionLike:
    return context.default_signature


def _silent(_: ClassDefContext) -> None:
    pass


def _descends(host: Host, fullname: str, roots: frozenset[str]) -> bool:
    """Whether the class is one of these or derives from one."""
    if fullname in roots:
        return True
    symbol = host.lookup_fully_qualified(fullname)
    node = symbol.node if symbol is not None else None
    return isinstance(node, TypeInfo) and any(base.fullname in roots for base in node.mro)


# --- start_response -------------------------------------------------------------------------------------------------


def _check_start_response(host: Host, context: MethodSigContext) -> FunctionLike:
    signature = context.default_signature
    literals, appended = _names(context)
    wrong: set[int] = set()
    for position, code in ((0, WSGI_STATUS), (1, WSGI_HEADER)):
        if position >= len(context.args) or len(context.args[position]) != 1:
            continue
        node = context.args[position][0]
        if code is WSGI_STATUS:
            findings = [*status_findings(literals, node), *_typed_status(context.api, literals, node)]
        else:
            findings = list(header_findings(literals, node, appended))
        reported = _tell(host, context.api, code, findings)
        if reported & _OF_TYPES:
            wrong.add(position)
    return _without(signature, wrong)


def _typed_status(api: CheckerPluginInterface, literals: Literals, node: Expression) -> Iterator[Finding]:
    """Judge a status by its type, where it is an attribute: ``self.status`` may be Final."""
    for arm in alternatives(node):
        if isinstance(arm, MemberExpr) and literals.value(arm) is UNKNOWN:
            status = literal_of_type(api.get_expression_type(arm))
            violation = None if status is UNKNOWN else check_status(status)
            if violation is not None:
                yield arm, violation


def _names(context: MethodSigContext) -> tuple[Literals, Appended]:
    """Return what evaluates the arguments of a call, and what tells what is appended to a list among them."""
    checker = context.api
    assert isinstance(checker, TypeChecker)
    call = context.context
    callee = call.callee.name if isinstance(call, CallExpr) and isinstance(call.callee, NameExpr | MemberExpr) else ""
    functions = (
        part for part in checker.scope.stack if isinstance(part, FuncItem) and not isinstance(part, LambdaExpr)
    )
    function = next(functions, None)

    def follow(variable: Var) -> Expression | None:
        if "." in variable.fullname:
            return final_list(checker.tree, variable)
        return None if function is None else bindings_of(function, callee, variable).follow(variable)

    def appended(variable: Var) -> list[Expression]:
        if function is None or "." in variable.fullname:
            return []
        return bindings_of(function, callee, variable).appended(variable)

    return Literals(follow), appended


# --- Headers --------------------------------------------------------------------------------------------------------


def _check_headers_object(host: Host, context: FunctionSigContext) -> FunctionLike:
    if not context.args or len(context.args[0]) != 1:
        return context.default_signature
    node = context.args[0][0]
    if Literals().value(node) is None:
        return context.default_signature
    findings = header_findings(Literals(), node)
    return _told(host, context, findings, 0)


def _check_set(host: Host, context: MethodSigContext) -> FunctionLike:
    """Check ``headers[name] = value`` and ``headers.setdefault(name, value)``."""
    if len(context.args) != 2 or not all(len(nodes) == 1 for nodes in context.args):
        return context.default_signature
    field = tuple(Literals().values([context.args[0][0], context.args[1][0]]))
    findings = ((context.args[0][0], violation) for violation in field_findings(field))
    return _told(host, context, findings, 0, 1)


def _check_add(host: Host, context: MethodSigContext) -> FunctionLike:
    """Check ``headers.add_header(name, value, **parameters)``."""
    name, value, *rest = context.args
    if len(name) != 1 or len(value) != 1:
        return context.default_signature
    parameters = [node for nodes in rest for node in nodes]
    first = Literals().value(value[0])
    field = (Literals().value(name[0]), UNKNOWN if parameters or first is None else first)
    findings = [(name[0], violation) for violation in field_findings(field)]
    for node in parameters:
        text = Literals().value(node)
        violation = None if text is UNKNOWN or text is None else check_field_value(text)
        if violation is not None:
            findings.append((node, violation))
    return _told(host, context, findings, *range(len(context.args)))


_METHODS: Final = {
    "__call__": (START_RESPONSES, _check_start_response),
    "start_response": (_HANDLERS, _check_start_response),
    "__setitem__": (_HEADERS, _check_set),
    "setdefault": (_HEADERS, _check_set),
    "add_header": (_HEADERS, _check_add),
}
"""The methods that are looked at: of which classes, and by what."""


def _told(
    host: Host, context: MethodSigContext | FunctionSigContext, findings: Iterable[Finding], *positions: int
) -> FunctionLike:
    """Report what is wrong with fields given to ``Headers``, and let mypy keep quiet of it."""
    if _in_gateway(context.api):
        findings = [finding for finding in findings if finding[1].rule.id not in _OF_THE_CONNECTION]
    reported = _tell(host, context.api, WSGI_HEADER, findings)
    return _without(context.default_signature, positions if reported & _OF_TYPES else ())


def _in_gateway(api: CheckerPluginInterface) -> bool:
    """Whether the code stands in a handler, which speaks for the connection."""
    owners = [part for part in api.scope.stack if isinstance(part, TypeInfo)] if isinstance(api, TypeChecker) else []
    return bool(owners) and any(base.fullname in _HANDLERS for base in owners[-1].mro)


# --- The error page of a handler ------------------------------------------------------------------------------------


def _check_error_page(host: Host, context: ClassDefContext) -> None:
    for statement in context.cls.defs.body:
        if not isinstance(statement, AssignmentStmt):
            continue
        names = {target.name for target in statement.lvalues if isinstance(target, NameExpr)}
        if "error_status" in names:
            _tell(host, context.api, WSGI_STATUS, status_findings(Literals(), statement.rvalue))
        if "error_headers" in names:
            _tell(host, context.api, WSGI_HEADER, header_findings(Literals(), statement.rvalue))


# --- Reporting ------------------------------------------------------------------------------------------------------


def _tell(
    host: Host,
    api: CheckerPluginInterface | SemanticAnalyzerPluginInterface,
    code: ErrorCode,
    findings: Iterable[Finding],
) -> set[str]:
    """Report what is found, but for the rules that the user silenced, and return the ids of the rules."""
    reported: set[str] = set()
    for node, violation in findings:
        if report(host, api, node, code, violation.rule.id, violation.message):
            reported.add(violation.rule.id)
    return reported


def _without(signature: FunctionLike, positions: Iterable[int]) -> FunctionLike:
    """Return the signature with Any for these parameters: what is wrong with them was said."""
    wrong = set(positions)
    if not wrong or not isinstance(signature, CallableType):
        return signature
    anything = AnyType(TypeOfAny.from_error)
    types = [anything if position in wrong else kind for position, kind in enumerate(signature.arg_types)]
    return signature.copy_modified(arg_types=types)  # pyright: ignore[reportUnknownMemberType]  # mypy's defaults
