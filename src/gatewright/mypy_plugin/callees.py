"""What is called, and whether it takes something of WSGI, by the name that mypy gives to hooks.

mypy asks for each call that it checks, so the answer must be cheap where it is no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy.nodes import Decorator, FuncDef, OverloadedFuncDef, TypeInfo, Var
from mypy.types import CallableType, Instance, Overloaded, UnionType, get_proper_type

if TYPE_CHECKING:
    from mypy.nodes import SymbolNode
    from mypy.types import Type

    from gatewright.mypy_plugin.hooks import Host

__all__ = ["APPLICATIONS", "ENVIRONS", "NEVER", "START_RESPONSES", "signatures"]

APPLICATIONS: Final = frozenset({"gatewright.types.WSGIApplication"})
"""The names of the type of applications; typeshed's is an alias, which is told by its shape."""

START_RESPONSES: Final = frozenset(
    {"gatewright.types.StartResponse", "wsgiref.types.StartResponse", "_typeshed.wsgi.StartResponse"}
)
"""The names of the type of ``start_response``."""

ENVIRONS: Final = frozenset({"gatewright.types.Environ", "gatewright.spec.standard_environ.StandardEnviron"})
"""The names of the types of environs that are more than dicts."""

NEVER: Final = ("builtins.", "typing.", "collections.")
"""How the names begin that most calls are of; they are none of ours."""

_TAKES_NOTHING = (*NEVER, *(f"{environ}." for environ in sorted(ENVIRONS)))

_TAKEN = APPLICATIONS | START_RESPONSES | ENVIRONS
_DECLARED = (FuncDef, OverloadedFuncDef, Var)
_CONSTRUCTORS = ("__init__", "__new__")


def signatures(host: Host, fullname: str) -> list[CallableType] | None:
    """Return how something can be called, as far as it is declared.

    Args:
        host: the plugin.
        fullname: the name that mypy gives to hooks.

    Returns:
        Nothing, if it takes nothing of WSGI or is not found; None, if that is not known yet.
    """
    node = None if fullname.startswith(_TAKES_NOTHING) else _find(host, fullname)
    found = [] if node is None else _signatures(node)
    if found is None or any(_is_taken(formal) for signature in found for formal in signature.arg_types):
        return found
    return []


def _signatures(node: SymbolNode) -> list[CallableType] | None:
    if isinstance(node, TypeInfo):
        return [signature for name in _CONSTRUCTORS for signature in _declared(_member(node, name)) or ()]
    return _declared(node)


def _find(host: Host, fullname: str) -> SymbolNode | None:
    """Find what is called; mypy names a method by the class of the object, which may have inherited it."""
    found = host.lookup_fully_qualified(fullname)
    if found is not None:
        return found.node
    owner, _, name = fullname.rpartition(".")
    found = host.lookup_fully_qualified(owner)
    return _member(found.node, name) if found is not None and isinstance(found.node, TypeInfo) else None


def _member(owner: TypeInfo, name: str) -> SymbolNode | None:
    """Find a method, wherever it is inherited from."""
    base = owner.get_containing_type_info(name)
    return None if base is None or base.fullname.startswith(NEVER) else base.names[name].node


def _declared(node: SymbolNode | None) -> list[CallableType] | None:
    if isinstance(node, Decorator):
        node = node.var
    if not isinstance(node, _DECLARED) or node.type is None:
        return None
    declared = get_proper_type(node.type)
    if isinstance(declared, CallableType):
        return [declared]
    return declared.items if isinstance(declared, Overloaded) else []


def _is_taken(formal: Type) -> bool:
    if isinstance(formal, Instance):
        return formal.type.fullname in _TAKEN
    proper = get_proper_type(formal)
    if isinstance(proper, UnionType):
        return any(map(_is_taken, proper.items))
    if isinstance(proper, CallableType):  # an application, perhaps
        return len(proper.arg_types) == 2 and _is_taken(proper.arg_types[1])
    return isinstance(proper, Instance) and proper.type.fullname in _TAKEN
