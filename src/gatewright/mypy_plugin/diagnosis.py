"""Why something is no application, or no ``start_response``: the rule and a sentence.

Nothing here decides whether something is wrong: mypy did.  Where no answer is given, mypy's own message says more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve
from mypy.nodes import LambdaExpr, MemberExpr, RefExpr, TypeInfo
from mypy.types import (
    CallableType,
    Instance,
    LiteralType,
    NoneType,
    Overloaded,
    TupleType,
    TypeType,
    UnionType,
    get_proper_type,
)

from gatewright.mypy_plugin.questions import Finding, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy.types import ProperType

    Ask = Callable[[Question, CallableType], Finding | None]

__all__ = ["why_no_application", "why_no_start_response"]

_ASYNCHRONOUS = ("typing.Awaitable", "typing.AsyncIterable")
_ASGI = ["scope", "receive", "send"]
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def why_no_application(question: Question) -> Finding | None:
    """Say why something is no application.

    Args:
        question: what mypy found not to fit.

    Returns:
        The rule that it breaks, or None if it is not clear which.
    """
    for item in question.unfit_items():
        return _may_be_none(question, item) or why_no_application(item)
    if question.is_class:
        return _class(question)
    signature = question.signature
    if signature is None:
        return _not_callable(question)
    return _first(_OF_APPLICATIONS, question, signature)


def why_no_start_response(question: Question) -> Finding | None:
    """Say why something cannot stand in for ``start_response``.

    Args:
        question: what mypy found not to fit.

    Returns:
        The rule that it breaks, or None if it is not clear which.
    """
    signature = question.signature
    return None if signature is None else _first(_OF_START_RESPONSE, question, signature)


def _first(asks: Iterable[Ask], question: Question, signature: CallableType) -> Finding | None:
    return next((finding for ask in asks if (finding := ask(question, signature))), None)


# --- What cannot be called at all -----------------------------------------------------------------------------------


def _may_be_none(question: Question, item: Question) -> Finding | None:
    if not isinstance(item.found, NoneType):
        return None
    return Finding("A01", f"{question.name} may be None, which cannot be called: make sure that it is not")


def _not_callable(question: Question) -> Finding | None:
    if isinstance(question.found, Overloaded):
        return None
    what = "None" if isinstance(question.found, NoneType) else question.name_of(question.found)
    if isinstance(question.found, Instance) and question.found.type.fullname == "types.ModuleType":
        return Finding("A01", f"{question.name} is a module: pass the application in it, {question.written}.NAME")
    if not isinstance(question.found, NoneType | Instance | LiteralType | TupleType):
        return None
    return Finding("A01", f"An application is wanted, and {what} cannot be called: pass f(environ, start_response)")


def _class(question: Question) -> Finding | None:
    """Tell a class whose instances are meant to be applications from one whose instances are meant to be bodies."""
    found = question.found
    maker = found.items[0] if isinstance(found, Overloaded) else found
    if isinstance(maker, TypeType):
        made, arguments = evolve(question, found=maker.item), "..."
    elif isinstance(maker, CallableType):
        made = evolve(question, found=get_proper_type(maker.ret_type))
        arguments = "..." if maker.min_args else ""
    else:
        return None
    if question.fits(made.found, question.expected):
        name = question.written or "it"
        return Finding("A01", f'Instances of "{name}" are applications, the class is not: pass {name}({arguments})')
    if made.signature is not None:
        return why_no_application(made)
    return _first(_OF_APPLICATIONS, question, maker) if maker is found and isinstance(maker, CallableType) else None


# --- How it is called -----------------------------------------------------------------------------------------------


def _asgi(question: Question, signature: CallableType) -> Finding | None:
    is_async = question.is_a(signature.ret_type, *_ASYNCHRONOUS)
    if signature.arg_names != _ASGI and not (is_async and signature.min_args == 3):
        return None
    return Finding(
        "A01",
        f"{question.name} is an ASGI application: serve it with an ASGI server, or wrap it in an adapter such as"
        " a2wsgi.ASGIMiddleware",
    )


def _asynchronous(question: Question, signature: CallableType) -> Finding | None:
    if not question.is_a(signature.ret_type, *_ASYNCHRONOUS):
        return None
    return Finding("A07", f"{question.name} is asynchronous, and servers iterate over what it returns: drop async")


def _keyword_only(question: Question, signature: CallableType) -> Finding | None:
    names = [argument.name for argument in signature.formal_arguments() if argument.pos is None and argument.required]
    if not names:
        return None
    if signature.min_args < 2:
        return Finding(
            "A01", f"{question.name} takes its arguments by keyword, and servers pass them by position: drop *"
        )
    return Finding(
        "A01", f"{question.name} needs a keyword argument, and servers pass none: give {_names(names)} a default"
    )


def _too_few(question: Question, signature: CallableType) -> Finding | None:
    takes = signature.max_possible_positional_args()
    if takes >= 2:
        return None
    if question.fits(signature.ret_type, question.expected) and question.is_a(signature.ret_type, "builtins.object"):
        arguments = "..." if signature.min_args else ""
        return Finding(
            "A01", f"{question.name} returns an application and is none: pass {question.written}({arguments})"
        )
    return Finding(
        "A01", f"{question.name} takes {_arguments(takes)}, and servers pass two: write {_definition(question)}"
    )


def _too_many(question: Question, signature: CallableType) -> Finding | None:
    if signature.min_args <= 2:
        return None
    expression = question.expression
    if isinstance(expression, MemberExpr) and isinstance(expression.expr, RefExpr):
        owner = expression.expr.node
        if isinstance(owner, TypeInfo) and signature.min_args == 3:
            method = f"{owner.name}(...).{expression.name}"
            return Finding("A01", f"{question.name} is taken from the class and lacks self: pass {method}")
    needs = _arguments(signature.min_args)
    spare = _names(signature.arg_names[2 : signature.min_args])
    return Finding("A01", f"{question.name} needs {needs}, and servers pass two: give {spare} a default")


def _parameters(question: Question, signature: CallableType) -> Finding | None:
    """Compare what the two parameters take with what they are going to be given."""
    environ, start_response = question.expected_signature.arg_types[:2]
    first, second = signature.argument_by_position(0), signature.argument_by_position(1)
    if first is None or second is None:
        return None
    takes_environ, takes_start_response = question.fits(environ, first.typ), question.fits(start_response, second.typ)
    if takes_environ and takes_start_response:
        return None
    if question.fits(start_response, first.typ) and question.fits(environ, second.typ):
        return Finding("A01", f"{question.name} takes its arguments in the wrong order: environ comes first")
    wrong, name, annotation = (
        (second, "start_response", "StartResponse") if takes_environ else (first, "environ", "Environ")
    )
    return Finding(
        "A01",
        f"{question.name} takes {question.name_of(wrong.typ)} where servers pass {name}: annotate it with"
        f" gatewright.types.{annotation}",
    )


# --- What it returns ------------------------------------------------------------------------------------------------


def _result(question: Question, signature: CallableType) -> Finding | None:
    """Look at each type that it may return."""
    wanted = question.expected_signature.ret_type
    returned = get_proper_type(signature.ret_type)
    items = map(get_proper_type, returned.items) if isinstance(returned, UnionType) else [returned]
    unfit = next((item for item in items if not question.fits(item, wanted)), None)
    if unfit is None:
        return None
    rule, advice = _advice(question, unfit)
    if question.is_class:
        return Finding(rule, f"The body that {question.name} makes does not yield bytes: write __iter__ for it")
    verb = "may return" if isinstance(returned, UnionType) else "returns"
    return Finding(rule, f"{question.name} {verb} {question.name_of(unfit)}: {advice}")


def _advice(question: Question, returned: ProperType) -> tuple[str, str]:
    if isinstance(returned, NoneType):
        return "A07", "return an iterable of bytes, such as [] after write()"
    if question.is_a(returned, "builtins.str"):
        return "A08", "return a list of bytes, as in [text.encode()]"
    if question.is_a(returned, "builtins.bytes", "builtins.bytearray", "builtins.memoryview"):
        return "A08", "put it into a list, as in [body]"
    if question.is_iterable(returned, "builtins.str"):
        return "A09", "encode each block, as in [text.encode()]"
    if question.is_iterable(returned):
        return "A09", "make each block bytes"
    return "A07", "return an iterable of bytes, as in [body]"


# --- Stand-ins for start_response -----------------------------------------------------------------------------------


def _no_exc_info(question: Question, signature: CallableType) -> Finding | None:
    if signature.max_possible_positional_args() >= 3 and signature.min_args <= 2:
        return None
    return Finding(
        "S42",
        f"{question.name} takes {_arguments(signature.max_possible_positional_args())}, and applications pass two or"
        " three: let the last be exc_info=None",
    )


def _no_write(question: Question, signature: CallableType) -> Finding | None:
    if question.fits(signature.ret_type, question.expected_signature.ret_type):
        return None
    if question.is_a(signature.ret_type, *_ASYNCHRONOUS):
        return Finding("S43", f"{question.name} is asynchronous, and applications do not await it: drop async")
    returned = question.name_of(signature.ret_type)
    return Finding("S43", f"{question.name} returns {returned}: return what the server's start_response returned")


def _arguments(number: int) -> str:
    return f"{_NUMBERS[number] if number < len(_NUMBERS) else number} argument{'' if number == 1 else 's'}"


def _names(names: Iterable[str | None]) -> str:
    return " and ".join(f'"{name}"' if name else "the last" for name in names)


def _definition(question: Question) -> str:
    """What to write instead, as far as it is known."""
    if isinstance(question.expression, LambdaExpr):
        return "lambda environ, start_response: ..."
    if isinstance(question.found, Instance):
        return "def __call__(self, environ, start_response)"
    if question.is_class:
        return "def __init__(self, environ, start_response)"
    return f"def {question.written.rpartition('.')[2] or 'application'}(environ, start_response)"


_OF_APPLICATIONS: tuple[Ask, ...] = (
    _asgi,
    _asynchronous,
    _keyword_only,
    _too_few,
    _too_many,
    _parameters,
    _result,
)
_OF_START_RESPONSE: tuple[Ask, ...] = (_no_exc_info, _no_write)
