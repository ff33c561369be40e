"""What the command line has to show, as text: rules, and what an audit found.

An audit is shown to people, as JSON, as SARIF 2.1.0, or as workflow commands of GitHub Actions.  Each function returns
the whole text, without a line end at its end.  Nothing is printed here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote

from gatewright import __version__
from gatewright.spec.rules import Level, Rule
from gatewright.spec.rules.explanation import explanation

if TYPE_CHECKING:
    from gatewright.conformance import Audit, Failure, Finding, Request

__all__ = ["REPORTS", "in_json", "in_sarif", "in_text", "in_workflow_commands", "list_of", "page_of"]

_Json: TypeAlias = "str | int | bool | Sequence[_Json] | Mapping[str, _Json] | None"

_WIDTH: Final = 80  # columns: what fits every terminal
_PLACE: Final = re.compile(r"(?P<file>.+):(?P<line>\d+) in (?P<function>.+)")
_SARIF_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SOURCE: Final = "https://github.com/gatewright/gatewright"

# RFC 2119's levels in the words that SARIF has for them (section 3.27.10).
_SEVERITIES: Final = MappingProxyType(
    {
        Level.MUST: "error",
        Level.MUST_NOT: "error",
        Level.SHOULD: "warning",
        Level.SHOULD_NOT: "warning",
        Level.MAY: "note",
    }
)


def list_of(rules: Iterable[Rule]) -> str:
    """Return the rules as a table: id, whose duty, how binding, and the sentence."""
    return "\n".join(_fill(f"{rule.id}  {rule.party.value:11}  {rule.level.value:10}  ", rule.text) for rule in rules)


def page_of(rule: Rule) -> str:
    """Return all there is to say of a rule."""
    paragraphs = {"Found by": "no part of gatewright"} | dict(explanation(rule))
    found_by = paragraphs.pop("Found by")
    lines = [_fill(f"{title:10}", text) for title, text in {**paragraphs, "Found by": found_by}.items()]
    return "\n".join([_fill(f"{rule.id} ({rule.party.value} {rule.level.value}): ", f"{rule.text}.", 10), "", *lines])


def in_text(audit: Audit, target: str) -> str:
    """Return the audit for people, 80 columns wide where words and paths allow it."""
    found = [_finding_in_text(finding) for finding in audit.findings]
    raised = [
        _fill("Exception: ", failure.message, 2) + _context_in_text(failure.place, failure.requests)
        for failure in audit.failures
    ]
    return "\n\n".join([*found, *raised, "\n".join(_summary(audit, target))])


def _finding_in_text(finding: Finding) -> str:
    rule = finding.violation.rule
    title = _fill(f"{rule.id} ({rule.party.value} {rule.level.value}): ", finding.message, 2)
    context = _context_in_text(finding.violation.place, finding.requests)
    return f"{title}{context}\n{_fill('  Fix   ', rule.fix)}"


def _context_in_text(place: str | None, requests: Sequence[Request]) -> str:
    lines = [] if place is None else [_fill("  At    ", _shortened(place))]
    others = len(requests) - 1
    more = f" and {others} other request{'s' * (others > 1)}" if others else ""
    return "\n" + "\n".join([*lines, _fill("  When  ", f"{requests[0]}{more}")])


def _summary(audit: Audit, target: str) -> Iterator[str]:
    breaches, exceptions = len(audit.findings), len(audit.failures)
    told = "no breach"
    if breaches:
        musts = sum(finding.violation.rule.level.binding for finding in audit.findings)
        told = f"{_number(breaches, 'breach', 'breaches')} ({musts} of level must)"
    raised = f" and {_number(exceptions, 'exception', 'exceptions')}" if exceptions else ""
    yield _fill("", f"{target}: {told}{raised} in {_number(audit.calls, 'call', 'calls')}", 2)
    yield _fill("", f"Answers: {', '.join(_answers(audit)) or 'none'}", 2)
    if breaches:
        yield _fill("", "More: gatewright rules " + " ".join(_ids(audit)), 2)


def _answers(audit: Audit) -> Iterator[str]:
    for status, count in sorted(audit.statuses.items()):
        yield f"{status} ({_number(count, 'time', 'times')})"


def in_json(audit: Audit, target: str) -> str:
    """Return the audit as a JSON object; its keys stay, new ones may come."""
    return _dumped(
        {
            "application": target,
            "conforms": audit.conforms,
            "calls": audit.calls,
            "statuses": dict(sorted(audit.statuses.items())),
            "violations": [
                {
                    "rule": finding.violation.rule.id,
                    "level": finding.violation.rule.level.value,
                    "party": finding.violation.rule.party.value,
                    "text": finding.violation.rule.text,
                    "message": finding.message,
                    "place": finding.violation.place,
                    "requests": [str(request) for request in finding.requests],
                    "fix": finding.violation.rule.fix,
                    "reference": finding.violation.rule.reference,
                }
                for finding in audit.findings
            ],
            "exceptions": [
                {
                    "message": failure.message,
                    "place": failure.place,
                    "requests": [str(request) for request in failure.requests],
                }
                for failure in audit.failures
            ],
        }
    )


def in_sarif(audit: Audit, target: str) -> str:
    """Return the audit as a SARIF 2.1.0 log of one run; exceptions are notifications of its only invocation."""
    rules = list({finding.violation.rule.id: finding.violation.rule for finding in audit.findings}.values())
    run: _Json = {
        "tool": {
            "driver": {
                "name": "gatewright",
                "semanticVersion": __version__,
                "informationUri": _SOURCE,
                "rules": [_rule_in_sarif(rule) for rule in rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notification(failure) for failure in audit.failures],
            }
        ],
        "results": [_result(finding, rules.index(finding.violation.rule)) for finding in audit.findings],
        "properties": {"application": target, "calls": audit.calls},
    }
    return _dumped({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule_in_sarif(rule: Rule) -> _Json:
    help_text = "\n".join(f"{title}: {text}" for title, text in explanation(rule).items())
    return {
        "id": rule.id,
        "shortDescription": {"text": str(rule)},
        "help": {"text": help_text},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": _SEVERITIES[rule.level]},
    }


def _result(finding: Finding, index: int) -> _Json:
    rule = finding.violation.rule
    return {
        "ruleId": rule.id,
        "ruleIndex": index,
        "level": _SEVERITIES[rule.level],
        "message": {"text": f"{finding.message}\nFix: {rule.fix}"},
        "locations": _locations(finding.violation.place),
        "properties": {"requests": [str(request) for request in finding.requests]},
    }


def _notification(failure: Failure) -> _Json:
    return {
        "level": "warning",
        "message": {"text": f"{failure.message} ({failure.requests[0]})"},
        "locations": _locations(failure.place),
    }


def _locations(place: str | None) -> _Json:
    found = _PLACE.fullmatch(place or "")
    if found is None:
        return []
    path = _near(found["file"])
    uri = Path(path).as_uri() if os.path.isabs(path) else quote(Path(path).as_posix())
    return [
        {
            "physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": int(found["line"])}},
            "logicalLocations": [{"name": found["function"], "kind": "function"}],
        }
    ]


def in_workflow_commands(audit: Audit, target: str) -> str:
    """Return the audit as annotations of GitHub Actions, one a line, and a line that sums up."""
    found = [
        _command(
            _SEVERITIES[finding.violation.rule.level].replace("note", "notice"),
            f"{finding.violation.rule.id} ({target})",
            finding.violation.place,
            f"{finding.message}\n{finding.violation.rule}\nFix: {finding.violation.rule.fix}",
        )
        for finding in audit.findings
    ]
    raised = [
        _command("notice", f"Exception ({target})", failure.place, f"{failure.message} ({failure.requests[0]})")
        for failure in audit.failures
    ]
    return "\n".join([*found, *raised, next(_summary(audit, target))])


def _command(name: str, title: str, place: str | None, message: str) -> str:
    found = _PLACE.fullmatch(place or "")
    properties = {"file": _near(found["file"]), "line": found["line"]} if found else {}
    text = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in {**properties, "title": title}.items())
    return f"::{name} {text}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    """Escape what ends a workflow command or a property of it, as the runner's own toolkit does."""
    return "".join(f"%{ord(char):02X}" if char in "%\r\n" + more else char for char in text)


def _ids(audit: Audit) -> list[str]:
    return list(dict.fromkeys(finding.violation.rule.id for finding in audit.findings))


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _shortened(place: str) -> str:
    found = _PLACE.fullmatch(place)
    return place if found is None else f"{_near(found['file'])}:{found['line']} in {found['function']}"


def _near(path: str) -> str:
    """Return the path as seen from the current directory, if it is below it."""
    below = os.path.relpath(path) if os.path.isabs(path) else path
    return path if below.startswith(os.pardir) else below


def _fill(title: str, text: str, indent: int | None = None) -> str:
    """Put a text behind its title, further lines set in below it, or by so many columns."""
    further = " " * (len(title) if indent is None else indent)
    return fill(
        text,
        _WIDTH,
        initial_indent=title,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _dumped(value: _Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


REPORTS: Final[Mapping[str, Callable[[Audit, str], str]]] = MappingProxyType(
    {"text": in_text, "json": in_json, "sarif": in_sarif, "github": in_workflow_commands}
)
"""The formats by the names that the command line has for them."""
