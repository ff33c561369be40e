"""One call of an application, as the validator sees it: what is known of it, and what becomes of a violation."""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any

from attrs import evolve

from gatewright.spec.checks import Violation, check_start_response, why_without_content
from gatewright.spec.rules import RULES, Party
from gatewright.validate.middleware import Pair, resource_of
from gatewright.validate.place import place_of_application, place_of_body, place_of_caller
from gatewright.validate.policy import STDLIB, Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatewright.types import HeaderList, StartResponse
    from gatewright.validate.body import IteratorWrapper

__all__ = ["Call"]


class Call:
    """What the validator knows of one call.

    The class attributes are what holds at its beginning; an attribute is set when there is something to say.
    """

    method: str = ""
    thread: int = 0
    resource: tuple[str, ...] = ()

    running: bool = False
    """Whether code of the application is on the stack: it was called, or asked for a block, and has not returned."""

    started = False
    """Whether start_response was called, with success or not."""

    untyped: bool = False
    """Whether there is no Content-Type where content needs one."""

    without_content: str | None = None
    """Why the response may have no content, if it may not."""

    length: int | None = None
    """The Content-Length of a response that may have content."""

    declared: int | None = None
    """The same, until a breach of it was reported."""

    sent = 0
    """How many bytes were written or yielded."""

    wrote = False
    """Whether write() was called."""

    iterating = False
    """Whether the server has asked for the first block."""

    refused = False
    """Whether the server's start_response, given exc_info, has raised what the application may not trap."""

    overlooked: Violation | None = None
    """What the server should have refused, until it is certain that it did not."""

    body: IteratorWrapper | None = None
    pair: Pair | None = None
    """The middleware between this call and one within it, if that is validated too."""

    within: Pair | None = None
    """The middleware between this call and one around it, likewise."""

    def __init__(self, policy: Policy = STDLIB, application: Any = None) -> None:  # noqa: ANN401  # called as it is
        """Remember what is to be done about violations, and whose they are."""
        self.policy = policy
        self.application = application

    def begin(self, start_response: StartResponse, environ: Mapping[str, Any]) -> None:
        """Check and remember the server's start_response, and what is asked for."""
        self.report(check_start_response(start_response))
        self.server_start_response: Any = start_response
        self.resource = resource_of(environ)
        self.method = self.resource[0]
        self.thread = get_ident()
        self.running = True

    def report(self, violation: Violation | None, body: object = None) -> None:
        """Hand a violation to the policy, with the place in the application's code.

        Args:
            violation: what was found, or None.
            body: the iterator that the breach was found in; without one, the nearest caller is the place.
        """
        if violation is not None:
            self.policy.apply(self.located(violation, body))

    def located(self, violation: Violation, body: object = None) -> Violation:
        """Return the violation with the place in the application's code, where it is the application's."""
        if violation.place is not None or violation.side is Party.SERVER:
            return violation
        place = place_of_caller() if body is None else place_of_body(body) or place_of_application(self.application)
        return evolve(violation, place=place)

    def found(self, rule: str, message: str, culprit: object = None, *, body: object = None) -> None:
        """Report a breach of this rule."""
        self.report(Violation(RULES[rule], message, culprit), body)

    def note(self, code: int, headers: HeaderList) -> None:
        """Remember what the body is to be held against, after a sound status and sound headers."""
        self.without_content = why_without_content(self.method, code)
        self.length = None
        typed = False
        for name, value in headers:
            size = len(name)
            if size == 12:
                typed = typed or name.lower() == "content-type"
            elif size == 14 and name.lower() == "content-length" and self.without_content is None:
                self.length = int(value)
        self.declared = self.length
        self.untyped = not typed

    def check_content(self, *, body: object = None) -> None:
        """Judge that there is content at all; called at the first block that is not empty."""
        if self.without_content is not None:
            self.found("A42", f"There is content in {self.without_content}", body=body)
        elif self.untyped:
            self.untyped = False
            self.found("A43", "No Content-Type header found in headers")
