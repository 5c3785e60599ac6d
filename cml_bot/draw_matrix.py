"""A matrix of both sides to a PNG: what is here, and beside it what differs from main."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from cml_bot.chart_words import grid_of, is_counts
from cml_bot.charts import choose_labels
from cml_bot.draw import shorten_middle
from cml_bot.draw_sheet import (
    BASE,
    CARD,
    DPI,
    HEAD,
    INK,
    as_array,
    as_png,
    drawable,
    fit,
    open_sheet,
    pixels_of,
    write_foot,
    write_title,
)
from cml_bot.filters import MINUS, format_number
from cml_bot.model import Matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cml_bot.charts import Cells, Grid
    from cml_bot.draw_sheet import Numbers
    from cml_bot.model import ChartPair

MOST_DRAWN, KEPT = 60, 30
"""Classes that are drawn; of more the most confused are."""
MOST_NUMBERED = 15
"""Classes whose cells hold their numbers."""
MOST_LABELLED = 30
"""Labels on one side; of more every second is written."""
LABEL_LENGTH = 12
SMALL, ROOM = 360, 84
"""Pixels of a panel of few classes, and of the largest cell."""
MOST_SHARED, SHARED = 8, 51
"""Classes whose cells hold their share of the row below the count; and pixels that such a cell needs."""
FEW = 5
"""Classes that need no more room than a small panel has."""
WHOLE = (640, 1024)
"""Pixels of a picture of one panel and of two, with their labels: shown 400 and 640 wide. A phone shows the second at
half of that, and the numbers below it as text."""
LEAST_WIDTH = (420, 580)
"""For one panel and for two: their texts need that room."""
TOP, FOOT, GAP = 74, 36, 28
"""Pixels above, below and between the panels."""
FOOT_LETTER, LINE_HEIGHT = 13, 24
"""Pixels of a letter below the panels, and of a line: what is longer than the picture is wide stands on two."""
LETTER = 0.62
"""Width of a digit for its size."""
LETTER_WIDTH, LINE = 10.5, 36
"""Pixels of a label's letter, and of its line."""
SMALLEST = 2.6
"""Points of a number that can be read at all."""
POINT = DPI / 72
"""Pixels of a point."""

STEPS = 20
"""Shades of a panel: of more, the small palette of the picture would turn some into grey."""
SHARES = LinearSegmentedColormap.from_list("shares", ["#ffffff", HEAD.faint, HEAD.line])
CHANGES = LinearSegmentedColormap.from_list("changes", ["#b5690f", BASE.line, "#ffffff", "#7fa6d6", HEAD.line])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """One of the two squares."""

    head: str
    colours: LinearSegmentedColormap
    shades: Numbers
    """Shape (rows, columns): from 0 to 1, where in the colours each cell is."""
    numbers: Numbers
    write: Callable[[float], str]
    shares: Numbers | None = None
    """Shape (rows, columns): the share of its row, in percent, to be written below each number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Where the panels are, in pixels."""

    cell: float
    left: float
    width: float
    height: float
    whole: int
    tall: float
    """Of the picture, without what is said below it."""


def paint_matrix(pair: ChartPair, title: str, *, head_label: str, base_label: str) -> bytes:
    """Draw a matrix of both sides as PNG; the same matrix gives the same bytes."""
    whole = grid_of(pair)
    grid = choose_labels(whole, KEPT) if max(len(whole.rows), len(whole.columns)) > MOST_DRAWN else whole
    if grid is not whole:
        shown = f"{len(grid.rows)} of {format_number(len(whole.rows))} classes, the most confused"
        title = f"{title}: {shown}" if title else shown
    in_shares = any(isinstance(side, Matrix) and side.is_shares for side in (pair.head, pair.base))
    panels = [_side_panel(grid, head_label if grid.head is not None else base_label, in_shares=in_shares)]
    if grid.head is not None and grid.base is not None:
        panels.append(_change_panel(grid, base_label, in_shares=in_shares))
    return _paint(grid, panels, title, base_label)


