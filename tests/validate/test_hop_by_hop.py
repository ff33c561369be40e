from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import pytest

from gatewright.handlers import SimpleHandler
from gatewright.spec.checks import Violation
from gatewright.types import StartResponse, WSGIApplication
from gatewright.util import setup_testing_defaults
from gatewright.validate import Action, Policy, checked, validator

Look = Callable[[dict[str, Any]], object]


def looking(look: Look) -> WSGIApplication:
    """Return an application that does this with its environ."""

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        look(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"body"]

    return app


def found(application: WSGIApplication, policy: Callable[[Callable[[Violation], object]], Policy]) -> list[str]:
    """Run a validated application; return the ids of the rules that it broke."""
    violations: list[Violation] = []
    environ: dict[str, Any] = {"HTTP_CONNECTION": "close", "HTTP_ACCEPT": "*/*"}
    setup_testing_defaults(environ)
    handler = SimpleHandler(BytesIO(), BytesIO(), environ["wsgi.errors"], environ)
    handler.run(checked(application, policy(violations.append)))
    return [violation.rule.id for violation in violations]


def asking(report: Callable[[Violation], object]) -> Policy:
    """Return a policy that names A37."""
    return Policy(rules={"A37": Action.REPORT}, report=report)


def not_asking(report: Callable[[Violation], object]) -> Policy:
    """Return a policy that reports all rules and names none."""
    return Policy(must=Action.REPORT, should=Action.REPORT, report=report)


LOOKS: dict[str, Look] = {
    "item": lambda environ: environ["HTTP_CONNECTION"],
    "get": lambda environ: environ.get("HTTP_CONNECTION"),
    "in": lambda environ: "HTTP_CONNECTION" in environ,
    "copy": lambda environ: dict(environ)["HTTP_CONNECTION"],
}
OTHER_LOOKS: dict[str, Look] = {
    "another": lambda environ: environ["HTTP_ACCEPT"],
    "absent": lambda environ: environ.get("HTTP_UPGRADE"),
    "all": lambda environ: {key: value for key, value in environ.items() if key.startswith("HTTP_")},
}


@pytest.mark.parametrize("look", LOOKS)
def test_looked_up(look: str) -> None:
    """A look at what belongs to the connection is reported where the policy asks for it (A37)."""
    assert found(looking(LOOKS[look]), asking) == ["A37"]


@pytest.mark.parametrize("look", OTHER_LOOKS)
def test_not_looked_up(look: str) -> None:
    """Looking elsewhere, or going through all variables, is nothing."""
    assert found(looking(OTHER_LOOKS[look]), asking) == []


def test_not_asked_for() -> None:
    """Without being named the rule is let pass: Werkzeug's routing looks at HTTP_CONNECTION of every request."""
    assert found(looking(lambda environ: environ["HTTP_CONNECTION"]), not_asking) == []


def test_validator_within() -> None:
    """A validator within another does not look itself."""
    assert found(validator(looking(len)), asking) == []
