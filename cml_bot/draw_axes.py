"""Lines to a PNG: the head strong, the base pale, on one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from cml_bot.charts import LARGEST
from cml_bot.draw_sheet import (
    CARD,
    HEAD,
    INK,
    as_array,
    as_png,
    number_ticks,
    open_sheet,
    style_axes,
    write_foot,
    write_legend,
    write_title,
)
from cml_bot.filters import format_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from cml_bot.draw_sheet import Numbers, Pen

    Middles = Callable[[Numbers, int], Numbers]

SIZE = (640, 360)
"""In pixels: two for each of a phone's."""
BOTTOM, HEIGHT = 0.16, 0.6
POINTS = 2_000
"""More cannot be told apart on so few pixels."""
SLAB = 200
"""A noisy line of so many points is a slab of colour that hides the other: then both are shown by their means."""
MEANS = 60
SPAN = 0.3
"""Share of the points that each place of a smoothed line is drawn from."""
PLACES = 300
"""Places of a smoothed line."""
FEWEST = 5
"""Points that can be smoothed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One side of a picture."""

    x: Sequence[float]
    """Shape (n,), rising."""
    y: Sequence[float]
    """Shape (n,); what is not finite is a gap."""
    label: str
    pen: Pen
    is_smoothed: bool = False
    """Whether a smoothed line is drawn over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is to be seen; its texts are foreign."""

    title: str
    x_label: str
    lines: tuple[Line, ...]
    """The most important one first: it lies on top."""
    best: tuple[float, float] | None = None
    best_text: str = ""
    is_thinned: bool = False
    """Whether points were left out on the way: of those that are left, too many are extremes for their mean."""


def paint(picture: Picture) -> bytes:
    """Draw a picture as PNG; the same picture gives the same bytes."""
    with open_sheet(*SIZE) as sheet:
        axes = sheet.add_axes((0.1, BOTTOM, 0.87, HEIGHT))
        sides = [(line, *_finite(line)) for line in picture.lines]
        window = 1 if any(line.is_smoothed for line in picture.lines) else _window([y for _, _, y in sides])
        middles = _medians if picture.is_thinned else _means
        drawn = [_draw_line(axes, line, x, y, window, middles) for line, x, y in reversed(sides)]
        _scale(axes, np.concatenate([np.empty(0), *(y for _, _, y in sides)]))
        _mark_best(axes, picture)
        _write(sheet, axes, picture, window)
        write_legend(sheet, drawn[::-1], [(line.label, line.pen) for line in picture.lines])
        return as_png(sheet)


def find_best(line: Line, *, is_higher_better: bool) -> tuple[float, float] | None:
    """The point of the best value, the first of equals; None where all are equal."""
    x, y = _finite(line)
    if np.isnan(y).all() or np.nanmin(y) == np.nanmax(y):
        return None
    at = np.nanargmax(y) if is_higher_better else np.nanargmin(y)
    return float(x[at]), float(y[at])


def _finite(line: Line) -> tuple[Numbers, Numbers]:
    """Shapes: x and y (n,), y NaN where there is no number that an axis can hold; n may be 0."""
    x, y = as_array(line.x), as_array(line.y)
    return x[~np.isnan(x)], y[~np.isnan(x)]


def _in_rows(values: Numbers, size: int) -> Numbers:
    """Shapes: (n,) to (ceil(n / size), size), filled up with NaN."""
    padded = np.full(math.ceil(len(values) / size) * size, np.nan)
    padded[: len(values)] = values
    return padded.reshape(-1, size)


