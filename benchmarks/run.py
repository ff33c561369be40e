"""Side by side with the standard library, in one run: ratios of CPU time, printed and written into the documentation.

Each pair of cases is run in turn, many short rounds of each, and the minimum counts: what the machine's other work adds
only ever makes a round longer.  The figures of every interpreter that ran are kept in ``docs/benchmarks.json``, and
``docs/benchmarks.md`` is made of them.
"""

from __future__ import annotations

import argparse
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from time import process_time_ns
from typing import TYPE_CHECKING

from cases import SECTIONS
from start_up import STDLIB_CGI, measure_cgi, measure_imports

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).resolve().parent.parent / "docs"


def best(functions: list[Callable[[], object]], rounds: int, calls: int) -> list[float]:
    """Return the least time per call of each function, in microseconds of CPU time; their rounds alternate."""
    least = [float("inf")] * len(functions)
    for function in functions:
        for _ in range(calls):
            function()
    for _ in range(rounds):
        for index, function in enumerate(functions):
            start = process_time_ns()
            for _ in range(calls):
                function()
            least[index] = min(least[index], (process_time_ns() - start) / calls / 1000)
    return least


def measure(rounds: int, calls: int) -> dict[str, list[dict[str, object]]]:
    """Run every case of every section."""
    results: dict[str, list[dict[str, object]]] = {}
    for section, cases in SECTIONS.items():
        print(f"\n{section}\n{'':44}{'gatewright':>12}{'peer':>12}{'ratio':>8}")
        rows = results.setdefault(section, [])
        for name, ours, theirs, peer in cases:
            mine, other = best([ours, theirs], rounds, calls)
            rows.append({"case": name, "ours": mine, "peer": other, "ratio": mine / other, "against": peer})
            print(f"{name:44}{mine:10.2f}us{other:10.2f}us{mine / other:8.2f}  {peer}")
    return results


def page(data: dict[str, dict[str, object]]) -> str:
    """Make the page of all results."""
    lines = [
        "# Benchmarks",
        "",
        "Measured by `nox -s bench`, which writes this page. Times are microseconds of CPU per call, the minimum of",
        "many short rounds that alternate between the two; the ratio is ours to the other's, so below 1 is faster.",
        "Machines differ and are noisy: read the ratios, not the times.",
        "",
        "gatewright checks every status, name and value for characters that may not travel in them. wsgiref does so",
        "since the fix for CVE-2026-0865 (releases of 2026, and what distributions have backported); the last column",
        "says whether the one measured does.",
        "",
    ]
    for version, result in sorted(data.items(), reverse=True):
        lines += [f"## Python {version}", "", f"{result['machine']}; {result['date']}.", ""]
        sections = result["sections"]
        assert isinstance(sections, dict)
        for section, rows in sections.items():
            lines += [
                f"**{section}**",
                "",
                "| | gatewright | other | ratio | against |",
                "| --- | --: | --: | --: | --- |",
            ]
            lines += [
                f"| {row['case']} | {row['ours']:.2f} | {row['peer']:.2f} | {row['ratio']:.2f} | {row['against']} |"
                for row in rows
            ]
            lines.append("")
        lines += ["**Importing, milliseconds of a fresh process beyond `python -c pass`**", ""]
        imports = result["imports"]
        assert isinstance(imports, dict)
        lines += ["| module | gatewright | wsgiref |", "| --- | --: | --: |"]
        lines += [f"| `{name}` | {ours:.1f} | {theirs:.1f} |" for name, (ours, theirs) in imports.items()]
        lines.append("")
        cgi = result.get("cgi")
        if isinstance(cgi, dict):
            lines += ["**A whole CGI process, milliseconds; the ratio is of CPU time to the standard library's**", ""]
            lines += ["| | clock | CPU | ratio |", "| --- | --: | --: | --: |"]
            peer = cgi[STDLIB_CGI][1]
            lines += [f"| `{name}` | {wall:.1f} | {cpu:.1f} | {cpu / peer:.2f} |" for name, (wall, cpu) in cgi.items()]
            lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="rounds of each case")
    parser.add_argument("--calls", type=int, default=50, help="calls in a round")
    parser.add_argument("--no-page", action="store_true", help="print only")
    options = parser.parse_args()
    version = platform.python_version()
    print(f"Python {version}, {platform.platform()}")
    sections = measure(options.rounds, options.calls)
    imports = measure_imports()
    print("\nImporting, milliseconds beyond an empty process")
    for name, (ours, theirs) in imports.items():
        print(f"{name:44}{ours:10.1f}ms{theirs:10.1f}ms")
    cgi = measure_cgi()
    print(f"\nA whole CGI process\n{'':44}{'clock':>12}{'CPU':>12}{'ratio':>8}")
    for name, (wall, cpu) in cgi.items():
        print(f"{name:44}{wall:10.1f}ms{cpu:10.1f}ms{cpu / cgi[STDLIB_CGI][1]:8.2f}")
    if options.no_page:
        return
    store = DOCS / "benchmarks.json"
    data = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    data[version] = {
        "machine": f"{platform.python_implementation()} {version}, {platform.system()} {platform.machine()}",
        "date": datetime.now(tz=UTC).strftime("%Y-%m-%d"),
        "sections": sections,
        "imports": imports,
        "cgi": cgi,
    }
    store.write_text(json.dumps(dict(sorted(data.items())), indent=1) + "\n", encoding="utf-8")
    (DOCS / "benchmarks.md").write_text(page(data), encoding="utf-8")


if __name__ == "__main__":
    main()
