"""The mypy plugin: what the rules of PEP 3333 say of code, told while it is typed.

In :file:`mypy.ini`, ``plugins = gatewright.mypy_plugin``.  Nothing but mypy imports this package, for mypy is not among
the dependencies of gatewright.
"""

from __future__ import annotations

from gatewright.mypy_plugin.plugin import GatewrightPlugin

__all__ = ["plugin"]


def plugin(version: str) -> type[GatewrightPlugin]:  # noqa: ARG001  # mypy passes it by position
    """Return the plugin; mypy calls this by its name.

    Args:
        version: mypy's.
    """
    return GatewrightPlugin
