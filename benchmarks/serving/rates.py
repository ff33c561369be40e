"""What a request costs: every server in turn under the same load, for some rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median

from attrs import Factory, field, frozen

from serving.servers import Running, Server, Stable
from serving.wrk import Counted, Load, run

PIPELINED = 8

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


@frozen
class Cell:
    """One server under one load, all rounds."""

    rounds: list[Round] = field(default=Factory(list[Round]))

    @property
    def answered(self) -> list[Round]:
        """The rounds in which there was an answer."""
        return [one for one in self.rounds if one.counted.requests]

    @property
    def cost(self) -> float | None:
        """Microseconds of CPU time for a request: the least, as what other work adds only ever makes it more."""
        return min((one.cpu / one.counted.requests * 1e6 for one in self.answered), default=None)

    @property
    def rate(self) -> float:
        """Requests per second: the most, for the same reason."""
        return max((one.counted.requests / one.counted.duration * 1e6 for one in self.rounds), default=0)

    @property
    def p99(self) -> float | None:
        """Milliseconds within which 99 of 100 answers were there: the median of the rounds."""
        return median(one.counted.p99 / 1000 for one in self.answered) if self.answered else None

    @property
    def busy(self) -> float:
        """The part of the time for which the server ran: if that is little, it waited while it was asked."""
        return max((one.cpu / one.counted.duration * 1e6 for one in self.rounds), default=0)

    @property
    def errors(self) -> dict[str, int]:
        """What went wrong, and how often, in all rounds."""
        total: dict[str, int] = {}
        for one in self.rounds:
            for name, count in one.counted.errors.items():
                total[name] = total.get(name, 0) + count
        return total


Cells = dict[str, dict[str, Cell]]
"""By the names of scenario and server."""


def measure_round(running: Running, load: Load, seconds: int, folder: str) -> Round:
    """Measure one server once."""
    before = running.cpu_time()
    counted = run(load, running.port, seconds, folder)
    return Round(counted, running.cpu_time() - before)


def measure(
    servers: Stable,
    wanted: Iterable[Server],
    loads: dict[str, Load],
    rounds: int,
    seconds: int,
    tell: Callable[[str], None],
) -> Cells:
    """Measure servers that all run, in turn; one that hung is started anew."""
    running = {server.name: started for server in wanted if (started := servers.start(server))}
    cells: Cells = {scenario: {name: Cell() for name in running} for scenario in loads}
    for scenario, load in loads.items():
        tell(scenario)
        for _ in range(rounds):
            for name in list(running):
                one = measure_round(running[name], load, seconds, servers.folder)
                cells[scenario][name].rounds.append(one)
                if one.counted.hung or not one.counted.requests:
                    renew(servers, running, name)
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