def _thin(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Leave the lowest and the highest point of each of equal buckets, so that no spike and no long gap is lost.

    Shapes: (n,) to (m,), m <= POINTS.
    """
    if len(y) <= POINTS:
        return x, y
    size = math.ceil(len(y) / (POINTS // 2 - 1))
    rows = _in_rows(y, size)
    starts = np.arange(len(rows)) * size
    low = starts + np.where(np.isnan(rows), np.inf, rows).argmin(axis=1)
    high = starts + np.where(np.isnan(rows), -np.inf, rows).argmax(axis=1)
    kept = np.unique(np.concatenate([low, high, [0, len(y) - 1]]))
    return x[kept], y[kept]


def _means(values: Numbers, window: int) -> Numbers:
    """Shapes: (n,) to (round(n / window),): the mean of a few values left over at the end would be noise."""
    rows = _in_rows(values, window)[: max(1, round(len(values) / window))]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(rows, axis=1) / np.count_nonzero(~np.isnan(rows), axis=1))


def _medians(values: Numbers, window: int) -> Numbers:
    """Shapes: (n,) to (round(n / window),), as for means; NaN where a window holds no number."""
    rows = np.sort(_in_rows(values, window)[: max(1, round(len(values) / window))], axis=1)
    # NaN stands last.
    count = np.count_nonzero(~np.isnan(rows), axis=1)
    middle = np.maximum(np.stack([(count - 1) // 2, count // 2], axis=1), 0)
    return np.asarray(np.take_along_axis(rows, middle, axis=1).mean(axis=1))


def smooth(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Draw a line through the points around each place, near ones with more weight: local regression (LOESS).

    Shapes: (n,) to (m,), m <= PLACES; of more points the means of neighbours are taken first.

    Source: https://doi.org/10.1080/01621459.1979.10481038
    """
    x, y = x[~np.isnan(y)], y[~np.isnan(y)]
    window = math.ceil(len(x) / PLACES)
    x, y = (_means(x, window), _means(y, window)) if window > 1 else (x, y)
    count = max(FEWEST - 1, math.ceil(SPAN * len(x)))
    distances = np.abs(x[:, None] - x[None, :])
    reach = np.sort(distances, axis=1)[:, min(count, len(x) - 1)][:, None]
    weights = (1 - np.minimum(distances / np.where(reach > 0, reach, 1.0), 1.0) ** 3) ** 3
    total = weights.sum(axis=1)
    mean_x, mean_y = weights @ x / total, weights @ y / total
    beside = x[None, :] - mean_x[:, None]
    spread = (weights * beside**2).sum(axis=1)
    slope = (weights * beside * (y[None, :] - mean_y[:, None])).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    return x, mean_y + slope * (x - mean_x)


def _window(sides: Sequence[Numbers]) -> int:
    """How many values to show by their mean: 1 unless a side is a slab."""
    longest = max(map(len, sides), default=0)
    return max(1, longest // MEANS) if any(map(_is_slab, sides)) else 1


def _is_slab(y: Numbers) -> bool:
    y = y[~np.isnan(y)]
    return len(y) >= SLAB and bool(np.median(np.abs(np.diff(y))) > 0.02 * np.ptp(y))


def _draw_line(axes: Axes, line: Line, x: Numbers, y: Numbers, window: int, middles: Middles) -> Line2D:
    """Draw a line with gaps where there is no number; a value without neighbours becomes a dot."""
    few_x, few_y = _thin(x, y)
    if line.is_smoothed and np.count_nonzero(~np.isnan(y)) >= FEWEST:
        axes.plot(few_x, few_y, color=line.pen.faint, linewidth=0.8, zorder=1)
        few_x, few_y = smooth(x, y)
    if window > 1 and len(y) >= SLAB:
        axes.plot(few_x, few_y, color=line.pen.faint, linewidth=0.5, zorder=1)
        few_x, few_y = _means(x, window), middles(y, window)
    is_gap = np.isnan(np.concatenate([[np.nan], few_y, [np.nan]]))
    lonely = is_gap[:-2] & is_gap[2:] & ~is_gap[1:-1]
    axes.plot(few_x[lonely], few_y[lonely], ".", color=line.pen.line, markersize=2 + 3 * line.pen.width)
    (drawn,) = axes.plot(few_x, few_y, color=line.pen.line, linewidth=line.pen.width, zorder=2)
    return drawn


def _scale(axes: Axes, y: Numbers) -> None:
    """Choose scales, ticks and margins: a tick's number needs its room."""
    y = y[~np.isnan(y)]
    if not len(y):
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no number to draw", transform=axes.transAxes, ha="center", color=INK, fontsize=7)
        return
    is_log = bool(y.min() > 1 / LARGEST and y.max() / 100 > y.min())
    if is_log:
        axes.set_yscale("log")
    axes.margins(x=0.02, y=0.08)
    axes.yaxis.set_major_locator(LogLocator(numticks=5) if is_log else MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    left = 0.025 + 0.0175 * number_ticks(axes.yaxis, is_log=is_log)
    right = min(0.97, 0.99 - 0.009 * number_ticks(axes.xaxis))
    axes.set_position((left, BOTTOM, right - left, HEIGHT))


def _mark_best(axes: Axes, picture: Picture) -> None:
    if picture.best:
        x, y = picture.best
        axes.plot([x], [y], "o", color=CARD, mec=HEAD.line, mew=1.1, markersize=4.5, zorder=5)


def _write(sheet: Figure, axes: Axes, picture: Picture, window: int) -> None:
    """Write the name, what x is, and where the best is; leave no more ink than that needs."""
    write_title(sheet, picture.title)
    means = "lines are medians" if picture.is_thinned else f"lines are means of {format_number(window)}"
    manner = [f"smoothed, span {SPAN}"] if any(line.is_smoothed for line in picture.lines) else []
    manner += [means] if window > 1 else []
    manner += ["log scale"] if axes.get_yscale() == "log" else []
    best = f"○ {picture.best_text}" if picture.best else ""
    write_foot(sheet, " · ".join([picture.x_label, *manner]), axes.get_position().x0, best)
    style_axes(axes, "y")
