"""The validator: middleware that sees both sides of every call and holds them against the rules of PEP 3333.

It changes nothing that passes through it, delays nothing and keeps nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gatewright.spec.checks import check_environ, check_iterable, environ_is_sound
from gatewright.validate.body import IteratorWrapper, PartialIteratorWrapper
from gatewright.validate.call import Call
from gatewright.validate.policy import STDLIB, Action, Policy, WSGIWarning
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
        call.require(len(args) == 2, "S01", "Two arguments required")
        call.require(not kw, "S01", "No keyword arguments allowed")
        if kw or len(args) != 2 or not _prepare(call, *args):
            return application(*args, **kw)
        environ = args[0]
        result = application(environ, call.start_response)
        violation = check_iterable(result)
        if violation is not None:
            call.report(violation, call)
            return result
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(result, wrapper):
            call.require(call.started, "A05", "The application returned a file before start_response was called", call)
            return result  # as it is, or the server could not recognise it and use sendfile (rule S60)
        return IteratorWrapper(result, call)

    return checked_application


def _prepare(call: Call, environ: dict[str, Any], start_response: Any) -> bool:  # noqa: ANN401  # it is to be checked
    """Check the environ and put our streams into it; False if it is none that can be worked with."""
    if not environ_is_sound(environ):
        for violation in check_environ(environ):
            call.report(violation)
        if not isinstance(cast("object", environ), dict) or not {"wsgi.input", "wsgi.errors"} <= environ.keys():
            return False
    call.begin(start_response, environ.get("REQUEST_METHOD", ""))
    environ["wsgi.input"] = InputWrapper(environ["wsgi.input"], call)
    environ["wsgi.errors"] = ErrorWrapper(environ["wsgi.errors"], call)
    return True
