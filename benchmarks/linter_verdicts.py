"""What a linter says of a case: everything that it reports is recorded, with and without the breach."""

from __future__ import annotations

import gc
import re
import sys
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from typing import Any

from attrs import field, frozen
from linter_cases import Application, Case, Lint, Program

from gatewright.spec.checks import Violation, violation_of
from gatewright.validate import Action, Policy, checked, validator

__all__ = ["COLLECTED", "RAISED", "Linter", "Report", "Verdict", "judge"]

_WARNED_ID = re.compile(r"\(([SAM]\d\d)\)$")


@frozen
class Report:
    """One thing that was raised, warned about or collected while a program ran.

    Args:
        kind: the name of the exception or the warning; "violation" of what was collected.
        text: what it says.
        error: whether it is what a breach of a binding rule is to be reported as.
        rule: the id of the rule, if it names one.
    """

    kind: str
    text: str
    error: bool
    rule: str | None = None


@frozen
class Linter:
    """Middleware that judges both of its sides.

    Args:
        name: what the table calls it.
        make: returns the wrapper for one run, given a function that takes the violations if it collects them.
        module: the module of its own warnings, or what that begins with.
        names_rules: whether its reports name rules; only those of the right rule count then.
    """

    name: str
    make: Callable[[Callable[[Violation], object]], Lint]
    module: str
    names_rules: bool = False


@frozen
class Verdict:
    """What a linter is worth in one case.

    Args:
        mark: ✓ found, ~ found but only warned about or by the wrong exception, ✗ not found, ! what conforms is accused.
        seen: how, unless it is ✓ or ✗.
    """

    mark: str
    seen: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return " ".join((self.mark, ", ".join(self.seen))).strip()


def _collecting(report: Callable[[Violation], object]) -> Lint:
    policy = Policy(must=Action.REPORT, should=Action.REPORT, rules={"A37": Action.REPORT}, report=report)

    def wrap(application: Application) -> Application:
        return checked(application, policy)

    return wrap


RAISED = Linter("gatewright `validator()`", lambda _: validator, "gatewright", names_rules=True)
COLLECTED = Linter("gatewright `checked()`", _collecting, "gatewright", names_rules=True)
_NONE = Linter("none", lambda _: lambda application: application, "nothing")


def judge(case: Case, linter: Linter) -> Verdict:
    """Run a case and its twin, with the linter and without; what also happens without it counts for nothing."""
    accused = _reports(case.twin, linter)
    if accused:
        return Verdict("!", _kinds(accused))
    if case.breach is None:
        return Verdict("✓")
    found = _reports(case.breach, linter)
    right = {report for report in found if report.rule == case.id or not linter.names_rules}
    if any(report.error or not case.rule.level.binding for report in right):
        return Verdict("✓")
    return Verdict("~", _kinds(right or found)) if found else Verdict("✗")


def _kinds(reports: set[Report]) -> tuple[str, ...]:
    return tuple(sorted({report.kind if report.rule is None else f"{report.kind} {report.rule}" for report in reports}))


def _reports(program: Program, linter: Linter) -> set[Report]:
    return _run(program, linter) - _run(program, _NONE)


def _run(program: Program, linter: Linter) -> set[Report]:
    """Run a program with a linter and return all that was reported, also when what is left over is collected."""
    reports: set[Report] = set()

    def collect(violation: Violation) -> None:
        reports.add(Report("violation", violation.message, error=True, rule=violation.rule.id))

    with _unraisable(reports), warnings.catch_warnings(record=True) as warned, redirect_stderr(StringIO()) as stderr:
        warnings.simplefilter("always")
        try:
            program(linter.make(collect))
        except Exception as error:  # noqa: BLE001  # whatever the linter, the application or the server raises
            reports.add(_of_error(error))
        gc.collect(1)  # what a run leaves in cycles is young
    if stderr.getvalue():
        reports.add(Report("stderr", stderr.getvalue(), error=False))
    for warning in warned:
        if warning.category.__module__.startswith(linter.module):
            reports.add(_of_warning(warning))
    return reports


@contextmanager
def _unraisable(reports: set[Report]) -> Generator[None, None, None]:
    """Record what is raised where nobody can catch it."""

    def record(unraisable: Any) -> None:
        reports.add(_of_error(unraisable.exc_value))

    previous, sys.unraisablehook = sys.unraisablehook, record
    try:
        yield
    finally:
        sys.unraisablehook = previous


def _of_error(error: BaseException) -> Report:
    violation = violation_of(error)
    rule = None if violation is None else violation.rule.id
    return Report(type(error).__name__, str(error), isinstance(error, AssertionError), rule)


def _of_warning(warning: warnings.WarningMessage) -> Report:
    text = str(warning.message)
    rule = _WARNED_ID.search(text)
    return Report("warning", text, error=False, rule=rule and rule[1])
