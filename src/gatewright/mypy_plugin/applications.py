"""Applications: whether what is passed as one can be called as PEP 3333 says (error code ``wsgi-app``).

Every function, method and class that takes an application, or a ``start_response``, is served, ours or not: what
counts is the type of the parameter.  mypy asks for the hook before it checks the arguments.  Where one does not fit and
the reason is known, the reason is reported and the parameter becomes Any, so that mypy does not report it again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mypy.nodes import CallExpr, LambdaExpr
from mypy.subtypes import is_subtype
from mypy.types import AnyType, CallableType, Instance, TypeOfAny, UnionType, get_proper_type

from gatewright.mypy_plugin.callees import APPLICATIONS, START_RESPONSES
from gatewright.mypy_plugin.diagnosis import why_no_application, why_no_start_response
from gatewright.mypy_plugin.guard import careful
from gatewright.mypy_plugin.messages import WSGI_APP, report
from gatewright.mypy_plugin.questions import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.nodes import Context, Expression
    from mypy.plugin import CheckerPluginInterface, FunctionSigContext, MethodSigContext
    from mypy.types import FunctionLike, ProperType, Type

    from gatewright.mypy_plugin.hooks import Host, ParameterHook
    from gatewright.mypy_plugin.questions import Finding

    Expectation = tuple[ProperType, Callable[[Question], Finding | None]]

__all__ = ["parameter_hook"]


def parameter_hook(host: Host, _fullname: str, signatures: list[CallableType]) -> ParameterHook | None:
    """Check calls of whatever takes an application."""
    # An overload without an application might be the one that is meant; mypy says then that none of them fits.
    if not all(any(map(_expectation, signature.arg_types)) for signature in signatures):
        return None
    return careful(partial(_checked_signature, host), _unchanged)


def _unchanged(context: FunctionSigContext | MethodSigContext) -> FunctionLike:
    return context.default_signature


# --- What a parameter takes ---------------------------------------------------------------------------------------


def _expectation(formal: Type) -> Expectation | None:
    """Return what a parameter takes, and what can tell why an argument is no such thing; None if it is neither."""
    proper = get_proper_type(formal)
    if isinstance(proper, UnionType):
        return next(filter(None, map(_expectation, proper.items)), None)
    if _is_start_response(proper):
        return proper, why_no_start_response
    if isinstance(proper, Instance) and proper.type.fullname in APPLICATIONS:
        return proper, why_no_application
    if isinstance(proper, CallableType) and _is_shaped_like_an_application(proper):
        return proper, why_no_application
    return None


def _is_start_response(proper: ProperType) -> bool:
    return isinstance(proper, Instance) and proper.type.fullname in START_RESPONSES


def _is_shaped_like_an_application(proper: CallableType) -> bool:
    """Recognise typeshed's alias, and what others write out instead of it, by its second parameter."""
    return len(proper.arg_types) == 2 and _is_start_response(get_proper_type(proper.arg_types[1]))


# --- What is passed -------------------------------------------------------------------------------------------------


def _checked_signature(host: Host, context: FunctionSigContext | MethodSigContext) -> CallableType:
    """Report what does not fit; return the signature with Any for each parameter that was reported."""
    signature = context.default_signature
    if context.api.msg.prefer_simple_messages():  # nobody is going to see them: mypy, or we, are only trying
        return signature
    formals = list(signature.arg_types)
    for position, (formal, actuals) in enumerate(zip(signature.arg_types, context.args, strict=True)):
        for actual in _without_starred(context.context, actuals) if _expectation(formal) else ():
            finding = _finding(context.api, actual, formal)
            if finding and report(host, context.api, actual, WSGI_APP, finding.rule, finding.message):
                formals[position] = AnyType(TypeOfAny.from_error)
    if formals == signature.arg_types:
        return signature
    return signature.copy_modified(  # pyright: ignore[reportUnknownMemberType]  # mypy's defaults there have no type
        arg_types=formals
    )


def _without_starred(call: Context, actuals: list[Expression]) -> list[Expression]:
    """Leave out ``*args`` and ``**kw``: the expression is not what is passed, but a collection of it."""
    if not isinstance(call, CallExpr):
        return actuals
    starred = [argument for argument, kind in zip(call.args, call.arg_kinds, strict=True) if kind.is_star()]
    return [actual for actual in actuals if actual not in starred]


def _finding(api: CheckerPluginInterface, actual: Expression, formal: Type) -> Finding | None:
    """Say why an argument does not fit; None if it does, or if mypy's own message says more."""
    expectation = _expectation(formal)
    if expectation is None:
        return None
    # mypy is going to look at the argument itself, and to report what is wrong inside of it.
    with api.msg.filter_errors() as inside:
        found = api.get_expression_type(actual, formal)
        if isinstance(actual, LambdaExpr) and inside.has_new_errors():
            found = api.get_expression_type(actual)  # what it returns by itself, and not what is asked of it
    if is_subtype(found, formal, options=api.options):
        return None
    expected, diagnose = expectation
    return diagnose(Question(api, actual, get_proper_type(found), expected))
