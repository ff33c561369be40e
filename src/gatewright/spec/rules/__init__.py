"""The rulebook: every duty of PEP 3333 that gatewright knows, by id.

The rules stand in one module per section, in the order of PEP 3333; all other parts of gatewright quote them from here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from gatewright.spec.rules import application, body, environ, extensions, middleware, start_response, streams
from gatewright.spec.rules.model import Enforcer, Level, Party, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "Enforcer", "Level", "Party", "Rule"]

_SECTIONS = (environ, streams, start_response, body, extensions, application, middleware)

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for section in _SECTIONS for rule in section.RULES})
"""Every rule by its id, in the order of the rulebook."""
