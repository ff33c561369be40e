"""The plugin that mypy makes: it asks each concern in turn for a hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.plugin import Plugin

from gatewright.mypy_plugin import applications
from gatewright.mypy_plugin.options import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.options import Options

    from gatewright.mypy_plugin.hooks import (
        AttributeHook,
        ClassHook,
        FunctionHook,
        FunctionSignatureHook,
        Host,
        MethodHook,
        MethodSignatureHook,
        TypeAnalyzeHook,
    )

__all__ = ["GatewrightPlugin"]

# Which concern answers which question of mypy.  The first hook counts, as it does among plugins: nobody may answer for
# a name that is none of his.
_FUNCTION_SIGNATURE: tuple[Callable[[Host, str], FunctionSignatureHook | None], ...] = (
    applications.function_signature_hook,
)
_FUNCTION: tuple[Callable[[Host, str], FunctionHook | None], ...] = ()
_METHOD_SIGNATURE: tuple[Callable[[Host, str], MethodSignatureHook | None], ...] = (applications.method_signature_hook,)
_METHOD: tuple[Callable[[Host, str], MethodHook | None], ...] = ()
_ATTRIBUTE: tuple[Callable[[Host, str], AttributeHook | None], ...] = ()
_BASE_CLASS: tuple[Callable[[Host, str], ClassHook | None], ...] = ()
_TYPE_ANALYZE: tuple[Callable[[Host, str], TypeAnalyzeHook | None], ...] = ()


class GatewrightPlugin(Plugin):
    """Checks the WSGI in what mypy reads."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.settings = Settings()

    def get_function_signature_hook(self, fullname: str) -> FunctionSignatureHook | None:
        """Return what sees the signature of a function or class before a call of it is checked."""
        return next((hook for ask in _FUNCTION_SIGNATURE if (hook := ask(self, fullname))), None)

    def get_function_hook(self, fullname: str) -> FunctionHook | None:
        """Return what sees the result of a function or class after a call of it was checked."""
        return next((hook for ask in _FUNCTION if (hook := ask(self, fullname))), None)

    def get_method_signature_hook(self, fullname: str) -> MethodSignatureHook | None:
        """Return what sees the signature of a method before a call of it is checked."""
        return next((hook for ask in _METHOD_SIGNATURE if (hook := ask(self, fullname))), None)

    def get_method_hook(self, fullname: str) -> MethodHook | None:
        """Return what sees the result of a method after a call of it was checked."""
        return next((hook for ask in _METHOD if (hook := ask(self, fullname))), None)

    def get_attribute_hook(self, fullname: str) -> AttributeHook | None:
        """Return what sees an attribute of an instance where it is read or set."""
        return next((hook for ask in _ATTRIBUTE if (hook := ask(self, fullname))), None)

    def get_base_class_hook(self, fullname: str) -> ClassHook | None:
        """Return what sees the definition of a class that names this one as a base."""
        return next((hook for ask in _BASE_CLASS if (hook := ask(self, fullname))), None)

    def get_type_analyze_hook(self, fullname: str) -> TypeAnalyzeHook | None:
        """Return what reads a name in an annotation."""
        return next((hook for ask in _TYPE_ANALYZE if (hook := ask(self, fullname))), None)
