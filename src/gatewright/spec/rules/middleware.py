"""Rules M01-M09: what middleware owes to both of its sides, beyond the duties of each."""

from __future__ import annotations

from gatewright.spec.rules.model import Level, Party, Rule

RULES: tuple[Rule, ...] = ()
