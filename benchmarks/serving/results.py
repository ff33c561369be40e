"""All that a run has measured, and its record as JSON."""

from __future__ import annotations

import json
from typing import Any

from attrs import asdict, evolve, frozen

from serving.bodies import Transfer
from serving.memory import Idle
from serving.rates import Cells, Figures
from serving.sleeping import Waits

BodyCells = dict[str, dict[str, Transfer]]
WaitCells = dict[str, dict[str, Waits]]


@frozen(kw_only=True)
class Results:
    """What was measured.

    Attributes:
        circumstances: on what, and when.
        rounds: of each server under each load.
        seconds: of each round.
        versions: of the servers, by their names, in the order of the tables.
        missing: why others are not there, by their names.
        rates: under load, by scenario and server.
        waits: while some calls sleep, by mix and server.
        bodies: by transfer and server.
        idle: what idle connections take, by server.
    """

    circumstances: str
    rounds: int
    seconds: int
    versions: dict[str, str]
    missing: dict[str, str]
    rates: Cells
    waits: WaitCells
    bodies: BodyCells
    idle: dict[str, Idle]

    def to_json(self) -> str:
        """Return the record."""
        return json.dumps(asdict(self, value_serializer=rounded), indent=1) + "\n"


def rounded(_: object, __: object, value: object) -> object:
    """Return a number with as many digits as mean something."""
    return round(value, 4) if isinstance(value, float) else value


def from_json(text: str) -> Results:
    """Read the record of a run."""
    data: dict[str, Any] = json.loads(text)
    tables: dict[str, type[Figures | Waits | Transfer]] = {"rates": Figures, "waits": Waits, "bodies": Transfer}
    for name, kind in tables.items():
        data[name] = {title: {of: kind(**cell) for of, cell in row.items()} for title, row in data[name].items()}
    data["idle"] = {of: Idle(**cell) for of, cell in data["idle"].items()}
    return Results(**data)


def best(waits: list[Waits]) -> Waits:
    """Return the best of some rounds, with the errors of all."""
    answered = [one for one in waits if one.fast and one.slow] or waits
    return evolve(min(answered, key=lambda one: one.p99), errors=sum(one.errors for one in waits))
