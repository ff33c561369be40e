"""The plugin that mypy makes: it asks each concern in turn for a hook."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mypy.errors import CompileError
from mypy.plugin import FunctionSigContext, MethodSigContext, Plugin
from mypy.types import CallableType

from gatewright.errors import ConfigurationError
from gatewright.mypy_plugin import applications, callees, environ, responses
from gatewright.mypy_plugin.options import Settings, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.nodes import MypyFile
    from mypy.options import Options
    from mypy.plugin import ReportConfigContext
    from mypy.types import FunctionLike

    from gatewright.mypy_plugin.hooks import (
        ClassHook,
        FunctionSignatureHook,
        Host,
        MethodHook,
        MethodSignatureHook,
        ParameterHook,
        TypeAnalyzeHook,
    )

__all__ = ["GatewrightPlugin"]

# Who is asked about the signature of what is called: by its name, and by what it takes.  Each in turn sees the
# signature as the one before left it.
_BY_FUNCTION: tuple[Callable[[Host, str], FunctionSignatureHook | None], ...] = (responses.function_signature_hook,)
_BY_METHOD: tuple[Callable[[Host, str], MethodSignatureHook | None], ...] = (
    responses.method_signature_hook,
    environ.method_signature_hook,
)
_BY_PARAMETERS: tuple[Callable[[Host, str, list[CallableType]], ParameterHook | None], ...] = (
    applications.parameter_hook,
    environ.parameter_hook,
)

_PACKAGE = Path(__file__).parent.parent
_SOURCES = ("mypy_plugin", "spec")


_Context = TypeVar("_Context", FunctionSigContext, MethodSigContext)


class GatewrightPlugin(Plugin):
    """Checks the WSGI in what mypy reads.

    Attributes:
        settings: what the user chose; the defaults, if that cannot be used.
        fingerprint: all that the findings depend on beside the code; mypy's cache is good for one fingerprint only.
    """

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.settings: Settings = Settings()
        # What takes nothing of WSGI, by name: most functions are called more than once.
        self._functions: set[str] = set()
        self._methods: set[str] = set()
        self._problem: str | None = None
        try:
            self.settings = read(options.config_file) if options.config_file else Settings()
        except ConfigurationError as error:
            self._problem = f"{options.config_file}: error: {error}"
        chosen = [*sorted(self.settings.disable), self.settings.upgrade_environ, self._problem]
        self.fingerprint: str = f"{_digest()} {chosen}"

    def set_modules(self, modules: dict[str, MypyFile]) -> None:
        """Take the modules that mypy has read, before it looks into them.

        Raises:
            CompileError: if the settings cannot be used.  mypy shows it as an error of its own and ends with status 2.
                Raised by the constructor, it would end mypy's daemon with a traceback.
        """
        if self._problem is not None:
            raise CompileError([self._problem])
        super().set_modules(modules)

    def report_config_data(self, ctx: ReportConfigContext) -> str:
        """Return the fingerprint, which mypy keeps with what it caches of each module."""
        return self.fingerprint

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """Return what else mypy must read before it looks into a file."""
        return environ.additional_deps(self, file)

    # mypy asks these of every call, annotation and base class: nobody may answer for a name that is none of his, for
    # the first plugin with an answer is the only one to be heard.

    def get_function_signature_hook(self, fullname: str) -> FunctionSignatureHook | None:
        """Return what sees the signature of a function or class before a call of it is checked."""
        if fullname in self._functions or fullname.startswith(callees.NEVER):
            return None
        hooks = [hook for ask in _BY_FUNCTION if (hook := ask(self, fullname))]
        return _in_turn([*hooks, *self._parameter_hooks(fullname, None if hooks else self._functions)])

    def get_method_signature_hook(self, fullname: str) -> MethodSignatureHook | None:
        """Return what sees the signature of a method before a call of it is checked."""
        if fullname in self._methods or fullname.startswith(callees.NEVER):
            return None
        hooks = [hook for ask in _BY_METHOD if (hook := ask(self, fullname))]
        return _in_turn([*hooks, *self._parameter_hooks(fullname, None if hooks else self._methods)])

    def _parameter_hooks(self, fullname: str, unconcerned: set[str] | None) -> list[ParameterHook]:
        """Ask what a function takes, and remember its name if it is nothing of WSGI."""
        signatures = callees.signatures(self, fullname)
        if signatures:
            return [hook for ask in _BY_PARAMETERS if (hook := ask(self, fullname, signatures))]
        in_daemon = self.options.fine_grained_incremental  # where functions change
        if signatures is not None and unconcerned is not None and not in_daemon:
            unconcerned.add(fullname)
        return []

    def get_method_hook(self, fullname: str) -> MethodHook | None:
        """Return what sees the result of a method after a call of it was checked."""
        return environ.method_hook(self, fullname)

    def get_base_class_hook(self, fullname: str) -> ClassHook | None:
        """Return what sees the definition of a class that names this one as a base."""
        return responses.base_class_hook(self, fullname)

    def get_type_analyze_hook(self, fullname: str) -> TypeAnalyzeHook | None:
        """Return what reads a name in an annotation."""
        return environ.type_analyze_hook(self, fullname) if fullname in environ.ALIASES else None


def _in_turn(hooks: list[Callable[[_Context], FunctionLike]]) -> Callable[[_Context], FunctionLike] | None:
    """Make one hook of several; mypy calls it with a NamedTuple."""
    if len(hooks) <= 1:
        return hooks[0] if hooks else None

    def hook(context: _Context) -> FunctionLike:
        for one in hooks:
            signature = one(context)
            if not isinstance(signature, CallableType):
                return signature
            context = context._replace(default_signature=signature)
        return context.default_signature

    return hook


def _digest() -> str:
    """Sum up the sources that decide on findings; mypy does that for the entry module alone."""
    digest = hashlib.sha256()
    for path in sorted(path for name in _SOURCES for path in (_PACKAGE / name).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
