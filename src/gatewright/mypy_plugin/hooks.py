"""What a concern of the plugin is given when mypy asks for a hook, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from mypy.plugin import (
    AnalyzeTypeContext,
    ClassDefContext,
    FunctionSigContext,
    MethodContext,
    MethodSigContext,
)
from mypy.types import FunctionLike, Type

if TYPE_CHECKING:
    from mypy.nodes import SymbolTableNode

    from gatewright.mypy_plugin.options import Settings

__all__ = [
    "ClassHook",
    "FunctionSignatureHook",
    "Host",
    "MethodHook",
    "MethodSignatureHook",
    "ParameterHook",
    "TypeAnalyzeHook",
]

FunctionSignatureHook: TypeAlias = Callable[[FunctionSigContext], FunctionLike]
MethodSignatureHook: TypeAlias = Callable[[MethodSigContext], FunctionLike]
ParameterHook: TypeAlias = Callable[[FunctionSigContext | MethodSigContext], FunctionLike]
MethodHook: TypeAlias = Callable[[MethodContext], Type]
ClassHook: TypeAlias = Callable[[ClassDefContext], None]
TypeAnalyzeHook: TypeAlias = Callable[[AnalyzeTypeContext], Type]


class Host(Protocol):
    """The plugin, as a concern sees it."""

    @property
    def settings(self) -> Settings:
        """What the user chose."""
        ...

    def lookup_fully_qualified(self, fullname: str, /) -> SymbolTableNode | None:
        """Find a name in any module that mypy has read; None if there is none."""
        ...
