"""The plugin's settings: ``[gatewright-mypy]`` in mypy's ini files, ``[tool.gatewright.mypy]`` in pyproject.toml."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Settings"]


@frozen
class Settings:
    """What the user chose.

    Attributes:
        disabled: ids of rules that the plugin does not check; what mypy itself says stays.
        upgrade_environ: whether ``wsgiref.types.WSGIEnvironment`` means :class:`gatewright.types.Environ`.
    """

    disabled: frozenset[str] = frozenset()
    upgrade_environ: bool = True

    def checks(self, rule: str) -> bool:
        """Say whether breaches of the rule are reported."""
        return rule not in self.disabled
