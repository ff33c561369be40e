"""The mypy plugin: what the rules of PEP 3333 say of code, told while it is typed.

In :file:`mypy.ini`, ``plugins = gatewright.mypy_plugin``.  Nothing but mypy imports this package, for mypy is not among
the dependencies of gatewright.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewright.mypy_plugin.plugin import GatewrightPlugin

if TYPE_CHECKING:
    from mypy.options import Options

__all__ = ["plugin"]

__version__ = ""
"""For mypy, whose daemon looks at this after it has made the plugin, to see whether it has to start anew."""


class _Plugin(GatewrightPlugin):
    """The plugin, as mypy makes it."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        global __version__  # noqa: PLW0603  # the one place where mypy looks
        __version__ = self.fingerprint


def plugin(version: str) -> type[GatewrightPlugin]:  # noqa: ARG001  # mypy passes it by position
    """Return the plugin; mypy calls this by its name.

    Args:
        version: mypy's.
    """
    return _Plugin
