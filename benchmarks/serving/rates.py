"""What a request costs: every server in turn under the same load, for some rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from attrs import frozen

from serving.servers import FLOOR, Running, Server, Stable
from serving.wrk import Counted, Load, run

PIPELINED = 8
LEAST = 0.02  # seconds of CPU time, which the kernel counts in hundredths

SCENARIOS: dict[str, Load] = {
    "hello, minimal headers": Load(),
    "hello, browser headers": Load(headers="browser"),
    "hello, all differ": Load(path="/item/", headers="differing"),
    "realistic page": Load(path="/page/", headers="differing"),
    "10 kB, minimal headers": Load(path="/10kb/"),
    "10 kB, browser headers": Load(path="/10kb/", headers="browser"),
    "10 kB, all differ": Load(path="/10kb/", headers="differing"),
    "streamed, minimal headers": Load(path="/strm/"),
    "streamed, browser headers": Load(path="/strm/", headers="browser"),
    "streamed, all differ": Load(path="/strm/", headers="differing"),
    "form of 330 B": Load(path="/read/", headers="browser", body=330),
    "upload of 1 MB": Load(path="/read/", headers="browser", body=1_000_000, connections=8),
    "8 pipelined, minimal headers": Load(depth=PIPELINED),
    "8 pipelined, all differ": Load(path="/item/", headers="differing", depth=PIPELINED),
}
"""The scenarios, by their names."""


@frozen
class Round:
    """One server under one load, once.

    Attributes:
        counted: what wrk counted.
        cpu: seconds of CPU time that the server used meanwhile.
    """

    counted: Counted
    cpu: float

    @property
    def cost(self) -> float:
        """Microseconds of CPU time for a request, if there was one."""
        return self.cpu / self.counted.requests * 1e6


@frozen(kw_only=True)
class Figures:
    """One server under one load: the best of all rounds, as what else a machine does only ever makes them worse.

    Attributes:
        cost: microseconds of CPU time for a request; nothing, if there was no answer, or too few to tell.
        rate: requests per second.
        p99: milliseconds within which 99 of 100 answers were there, as wrk has it; nothing for pipelines.
        busy: the part of the time for which the server ran: if that is little, it waited while it was asked.
        errors: what went wrong, and how often, in all rounds.
        costs: of every round in which there was one.
    """

    cost: float | None
    rate: float
    p99: float | None
    busy: float
    errors: dict[str, int]
    costs: list[float]


def figures(rounds: list[Round]) -> Figures:
    """Return what the rounds come to."""
    answered = [one for one in rounds if one.counted.requests]
    measured = [one.cost for one in answered if one.cpu >= LEAST]
    errors: Counter[str] = Counter()
    for one in rounds:
        errors.update(one.counted.errors)
    return Figures(
        cost=min(measured, default=None),
        rate=max((one.counted.requests / one.counted.duration * 1e6 for one in rounds), default=0),
        p99=min((one.counted.p99 / 1000 for one in answered if one.counted.p99), default=None),
        busy=max((one.cpu / one.counted.duration * 1e6 for one in rounds), default=0),
        errors=dict(errors),
        costs=measured,
    )


Cells = dict[str, dict[str, Figures]]
"""By the names of scenario and server."""


def measure_round(running: Running, load: Load, seconds: int, folder: str) -> Round:
    """Measure one server once."""
    before = running.cpu_time()
    counted = run(load, running.port, seconds, folder)
    return Round(counted, running.cpu_time() - before)


def measure(
    servers: Stable,
    wanted: list[Server],
    loads: dict[str, Load],
    rounds: int,
    seconds: int,
    tell: Callable[[str], None],
) -> Cells:
    """Measure servers that all run, in turn; one that hung is started anew."""
    running = {server.name: started for server in wanted if (started := servers.start(server))}
    cells: Cells = {}
    for scenario, load in loads.items():
        tell(scenario)
        row: dict[str, list[Round]] = {}
        for name in [*running] * rounds:
            if name not in running or (load.body and name == FLOOR):  # which does not read bodies
                continue
            one = measure_round(running[name], load, seconds, servers.folder)
            row.setdefault(name, []).append(one)
            if one.counted.hung or not one.counted.requests:
                renew(servers, running, name)
        cells[scenario] = {name: figures(all_rounds) for name, all_rounds in row.items()}
    for left in running.values():
        servers.stop(left.server)
    return cells


def renew(servers: Stable, running: dict[str, Running], name: str) -> None:
    """Start a server anew, or leave it out from here on."""
    server = running.pop(name).server
    servers.stop(server)
    started = servers.start(server)
    if started:
        running[name] = started
