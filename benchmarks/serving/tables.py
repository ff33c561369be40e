"""Tables, as text for a terminal and as Markdown."""

from __future__ import annotations

from attrs import frozen

NOTHING = "\N{EN DASH}"  # in a cell that has no number


@frozen
class Table:
    """A table whose first column is text and whose others are numbers, as a rule.

    Attributes:
        title: what it shows.
        columns: their names, the first of which is that of the text.
        rows: as many cells each as there are columns.
        note: what else is to be known.
        words: the other columns are text as well.
    """

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str = ""
    words: bool = False

    def markdown(self) -> list[str]:
        """Return the lines of a page."""
        lines = [f"**{self.title}**", ""]
        if self.note:
            lines += [self.note, ""]
        marks = ["---", *["---" if self.words else "--:"] * (len(self.columns) - 1)]
        return [*lines, *(f"| {' | '.join(row)} |" for row in [self.columns, marks, *self.rows]), ""]

    def text(self) -> list[str]:
        """Return the lines for a terminal."""
        cells = [self.columns, *self.rows]
        widths = [max(len(row[number]) for row in cells) for number in range(len(self.columns))]
        lines = [self.title]
        for first, *others in cells:
            aligned = (
                (cell.ljust if self.words else cell.rjust)(width)
                for cell, width in zip(others, widths[1:], strict=True)
            )
            lines.append("  ".join([f"  {first.ljust(widths[0])}", *aligned]))
        return [*lines, ""]


def number(value: float | None, digits: int = 1) -> str:
    """Return a number for a cell, or a dash if there is none."""
    return NOTHING if value is None else f"{value:.{digits}f}"


def ratio(value: float | None, to: float | None) -> str:
    """Return how often one number has the other in it, or a dash if it cannot be said."""
    return number(value / to, 2) if value and to else NOTHING