def _side_panel(grid: Grid, label: str, *, in_shares: bool) -> _Panel:
    numbers = _as_numbers(grid.sides[0])
    shares = _shares(numbers)
    has_shares = not in_shares and _has_shares(grid)
    return _Panel(
        head=f"{label}, % of each row" if in_shares else label,
        colours=SHARES,
        shades=np.sqrt(np.clip(shares, 0, 1)),
        numbers=shares * 100 if in_shares else numbers,
        write="{:.0f}".format if in_shares else format_number,
        shares=shares * 100 if has_shares else None,
    )


def _has_shares(grid: Grid) -> bool:
    """Whether cells hold counts, and have room for their share of the row as well."""
    return max(len(grid.rows), len(grid.columns)) <= MOST_SHARED and all(map(is_counts, grid.sides))


def _change_panel(grid: Grid, base_label: str, *, in_shares: bool) -> _Panel:
    """Hold counts against counts; shares where the rows of both sides do not hold as many, as every count differs."""
    head, base = (_as_numbers(side) for side in grid.sides)
    is_uneven = all(map(is_counts, grid.sides)) and not np.array_equal(head.sum(axis=1), base.sum(axis=1))
    in_shares = in_shares or is_uneven
    change = (_shares(head) - _shares(base)) * 100 if in_shares else head - base
    largest = float(np.abs(change).max(initial=0.0)) or 1.0
    return _Panel(
        head=f"change from {base_label}{', in % of the row' if in_shares else ''}",
        colours=CHANGES,
        shades=0.5 + change / largest / 2,
        numbers=change,
        write=_write_points if in_shares else _write_change,
    )


def _paint(grid: Grid, panels: list[_Panel], title: str, base_label: str) -> bytes:
    plan = _plan(grid, panels)
    what = _tell_panels(grid, panels, base_label)
    both = " · ".join(what)
    what = what if len(both) > plan.whole / FOOT_LETTER else [both]
    tall = round(plan.tall + FOOT + LINE_HEIGHT * max(0, len(what) - 1))
    with open_sheet(plan.whole, tall) as sheet:
        write_title(sheet, title)
        for number, panel in enumerate(panels):
            x = plan.left + number * (plan.width + GAP)
            place = x / plan.whole, 1 - (TOP + plan.height) / tall, plan.width / plan.whole, plan.height / tall
            axes = sheet.add_axes(place)
            _fill(axes, panel, plan.cell)
            _label(axes, grid, plan.cell, with_rows=number == 0)
            _head(sheet, panel.head, x / plan.whole, 1 - (TOP - 6) / tall, round((plan.width + GAP) / 12))
        _write_foot(sheet, what)
        return as_png(sheet)


def _plan(grid: Grid, panels: list[_Panel]) -> _Plan:
    """Choose how large the panels are."""
    count = max(len(grid.rows), len(grid.columns))
    left, beside = _room(grid.rows), len(panels)
    side = (WHOLE[beside - 1] - left) / beside - GAP if count > FEW else SMALL
    cell = min(ROOM, side / count)
    cell = max(cell, SHARED) if panels[0].shares is not None else cell
    below = _room(grid.columns) if _is_upright(grid, cell) else LINE
    width, height = cell * len(grid.columns), cell * len(grid.rows)
    whole = round(max(LEAST_WIDTH[beside - 1], left + (width + GAP) * beside))
    return _Plan(cell=cell, left=left, width=width, height=height, whole=whole, tall=TOP + height + below)


def _tell_panels(grid: Grid, panels: list[_Panel], base_label: str) -> list[str]:
    told = ["rows: true, columns: predicted"] if grid.is_square else []
    told += ["%: of the row"] if panels[0].shares is not None else []
    what = [", ".join(told)] if told else []
    return what + ([f"blue: more here, orange: more on {base_label}"] if len(panels) > 1 else [])


def _write_foot(sheet: Figure, what: list[str]) -> None:
    """Say below the panels what they are; on two lines where one would have small letters."""
    width, height = pixels_of(sheet)
    for number, text in enumerate(reversed(what[:-1]), start=1):
        y = (7.2 + number * LINE_HEIGHT) / height
        sheet.text(16 / width, y, drawable(text), va="bottom", color=INK, fontsize=6.5)
    write_foot(sheet, " ".join(what[-1:]), 16 / width)


