"""Histograms of both sides to a PNG, over each other: the head filled, the base as an outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from cml_bot.bins import count_all, find_shares, share_edges
from cml_bot.chart_words import sides_of
from cml_bot.draw import shorten_middle
from cml_bot.draw_sheet import (
    BASE,
    HEAD,
    INK,
    as_array,
    as_png,
    fit,
    number_ticks,
    open_sheet,
    style_axes,
    write_foot,
    write_legend,
    write_title,
)
from cml_bot.model import Histogram

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from cml_bot.draw_sheet import Numbers, Pen
    from cml_bot.model import ChartPair

WIDTH, HEIGHT = 640, 400
TOP, FOOT = 104, 62
"""Pixels above and below the axes."""
LABEL_LENGTH = 40


def paint_histogram(pair: ChartPair, title: str, *, head_label: str, base_label: str) -> bytes:
    """Draw histograms of both sides as PNG of 640 by 400 pixels; the same numbers give the same bytes."""
    sides = [
        (side, pen, label)
        for side, pen, label in zip(sides_of(pair, Histogram), (HEAD, BASE), (head_label, base_label), strict=True)
        if side
    ]
    heights, what = _find_heights([side for side, *_ in sides])
    with open_sheet(WIDTH, HEIGHT) as sheet:
        write_title(sheet, title)
        axes = sheet.add_axes((0.1, FOOT / HEIGHT, 0.87, 1 - (TOP + FOOT) / HEIGHT))
        drawn = [
            _draw_side(axes, edges, counts, pen)
            for (edges, counts), (_, pen, _) in reversed(list(zip(heights, sides, strict=True)))
        ][::-1]
        _scale(axes)
        left = axes.get_position().x0
        sheet.text(left, 1 - (TOP - 6) / HEIGHT, what, va="bottom", color=INK, fontsize=fit(6.5, len(what), 48))
        write_foot(sheet, shorten_middle(sides[0][0].x_label, LABEL_LENGTH), left)
        write_legend(sheet, drawn, [(label, pen) for _, pen, label in sides])
        return as_png(sheet)


def _find_heights(sides: list[Histogram]) -> tuple[list[tuple[Numbers, Numbers]], str]:
    """Give edges and heights of each side, and what the heights are.

    Counts are held against counts; shares where the sides hold other numbers, and shares by width where the bins of
    one do not fit on those of the other.
    """
    shared = share_edges(*sides) if len(sides) == 2 else None
    if len(sides) > 1 and not shared:
        return [(as_array(side.edges), as_array(find_shares(side))) for side in sides], "share by width"
    edges = shared.edges if shared else sides[0].edges
    counts = [shared.head, shared.base] if shared else [sides[0].counts]
    totals = [count_all(side) for side in sides]
    if len(set(totals)) == 1:
        return [(as_array(edges), as_array(side)) for side in counts], "how many"
    shares = [100 * (as_array(side) / (total or 1.0)) for side, total in zip(counts, totals, strict=True)]
    return [(as_array(edges), side) for side in shares], "% of all"


def _draw_side(axes: Axes, edges: Numbers, heights: Numbers, pen: Pen) -> Artist:
    """Fill the head, and leave the base an outline: what lies behind stays to be seen."""
    heights = np.maximum(np.nan_to_num(heights), 0)
    if pen is HEAD:
        axes.stairs(heights, edges, fill=True, color=pen.faint, linewidth=0, zorder=1)
    return axes.stairs(heights, edges, color=pen.line, linewidth=pen.width, zorder=3 if pen is HEAD else 2)


def _scale(axes: Axes) -> None:
    """Begin at 0, and leave each tick's number its room."""
    axes.margins(x=0.02)
    axes.set_ylim(0, axes.get_ylim()[1] or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    left = 0.025 + 0.0175 * number_ticks(axes.yaxis)
    right = min(0.97, 0.99 - 0.009 * number_ticks(axes.xaxis))
    axes.set_position((left, FOOT / HEIGHT, right - left, 1 - (TOP + FOOT) / HEIGHT))
    style_axes(axes, "y")
