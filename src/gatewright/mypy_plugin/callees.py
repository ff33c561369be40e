"""What is called, and how it can be called, by the name that mypy gives to hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import Decorator, FuncDef, OverloadedFuncDef, TypeInfo, Var
from mypy.types import CallableType, Overloaded, get_proper_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy.nodes import SymbolNode

    from gatewright.mypy_plugin.hooks import Host

__all__ = ["NEVER", "find", "signatures"]

NEVER = ("builtins.", "typing.", "collections.")
"""How the names begin that most calls are of; none of them takes an application or an environ."""

_CONSTRUCTORS = ("__init__", "__new__")


def find(host: Host, fullname: str) -> SymbolNode | None:
    """Find what is called; mypy names a method by the class of the object, which may have inherited it."""
    found = host.lookup_fully_qualified(fullname)
    if found is not None:
        return found.node
    owner, _, name = fullname.rpartition(".")
    found = host.lookup_fully_qualified(owner)
    return _member(found.node, name) if found is not None and isinstance(found.node, TypeInfo) else None


def _member(owner: TypeInfo, name: str) -> SymbolNode | None:
    """Find a method, except those that every object has."""
    base = owner.get_containing_type_info(name)
    return None if base is None or base.fullname == "builtins.object" else base.names[name].node


def signatures(node: SymbolNode | None) -> Iterator[CallableType]:
    """Yield the signatures that something can be called with, as far as they are declared."""
    if isinstance(node, TypeInfo):
        for name in _CONSTRUCTORS:
            yield from signatures(_member(node, name))
        return
    if isinstance(node, Decorator):
        node = node.var
    if isinstance(node, FuncDef | OverloadedFuncDef | Var) and node.type is not None:
        declared = get_proper_type(node.type)
        if isinstance(declared, CallableType):
            yield declared
        elif isinstance(declared, Overloaded):
            yield from declared.items
