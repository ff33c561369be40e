"""Where in the application's code a rule was broken, as far as that can be known."""

from __future__ import annotations

import sys
from types import CodeType, FrameType, GeneratorType
from typing import cast

__all__ = ["frame_of_caller", "place_of_application", "place_of_body", "place_of_caller"]

_HERE = __name__.rpartition(".")[0]


def frame_of_caller() -> FrameType:
    """Return the nearest frame that runs no code of the validator, or the outermost."""
    frame = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # inspect, which wraps it, imports much
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(_HERE):
        frame = frame.f_back
    return frame


def place_of_caller() -> str:
    """Return the line that called the validator: of an application's code, where the application called it."""
    frame = frame_of_caller()
    return _place(frame.f_code, frame.f_lineno)


def place_of_application(application: object) -> str | None:
    """Return where a callable was defined, or None if it is not written in Python."""
    for candidate in (application, getattr(application, "__func__", None), getattr(application, "__call__", None)):  # noqa: B004  # the method itself is looked at
        code: object = getattr(getattr(candidate, "__func__", candidate), "__code__", None)
        if isinstance(code, CodeType):
            return _place(code, code.co_firstlineno)
    return None


def place_of_body(iterator: object) -> str | None:
    """Return the line at which a generator stands, or None if it is none."""
    if not isinstance(iterator, GeneratorType):
        return None
    generator = cast("GeneratorType[object, object, object]", iterator)
    frame, code = generator.gi_frame, generator.gi_code
    return _place(code, code.co_firstlineno if frame is None else frame.f_lineno)


def _place(code: CodeType, line: int) -> str:
    return f"{code.co_filename}:{line} in {code.co_qualname}"
