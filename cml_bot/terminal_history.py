"""The history of main on a terminal: a table as wide as there is room for, else blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from cml_bot.console import fit, say, shorten
from cml_bot.escape import clean
from cml_bot.history_forms import HEADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from cml_bot.history_forms import Cells

WORDS = 40
"""Cells that what is special of a metric needs beside the numbers."""
ALL_BARS, BARS, FEWEST_BARS = 1000, 20, 14
"""Of a metric's history; the least take no more room than what stands above them."""
EASY_NAME, SHORTEST_NAME = 28, 12
"""Cells of a name before bars give way to it, and before the table becomes blocks."""
GAP = 2


def say_history(console: Console, rows: Sequence[Cells]) -> None:
    """Print the rows. First the words move below them, then the oldest bars go; last comes a block for each metric."""
    if _measure(console, rows, HEADS[:-1]) + WORDS <= console.width:
        console.print(_table(console, rows, HEADS, console.width))
        return
    widest = max(cell_len(fit(row.name, console)) for row in rows)
    for bars, name in ((ALL_BARS, EASY_NAME), (BARS, EASY_NAME), (FEWEST_BARS, SHORTEST_NAME)):
        short = [row._replace(course=_last(row.course, bars)) for row in rows]
        room = console.width - GAP - _measure(console, [row[1:] for row in short], HEADS[1:-1])
        if room >= min(widest, name):
            console.print(_table(console, short, HEADS[:-1], room))
            for row in rows:
                say(console, f"{clean(row.name)}: {clean(row.words, 600)}" if row.words else "")
            return
    _say_blocks(console, rows)


def _last(course: str, bars: int) -> str:
    return f"…{course[1 - bars :]}" if len(course) > bars else course


def _measure(console: Console, rows: Sequence[Sequence[str]], heads: Sequence[str]) -> int:
    """Count the cells of all columns and the gaps between them."""
    columns = zip(heads, *(row[: len(heads)] for row in rows), strict=True)
    widths = [max(cell_len(fit(cell, console)) for cell in column) for column in columns]
    return sum(widths) + GAP * (len(widths) - 1)


def _table(console: Console, rows: Sequence[Cells], heads: Sequence[str], room: int) -> Table:
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    for place, head in enumerate(heads):
        # Numbers and small lines are of no use in pieces: names and words may break.
        no_wrap = 0 < place < len(HEADS) - 1
        table.add_column(head, justify="right" if 0 < place < 4 else "left", overflow="fold", no_wrap=no_wrap)
    names = [shorten(fit(clean(row.name), console), room) for row in rows]
    if len(set(names)) < len({row.name for row in rows}):
        names = [fit(clean(row.name), console) for row in rows]
    for name, row in zip(names, rows, strict=True):
        cells = (fit(clean(cell, 600) if cell else "", console) for cell in row[1 : len(heads)])
        table.add_row(Text(name), *map(Text, cells))
    return table


def _say_blocks(console: Console, rows: Sequence[Cells]) -> None:
    """Print each metric on lines of its own, with everything that the table says."""
    for row in rows:
        say(console, clean(row.name), style="bold")
        band = f", band {row.band}" if row.band else ""
        say(console, f"{row.last}{band}, {row.runs} {'run' if row.runs == '1' else 'runs'}", indent=2)
        say(console, _last(row.course, max(FEWEST_BARS, console.width - 2)), indent=2)
        say(console, clean(row.words, 600) if row.words else "", indent=2)
