"""Applications: whether what is passed as one can be called as PEP 3333 says (error code ``wsgi-app``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatewright.mypy_plugin.hooks import FunctionSignatureHook, Host, MethodSignatureHook

__all__ = ["function_signature_hook", "method_signature_hook"]


def function_signature_hook(host: Host, fullname: str) -> FunctionSignatureHook | None:  # noqa: ARG001  # a skeleton
    """Check calls of functions and classes that take an application."""
    return None


def method_signature_hook(host: Host, fullname: str) -> MethodSignatureHook | None:  # noqa: ARG001  # a skeleton
    """Check calls of methods that take an application."""
    return None
