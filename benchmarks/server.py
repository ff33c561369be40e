"""The HTTP server side by side with its peers, in one run.

It needs Linux, two CPUs and wrk.  The servers that are compared all run at the same time, on the first CPU that there
is, the load on the last; they are measured in turn, for some rounds.
"""

from __future__ import annotations

import argparse
import os

from serving.rates import SCENARIOS, Cells, measure
from serving.servers import all_servers, stable


def table(cells: Cells) -> str:
    """Return the costs as text."""
    lines: list[str] = []
    for scenario, row in cells.items():
        floor = row["floor"].cost if "floor" in row else None
        lines.append(f"\n{scenario:32}{'µs':>8}{'/floor':>8}{'req/s':>10}{'p99 ms':>8}")
        for name, cell in row.items():
            cost, p99 = cell.cost, cell.p99
            ratio = cost / floor if cost and floor else 0
            figures = f"{cost or 0:8.1f}{ratio:8.2f}{cell.rate:10.0f}{p99 or 0:8.2f}"
            lines.append(f"  {name:30}{figures}  {notes(cell.errors, cell.busy)}")
    return "\n".join(lines)


def notes(errors: dict[str, int], busy: float) -> str:
    """Return what is to be said of a cell."""
    texts = [f"{name} {count}" for name, count in errors.items()]
    if busy < 0.15:
        texts.append(f"busy {busy:.0%}")
    return ", ".join(texts)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8, help="rounds of each server")
    parser.add_argument("--seconds", type=int, default=1, help="of each round")
    parser.add_argument("--quick", action="store_true", help="two rounds, to see that everything works")
    parser.add_argument("--only", default="", metavar="SERVER,...", help="servers whose names begin so")
    parser.add_argument("--scenario", default="", metavar="TEXT,...", help="scenarios whose names contain this")
    parser.add_argument("--compiled", metavar="PYTHON", help="that has the compiled wheel in its environment")
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    begins = tuple(f"{name.strip()}" for name in options.only.split(","))
    contained = [text.strip() for text in options.scenario.split(",")]
    chosen = [
        server
        for server in all_servers(options.compiled)
        if server.name.startswith(begins) and not server.only_sleeping
    ]
    loads = {name: load for name, load in SCENARIOS.items() if any(text in name for text in contained)}
    os.sched_setaffinity(0, {cpus[-1]})
    with stable(cpus[0]) as servers:
        cells = measure(servers, chosen, loads, 2 if options.quick else options.rounds, options.seconds, print)
        for name, why in servers.missing.items():
            print(f"{name} is left out: {why}")
    print(table(cells))


if __name__ == "__main__":
    main()
