"""The environ: its keys, and what is put into it (error code ``wsgi-environ``).

The types of the known keys are the business of :class:`gatewright.types.Environ`; here is what they cannot say.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from mypy.nodes import CallExpr, DictExpr, Expression, Import, ImportFrom, TypeInfo
from mypy.semanal import SemanticAnalyzer
from mypy.typeanal import TypeAnalyser
from mypy.types import (
    CallableType,
    FunctionLike,
    Instance,
    LiteralType,
    Type,
    UnionType,
    flatten_nested_unions,
    get_proper_type,
)

from gatewright.mypy_plugin.callees import ENVIRONS
from gatewright.mypy_plugin.guard import careful
from gatewright.mypy_plugin.literals import UNKNOWN, Literals
from gatewright.mypy_plugin.messages import WSGI_ENVIRON, report
from gatewright.mypy_plugin.spelling import correction, rule_of
from gatewright.mypy_plugin.variables import value_fault
from gatewright.spec.environ_keys import KINDS, MISPLACED, is_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy.nodes import MypyFile
    from mypy.plugin import (
        AnalyzeTypeContext,
        CheckerPluginInterface,
        FunctionSigContext,
        MethodContext,
        MethodSigContext,
    )

    from gatewright.mypy_plugin.hooks import Host, MethodHook, MethodSignatureHook, ParameterHook, TypeAnalyzeHook

__all__ = [
    "ALIASES",
    "additional_deps",
    "method_hook",
    "method_signature_hook",
    "parameter_hook",
    "type_analyze_hook",
]

_STANDARD = "gatewright.spec.standard_environ.StandardEnviron"
_APPLICATION = "gatewright.types.WSGIApplication.__call__"
ALIASES: Final = frozenset({"wsgiref.types.WSGIEnvironment", "_typeshed.wsgi.WSGIEnvironment"})
"""The names of the standard library's type, before and since Python 3.11."""


# --- Keys -----------------------------------------------------------------------------------------------------------


def method_signature_hook(host: Host, fullname: str) -> MethodSignatureHook | None:
    """Check the keys by which an environ is read and written."""
    owner, _, name = fullname.rpartition(".")
    if owner not in ENVIRONS or name not in _CHECKS:
        return None
    check = careful(partial(_CHECKS[name], host), _no_key)
    of_header: bool | None = None

    def hook(context: MethodSigContext) -> FunctionLike:  # for each overload anew; the first time decides for all
        nonlocal of_header
        if of_header is None:
            key = check(context)
            of_header = key is not None and key not in KINDS and is_header(key)
        return _header_signature(context) if of_header else context.default_signature

    return hook


def _no_key(_: MethodSigContext) -> None:
    return None


def _unchanged(context: FunctionSigContext | MethodSigContext) -> FunctionLike:
    return context.default_signature


def _for_any_header(context: MethodSigContext) -> FunctionLike:
    """Let an overload for well-known headers take any key: the key at hand is that of another header."""
    signature = context.default_signature
    if not signature.arg_types:
        return signature
    keys = get_proper_type(signature.arg_types[0])
    literals = flatten_nested_unions(keys.items) if isinstance(keys, UnionType) else []
    for literal in map(get_proper_type, literals):
        if isinstance(literal, LiteralType) and literal.value == "HTTP_HOST":
            types: list[Type] = [literal.fallback, *signature.arg_types[1:]]
            return signature.copy_modified(arg_types=types)  # pyright: ignore[reportUnknownMemberType]  # its defaults
    return signature


_header_signature: Final = careful(_for_any_header, _unchanged)


def _check_key(host: Host, context: MethodSigContext) -> str | None:
    """Check a key that is read or removed, and return it, if it is known."""
    if not context.args or len(context.args[0]) != 1:
        return None
    node = context.args[0][0]
    key = Literals().value(node)
    if not isinstance(key, str):
        return None
    _tell_spelling(host, context.api, node, key)
    return key


def _check_removal(host: Host, context: MethodSigContext) -> str | None:
    """Check a key that is removed; to remove one that must not be there is good."""
    node = context.args[0][0] if context.args and len(context.args[0]) == 1 else None
    if node is not None and Literals().value(node) in MISPLACED:
        return None
    return _check_key(host, context)


def _check_default(host: Host, context: MethodSigContext) -> str | None:
    """Check ``environ.setdefault(key, value)``."""
    key = _check_key(host, context)
    if key is not None and len(context.args) > 1 and len(context.args[1]) == 1:
        node = context.args[1][0]
        _tell_value(host, context.api, node, key, partial(context.api.get_expression_type, node))
    return key


def _check_update(host: Host, context: MethodSigContext) -> None:
    """Check ``environ.update({...}, KEY=...)``."""
    call = context.context
    if not isinstance(call, CallExpr):
        return
    for node, name in zip(call.args, call.arg_names, strict=True):
        if isinstance(node, DictExpr):
            check_display(host, context.api, node)
        elif name is not None:
            _tell_item(host, context.api, node, name, node)


_CHECKS: Final[dict[str, Callable[[Host, MethodSigContext], str | None]]] = {
    "__getitem__": _check_key,
    "get": _check_key,
    "__delitem__": _check_removal,
    "pop": _check_removal,
    "setdefault": _check_default,
    "update": _check_update,
}


# --- Values ---------------------------------------------------------------------------------------------------------


def method_hook(host: Host, fullname: str) -> MethodHook | None:
    """Check ``environ[key] = value``."""
    if not fullname.endswith(".__setitem__") or fullname.rpartition(".")[0] not in ENVIRONS:
        return None
    return careful(partial(_check_set, host), _result)


