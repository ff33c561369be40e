"""The page of the results: what its tables show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from serving.bodies import Transfer
from serving.memory import IDLE
from serving.rates import Figures
from serving.results import Results
from serving.servers import COMPILED, FLOOR, INLINE, MANY_THREADS, THREADS
from serving.sleeping import MILLISECONDS
from serving.tables import NOTHING, Table, number, ratio

WAITING = 0.08  # of the time: so little is not for want of a CPU, even on a machine that does much else

STAR = "\\*"
WITHOUT_NUMBER = f"{NOTHING}{STAR}"

INTRODUCTION = """\
# Benchmarks of the server

Measured by `nox -s bench_server`, which writes this page. All servers run at the same time, each on one CPU, the same,
and are measured in turn; wrk has the other CPU, and 32 connections that it keeps alive (8 for the uploads). The best of
{rounds} rounds of {seconds} s counts, figure by figure: what else a machine does only ever makes them worse. Machines
differ: read the ratios, not the times. While calls sleep, and for large bodies and memory, each server is by itself.

{circumstances}

The floor is no server, but a loop in Python that receives, and sends what was prepared: less cannot be done in Python.
gatewright runs with one thread (inline) and with eight, granian with one, bjoern and fastwsgi have no more than one;
cheroot, waitress and gunicorn have eight, and 32 where that is said. "All differ" are a browser's requests of which no
two have the same path, cookies and request number; "realistic page" are such, too, and the response has 8 headers and 5
kB. A streamed response is ten blocks of 1 kB, of which the server is not told how many they will be.

