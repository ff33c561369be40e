"""Values for the variables of an environ, held against the rules by what is known of them: the value, or its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from mypy.messages import format_type_bare
from mypy.subtypes import is_subtype
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    NoneType,
    Overloaded,
    ProperType,
    TupleType,
    Type,
    TypeType,
    UnionType,
    get_proper_type,
)

from gatewright.mypy_plugin.literals import is_known
from gatewright.spec.checks import check_variable
from gatewright.spec.checks.environ import ERRORS_METHODS, INPUT_METHODS
from gatewright.spec.environ_keys import KINDS, Kind

if TYPE_CHECKING:
    from mypy.plugin import CheckerPluginInterface

__all__ = ["Fault", "value_fault"]


class Fault(NamedTuple):
    """A breach of a rule."""

    rule: str
    """Its id."""

    message: str
    """What is wrong."""


def value_fault(api: CheckerPluginInterface, key: str, value: object, type_of: Callable[[], Type]) -> Fault | None:
    """Say what is wrong with a value for a variable.

    Args:
        api: the type checker.
        key: a known key, or that of a request header.
        value: the value, as far as the source tells.
        type_of: finds the type of the value.

    Returns:
        The first fault, or None if there is none or nothing certain is known.
    """
    kind = KINDS.get(key, Kind.TEXT)
    if kind in _BY_VALUE and is_known(value):
        violation = check_variable(key, value)
        return None if violation is None else Fault(violation.rule.id, violation.message)
    for item in _items(get_proper_type(type_of())):
        rule = _BY_TYPE[kind](api, item)
        if rule is not None:
            return Fault(rule, _message(key, kind, item, format_type_bare(item, api.options)))
    return None


def _message(key: str, kind: Kind, item: ProperType, found: str) -> str:
    lacking = _lacking(item, _METHODS.get(kind, ()))
    if lacking is not None:
        return f'environ["{key}"] is to have {lacking}(), which "{found}" has not'
    return f'environ["{key}"] is to be {kind.value}, not "{found}"'


def _items(found: ProperType) -> list[ProperType]:
    return [get_proper_type(item) for item in found.relevant_items()] if isinstance(found, UnionType) else [found]


# Each says which rule a type breaks, or None; what mypy itself does not know breaks none.


def _text(api: CheckerPluginInterface, found: ProperType) -> str | None:
    if isinstance(found, NoneType):
        return "S20"
    return None if is_subtype(found, api.named_generic_type("builtins.str", [])) else "S18"


def _flag(_: CheckerPluginInterface, found: ProperType) -> str | None:
    """PEP 3333 asks for a value that is true or false, and servers give 0 and 1; text is always true."""
    names = {base.fullname for base in found.type.mro} if isinstance(found, Instance) else set[str]()
    return "S29" if isinstance(found, NoneType) or names & {"builtins.str", "builtins.bytes"} else None


def _version(_: CheckerPluginInterface, found: ProperType) -> str | None:
    if isinstance(found, TupleType | AnyType):
        return None
    is_tuple = isinstance(found, Instance) and found.type.has_base("builtins.tuple")
    return None if is_tuple or not isinstance(found, Instance | NoneType) else "S24"


def _input(_: CheckerPluginInterface, found: ProperType) -> str | None:
    if _lacking(found, INPUT_METHODS):
        return "S26"
    is_text = isinstance(found, Instance) and (found.type.has_base("io.TextIOBase") or _is_text_file(found))
    return "S35" if is_text else None


def _is_text_file(found: Instance) -> bool:
    if found.type.has_base("typing.TextIO"):
        return True
    item = get_proper_type(found.args[0]) if found.type.fullname == "typing.IO" and found.args else None
    return isinstance(item, Instance) and item.type.fullname == "builtins.str"


def _errors(_: CheckerPluginInterface, found: ProperType) -> str | None:
    return "S27" if _lacking(found, ERRORS_METHODS) else None


def _wrapper(_: CheckerPluginInterface, found: ProperType) -> str | None:
    return "S73" if _lacking(found, _WRAPPER_METHODS) else None


def _lacking(found: ProperType, names: tuple[str, ...]) -> str | None:
    """Return the first of these methods that objects of the type certainly have not."""
    if not names or (isinstance(found, CallableType | Overloaded | TypeType) and names == _WRAPPER_METHODS):
        return None
    if isinstance(found, CallableType | Overloaded | TypeType | NoneType | TupleType):
        return names[0]
    if not isinstance(found, Instance):
        return None
    info = found.type
    if info.fallback_to_any or info.get("__getattr__") or info.fullname == "builtins.object":
        return None
    return next((name for name in names if not info.get(name)), None)


_WRAPPER_METHODS = ("__call__",)
_METHODS: Final = {Kind.INPUT: INPUT_METHODS, Kind.ERRORS: ERRORS_METHODS}

_BY_VALUE: Final = frozenset({Kind.TEXT, Kind.VERSION})
"""The kinds of which there are literals."""

_BY_TYPE: Final[dict[Kind, Callable[[CheckerPluginInterface, ProperType], str | None]]] = {
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.VERSION: _version,
    Kind.INPUT: _input,
    Kind.ERRORS: _errors,
    Kind.WRAPPER: _wrapper,
}