def _result(context: MethodContext) -> Type:
    return context.default_return_type


def _check_set(host: Host, context: MethodContext) -> Type:
    key_node, value_node = context.args[0][0], context.args[1][0]
    key = Literals().value(key_node)
    if isinstance(key, str):
        _tell_spelling(host, context.api, key_node, key)
        _tell_value(host, context.api, value_node, key, lambda: context.arg_types[1][0])
    return context.default_return_type


def check_display(host: Host, api: CheckerPluginInterface, node: DictExpr) -> None:
    """Check a dict display that is, or goes into, an environ."""
    for key_node, value_node in node.items:
        key = UNKNOWN if key_node is None else Literals().value(key_node)
        if isinstance(key, str) and key_node is not None:
            _tell_item(host, api, key_node, key, value_node)


def _tell_item(host: Host, api: CheckerPluginInterface, place: Expression, key: str, value: Expression) -> None:
    _tell_spelling(host, api, place, key)
    _tell_value(host, api, value, key, partial(api.get_expression_type, value))


def _tell_spelling(host: Host, api: CheckerPluginInterface, place: Expression, key: str) -> None:
    meant = correction(key)
    if meant is not None:
        message = f'No server gives "{key}" in the environ; did you mean "{meant}"?'
        report(host, api, place, WSGI_ENVIRON, rule_of(meant) if key not in MISPLACED else "S12", message)


def _tell_value(
    host: Host, api: CheckerPluginInterface, node: Expression, key: str, type_of: Callable[[], Type]
) -> None:
    if key not in KINDS and not is_header(key):
        return
    fault = value_fault(api, key, Literals().value(node), type_of)
    if fault is not None:
        report(host, api, node, WSGI_ENVIRON, fault.rule, fault.message)


# --- Displays -------------------------------------------------------------------------------------------------------


def parameter_hook(host: Host, fullname: str, signatures: list[CallableType]) -> ParameterHook | None:
    """Check the dict displays in calls of whatever takes an environ."""
    if fullname != _APPLICATION and not any(map(_takes_environ, signatures)):
        return None
    taken = 0 if fullname == _APPLICATION else None
    return careful(partial(_check_displays, host, taken), _unchanged)


def _takes_environ(signature: CallableType) -> bool:
    return any(map(_is_environ, signature.arg_types))


def _is_environ(formal: Type) -> bool:
    proper = get_proper_type(formal)
    if isinstance(proper, UnionType):
        return any(map(_is_environ, proper.items))
    return isinstance(proper, Instance) and proper.type.fullname in ENVIRONS


def _check_displays(host: Host, taken: int | None, context: FunctionSigContext | MethodSigContext) -> FunctionLike:
    """Check the arguments for parameters that are environs, and for the one that is though typed as a dict."""
    signature = context.default_signature
    for position, (formal, actuals) in enumerate(zip(signature.arg_types, context.args, strict=True)):
        if position == taken or _is_environ(formal):
            for actual in actuals:
                if isinstance(actual, DictExpr):
                    check_display(host, context.api, actual)
    return signature


# --- WSGIEnvironment ------------------------------------------------------------------------------------------------


class _Upgrade:
    """Reads ``WSGIEnvironment`` as an Environ whose values are Any; the plugin has one, and mypy one thread."""

    def __init__(self) -> None:
        self._busy = False

    def hook(self, host: Host, fullname: str) -> TypeAnalyzeHook | None:
        if fullname not in ALIASES or self._busy or not host.settings.upgrade_environ:
            return None
        return careful(partial(self._analyze, host), self._as_ever)

    def _analyze(self, host: Host, context: AnalyzeTypeContext) -> Type:
        analyzer = context.api.api if isinstance(context.api, TypeAnalyser) else None
        own = not isinstance(analyzer, SemanticAnalyzer) or _is_ours(analyzer.cur_mod_id)
        symbol = None if own else host.lookup_fully_qualified(_STANDARD)
        meant = self._as_ever(context)
        if symbol is None or not isinstance(symbol.node, TypeInfo) or _is_environ(meant):
            return meant  # our stubs of wsgiref have made it an Environ, which says more
        return context.api.named_type(_STANDARD, [])

    def _as_ever(self, context: AnalyzeTypeContext) -> Type:
        """Let mypy analyze the name, without asking here again."""
        self._busy = True
        try:
            return context.api.analyze_type(context.type)
        finally:
            self._busy = False


type_analyze_hook: Final = _Upgrade().hook
"""Understand the standard library's ``WSGIEnvironment`` as an environ, whose keys are checked."""


def additional_deps(host: Host, file: MypyFile) -> list[tuple[int, str, int]]:
    """Return what mypy must read before a file that imports ``WSGIEnvironment``, so that it is found."""
    if not host.settings.upgrade_environ or not any(_imports_alias(file)):
        return []
    return [(10, _STANDARD.rpartition(".")[0], -1)]


def _is_ours(module: str) -> bool:
    """Whether the module is ours or the standard library's, which mean a plain dict by the name."""
    return module.partition(".")[0] in ("gatewright", "wsgiref", "_typeshed")


def _imports_alias(file: MypyFile) -> Iterator[bool]:
    for statement in () if _is_ours(file.fullname) else file.imports:
        modules = [statement.id] if isinstance(statement, ImportFrom) else []
        if isinstance(statement, Import):
            modules = [name for name, _ in statement.ids]
        yield any(name.partition(".")[0] in ("wsgiref", "_typeshed") for name in modules)