def _fill(axes: Axes, panel: _Panel, cell: float) -> None:
    rows, columns = panel.shades.shape
    axes.imshow(
        np.round(panel.shades * STEPS) / STEPS,
        cmap=panel.colours,
        vmin=0,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
    )
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#eef1f4", linewidth=0.4 if cell > 14 else 0.15)
    axes.spines[:].set_color("#d8dee4")
    texts = [[panel.write(value) for value in line] for line in panel.numbers.tolist()]
    longest = max(len(text) for line in texts for text in line)
    size = min(6.5, 0.55 * cell / POINT, 0.88 * cell / POINT / LETTER / max(longest, 1))
    if max(rows, columns) > MOST_NUMBERED or size < SMALLEST:
        return
    lift = 0.0 if panel.shares is None else 0.17
    for row, column in zip(*np.nonzero(panel.numbers), strict=True):
        red, green, blue, _ = panel.colours(panel.shades[row, column])
        ink = INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.55 else CARD
        axes.text(column, row - lift, texts[row][column], ha="center", va="center", fontsize=size, color=ink)
        if panel.shares is not None:
            share = _write_percent(panel.shares[row, column])
            below = min(0.85 * size, 0.88 * cell / POINT / LETTER / len(share))
            axes.text(column, row + 1.6 * lift, share, ha="center", va="center", fontsize=below, color=ink)


def _label(axes: Axes, grid: Grid, cell: float, *, with_rows: bool) -> None:
    axes.tick_params(which="both", length=0, pad=2, labelcolor=INK)
    for axis, labels in ((axes.xaxis, grid.columns), (axes.yaxis, grid.rows)):
        every = 2 if len(labels) > MOST_LABELLED else 1
        places = range(0, len(labels), every)
        size = min(6.0, 0.8 * every * cell / POINT)
        is_shown = with_rows or axis is axes.xaxis
        axis.set_ticks(places, [_short(labels[place]) if is_shown else "" for place in places], fontsize=size)
    axes.tick_params(axis="x", labelrotation=90 if _is_upright(grid, cell) else 0)


def _is_upright(grid: Grid, cell: float) -> bool:
    """Whether the labels of the columns are wider than those."""
    return LETTER_WIDTH * max(len(_short(label)) for label in grid.columns) > cell - 6


def _head(sheet: Figure, text: str, x: float, y: float, room: int) -> None:
    line = drawable(text)
    sheet.text(x, y, line, va="bottom", color=HEAD.text, fontsize=fit(6.5, len(line), room))


def _room(labels: tuple[str, ...]) -> float:
    """Pixels that labels need beside the panel."""
    return 20 + LETTER_WIDTH * max(len(_short(label)) for label in labels)


def _short(label: str) -> str:
    return drawable(shorten_middle(label, LABEL_LENGTH))


def _as_numbers(cells: Cells) -> Numbers:
    """Shape (rows, columns); what is no number that can be drawn is 0."""
    numbers = np.array([as_array(line) for line in cells])
    numbers[np.isnan(numbers)] = 0.0
    return numbers


def _shares(numbers: Numbers) -> Numbers:
    """Shape (rows, columns): the share of its row that each cell is."""
    sizes = np.abs(numbers)
    totals = sizes.sum(axis=1, keepdims=True)
    return np.asarray(sizes / np.where(totals > 0, totals, 1.0), dtype=np.float64)


def _write_percent(value: float) -> str:
    return f"{value:.0f} %" if value >= 1 else "<1 %"


def _write_points(value: float) -> str:
    return _signed(f"{value:+.0f}")


def _write_change(value: float) -> str:
    return _signed(f"{value:+.0f}" if abs(value) >= 10 or value == value // 1 else f"{value:+.2g}")


def _signed(text: str) -> str:
    """Leave out what is no change, and write the minus as everywhere."""
    return "" if text in ("+0", "-0") else text.replace("-", MINUS)
