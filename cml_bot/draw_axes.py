"""Lines to a PNG: the head strong, the base pale, on one pair of axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cml_bot.curve_rules import FEWEST, SLAB, find_window, tell_manner
from cml_bot.draw_canvas import Canvas, measure
from cml_bot.draw_lines import means, medians, smooth, thin
from cml_bot.draw_scales import scale_x, scale_y
from cml_bot.draw_sheet import CARD, FAINT, HEAD, INK, as_array, drawable, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cml_bot.draw_scales import Scale
    from cml_bot.draw_sheet import Numbers, Pen

    Middles = Callable[[Numbers, int], Numbers]
    Place = Callable[[Numbers], Numbers]
    """From numbers to units on the canvas."""

WIDTH = 640
"""In units; a phone shows two of them on each pixel that it is laid out by."""
MARGIN = 16
TITLE, LEGEND = 27, 58
"""Units from the top to where the letters stand."""
LEGEND_LINE, TITLE_LINE = 26, 30
"""Units that a second line of the legend makes a picture taller, and that one without a title is less tall."""
SMALLEST = 0.8
"""Share of their size that letters of the legend have at least: else it takes two lines."""
TOP, HEIGHT = 76, 226
"""Units above the axes, and of the axes themselves."""
NUMBERS, LINE = 22, 24
"""Units from the axes down to their numbers, and from there to each line below."""
LETTERS, BIG_LETTERS = 6.5, 8.0
"""In points: as large as the text beside a picture, and its title."""
SWATCH, GAP, APART = 22, 8, 26
"""Units of a line in the legend, from it to its name, and to the next."""
DASHES = {"solid": (), "dashed": (3.5, 2.0), "dotted": (1.0, 1.6)}
"""In points."""
BEHIND = 0.6
"""In points: values behind their means."""
SHADE = 0.28
"""How much of its colour an area has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Between what several trainings lie."""

    x: Sequence[float]
    """Shape (n,), rising."""
    low: Sequence[float]
    high: Sequence[float]
    """Shape of both (n,); what is not finite is a gap."""
    pen: Pen
    label: str
    """What it shows, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One course of a picture."""

    x: Sequence[float]
    """Shape (n,), rising."""
    y: Sequence[float]
    """Shape (n,); what is not finite is a gap."""
    label: str
    """What the legend calls it; empty where it stands for one that is there already."""
    pen: Pen
    style: str = "solid"
    """One of `DASHES`; what is not solid is thinner too."""
    is_smoothed: bool = False
    """Whether a smoothed line is drawn over it."""

    @property
    def width(self) -> float:
        """In points."""
        return self.pen.width * (1.0 if self.style == "solid" else 0.7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is to be seen; its texts are foreign."""

    title: str
    x_label: str
    lines: tuple[Line, ...]
    """The most important one first: it lies on top."""
    areas: tuple[Area, ...] = ()
    said: tuple[str, ...] = ()
    """What else a reader needs to know, in a few words each."""
    best: tuple[float, float] | None = None
    best_text: str = ""
    is_thinned: bool = False
    """Whether points were left out on the way: of those that are left, too many are extremes for their mean."""


class _Trace(NamedTuple):
    """What of a line is drawn. Shapes: x and y of a part (n,), y NaN at a gap."""

    line: Line
    course: tuple[Numbers, Numbers]
    behind: tuple[Numbers, Numbers] | None = None
    """The values themselves, pale, where the course is their means or smoothed."""


def paint(picture: Picture) -> bytes:
    """Draw a picture as PNG; the same picture gives the same bytes."""
    sides = [_finite(line.x, line.y) for line in picture.lines]
    window = _find_window(picture.lines)
    # Single values scatter more than the means that are drawn of a slab: a band of those would tell nothing.
    areas = picture.areas if window == 1 else ()
    edges = [as_array(edge) for area in areas for edge in (area.low, area.high)]
    y_scale = scale_y([y for _, y in sides], edges, TOP + HEIGHT, TOP)
    left = MARGIN + GAP + max((measure(label, LETTERS) for label in y_scale.labels), default=0.0)
    x_scale = scale_x([x for x, _ in sides], left, WIDTH - MARGIN, lambda text: measure(text, LETTERS))
    best = drawable(f"○ {picture.best_text}") if picture.best else ""
    in_legend = _has_room(picture, best)
    said = [*_tell_manner(picture, areas, window, is_log=y_scale.is_log), "" if in_legend else best]
    foot = _wrap_foot([one for one in said if one], WIDTH - MARGIN - left)
    more = LEGEND_LINE * (len(_lay_legend(picture)) - 1)
    down = more - (0 if picture.title else TITLE_LINE)
    canvas = Canvas(WIDTH, down + TOP + HEIGHT + NUMBERS + LINE * len(foot) + 10, CARD, down)
    _write_title(canvas, picture.title, TITLE - more)
    _write_legend(canvas, picture, best if in_legend else "")
    _draw_axes(canvas, x_scale, y_scale)
    for area in areas:
        _draw_area(canvas, area, x_scale, y_scale)
    _draw_lines(canvas, picture, sides, window, (x_scale, y_scale))
    _mark_best(canvas, picture, x_scale, y_scale)
    _write_foot(canvas, foot, left)
    return canvas.encode()


