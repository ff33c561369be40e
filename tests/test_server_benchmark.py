from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from serving.bodies import Transfer
from serving.chart import chart
from serving.memory import Idle
from serving.rates import SCENARIOS, Round, figures
from serving.report import page, text
from serving.results import Results, from_json
from serving.sleeping import Waits
from serving.wrk import Counted, Load, counted, head

from gatewright.server.limits import Limits
from gatewright.server.parser import HeadReader

WAITS = Waits(fast=99, slow=1, p50=0.1, p99=1.5, p999=2, slow_p50=50.2, rate=2000, errors=0)


def measured() -> Results:
    """Return results as of a run on two servers, one of which stalled in the first scenario."""
    good = figures([Round(Counted(requests=20_000, duration=1_000_000, p99=900), cpu=0.4)])
    stalled = figures([Round(Counted(requests=10, duration=1_000_000, p99=900, read=3), cpu=0.001)])
    first, *others = SCENARIOS
    names = ["gatewright, inline", "bjoern"]
    rates = {scenario: dict.fromkeys(names, good) for scenario in others}
    return Results(
        circumstances="Python on a machine.",
        rounds=1,
        seconds=1,
        versions=dict.fromkeys(names, "1.0"),
        missing={"granian": "it did not answer"},
        rates={first: {"gatewright, inline": good, "bjoern": stalled}, **rates},
        waits={"1 % sleep": {"bjoern": WAITS}},
        bodies={"upload": {"bjoern": Transfer(speed=1000, growth=100_000)}},
        idle={"bjoern": Idle(before=5000, growth=2000, open=2000)},
    )


def test_record() -> None:
    """The record of a run gives its page again."""
    assert page(from_json(measured().to_json())) == page(measured())


@pytest.mark.parametrize("wanted", ["| 0.50 |", "20.0", "3 errors of wrk (read)", "left out: it did not answer"])
def test_page(wanted: str) -> None:
    """The page shows costs and ratios, and hides neither an error nor a server that is missing."""
    costs = measured()
    row = costs.rates["realistic page"]
    row["bjoern"] = figures([Round(Counted(requests=10_000, duration=1_000_000), cpu=0.4)])
    assert wanted in page(costs)


def test_text() -> None:
    """The terminal has the same tables."""
    assert "bjoern" in text(measured())


def test_chart() -> None:
    """The chart is well-formed, with a figure for each server in each of four scenarios, but where one stalled."""
    drawn = ET.fromstring(chart(measured()))
    assert len([mark for mark in drawn.iter() if mark.get("class") == "value"]) == 7


def test_browser_request() -> None:
    """A browser's request is one that is accepted, of 12 header fields."""
    parsed = HeadReader(Limits(), {}).feed(head("/item/1", "a=b", "1").encode())
    assert parsed is not None
    assert sum(name.startswith("HTTP_") for name in parsed[0]) == 12


@pytest.mark.parametrize("load", SCENARIOS.values(), ids=SCENARIOS)
def test_script(load: Load) -> None:
    """Each load is a script in whose braces nothing is left to be filled in."""
    assert not {"{path}", "{id}", "{depth}", "{pieces}", "{{"} & set(load.script().split())


def test_counted() -> None:
    """What wrk's script writes after wrk's own lines is read."""
    output = 'Running\nRESULT {"requests": 5, "duration": 7, "p50": 1, "p99": 2, "status": 1}\n'
    assert counted(output).errors == {"status": 1}
