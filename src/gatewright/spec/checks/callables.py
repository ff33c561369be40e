"""What servers offer to be called, held against the rules: ``start_response`` and ``wsgi.file_wrapper``."""

from __future__ import annotations

from types import FunctionType, MethodType

from gatewright.spec.checks.breach import broken

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from gatewright.spec.checks.violation import Violation

_VARARGS = 0x04
"""The flag of code that takes ``*args`` (:data:`inspect.CO_VARARGS`)."""


def check_start_response(start_response: object) -> Violation | None:
    """Return why this is no ``start_response`` (rule S42), or None."""
    if not callable(start_response):
        return broken("S42", f"start_response is not callable: {start_response!r}", start_response)
    if takes(start_response, 2, 3):
        return None
    message = f"start_response does not take two positional arguments and an optional third: {start_response!r}"
    return broken("S42", message, start_response)


def check_file_wrapper(wrapper: object) -> Violation | None:
    """Return why this is no ``wsgi.file_wrapper`` (rule S73), or None."""
    if callable(wrapper) and takes(wrapper, 1, 2):
        return None
    message = f"wsgi.file_wrapper does not take a file and an optional block size by position: {wrapper!r}"
    return broken("S73", message, wrapper)


def check_wrapped_file(file: object, wrapped: object) -> Violation | None:
    """Return what is wrong with what ``wsgi.file_wrapper`` made of a file (rules S74, S76), or None."""
    if not hasattr(wrapped, "__iter__") and not hasattr(wrapped, "__getitem__"):
        return broken("S74", f"wsgi.file_wrapper must return an iterable, not {wrapped!r}", wrapped)
    if hasattr(file, "close") and not hasattr(wrapped, "close"):
        message = f"wsgi.file_wrapper returned an object without close() for a file that has it: {wrapped!r}"
        return broken("S76", message, wrapped)
    return None


def takes(function: object, least: int, most: int) -> bool:
    """Whether a callable takes any number of positional arguments from ``least`` to ``most``, and needs no others.

    What does not tell its parameters, as some callables written in C, is taken to do so.
    """
    plain: object = function.__func__ if type(function) is MethodType else function
    if type(plain) is not FunctionType:
        return _takes_by_signature(function, least, most)
    code, defaults = plain.__code__, plain.__defaults__
    bound = 1 if type(function) is MethodType else 0
    count = code.co_argcount - bound
    return (
        (count >= most or bool(code.co_flags & _VARARGS))
        and count - (len(defaults) if defaults else 0) <= least
        and (not code.co_kwonlyargcount or len(plain.__kwdefaults__ or ()) == code.co_kwonlyargcount)
    )


def _takes_by_signature(function: object, least: int, most: int) -> bool:
    import inspect  # only for what is neither a function nor a method of a class in Python

    try:
        signature = inspect.signature(function, follow_wrapped=False)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a callable of any kind
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(*[None] * least)
        signature.bind(*[None] * most)
    except TypeError:
        return False
    return True