def find_best(lines: Sequence[Line], *, is_higher_better: bool, is_thinned: bool) -> tuple[float, float] | None:
    """The best point of the first of the lines as it is drawn, the first of equals; None where all are equal."""
    x, y = _trace(
        lines[0], *_finite(lines[0].x, lines[0].y), _find_window(lines), medians if is_thinned else means
    ).course
    if np.isnan(y).all() or np.nanmin(y) == np.nanmax(y):
        return None
    at = np.nanargmax(y) if is_higher_better else np.nanargmin(y)
    return float(x[at]), float(y[at])


def _find_window(lines: Sequence[Line]) -> int:
    """Choose how many values become one mean; 1 where each is drawn."""
    return find_window([line.y for line in lines], is_smoothed=any(line.is_smoothed for line in lines))


def _finite(xs: Sequence[float], ys: Sequence[float]) -> tuple[Numbers, Numbers]:
    """Shapes: x and y (n,), x without NaN, y NaN where there is no number that an axis can hold; n may be 0."""
    x, y = as_array(xs), as_array(ys)
    return x[~np.isnan(x)], y[~np.isnan(x)]


def _draw_axes(canvas: Canvas, x_scale: Scale, y_scale: Scale) -> None:
    """Leave no more ink than the numbers need."""
    ends = np.array([x_scale.start, WIDTH - MARGIN])
    for label, at in zip(y_scale.labels, y_scale.place(np.array(y_scale.ticks)), strict=True):
        canvas.line(ends, np.array([at, at]), FAINT, 0.5)
        canvas.text(x_scale.start - GAP - measure(label, LETTERS), float(at) + 6, label, LETTERS, INK)
    canvas.line(ends, np.full(2, TOP + HEIGHT), FAINT, 0.8)
    for label, at in zip(x_scale.labels, x_scale.place(np.array(x_scale.ticks)), strict=True):
        canvas.text(float(at) - measure(label, LETTERS) / 2, TOP + HEIGHT + NUMBERS, label, LETTERS, INK)
    if not y_scale.ticks:
        canvas.text(WIDTH / 2 - 90, TOP + HEIGHT / 2, "no number to draw", LETTERS, INK)


def _draw_area(canvas: Canvas, area: Area, x_scale: Scale, y_scale: Scale) -> None:
    """Fill each stretch that has no gap, as far as the axes reach."""
    x, low = _finite(area.x, area.low)
    _, high = _finite(area.x, area.high)
    x_units = np.clip(x_scale.place(x), x_scale.start, x_scale.end)
    edges = [np.clip(y_scale.place(edge), TOP, TOP + HEIGHT) for edge in (low, high)]
    gaps = np.flatnonzero(np.isnan(edges[0] + edges[1]))
    for start, end in zip([0, *(gaps + 1)], [*gaps, len(x)], strict=True):
        if end - start > 1:
            canvas.area(x_units[start:end], edges[0][start:end], edges[1][start:end], area.pen.line, SHADE)


def _draw_lines(
    canvas: Canvas,
    picture: Picture,
    sides: Sequence[tuple[Numbers, Numbers]],
    window: int,
    scales: tuple[Scale, Scale],
) -> None:
    """Draw all lines, the most important one last, and what is pale behind all of them."""
    middles = medians if picture.is_thinned else means
    lines = zip(picture.lines, sides, strict=True)
    traces = [_trace(line, x, y, window, middles) for line, (x, y) in lines][::-1]
    x_scale, y_scale = scales
    for trace in traces:
        if trace.behind:
            x, y = trace.behind
            canvas.line(x_scale.place(x), y_scale.place(y), trace.line.pen.faint, BEHIND)
    for trace in traces:
        x, y = trace.course
        _draw_line(canvas, trace.line, x_scale.place(x), y_scale.place(y))