```{{raw}} html
:file: _static/benchmarks-server.svg
```
"""

GROUPS = {
    "hello and a page": ("hello", "realistic"),
    "10 kB": ("10 kB", "streamed"),
    "bodies": ("form", "upload", "8 "),
}


def grouped(results: Results) -> Iterator[dict[str, dict[str, Figures]]]:
    """Yield the scenarios that stand in one table."""
    for starts in GROUPS.values():
        group = {name: row for name, row in results.rates.items() if name.startswith(starts)}
        if group:
            yield group


def marked(figures: Figures | None, text: Callable[[Figures], str]) -> str:
    """Return what a cell shows, with a star if something went wrong."""
    if figures is None:
        return NOTHING
    return text(figures) + (STAR if troubles(figures) else "")


def troubles(figures: Figures) -> str:
    """Return what went wrong under a load, in words."""
    words = {"status": "answers other than 2xx", "hung": "rounds in which wrk did not end"}
    texts = [f"{count} {words.get(name, f'errors of wrk ({name})')}" for name, count in figures.errors.items()]
    if figures.busy < WAITING:
        texts.append(f"it ran for {figures.busy:.0%} of the time, and waited for the rest")
    if figures.cost is None:
        texts.append("it answered too few requests to tell what they cost")
    return "; ".join(texts)


def by_server(results: Results, title: str, text: Callable[[Figures], str]) -> Iterator[Table]:
    """Yield tables of one figure: a row for each server, a column for each scenario."""
    for number_of, group in enumerate(grouped(results)):
        cells = {
            scenario: {name: marked(row.get(name), text) for name in results.versions}
            for scenario, row in group.items()
        }
        cells = {scenario: row for scenario, row in cells.items() if {*row.values()} - {NOTHING, WITHOUT_NUMBER}}
        rows = [[name, *(row[name] for row in cells.values())] for name in results.versions]
        shown = [row for row in rows if {*row[1:]} != {NOTHING}]
        if cells:
            yield Table(title if number_of == 0 else f"{title}, continued", ["", *cells], shown)


def ratios(results: Results, ours: str, other: str) -> Iterator[Table]:
    """Yield the ratios of ours to all others, scenario by scenario."""
    peers = [name for name in results.versions if not name.startswith("gatewright")]
    peers = [name for name in peers if any(name in row for row in results.rates.values())]
    rows: list[list[str]] = []
    for scenario, row in results.rates.items():
        costs = {name: figures.cost for name, figures in row.items()}
        if ours in costs:
            to_peers = [ratio(costs[ours], costs.get(name)) for name in peers]
            rows.append([scenario, ratio(costs.get(other), costs[ours]), *to_peers])
    if rows:
        title = f"CPU time of {ours}: the ratio to others; below 1, it takes less"
        yield Table(title, ["", "8 threads to inline", *peers], rows)


def wrong(results: Results) -> Iterator[Table]:
    """Yield what went wrong under load."""
    rows: list[list[str]] = []
    for scenario, row in results.rates.items():
        rows += [[f"{scenario}: {name}", text] for name, figures in row.items() if (text := troubles(figures))]
    if rows:
        yield Table("Where there is a star", ["", "what happened"], rows, words=True)


def sleeping(results: Results) -> Iterator[Table]:
    """Yield how long others wait while some calls sleep."""
    note = (
        "Dice that fall alike for all choose which requests sleep. There are 32 connections, and each makes its next "
        "request when the last is answered; or requests are made at even intervals, and their time counts from then."
    )
    columns = ["", "median", "p99", "p99.9", "p99 to ours", "median of the slow", "requests/s", "errors"]
    for mix, row in results.waits.items():
        ours = next((row[name].p99 for name in (THREADS, MANY_THREADS) if name in row), None)
        rows: list[list[str]] = []
        for name, waits in row.items():
            times = [number(value, 2) for value in (waits.p50, waits.p99, waits.p999)]
            rest = [number(waits.slow_p50), f"{waits.rate:.0f}", str(waits.errors)]
            rows.append([name, *times, ratio(waits.p99, ours), *rest])
        yield Table(f"{mix}: milliseconds that those waited which did not sleep {MILLISECONDS} ms", columns, rows, note)
        note = ""


def bodies(results: Results) -> Iterator[Table]:
    """Yield the speed of large bodies."""
    rows: list[list[str]] = []
    for name in results.versions:
        cells = [row.get(name) for row in results.bodies.values()]
        if any(cells):
            rows.append([name, *map(transferred, cells)])
    if rows:
        note = (
            "Chunked uploads are stored before the application is called, by gatewright as by waitress; not if it is "
            "told to hand them on as they come (streaming)."
        )
        yield Table("Bodies of 100 MB: MB/s; growth of memory in MB", ["", *results.bodies], rows, note)


def transferred(cell: Transfer | None) -> str:
    """Return what a cell of that table shows."""
    if cell is None:
        return NOTHING
    return cell.error or f"{cell.speed:.0f}; {cell.growth * 1.024 / 1000:.0f}"


def idle(results: Results) -> Iterator[Table]:
    """Yield what idle connections take."""
    rows: list[list[str]] = []
    for name, cell in results.idle.items():
        rows.append([name, number(cell.before * 1.024 / 1000), number(cell.per_thousand, 2), str(cell.open)])
    if rows:
        columns = ["", "the server itself", "1,000 connections", f"open, of {IDLE:,}"]
        note = "On each, one request of a browser was answered before."
        yield Table("Memory of idle connections, in MB", columns, rows, note)


def versions(results: Results) -> Iterator[Table]:
    """Yield which servers there were, and which not."""
    rows = [[name, version] for name, version in results.versions.items() if name != FLOOR]
    rows += [[name, f"left out: {why}"] for name, why in results.missing.items()]
    yield Table("Versions", ["", "version"], rows, words=True)


def tables(results: Results) -> Iterator[Table]:
    """Yield all tables."""
    yield from by_server(results, "CPU time of a request, in µs", lambda one: number(one.cost))
    yield from ratios(results, INLINE, THREADS)
    yield from ratios(results, f"{COMPILED}, inline", f"{COMPILED}, 8 threads")
    yield from by_server(results, "Requests per second", lambda one: f"{one.rate:.0f}")
    yield from by_server(results, "99 of 100 answered within, in ms", lambda one: number(one.p99, 2))
    yield from wrong(results)
    yield from sleeping(results)
    yield from bodies(results)
    yield from idle(results)
    yield from versions(results)


def page(results: Results) -> str:
    """Return the page."""
    start = INTRODUCTION.format(
        rounds=results.rounds, seconds=results.seconds, circumstances=results.circumstances
    ).splitlines()
    return "\n".join([*start, "", *(line for table in tables(results) for line in table.markdown())])


def text(results: Results) -> str:
    """Return the tables for a terminal."""
    return "\n".join(line for table in tables(results) for line in table.text()).replace(STAR, "*")
