"""The HTTP server side by side with its peers, in one run.

It needs Linux, two CPUs and wrk.  Servers are on the first CPU that there is, the load is on the last.  Under load all
servers run at the same time and are measured in turn, for some rounds; for large bodies and for memory each is started
anew.  A whole run writes ``docs/benchmarks-server.md``, its chart, and its record as JSON, of which the two can be made
again; one that is restricted prints only.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

from processes import circumstances
from serving.bodies import TRANSFERS, Transfer, large_file, measure_transfer
from serving.chart import chart
from serving.memory import Idle, measure_idle
from serving.rates import SCENARIOS, Cells, measure
from serving.report import page, text
from serving.results import BodyCells, Results, WaitCells, best, from_json
from serving.servers import FLOOR, Server, Stable, all_servers, stable
from serving.sleeping import MIXES, Waits, measure_waits

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "benchmarks-server.md"
RECORD = DOCS / "benchmarks-server.json"
CHART = DOCS / "_static" / "benchmarks-server.svg"

IDLE_CONNECTIONS = "idle connections"
BODIES = "100 MB, {}"
BETWEEN = r",(?! )"  # what is chosen; a comma before a space is one of its name


class Run:
    """One run: what is measured, how often, and of whom.

    Args:
        options: of the command line.
        servers: where they run.
    """

    def __init__(self, options: argparse.Namespace, servers: Stable) -> None:
        self.rounds: int = 1 if options.quick else options.rounds
        self.seconds: int = options.seconds
        names: str = options.only
        parts: str = options.scenario
        begins = tuple(re.split(BETWEEN, names))
        self._parts = re.split(BETWEEN, parts)
        self._wanted = [server for server in all_servers(options.compiled) if server.name.startswith(begins)]
        self._servers = servers

    def is_wanted(self, name: str) -> bool:
        """Whether a scenario is to be measured."""
        return any(part in name for part in self._parts)

    def rates(self) -> Cells:
        """Measure servers under load."""
        wanted = [server for server in self._wanted if not (server.only_sleeping or server.only_chunked)]
        loads = {name: load for name, load in SCENARIOS.items() if self.is_wanted(name)}
        return measure(self._servers, wanted, loads, self.rounds, self.seconds, tell) if loads else {}

    def waits(self) -> WaitCells:
        """Measure how long others wait while some calls sleep; each server by itself, as one that sleeps is idle."""
        cells: WaitCells = {}
        for name, mix in MIXES.items():
            if not self.is_wanted(name):
                continue
            tell(name)
            row: dict[str, list[Waits]] = {}
            compared = [server for server in self._peers() if server.compared == mix.threads]
            for server in compared * max(self.rounds // 2, 1):
                running = self._servers.start(server)
                if running:
                    row.setdefault(server.name, []).append(measure_waits(running.port, mix, 2 * self.seconds))
                    self._servers.stop(server)
            cells[name] = {of: best(waits) for of, waits in row.items()}
        return cells

    def bodies(self) -> BodyCells:
        """Measure large bodies."""
        cells: BodyCells = {}
        for name in TRANSFERS:
            if not self.is_wanted(BODIES.format(name)):
                continue
            tell(BODIES.format(name))
            row: dict[str, Transfer] = cells.setdefault(name, {})
            for server in self._peers(sleeping=False, chunked="chunked" in name):
                running = self._servers.start(server)
                if running:
                    row[server.name] = measure_transfer(running, name, self.rounds)
                    self._servers.stop(server)
        return cells

    def idle(self) -> dict[str, Idle]:
        """Measure the memory of idle connections."""
        cells: dict[str, Idle] = {}
        if self.is_wanted(IDLE_CONNECTIONS):
            tell(IDLE_CONNECTIONS)
            for server in self._peers(sleeping=False):
                running = self._servers.start(server)
                if running:
                    cells[server.name] = measure_idle(running)
                    self._servers.stop(server)
        return cells

    def results(self) -> Results:
        """Measure all that is wanted."""
        load = os.getloadavg()[0]
        large_file(self._servers.folder)
        rates, waits, bodies, idle = self.rates(), self.waits(), self.bodies(), self.idle()
        missing = self._servers.missing
        return Results(
            circumstances=f"{circumstances()} The load of the machine was {load:.1f} before.",
            rounds=self.rounds,
            seconds=self.seconds,
            versions={server.name: server.version for server in self._wanted if server.name not in missing},
            missing=missing,
            rates=rates,
            waits=waits,
            bodies=bodies,
            idle=idle,
        )

    def _peers(self, *, sleeping: bool = True, chunked: bool = False) -> list[Server]:
        """Return what can be compared by more than its speed, and was not found missing."""
        return [
            server
            for server in self._wanted
            if server.name not in {FLOOR, *self._servers.missing}
            and (sleeping or not server.only_sleeping)
            and (chunked or not server.only_chunked)
        ]


def tell(scenario: str) -> None:
    """Say what is being measured."""
    print(f"... {scenario}", file=sys.stderr, flush=True)


def write(results: Results) -> None:
    """Write the page and its chart."""
    PAGE.write_text(page(results), "utf-8")
    CHART.write_text(chart(results), "utf-8")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rounds", type=int, default=8, help="of each server under each load; %(default)s if not given"
    )
    parser.add_argument("--seconds", type=int, default=1, help="of each round; %(default)s if not given")
    parser.add_argument("--quick", action="store_true", help="one round, to see that everything works")
    parser.add_argument("--only", default="", metavar="SERVER,...", help="servers whose names begin so")
    parser.add_argument("--scenario", default="", metavar="TEXT,...", help="scenarios whose names contain this")
    parser.add_argument(
        "--compiled", metavar="PYTHON", help="an interpreter whose environment has a compiled gatewright"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the record there, whatever was measured")
    parser.add_argument("--again", action="store_true", help="measure nothing; make the page anew from its record")
    return parser.parse_args()


def main() -> None:
    """Measure, print, and write."""
    options = arguments()
    if options.again:
        write(from_json(RECORD.read_text("utf-8")))
        return
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2 or shutil.which("wrk") is None:
        sys.exit("This needs two CPUs, and wrk.")
    os.sched_setaffinity(0, {cpus[-1]})
    with stable(cpus[0]) as servers:
        results = Run(options, servers).results()
    print(text(results))
    if options.json:
        options.json.write_text(results.to_json(), "utf-8")
    if not (options.quick or options.only or options.scenario):
        RECORD.write_text(results.to_json(), "utf-8")
        write(results)


if __name__ == "__main__":
    main()
