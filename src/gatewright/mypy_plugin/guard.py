"""How a surprise inside the plugin stays inside: no opinion, and mypy goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, TypeVar

from mypy.errors import CompileError

__all__ = ["DEBUG", "careful"]

DEBUG: Final = "GATEWRIGHT_MYPY_DEBUG"
"""The environment variable that, set to anything, lets surprises through, as our tests do."""

_Context = TypeVar("_Context")
_Answer = TypeVar("_Answer")


def careful(
    hook: Callable[[_Context], _Answer], otherwise: Callable[[_Context], _Answer]
) -> Callable[[_Context], _Answer]:
    """Make a hook that cannot end mypy's run.

    The hooks read more of mypy's tree than mypy promises to plugins, so that another version may surprise them.

    Args:
        hook: what mypy is to call.
        otherwise: gives the answer where the hook raises: what mypy itself would say.
    """

    def answer(context: _Context) -> _Answer:
        try:
            return hook(context)
        except CompileError:  # mypy's own way to stop
            raise
        except Exception:  # whatever it is, it is no fault of the code that is checked
            if os.environ.get(DEBUG):
                raise
            return otherwise(context)

    return answer
