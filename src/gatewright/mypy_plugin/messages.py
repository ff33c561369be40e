"""How the plugin says what is wrong: one error with the rule's id, one note with the rule's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy.errorcodes import ARG_TYPE, ErrorCode

from gatewright.spec.rules import RULES

if TYPE_CHECKING:
    from mypy.nodes import Context
    from mypy.plugin import CheckerPluginInterface, SemanticAnalyzerPluginInterface

    from gatewright.mypy_plugin.hooks import Host

__all__ = ["WSGI_APP", "WSGI_ENVIRON", "WSGI_HEADER", "WSGI_STATUS", "report"]

# It stands where mypy would say arg-type, so "type: ignore[arg-type]" goes on to work.
WSGI_APP: Final = ErrorCode("wsgi-app", "Check what is passed as a WSGI application", "WSGI", sub_code_of=ARG_TYPE)
WSGI_STATUS: Final = ErrorCode("wsgi-status", "Check literal statuses of WSGI responses", "WSGI")
WSGI_HEADER: Final = ErrorCode("wsgi-header", "Check literal headers of WSGI responses", "WSGI")
WSGI_ENVIRON: Final = ErrorCode("wsgi-environ", "Check keys and values of the WSGI environ", "WSGI")


def report(
    host: Host,
    api: CheckerPluginInterface | SemanticAnalyzerPluginInterface,
    context: Context,
    code: ErrorCode,
    rule: str,
    message: str,
) -> bool:
    """Report a breach of a rule, unless the user has disabled the rule.

    Args:
        host: the plugin.
        api: the type checker or the semantic analyzer, from the context that mypy gives to a hook.
        context: the expression that is wrong.
        code: one of the codes of this module.
        rule: the id of the rule.
        message: what is wrong, then what to write instead; no full stop.

    Returns:
        Whether the breach was reported.
    """
    if not host.settings.checks(rule):
        return False
    api.fail(f"{message} ({rule})", context, code=code)
    api.msg.note(f"Rule {rule}: {RULES[rule].url}", context, code=code)
    return True