def _trace(line: Line, x: Numbers, y: Numbers, window: int, middles: Middles) -> _Trace:
    """Choose what of a line is drawn; behind what is not solid there is nothing, for a picture holds only so much."""
    few = thin(x, y)
    behind = few if line.style == "solid" else None
    if line.is_smoothed and np.count_nonzero(~np.isnan(y)) >= FEWEST:
        return _Trace(line, smooth(x, y), behind)
    if window > 1 and len(y) >= SLAB:
        return _Trace(line, (means(x, window), middles(y, window)), behind)
    return _Trace(line, few)


def _draw_line(canvas: Canvas, line: Line, x: Numbers, y: Numbers) -> None:
    """Draw a line with gaps where there is no number; a value without neighbours becomes a dot. Units: the canvas's."""
    canvas.line(x, y, line.pen.line, line.width, DASHES[line.style])
    is_gap = np.isnan(np.concatenate([[np.nan], y, [np.nan]]))
    for at in np.flatnonzero(is_gap[:-2] & is_gap[2:] & ~is_gap[1:-1]):
        canvas.dot(float(x[at]), float(y[at]), 1 + 1.5 * line.width, line.pen.line)


def _mark_best(canvas: Canvas, picture: Picture, x_scale: Scale, y_scale: Scale) -> None:
    if picture.best:
        x, y = (
            float(scale.place(np.array([at]))[0]) for scale, at in zip((x_scale, y_scale), picture.best, strict=True)
        )
        canvas.dot(float(x), float(y), 4.5, CARD, HEAD.line, 1.1)


def _write_title(canvas: Canvas, title: str, y: float) -> None:
    text = drawable(title)
    size = fit(BIG_LETTERS, measure(text, BIG_LETTERS, bold=True), WIDTH - 2 * MARGIN)
    canvas.text(MARGIN, y, text, size, INK, bold=True)


def _write_legend(canvas: Canvas, picture: Picture, best: str) -> None:
    """Say below the title which side is which, and at the right where the best is, which has a ring."""
    rows = _lay_legend(picture)
    for number, row in enumerate(rows):
        y, size, at = LEGEND - LEGEND_LINE * (len(rows) - 1 - number), _fit_legend(row), float(MARGIN)
        for line, label in row:
            canvas.line(np.array([at, at + SWATCH]), np.full(2, y - 7), line.pen.line, line.width)
            canvas.text(at + SWATCH + GAP, y, label, size, line.pen.text)
            at += SWATCH + GAP + measure(label, size) + APART
    canvas.text(WIDTH - MARGIN - measure(best, LETTERS), LEGEND, best, LETTERS, HEAD.text)


def _lay_legend(picture: Picture) -> list[list[tuple[Line, str]]]:
    """Give the entries by line: all on one, or each on its own where one would have small letters."""
    entries = [(line, drawable(line.label)) for line in picture.lines if line.label]
    return [entries] if _fit_legend(entries) >= SMALLEST * LETTERS else [[entry] for entry in entries]


def _fit_legend(entries: Sequence[tuple[Line, str]]) -> float:
    room = WIDTH - 2 * MARGIN - len(entries) * (SWATCH + GAP) - (len(entries) - 1) * APART
    return fit(LETTERS, sum(measure(label, LETTERS) for _, label in entries), room)


def _has_room(picture: Picture, best: str) -> bool:
    """Whether where the best is can stand in the legend: else it stands below."""
    labels = [drawable(line.label) for line in picture.lines if line.label]
    taken = sum(SWATCH + GAP + measure(label, LETTERS) + APART for label in labels)
    return taken + measure(best, LETTERS) <= WIDTH - 2 * MARGIN


def _tell_manner(picture: Picture, areas: Sequence[Area], window: int, *, is_log: bool) -> list[str]:
    """Say what x is, and how all of it was drawn."""
    manner = tell_manner(
        (area.label for area in areas),
        window=window,
        is_smoothed=any(line.is_smoothed for line in picture.lines),
        is_thinned=picture.is_thinned,
        is_logarithmic=is_log,
    )
    return [drawable(one) for one in (picture.x_label, *picture.said, *manner) if one]


def _wrap_foot(said: Sequence[str], room: float) -> list[str]:
    """Put what is to be said into as many lines as it takes."""
    lines = [""]
    for one in said:
        longer = f"{lines[-1]} · {one}" if lines[-1] else one
        lines = [*lines[:-1], longer] if measure(longer, LETTERS) <= room or not lines[-1] else [*lines, one]
    return lines


def _write_foot(canvas: Canvas, lines: Sequence[str], left: float) -> None:
    for number, text in enumerate(lines, 1):
        size = fit(LETTERS, measure(text, LETTERS), WIDTH - MARGIN - left)
        canvas.text(left, TOP + HEIGHT + NUMBERS + LINE * number, text, size, INK)
