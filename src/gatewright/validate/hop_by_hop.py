"""Whether an application looks at request fields that belong to the connection (rule A37).

Looking is not relying, and frameworks look: Werkzeug's routing reads ``HTTP_CONNECTION`` of every request.  So the rule
is enforced only where a policy names it.  A builtin dict tells nobody what is read from it, but it compares the key
that is looked up with the key that it holds; so the held key is made one that notices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from gatewright.spec.grammar import HOP_BY_HOP

if TYPE_CHECKING:
    from gatewright.validate.call import Call

__all__ = ["watch"]

_VARIABLES = frozenset("HTTP_" + name.upper().replace("-", "_") for name in HOP_BY_HOP)


class _WatchedKey(str):
    """A key that reports when it is compared with an equal one: somebody looked it up."""

    __slots__ = ("_call",)

    _call: Call

    def __new__(cls, text: str, call: Call) -> Self:
        """Make the key; the call is where it reports."""
        self = super().__new__(cls, text)
        self._call = call
        return self

    def __eq__(self, other: object) -> bool:
        """Compare as str does, and report what is equal while the application runs."""
        same = str.__eq__(self, other) is True
        if same and self._call.running and type(other) is str:
            self._call.found("A37", f"the application looks up {other}, which belongs to the connection", other)
        return same

    __hash__ = str.__hash__


def watch(environ: dict[str, Any], call: Call) -> None:
    """Put keys that notice in place of the hop-by-hop variables of this request."""
    for name in [name for name in environ if type(name) is str and name in _VARIABLES]:
        environ[_WatchedKey(name, call)] = environ.pop(name)
