"""Three linters on the same cases, in one run: what each finds of the rules, written into the documentation."""

from __future__ import annotations

import argparse
import wsgiref.validate
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from platform import python_implementation, python_version

from linter_cases import CASES, Case
from linter_verdicts import COLLECTED, RAISED, Linter, Verdict, judge
from werkzeug.middleware.lint import LintMiddleware

PAGE = Path(__file__).resolve().parent.parent / "docs" / "linters.md"

LINTERS = (
    RAISED,
    COLLECTED,
    Linter("`wsgiref.validate`", lambda _: wsgiref.validate.validator, "wsgiref"),
    Linter("Werkzeug's lint", lambda _: LintMiddleware, "werkzeug"),
)
PARTIES = {"S": "Servers and gateways", "A": "Applications", "M": "Middleware"}

FOUND = "✓ found"
WARNED = "~ found, but only warned about"
IN_PART = "~ found in some cases, or as another fault"
MISSED = "✗ not found"
ACCUSED = "! what conforms is accused"

INTRODUCTION = """\
<!-- Written by `nox -s linters`; changes belong into benchmarks/. -->

# What linters find

Three validators for WSGI, run side by side on the same cases:
{versions}.
`nox -s linters` runs them and writes this page.

A case breaks one of [the rules](rules.md) in one way, and has a twin that differs from it only in that it conforms.
The rules are those that middleware between a server and an application can see the breach of. A report counts if it
is made with the linter and not without it. For gatewright, it counts only if it names the rule of the case.

✓
: It is found: reported as an `AssertionError`, or, where the rule is of level should, as a warning too. What is
  *allowed* is let pass.

~
: There is only a warning about the breach of a binding rule, or the linter fails with another exception. With an
  id: another rule is named.

✗
: It is not found.

!
: What conforms is accused.

`validator()` raises the first breach. `checked()` has a policy here that collects them all and lets the call go on:
only so can it be seen that a server takes from an application what it should refuse (S47, S50). It names A37, which is
enforced only by a policy that does. `validator()` refuses
`read()` without a size (S37), because `wsgiref.validate` does and CPython's tests ask for it; `checked()` does not.
"""


def run() -> dict[Case, list[Verdict]]:
    """Judge every case by every linter."""
    return {case: [judge(case, linter) for linter in LINTERS] for case in CASES}


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table, in Markdown."""
    return ["", *(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))]


def overall(verdicts: Sequence[tuple[Case, Verdict]]) -> str:
    """Return what the verdicts on all cases of a rule come to, as a line of the totals."""
    marks = {verdict.mark for case, verdict in verdicts if case.breach} or {"✓"}
    if any(verdict.mark == "!" for _, verdict in verdicts):
        return ACCUSED
    if len(marks) == 1 and "~" not in marks:
        return FOUND if "✓" in marks else MISSED
    told = all(verdict.mark == "✓" or "warning" in verdict.seen for case, verdict in verdicts if case.breach)
    return WARNED if told else IN_PART


def totals(results: Mapping[Case, Sequence[Verdict]]) -> list[str]:
    """Return the table of how many rules each linter finds."""
    rules = sorted({case.id for case in results})
    counts = {line: [0] * len(LINTERS) for line in (FOUND, WARNED, IN_PART, MISSED, ACCUSED)}
    for rule in rules:
        for index in range(len(LINTERS)):
            line = overall([(case, verdicts[index]) for case, verdicts in results.items() if case.id == rule])
            counts[line][index] += 1
    heads = (f"Of {len(rules)} rules", *(linter.name for linter in LINTERS))
    return table(heads, [(line, *map(str, count)) for line, count in counts.items()])


def page(results: Mapping[Case, Sequence[Verdict]]) -> str:
    """Return the page."""
    python = f"{python_implementation()} {python_version()}"
    versions = f"gatewright {version('gatewright')}, wsgiref of {python} and Werkzeug {version('werkzeug')}"
    lines = [INTRODUCTION.format(versions=versions).rstrip("\n"), *totals(results)]
    for letter, party in PARTIES.items():
        rows = [
            (
                f"[{case.id}](rules.md#{case.id.lower()})",
                case.what if case.breach else f"*allowed:* {case.what}",
                *map(str, verdicts),
            )
            for case, verdicts in results.items()
            if case.id.startswith(letter)
        ]
        lines += ["", f"## {party}", *table(("Rule", "Case", *(linter.name for linter in LINTERS)), rows)]
    return "\n".join([*lines, ""])


def main() -> None:
    """Run all, print what is not found by gatewright, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-page", action="store_true", help="print only")
    options = parser.parse_args()
    results = run()
    print("\n".join(totals(results)))
    for case, verdicts in results.items():
        for linter, verdict in zip(LINTERS[:2], verdicts, strict=False):
            if verdict.mark != "✓":
                print(f"{linter.name}: {verdict} {case.name}")
    if not options.no_page:
        PAGE.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
