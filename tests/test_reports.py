from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from gatewright.conformance import Audit, Failure, Finding, Kind, Request
from gatewright.reports import REPORTS, in_json, in_sarif, in_text, in_workflow_commands, list_of, page_of
from gatewright.spec.checks import Violation
from gatewright.spec.rules import RULES

GET, CLOSED = Request("GET", "/"), Request("GET", "/", Kind("closed unread"))
EMPTY = Audit(1, Counter({"200": 1}), [], [])


def broken(rule: str = "A09", message: str = "a str", place: str | None = None) -> Finding:
    """Return a finding."""
    return Finding(Violation(RULES[rule], message, place=place), [GET, CLOSED])


def audit_of(*findings: Finding, failures: tuple[Failure, ...] = ()) -> Audit:
    """Return an audit of some calls."""
    return Audit(3, Counter({"200": 2, "405": 1}), findings, failures)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a place in a file below the current directory."""
    monkeypatch.chdir(tmp_path)
    return f"{tmp_path}/my app.py:7 in application"


class TestRules:
    def test_list(self) -> None:
        """Each rule begins a line: its id, whose duty it is, how binding, and the sentence."""
        assert list_of([RULES["A09"]]) == "A09  application  must        yield blocks of the exact type bytes"

    def test_all_are_listed(self) -> None:
        """No rule is left out."""
        assert re.findall(r"^[SAM]\d\d\b", list_of(RULES.values()), re.MULTILINE) == list(RULES)

    def test_width_of_list(self) -> None:
        """The list fits 80 columns."""
        assert max(map(len, list_of(RULES.values()).splitlines())) <= 80

    @pytest.mark.parametrize("name", RULES)
    def test_width_of_page(self, name: str) -> None:
        """A page fits 80 columns."""
        assert max(map(len, page_of(RULES[name]).splitlines())) <= 80

    def test_page(self) -> None:
        """A page says all that there is to say, who finds a breach last."""
        titles = re.findall(r"^[A-Z]\w+(?: by)?", page_of(RULES["A09"]), re.MULTILINE)
        assert titles == ["A09", "Why", "Instead", "Source", "Found by"]

    def test_found_by_nobody(self) -> None:
        """The page of a rule that nothing finds a breach of says so."""
        nobody = next(rule for rule in RULES.values() if not rule.enforcers)
        assert page_of(nobody).endswith("Found by  no part of gatewright")


class TestText:
    def test_no_breach(self) -> None:
        """Nothing found is said in a line, with what was done to find it."""
        assert in_text(EMPTY, "m:app") == "m:app: no breach in 1 call\nAnswers: 200 (1 time)"

    def test_breach(self, place: str) -> None:
        """A breach is told with its rule, what was seen, the place, the request and the fix."""
        assert in_text(audit_of(broken(place=place)), "m:app").split("\n\n")[0].splitlines() == [
            "A09 (application must): a str",
            "  At    my app.py:7 in application",
            "  When  GET / and 1 other request",
            '  Fix   Encode text before it is yielded, for example text.encode("utf-8").',
        ]

    def test_summary(self) -> None:
        """At the end the breaches are counted, and it is said where to read more."""
        audit = audit_of(broken(), broken("A43"), failures=(Failure("KeyError: 'x'", None, [GET]),))
        assert in_text(audit, "m:app").split("\n\n")[-1].splitlines() == [
            "m:app: 2 breaches (1 of level must) and 1 exception in 3 calls",
            "Answers: 200 (2 times), 405 (1 time)",
            "More: gatewright rules A09 A43",
        ]

    def test_exception(self) -> None:
        """An exception is told without a rule and without a traceback."""
        audit = audit_of(failures=(Failure("KeyError: 'x'", "/elsewhere/a.py:1 in f", [GET]),))
        assert in_text(audit, "m:app").split("\n\n")[0].splitlines() == [
            "Exception: KeyError: 'x'",
            "  At    /elsewhere/a.py:1 in f",
            "  When  GET /",
        ]

    def test_silence(self) -> None:
        """An application that never answered is not passed over in silence."""
        assert "Answers: none" in in_text(Audit(1, Counter(), [], []), "m:app")

    def test_width(self) -> None:
        """Long messages are wrapped at 80 columns."""
        text = in_text(audit_of(broken(message="word " * 70)), "m:app")
        assert max(map(len, text.splitlines())) <= 80


class TestJson:
    def test_violation(self, place: str) -> None:
        """A violation has all that the text says, under keys of their own."""
        told = json.loads(in_json(audit_of(broken(place=place)), "m:app"))
        assert told["violations"] == [
            {
                "rule": "A09",
                "level": "must",
                "party": "application",
                "text": RULES["A09"].text,
                "message": "a str",
                "place": place,
                "requests": ["GET /", "GET /, closed unread"],
                "fix": RULES["A09"].fix,
                "reference": RULES["A09"].reference,
            }
        ]

    def test_audit(self) -> None:
        """Around it stand the verdict, the calls, the answers and the exceptions."""
        told = json.loads(in_json(audit_of(failures=(Failure("KeyError", None, [GET]),)), "m:app"))
        assert told == {
            "application": "m:app",
            "conforms": True,
            "calls": 3,
            "statuses": {"200": 2, "405": 1},
            "violations": [],
            "exceptions": [{"message": "KeyError", "place": None, "requests": ["GET /"]}],
        }


def run_of(audit: Audit) -> Any:
    """Return the only run of the SARIF log."""
    log = json.loads(in_sarif(audit, "m:app"))
    assert log["version"] == "2.1.0"
    return log["runs"][0]


class TestSarif:
    def test_rules(self) -> None:
        """Each rule is described once, and results point to it (SARIF section 3.27.6)."""
        run = run_of(audit_of(broken(), broken("A43"), broken(message="other")))
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert [rules[result["ruleIndex"]] for result in run["results"]] == ["A09", "A43", "A09"]

    def test_levels(self) -> None:
        """A breach of level must is an error, one of level should a warning."""
        run = run_of(audit_of(broken("A09"), broken("A20"), broken("A43"), broken("A33")))
        assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "warning"]

    def test_location(self, place: str) -> None:
        """A file below the current directory has a relative URI, as code scanning needs it."""
        physical = run_of(audit_of(broken(place=place)))["results"][0]["locations"][0]["physicalLocation"]
        assert physical == {"artifactLocation": {"uri": "my%20app.py"}, "region": {"startLine": 7}}

    def test_location_elsewhere(self, place: str) -> None:
        """Any other file has an absolute one."""
        result = run_of(audit_of(broken(place=f"/else where/{place[1:]}")))["results"][0]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.startswith("file:///else%20where/")

    def test_no_location(self) -> None:
        """Where the place is not known, none is given."""
        assert run_of(audit_of(broken()))["results"][0]["locations"] == []

    def test_exception(self, place: str) -> None:
        """An exception is no result but a notification."""
        run = run_of(audit_of(failures=(Failure("KeyError", place, [GET]),)))
        notifications = run["invocations"][0]["toolExecutionNotifications"]
        assert (run["results"], notifications[0]["message"]) == ([], {"text": "KeyError (GET /)"})


class TestWorkflowCommands:
    def test_breach(self, place: str) -> None:
        """A breach is an annotation of the line of code."""
        line = in_workflow_commands(audit_of(broken(place=place)), "app").splitlines()[0]
        assert line.startswith("::error file=my app.py,line=7,title=A09 (app)::a str%0AA09 (application must): ")

    def test_should(self) -> None:
        """A breach of level should is a warning."""
        assert in_workflow_commands(audit_of(broken("A43")), "app").startswith("::warning title=A43 (app)::")

    def test_exception(self) -> None:
        """An exception is a notice."""
        text = in_workflow_commands(audit_of(failures=(Failure("KeyError", None, [GET]),)), "app")
        assert text.startswith("::notice title=Exception (app)::KeyError (GET /)\n")

    def test_property(self) -> None:
        """A colon or a comma in a property cannot end it."""
        text = in_workflow_commands(audit_of(broken(place="/a:b,c.py:1 in f")), "m:app")
        assert text.startswith("::error file=/a%3Ab%2Cc.py,line=1,title=A09 (m%3Aapp)::")

    @given(st.text())
    def test_message(self, message: str) -> None:
        """No message ends its line."""
        text = in_workflow_commands(audit_of(broken(message=message)), "m:app")
        assert re.fullmatch(r"::error [^\r\n]*\nm:app: 1 breach [^\r\n]*", text)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@given(message=st.text(), place=st.none() | st.text())
def test_any_text(report: Any, message: str, place: str | None) -> None:
    """Whatever the message and the place are, the report is text that can be written."""
    text: str = report(audit_of(broken(message=message, place=place), failures=(Failure("E", place, [GET]),)), "m:app")
    assert text.encode()
