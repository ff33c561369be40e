"""The chart: bars of the CPU time of a request, as SVG that takes its colours from the page around it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from serving.results import Results
from serving.servers import FLOOR

PANELS = ("hello, minimal headers", "hello, browser headers", "hello, all differ", "realistic page")
WIDTH = 920
LEFT = 190  # where bars begin, of a panel
BAR = 14
ROW = 20
TOP = 30
FAST = 4  # times the cheapest server; others have their bars broken
ROOM = 1.25  # times the dearest of those that are fast

STYLE = """
  .bench text { fill: currentColor; font: 12px system-ui, sans-serif; }
  .bench .title { font-weight: 600; }
  .bench .value { font-size: 11px; }
  .bench .peer { fill: #8a8f98; }
  .bench .ours { fill: #2f81f7; }
  .bench .floor { stroke: currentColor; stroke-dasharray: 3 3; opacity: 0.6; }
"""


def bar(name: str, cost: float, x: float, y: float, scale: float, most: float) -> Iterator[str]:
    """Yield the marks of one server."""
    length, begin, end = min(cost, most) * scale, x + LEFT, y + BAR
    kind = "ours" if name.startswith("gatewright") else "peer"
    yield f'<text x="{x + LEFT - 6}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
    if cost > most:  # two pieces, cut on the slant
        cut = begin + length - 22
        yield f'<path class="{kind}" d="M{begin} {y}H{cut + 6:.1f}L{cut:.1f} {end}H{begin}z"/>'
        yield f'<path class="{kind}" d="M{cut + 10:.1f} {y}h12v{BAR}h-18z"/>'
    else:
        yield f'<path class="{kind}" d="M{begin} {y}h{length:.1f}v{BAR}H{begin}z"/>'
    yield f'<text class="value" x="{begin + length + 4:.1f}" y="{y + 11}">{cost:.1f}</text>'


def panel(title: str, costs: dict[str, float], x: float, y: float) -> Iterator[str]:
    """Yield the marks of one scenario."""
    servers = {name: cost for name, cost in costs.items() if name != FLOOR}
    floor = costs.get(FLOOR)
    cheapest = min(servers.values())
    most = min(max(servers.values()), ROOM * max(cost for cost in servers.values() if cost < FAST * cheapest))
    scale = (WIDTH / 2 - LEFT - 60) / most
    yield f'<text class="title" x="{x + LEFT}" y="{y + 12}">{escape(title)}</text>'
    for row, (name, cost) in enumerate(servers.items()):
        yield from bar(name, cost, x, y + TOP + row * ROW, scale, most)
    if floor:
        at, end = x + LEFT + floor * scale, y + TOP + len(servers) * ROW
        yield f'<path class="floor" d="M{at:.1f} {y + TOP - 6}V{end}"/>'
        yield f'<text class="value" x="{at:.1f}" y="{end + 10}" text-anchor="middle">floor {floor:.1f}</text>'


def chart(results: Results) -> str:
    """Return the chart, or an empty one if nothing of it was measured."""
    marks: list[str] = []
    bottom = 0.0
    shown = [title for title in PANELS if results.rates.get(title)]
    for place, title in enumerate(shown):
        row = results.rates[title]
        costs = {name: figures.cost for name, figures in row.items() if figures.cost is not None}
        height = TOP + ROW * len(costs) + 24
        x, y = place % 2 * WIDTH / 2, 34 + place // 2 * height
        marks += panel(title, costs, x, y)
        bottom = max(bottom, y + height)
    caption = "CPU time of a request in µs: shorter is better"
    return "\n".join(
        [
            f'<svg class="bench" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom:.0f}" role="img">',
            f"<title>{caption}</title>",
            f"<style>{STYLE}</style>",
            f'<text class="title" x="{WIDTH / 2}" y="16" text-anchor="middle">{caption}</text>',
            *marks,
            "</svg>\n",
        ]
    )
