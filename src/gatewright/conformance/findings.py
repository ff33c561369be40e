"""What was found, as values: the same thing once, with all the requests that led to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, TypeVar

from attrs import frozen

from gatewright.conformance.requests import Request
from gatewright.spec.checks import Violation
from gatewright.spec.rules import RULES

__all__ = ["Audit", "Failure", "Finding", "findings_of", "once", "one_line"]

_MAX_MESSAGE: Final = 400  # characters; some messages quote a block of the body

_Seen = TypeVar("_Seen")


@frozen
class Finding:
    """A rule that was broken, once for all the requests under which the same was seen at the same place.

    Attributes:
        violation: the first of them.
        requests: the requests.
    """

    violation: Violation
    requests: Sequence[Request]

    @property
    def message(self) -> str:
        """What was seen, as one printable line of limited length."""
        return one_line(self.violation.message)


@frozen
class Failure:
    """An exception of the application's own, which breaks no rule; once for all requests that led to the same.

    Attributes:
        message: the exception's class and text, one printable line.
        place: ``FILE:LINE in FUNCTION`` where it was raised, or None if that is not known.
        requests: the requests.
    """

    message: str
    place: str | None
    requests: Sequence[Request]


@frozen
class Audit:
    """What was found.

    Attributes:
        calls: how often the application was called.
        statuses: how often it answered with which status code.
        findings: the rules that were broken: those of level must first, then in the order of the rulebook.
        failures: exceptions of the application's own, in the order they were seen.
    """

    calls: int
    statuses: Counter[str]
    findings: Sequence[Finding]
    failures: Sequence[Failure]

    @property
    def conforms(self) -> bool:
        """Whether no rule of level must was broken."""
        return not any(finding.violation.rule.level.binding for finding in self.findings)


def findings_of(seen: Iterable[tuple[Violation, Request]]) -> list[Finding]:
    """Return the findings, each once, in the order of :class:`Audit`."""
    findings = [Finding(*pair) for pair in once(seen, _identity)]
    return sorted(findings, key=lambda finding: _rank(finding.violation))


def once(pairs: Iterable[tuple[_Seen, Request]], key: Callable[[_Seen], Hashable]) -> list[tuple[_Seen, list[Request]]]:
    """Return the first of each kind, with the requests of all of that kind, none twice."""
    groups: dict[Hashable, tuple[_Seen, list[Request]]] = {}
    for seen, request in pairs:
        _, requests = groups.setdefault(key(seen), (seen, []))
        if request not in requests:
            requests.append(request)
    return list(groups.values())


def _identity(violation: Violation) -> Hashable:
    """Two with the same are one to a reader: addresses in memory, lengths and other numbers make no difference."""
    return violation.rule.id, re.sub(r"\b0x[0-9a-fA-F]+|\d+", "0", violation.message), violation.place


def _rank(violation: Violation) -> tuple[bool, int]:
    return not violation.rule.level.binding, list(RULES).index(violation.rule.id)


def one_line(text: str) -> str:
    """Return the text as one printable line of limited length."""
    line = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return line if len(line) <= _MAX_MESSAGE else f"{line[:_MAX_MESSAGE]}…"
