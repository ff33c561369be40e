"""How the plugin says what is wrong: one error with the rule's id, one note with the rule's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy.errorcodes import ErrorCode

from gatewright.spec.rules import RULES

if TYPE_CHECKING:
    from mypy.nodes import Context
    from mypy.plugin import CheckerPluginInterface

__all__ = ["WSGI_APP", "WSGI_ENVIRON", "WSGI_HEADER", "WSGI_STATUS", "report"]

WSGI_APP: Final = ErrorCode("wsgi-app", "Check that WSGI applications can be called as PEP 3333 says", "WSGI")
WSGI_STATUS: Final = ErrorCode("wsgi-status", "Check literal statuses of WSGI responses", "WSGI")
WSGI_HEADER: Final = ErrorCode("wsgi-header", "Check literal headers of WSGI responses", "WSGI")
WSGI_ENVIRON: Final = ErrorCode("wsgi-environ", "Check keys and values of the WSGI environ", "WSGI")


def report(api: CheckerPluginInterface, context: Context, code: ErrorCode, rule: str, message: str) -> None:
    """Report a breach of a rule.

    Args:
        api: the type checker, from the context that mypy gives to a hook.
        context: the expression that is wrong.
        code: one of the codes of this module.
        rule: the id of the rule.
        message: what is wrong, then what to write instead; no full stop.
    """
    api.fail(f"{message} ({rule})", context, code=code)
    api.msg.note(f"Rule {rule}: {RULES[rule].url}", context, code=code)
