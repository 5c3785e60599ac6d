"""Bars of both sides to a PNG: one below the other for each label, the head strong and the base pale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from cml_bot.chart_words import sides_of
from cml_bot.charts import choose_bars
from cml_bot.draw import shorten_middle
from cml_bot.draw_sheet import (
    BASE,
    FAINT,
    HEAD,
    INK,
    as_array,
    as_png,
    drawable,
    number_ticks,
    open_sheet,
    style_axes,
    write_foot,
    write_legend,
    write_title,
)
from cml_bot.filters import format_number
from cml_bot.model import Bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

    from cml_bot.draw_sheet import Numbers, Pen
    from cml_bot.model import ChartPair

    Mark = Artist | BarContainer

MOST_DRAWN = 20
WIDTH, ROW = 640, 34
"""Pixels of the picture's width, and of one label's height."""
TOP, FOOT, NOTE = 76, 40, 24
"""Pixels above the bars and below them, and of a line that says how many are left out."""
LABEL_LENGTH = 22
MUCH = 0.3
"""Share of the width that labels take where there is no room for many numbers."""
CLOSE = 0.6
"""Share of the largest value that all others reach where bars become dots."""
LEAST = 3
"""Rows that the picture has room for at least."""


def paint_bars(pair: ChartPair, title: str, *, head_label: str, base_label: str) -> bytes:
    """Draw the largest bars of both sides as PNG, 640 pixels wide; the same bars give the same bytes."""
    head, base = sides_of(pair, Bars)
    labels = choose_bars(head, base, MOST_DRAWN)
    sides = [(side, pen, name) for side, pen, name in ((head, HEAD, head_label), (base, BASE, base_label)) if side]
    unit = shorten_middle(sides[0][0].unit, LABEL_LENGTH) if sides[0][0].unit.strip() else ""
    texts = [drawable(shorten_middle(label, LABEL_LENGTH)) for label in labels]
    count = len({label for side, *_ in sides for label in side.labels})
    note = f"the {len(labels)} largest of {format_number(count)}" if count > len(labels) else ""
    foot = FOOT + (NOTE if note else 0)
    tall = TOP + ROW * max(LEAST, len(labels)) + foot
    with open_sheet(WIDTH, tall) as sheet:
        write_title(sheet, f"{title} ({unit})" if unit else title)
        left = (24 + 12 * max(map(len, texts))) / WIDTH
        axes = sheet.add_axes((left, foot / tall, 0.96 - left, 1 - (TOP + foot) / tall))
        drawn = _draw_sides(axes, [(side, pen) for side, pen, _ in sides], labels)
        axes.xaxis.set_major_locator(MaxNLocator(4 if left > MUCH else 6, steps=[1, 2, 2.5, 5, 10]))
        number_ticks(axes.xaxis)
        style_axes(axes, "x")
        axes.set_yticks(range(len(labels)), texts)
        axes.set_ylim(max(LEAST, len(labels)) - 0.5, -0.5)
        write_foot(sheet, note, left)
        write_legend(sheet, drawn, [(name, pen) for _, pen, name in sides])
        return as_png(sheet)


def _draw_sides(axes: Axes, sides: Sequence[tuple[Bars, Pen]], labels: tuple[str, ...]) -> Sequence[Mark]:
    """Draw bars from 0, or dots where the lengths of bars would hide what differs."""
    lengths = [_lengths(side, labels) for side, _ in sides]
    if len(sides) > 1 and _are_close(np.concatenate(lengths)):
        return _draw_dots(axes, lengths, [pen for _, pen in sides])
    axes.axvline(0, color=INK, linewidth=0.5)
    return [
        _draw_side(axes, values, pen, (number, len(sides)))
        for number, (values, (_, pen)) in enumerate(zip(lengths, sides, strict=True))
    ]


def _draw_side(axes: Axes, values: Numbers, pen: Pen, place: tuple[int, int]) -> BarContainer:
    """Draw the bars of one side, in its share of each label's room; a label that it lacks has none."""
    number, count = place
    thick = 0.78 / count
    middles = np.arange(len(values)) + (number - (count - 1) / 2) * thick
    return axes.barh(middles, np.nan_to_num(values), height=0.92 * thick, color=pen.line, linewidth=0)


def _draw_dots(axes: Axes, lengths: Sequence[Numbers], pens: Sequence[Pen]) -> Sequence[Mark]:
    """Draw the sides of each label as dots on one line, the head above."""
    rows = np.arange(len(lengths[0]))
    axes.hlines(rows, lengths[0], lengths[1], color=FAINT, linewidth=1.5, zorder=1)
    return [
        axes.plot(values, rows, "o", color=pen.line, markersize=5, markeredgewidth=0, zorder=4 - number)[0]
        for number, (values, pen) in enumerate(zip(lengths, pens, strict=True))
    ]


def _are_close(values: Numbers) -> bool:
    """Whether all are so far from 0 that bars from there would be of one length, more or less."""
    known = values[~np.isnan(values)]
    if not len(known) or known.min() * known.max() <= 0:
        return False
    smallest, largest = sorted((abs(float(known.min())), abs(float(known.max()))))
    return smallest > CLOSE * largest


def _lengths(side: Bars, labels: tuple[str, ...]) -> Numbers:
    """Give the values of these labels, NaN where there is none. Shape (labels,)."""
    known = dict(zip(side.labels, side.values, strict=True))
    return as_array([known.get(label, math.nan) for label in labels])
