"""The chart: bars of the CPU time of a request, as SVG that takes its colours from the page around it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from serving.results import Results
from serving.servers import FLOOR

PANELS = ("hello, minimal headers", "hello, browser headers", "hello, all differ", "realistic page")
WIDTH = 860
LEFT = 160  # where bars begin, of a panel
BAR = 14
ROW = 20
TOP = 30
CUT = 2.5  # times the dearest of the fast servers; a bar that is longer is broken

STYLE = """
  .bench text { fill: currentColor; font: 12px system-ui, sans-serif; }
  .bench .title { font-weight: 600; }
  .bench .value { font-size: 11px; }
  .bench .peer { fill: #8a8f98; }
  .bench .ours { fill: #2f81f7; }
  .bench .floor { stroke: currentColor; stroke-dasharray: 3 3; opacity: 0.6; }
  .bench .break { stroke: var(--color-background-primary, #fff); stroke-width: 3; }
"""


def bar(name: str, cost: float, x: float, y: float, scale: float, most: float) -> Iterator[str]:
    """Yield the marks of one server."""
    length = min(cost, most) * scale
    kind = "ours" if name.startswith("gatewright") else "peer"
    yield f'<text x="{x + LEFT - 6}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect class="{kind}" x="{x + LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="1.5"/>'
    if cost > most:
        middle = x + LEFT + length - 18
        yield f'<path class="break" d="M{middle:.1f} {y + BAR + 2}l6 -{BAR + 4}"/>'
    yield f'<text class="value" x="{x + LEFT + length + 4:.1f}" y="{y + 11}">{cost:.1f}</text>'


def panel(title: str, costs: dict[str, float], x: float, y: float) -> Iterator[str]:
    """Yield the marks of one scenario."""
    servers = {name: cost for name, cost in costs.items() if name != FLOOR}
    floor = costs.get(FLOOR)
    most = min(max(servers.values()), CUT * sorted(servers.values())[len(servers) // 2])
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
