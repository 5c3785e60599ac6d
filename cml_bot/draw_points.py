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
    GUIDE,
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
from cml_bot.known_curves import Known, find_known, find_score, have_same_ends, is_fit, name_axis
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
ONE_LINE, LEGEND_LINE = 50, 28
"""Letters that the legend has room for on a line, and pixels of one more line."""
GUIDES = {Known.ROC: "dashed: chance", Known.CALIBRATION: "dashed: perfectly calibrated"}
DOT = 4.6
"""In points: a place of a curve that was measured at few."""
JITTER = 0.6
"""Share of the least distance of two numbers over which points that lie on each other are spread."""
LEVELS = 20
"""More different numbers on an axis are no levels: then points are spread as if there were so many."""
GOLDEN = (0.7548776662466927, 0.5698402909980532)
"""Steps that spread points evenly, without a die: https://extremelearning.com.au/unreasonable-effectiveness/"""
ENDS = (-0.02, 1.02)
"""Of both axes where everything lies between 0 and 1."""


def paint_points(pair: ChartPair, title: str, *, head_label: str, base_label: str) -> bytes:
    """Draw points of both sides as PNG, 640 pixels wide; the same points give the same bytes."""
    sides = [
        (side, pen, label)
        for side, pen, label in zip(sides_of(pair, Points), (HEAD, BASE), (head_label, base_label), strict=True)
        if side
    ]
    one = sides[0][0]
    x_label, y_label = (drawable(shorten_middle(name_axis(label), 40)) for label in (one.x_label, one.y_label))
    legend = _name_sides(sides)
    columns = 2 if sum(len(text) for text, _ in legend) <= ONE_LINE else 1
    more = LEGEND_LINE * (len(legend) - 1) if columns == 1 else 0
    top, tall = TOP + more, HEIGHT + more
    with open_sheet(WIDTH, tall) as sheet:
        write_title(sheet, title)
        axes = sheet.add_axes((0.1, FOOT / tall, 0.87, 1 - (top + FOOT) / tall))
        drawn = [_draw_side(axes, side, pen) for side, pen, _ in reversed(sides)][::-1]
        _draw_right(axes, one)
        _scale(axes)
        left = axes.get_position().x0
        sheet.text(left, 1 - (top - 6) / tall, y_label, va="bottom", color=INK, fontsize=fit(6.5, len(y_label), 48))
        most = max(len(side.x) for side, *_ in sides)
        said = [x_label, _tell_guide(one), f"{MOST_POINTS} points of each" if most > MOST_POINTS else ""]
        write_foot(sheet, " · ".join(filter(None, said)), left)
        write_legend(sheet, drawn, legend, columns=columns)
        return as_png(sheet)


def _draw_side(axes: Axes, side: Points, pen: Pen) -> Artist:
    few = bound_chart(side)
    x, y = (as_array(few.x), as_array(few.y)) if isinstance(few, Points) else (np.empty(0), np.empty(0))
    known = find_known(side)
    if side.is_line or known:
        # Between two recalls nothing was measured: the precision of the larger one holds.
        style: Literal["default", "steps-pre", "steps-post"] = "default"
        if known is Known.PRECISION_RECALL and len(x):
            style = "steps-post" if x[0] > x[-1] else "steps-pre"
        marker = "o" if known is Known.CALIBRATION else ""
        return axes.plot(
            x, y, color=pen.line, linewidth=pen.width, drawstyle=style, marker=marker, markersize=DOT, zorder=2
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
        axes.plot([0, 1], [0, 1], color=GUIDE, linewidth=0.9, linestyle="--", zorder=0)
    elif is_fit(one):
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        start, end = max(left, low), min(right, high)
        if start < end:
            axes.plot([start, end], [start, end], color=GUIDE, linewidth=0.9, linestyle="--", zorder=0)


def _tell_guide(one: Points) -> str:
    """Say what the dashed diagonal is; empty where there is none."""
    known = find_known(one)
    return GUIDES.get(known, "") if known else "dashed: predicted right" if is_fit(one) else ""


def _name_sides(sides: Sequence[tuple[Points, Pen, str]]) -> list[tuple[str, Pen]]:
    """Name each side, and what its curve comes to, with the same decimals."""
    scores = [find_score(side) for side, *_ in sides]
    known = find_known(sides[0][0])
    if None in scores or not (all(side.score is not None for side, *_ in sides) or _end_alike(sides)):
        return [(label, pen) for _, pen, label in sides]
    numbers = format_pair(scores[-1], scores[0])
    texts = [numbers.head, numbers.base]
    named = zip(sides, texts, strict=False)
    return [(f"{label}: {known or 'area'} {text}", pen) for (_, pen, label), text in named]


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
    place = axes.get_position()
    axes.set_position((left, place.y0, right - left, place.height))
    style_axes(axes, "both")
