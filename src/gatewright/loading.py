"""Find the application that a string names: ``MODULE:APP`` or ``MODULE:FACTORY()``.

The names are the operator's, and so are the mistakes: every failure is a
:class:`~gatewright.errors.ConfigurationError` whose one line says what is wrong, and where.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import FunctionType

from gatewright.errors import ConfigurationError
from gatewright.spec.checks.callables import takes

TYPE_CHECKING = False  # that of typing, whose import CGI would pay for at each request

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatewright.types import WSGIApplication

__all__ = ["load"]

_ASYNCHRONOUS = 0x80 | 0x200
"""The flags of coroutine functions and asynchronous generators (:data:`inspect.CO_COROUTINE` and the like)."""


def load(target: str) -> WSGIApplication:
    """Import the application that ``target`` names.

    Modules are looked up as ``python -m`` does, the current directory first: from then on it stands in ``sys.path``,
    unless Python runs with ``-P``. Whatever the import set up stays, also when this raises.

    Args:
        target: ``MODULE:APP``, where ``APP`` is an attribute of the module, or attributes of attributes joined by
            dots; or ``MODULE:FACTORY()``, where the named object is called without arguments to make the application.

    Returns:
        The application. It can be called with an environ and a ``start_response``; it has not been.

    Raises:
        ConfigurationError: The target is not of that form; there is no such module or attribute; the module or the
            factory raised, in which case that exception is the cause; or what was found is no WSGI application.
    """
    name = target.removesuffix("()")
    module, _, path = name.partition(":")
    if not all(word.replace("_", "x").isalnum() for word in [*module.split("."), *path.split(".")]):
        raise ConfigurationError(f"{target!r} is not of the form MODULE:APP or MODULE:FACTORY(){_guess(target)}")
    found = _look_up(_import(module), module, path)
    if name == target:
        return _expect_application(found, f"{name!r} is")
    if not callable(found):
        raise ConfigurationError(f"{name!r} is {_kind(found)}, which cannot be called to make an application")
    if _is_asynchronous(found):
        raise ConfigurationError(f"{name!r} is an asynchronous function, which cannot make a WSGI application")
    return _expect_application(_attempt(found, f"{target!r} failed"), f"{target!r} returned")


def _guess(target: str) -> str:
    """Ask for the form, with what is there: the name of a module, or of a file, and that of the application perhaps."""
    file, _, path = target.partition(":")
    module = file.removeprefix("./").removesuffix(".py").replace("/", ".")
    path = path or "application"
    if not all(word.isidentifier() for word in [*module.split("."), *path.split(".")]):
        return ""
    return f"; is {f'{module}:{path}'!r} meant?"


def _import(name: str) -> object:
    _look_in_current_directory()
    try:
        return _attempt(lambda: importlib.import_module(name), f"cannot import {name!r}")
    except ConfigurationError as failure:
        absent = failure.__cause__
        if isinstance(absent, ModuleNotFoundError) and f"{name}.".startswith(f"{absent.name}."):
            raise ConfigurationError(_absence(name, str(absent.name))) from absent
        raise


def _look_in_current_directory() -> None:
    here = os.getcwd()
    if not sys.flags.safe_path and "" not in sys.path and here not in sys.path:
        sys.path.insert(0, here)


def _absence(name: str, absent: str) -> str:
    if name.endswith(".py"):
        return f"{name!r} is the name of a file; of a module it is {name.removesuffix('.py')!r}"
    places = "on Python's path" if sys.flags.safe_path else "in the current directory or on Python's path"
    return f"no module named {absent!r} {places}"


def _attempt(action: Callable[[], object], complaint: str) -> object:
    """Run code of the user's; whatever it raises, ``sys.exit()`` included, becomes one line that says where."""
    try:
        return action()
    except (Exception, SystemExit) as error:
        words = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
        what = f"{type(error).__name__}: {words}" if words else type(error).__name__
        raise ConfigurationError(f"{complaint}: {what}{_place(error)}") from error


def _place(error: BaseException) -> str:
    """Name the file and line where it went wrong, unless that is here or in the import system."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({error.filename}:{error.lineno})"
    import traceback  # not cheap, and for mistakes only; likewise below

    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith("<frozen ") and frame.filename not in (__file__, importlib.__file__):
            return f" ({frame.filename}:{frame.lineno})"
    return ""


def _look_up(found: object, module: str, path: str) -> object:
    name, absent = f"{module}:", object()
    for attribute in path.split("."):
        owner = found
        found = _attribute(owner, attribute, absent, f"cannot read '{name}{attribute}'")
        if found is absent:
            import difflib

            near = difflib.get_close_matches(attribute, dir(owner), n=1)
            guess = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError(f"{name.rstrip(':.')!r} has no attribute {attribute!r}{guess}")
        name = f"{name}{attribute}."
    return found


def _attribute(owner: object, name: str, absent: object, complaint: str) -> object:
    return _attempt(lambda: getattr(owner, name, absent), complaint)


def _expect_application(found: object, subject: str) -> WSGIApplication:
    """Refuse what is surely no WSGI application: a server would only find out at the first request."""
    if not callable(found):
        raise ConfigurationError(f"{subject} {_kind(found)}, which cannot be called")
    if _is_asynchronous(found):
        raise ConfigurationError(
            f"{subject} an asynchronous (ASGI) application; serve it with an ASGI server, "
            "or adapt it to WSGI, for example with a2wsgi.ASGIMiddleware"
        )
    if isinstance(found, type) and not hasattr(found, "__iter__"):
        raise ConfigurationError(f"{subject} a class whose instances are no response; is an instance of it meant?")
    _expect_two_parameters(found, subject)
    application: WSGIApplication = found  # pyright: ignore[reportAssignmentType]  # as far as anybody can tell
    return application


def _expect_two_parameters(found: Callable[..., object], subject: str) -> None:
    if takes(found, 2, 2) and not hasattr(found, "__wrapped__"):
        return
    import inspect

    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # written in C, and does not tell
        return
    try:
        signature.bind("environ", "start_response")
    except TypeError:
        raise ConfigurationError(
            f"{subject} a callable that takes {signature}, not (environ, start_response); "
            "if calling it makes the application, add () to the name"
        ) from None


def _is_asynchronous(found: object) -> bool:
    if type(found) is FunctionType and not found.__dict__:  # no marks of decorators
        return bool(found.__code__.co_flags & _ASYNCHRONOUS)
    import inspect

    parts = (found, getattr(type(found), "__call__", None))  # noqa: B004  # the method itself is looked at
    return any(inspect.iscoroutinefunction(part) or inspect.isasyncgenfunction(part) for part in parts)


def _kind(found: object) -> str:
    return "None" if found is None else f"an object of type {type(found).__name__!r}"
