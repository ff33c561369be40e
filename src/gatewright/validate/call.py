"""One call of an application, as the validator sees it: ``start_response`` and what is known from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from gatewright.spec.checks import Violation, check_exc_info, check_headers, check_status
from gatewright.spec.grammar import WITHOUT_CONTENT
from gatewright.spec.rules import RULES, Party
from gatewright.validate.place import place_of_application, place_of_body, place_of_caller
from gatewright.validate.policy import STDLIB, Policy
from gatewright.validate.write import WriteWrapper

if TYPE_CHECKING:
    from gatewright.types import HeaderList, StartResponse, Write

__all__ = ["Call"]


class Call:
    """What the validator knows of one call.

    The class attributes are what holds at its beginning; an attribute is set when there is something to say.
    """

    started = False
    content_type_missing = False

    method = ""

    def __init__(self, policy: Policy = STDLIB, application: object = None) -> None:
        """Remember what is to be done about violations, and whose they are."""
        self.policy = policy
        self.application = application

    def begin(self, start_response: StartResponse, method: str) -> None:
        """Remember the server's start_response and the request's method."""
        self._start_response: Any = start_response
        self.method = method

    def report(self, violation: Violation | None, body: object = None) -> None:
        """Hand a violation to the policy, with the place in the application's code.

        Args:
            violation: what was found, or None.
            body: the iterator that the breach was found in; without one, the nearest caller is the place.
        """
        if violation is None:
            return
        if violation.place is None and violation.side is not Party.SERVER:
            place = place_of_body(body) or place_of_application(self.application) if body else place_of_caller()
            violation = evolve(violation, place=place)
        self.policy.apply(violation)

    def require(self, condition: object, rule: str, message: str, body: object = None) -> None:
        """Report a breach of the rule unless the condition holds."""
        if not condition:
            self.report(Violation(RULES[rule], message), body)

    def start_response(self, *args: Any, **kw: Any) -> Write:  # noqa: ANN401  # how it is called is to be checked
        """Check what the application gives, hand it on, and wrap what the server returns."""
        self.require(len(args) in (2, 3), "A04", f"Invalid number of arguments: {args}")
        self.require(not kw, "A03", "No keyword arguments allowed")
        if kw or len(args) not in (2, 3):
            return self._start_response(*args, **kw)  # type: ignore[no-any-return]  # whatever it is
        status, headers, exc_info = args if len(args) == 3 else (*args, None)
        violation = check_status(status) or check_headers(headers) or (exc_info and check_exc_info(exc_info))
        if violation:
            self.report(violation)
        else:
            self._note(status, headers)
        self.require(not self.started or exc_info, "A26", "start_response was called a second time without exc_info")
        self.started = True
        write = self._start_response(*args)
        if not callable(write):
            self.require(condition=False, rule="S43", message=f"start_response must return a callable, not {write!r}")
            return write  # type: ignore[no-any-return]  # as if it were not checked
        return WriteWrapper(write, self)

    def _note(self, status: str, headers: HeaderList) -> None:
        """Remember what the body is to be held against."""
        self.content_type_missing = int(status[:3]) not in WITHOUT_CONTENT and not _has_content_type(headers)

    def check_content(self) -> None:
        """Warn about content of no declared type; called at the first block that is not empty."""
        if self.content_type_missing and self.method != "HEAD":
            self.content_type_missing = False
            self.require(condition=False, rule="A43", message="No Content-Type header found in headers")


def _has_content_type(headers: HeaderList) -> bool:
    return any(len(name) == 12 and name.lower() == "content-type" for name, _ in headers)
