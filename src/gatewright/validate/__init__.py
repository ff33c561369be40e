"""The validator: middleware that sees both sides of every call and holds them against the rules of PEP 3333.

It changes nothing that passes through it, delays nothing and keeps nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gatewright.spec.checks import check_environ, check_iterable, environ_is_sound
from gatewright.spec.rules import RULES
from gatewright.validate.body import IteratorWrapper, PartialIteratorWrapper, check_trap
from gatewright.validate.call import Call
from gatewright.validate.files import FileWrapperWrapper
from gatewright.validate.hop_by_hop import watch
from gatewright.validate.middleware import pair_up
from gatewright.validate.policy import STDLIB, Action, Policy, WSGIWarning
from gatewright.validate.start_response import StartResponseWrapper
from gatewright.validate.streams import ErrorWrapper, InputWrapper
from gatewright.validate.write import WriteWrapper

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from gatewright.types import WSGIApplication

__all__ = [
    "Action",
    "ErrorWrapper",
    "InputWrapper",
    "IteratorWrapper",
    "PartialIteratorWrapper",
    "Policy",
    "WSGIWarning",
    "WriteWrapper",
    "checked",
    "validator",
]

_A37 = RULES["A37"]


def validator(application: WSGIApplication) -> WSGIApplication:
    """Wrap an application so that every call is checked, what the server does as well as what the application does.

    Args:
        application: the application.

    Returns:
        An application that raises an ``AssertionError`` where a rule of level must is broken, and warns with
        :class:`WSGIWarning` where one of level should is.  The error's argument is the
        :class:`~gatewright.spec.checks.Violation`; its ``__cause__`` names the rule.  An iterable that the server never
        closes is reported on ``sys.stderr`` when it is collected: nobody is left to raise it to.
    """
    return checked(application, STDLIB)


def checked(application: WSGIApplication, policy: Policy = Policy()) -> WSGIApplication:  # noqa: B008  # it is frozen
    """Wrap an application like :func:`validator`, and do with each violation what the policy says.

    Args:
        application: the application.
        policy: what to do about violations; by default a breach of level must is raised and one of level should
            warned about.

    Returns:
        An application.  Where the policy does not raise, a call goes on as if it were not checked: the server and the
        application get what each gave the other.
    """

    def checked_application(*args: Any, **kw: Any) -> Iterable[bytes]:  # noqa: ANN401  # how it is called is to be checked
        call = Call(policy, application)
        if kw or len(args) != 2:
            call.found("S01", "No keyword arguments allowed" if kw else "Two arguments required")
            return application(*args, **kw)
        environ = args[0]
        if not environ_is_sound(environ) and not _workable(call, environ):
            return application(*args)
        call.begin(args[1], environ)
        _wrap_streams(call, environ)
        if policy.action_for(_A37) is not Action.IGNORE:
            watch(environ, call)
        start_response = StartResponseWrapper(call)
        if "wsgi.file_wrapper" in environ:
            files, result = _call_with_files(call, environ, start_response)
        else:
            files, result = None, application(environ, start_response)
        call.running = False
        return _check_result(call, result, files)

    return checked_application


def _workable(call: Call, environ: dict[str, Any]) -> bool:
    """Report what is wrong with an environ; return whether it can be worked with nevertheless."""
    for violation in check_environ(environ):
        call.report(violation)
    return isinstance(cast("object", environ), dict) and {"wsgi.input", "wsgi.errors"} <= environ.keys()


def _wrap_streams(call: Call, environ: dict[str, Any]) -> None:
    """Put our streams into the environ, and see by the one that is there whether this is a call within another."""
    stream = environ["wsgi.input"]
    if type(stream) is InputWrapper:
        pair_up(stream.call, call)
    environ["wsgi.input"] = InputWrapper(stream, call, environ)
    environ["wsgi.errors"] = ErrorWrapper(environ["wsgi.errors"], call)


def _call_with_files(
    call: Call, environ: dict[str, Any], start_response: StartResponseWrapper
) -> tuple[FileWrapperWrapper, Iterable[bytes]]:
    """Call the application with our ``wsgi.file_wrapper``; servers look for theirs in the environ afterwards."""
    wrapper = environ["wsgi.file_wrapper"]
    files = environ["wsgi.file_wrapper"] = FileWrapperWrapper(wrapper, call)
    try:
        return files, call.application(environ, start_response)
    finally:
        if environ.get("wsgi.file_wrapper") is files:
            environ["wsgi.file_wrapper"] = wrapper


def _check_result(call: Call, result: Iterable[bytes], files: FileWrapperWrapper | None) -> Iterable[bytes]:
    check_trap(call, call)
    if call.pair is not None:
        call.pair.returned()
    violation = check_iterable(result)
    if violation is not None:
        call.report(violation, call)
        return result
    if files is not None and files.recognises(result):
        if not call.started:
            call.found("A05", "The application returned a file before start_response was called", body=call)
        return result
    call.body = body = IteratorWrapper(result, call)
    return body
