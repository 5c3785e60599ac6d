"""Points of both sides to a PNG, over each other: a scatter plot, or lines that may turn back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.ticker import MaxNLocator

from cml_bot.chart_words import sides_of
from cml_bot.charts import MOST_POINTS, bound_chart
from cml_bot.draw import shorten_middle
from cml_bot.draw_sheet import (
    BASE,
    FAINT,
    HEAD,
    INK,
    as_array,
    as_png,
    drawable,
    fit,
    number_ticks,
    open_sheet,
    style_axes,
    write_foot,
    write_legend,
    write_title,
)
from cml_bot.filters import format_pair
from cml_bot.known_curves import Known, find_known, find_score, have_same_ends, is_fit
from cml_bot.model import Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from cml_bot.draw_sheet import Numbers, Pen
    from cml_bot.model import ChartPair

WIDTH, HEIGHT = 640, 440
TOP, FOOT = 104, 62
"""Pixels above and below the axes."""
JITTER = 0.6
"""Share of the least distance of two numbers over which points that lie on each other are spread."""
LEVELS = 20
"""More different numbers on an axis are no levels: then points are spread as if there were so many."""
GOLDEN = (0.7548776662466927, 0.5698402909980532)
"""Steps that spread points evenly, without a die: https://extremelearning.com.au/unreasonable-effectiveness/"""
ENDS = (-0.02, 1.02)
"""Of both axes where everything lies between 0 and 1."""


def paint_points(pair: ChartPair, title: str, *, head_label: str, base_label: str) -> bytes:
    """Draw points of both sides as PNG of 640 by 440 pixels; the same points give the same bytes."""
    sides = [
        (side, pen, label)
        for side, pen, label in zip(sides_of(pair, Points), (HEAD, BASE), (head_label, base_label), strict=True)
        if side
    ]
    one = sides[0][0]
    x_label, y_label = (drawable(shorten_middle(label, 40)) for label in (one.x_label, one.y_label))
    with open_sheet(WIDTH, HEIGHT) as sheet:
        write_title(sheet, title)
        axes = sheet.add_axes((0.1, FOOT / HEIGHT, 0.87, 1 - (TOP + FOOT) / HEIGHT))
        drawn = [_draw_side(axes, side, pen) for side, pen, _ in reversed(sides)][::-1]
        _draw_right(axes, one)
        _scale(axes)
        left = axes.get_position().x0
        sheet.text(left, 1 - (TOP - 6) / HEIGHT, y_label, va="bottom", color=INK, fontsize=fit(6.5, len(y_label), 48))
        most = max(len(side.x) for side, *_ in sides)
        write_foot(
            sheet, " · ".join([x_label, *([f"{MOST_POINTS} points of each"] if most > MOST_POINTS else [])]), left
        )
        write_legend(sheet, drawn, _name_sides(sides))
        return as_png(sheet)


def _draw_side(axes: Axes, side: Points, pen: Pen) -> Artist:
    few = bound_chart(side)
    x, y = (as_array(few.x), as_array(few.y)) if isinstance(few, Points) else (np.empty(0), np.empty(0))
    if side.is_line:
        known = find_known(side)
        # Between two recalls nothing was measured: the precision of the larger one holds.
        style: Literal["default", "steps-pre", "steps-post"] = "default"
        if known is Known.PRECISION_RECALL and len(x):
            style = "steps-post" if x[0] > x[-1] else "steps-pre"
        marker = "o" if known is Known.CALIBRATION else ""
        return axes.plot(
            x, y, color=pen.line, linewidth=pen.width, drawstyle=style, marker=marker, markersize=2.6, zorder=2
        )[0]
    if side.is_jittered:
        x, y = (_spread(values, step) for values, step in zip((x, y), GOLDEN, strict=True))
    drawn = axes.plot(x, y, "o", color=pen.line, markersize=2.6, markeredgewidth=0, alpha=0.65, zorder=2)
    return drawn[0]


def _spread(values: Numbers, step: float) -> Numbers:
    """Move each point a little, always the same way. Shape (n,)."""
    levels = np.unique(values[~np.isnan(values)])
    gaps = np.diff(levels) if 1 < len(levels) <= LEVELS else [float(np.ptp(levels)) / LEVELS if len(levels) else 0.0]
    reach = JITTER * (float(min(gaps)) or 1.0)
    return values + reach * ((np.arange(len(values)) * step) % 1.0 - 0.5)


def _draw_right(axes: Axes, one: Points) -> None:
    """Draw the diagonal: chance, what is well calibrated, or what is predicted right."""
    known = find_known(one)
    if known:
        axes.set_xlim(*ENDS)
        axes.set_ylim(*ENDS)
    if known in (Known.ROC, Known.CALIBRATION):
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8, linestyle="--", zorder=0)
    elif is_fit(one):
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        start, end = max(left, low), min(right, high)
        if start < end:
            axes.plot([start, end], [start, end], color=FAINT, linewidth=0.8, linestyle="--", zorder=0)


def _name_sides(sides: Sequence[tuple[Points, Pen, str]]) -> list[tuple[str, Pen]]:
    """Name each side, and what its curve comes to, with the same decimals."""
    scores = [find_score(side) for side, *_ in sides]
    known = find_known(sides[0][0])
    if None in scores or not (all(side.score is not None for side, *_ in sides) or _end_alike(sides)):
        return [(label, pen) for _, pen, label in sides]
    numbers = format_pair(scores[-1], scores[0])
    texts = [numbers.head, numbers.base]
    # Two sides have room for the word on the first alone.
    words = [f": {known or 'area'}" if number == 0 else ":" for number in range(len(sides))]
    return [(f"{label}{word} {text}", pen) for (_, pen, label), word, text in zip(sides, words, texts, strict=False)]


def _end_alike(sides: Sequence[tuple[Points, Pen, str]]) -> bool:
    return have_same_ends([side for side, *_ in sides])


def _scale(axes: Axes) -> None:
    """Choose ticks and margins: a tick's number needs its room."""
    if axes.get_autoscalex_on():
        axes.margins(x=0.03, y=0.05)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    left = 0.025 + 0.0175 * number_ticks(axes.yaxis)
    right = min(0.97, 0.99 - 0.009 * number_ticks(axes.xaxis))
    axes.set_position((left, FOOT / HEIGHT, right - left, 1 - (TOP + FOOT) / HEIGHT))
    style_axes(axes, "both")
