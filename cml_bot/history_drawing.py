"""One metric's course over the runs of main as a small SVG: it grows with its place, and its letters do not.

Places are percentages, so that a page can show it at any size without drawing anew; only lines and dots lie in a box
that is stretched. Colours come from the page, by class.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.stats.band import LARGEST
from cml_bot.wording_noise import OUTLIER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cml_bot.history_table import History, HistoryRow

    Across = Callable[[int], float]
    Down = Callable[[float], float]

ROOM = 0.08
"""The share of the height that stays free above and below."""
SIDE = 0.02
"""The share of the width that stays free left and right, so that no dot is cut."""
ODD = -1
"""In place of a level: the run is an outlier."""


class Step(NamedTuple):
    """A level of main, from one run to another (both belong to it)."""

    first: int
    last: int
    mean: float


class Drawing(NamedTuple):
    """How one metric is drawn."""

    svg: str
    """Of our own numbers and words alone, so that it goes into a page as it is."""
    ends: tuple[float, float] | None
    """The values at the lower and at the upper end; None where nothing says how far apart they are."""


def place_levels(row: HistoryRow, history: History) -> tuple[int | None, ...]:
    """Give the level that each run belongs to, from 0 on: `ODD` for an outlier, None where it is in no band."""
    counted = {point.sha for point in row.course if point.counts} if row.level is not None else set()
    begins = {shift.sha for shift in row.shifts}
    levels: list[int | None] = []
    level = 0
    for run in history.runs:
        level += run.sha in begins
        levels.append(None if run.sha not in counted else ODD if run.sha in row.outliers else level)
    return tuple(levels)


def list_means(row: HistoryRow) -> list[float]:
    """Give the value of each level, the oldest first; none where there are too few runs to tell."""
    if row.level is None:
        return []
    return [row.shifts[0].before, *(shift.after for shift in row.shifts)] if row.shifts else [row.level]


def draw_course(row: HistoryRow, levels: Sequence[int | None]) -> Drawing:
    """Draw a metric's runs, its levels, the band of the last one, and what belongs to none.

    Args:
        row: the metric.
        levels: what `place_levels` says of its runs.
    """
    steps = _list_steps(row, levels)
    low, high = _find_scale(row, levels, steps)
    ends = (low, high) if low < high else None
    if ends is None:
        low, high = low - (abs(low) / 10 or 1.0), high + (abs(high) / 10 or 1.0)

    def x(place: int) -> float:
        count = len(row.values)
        return 0.5 if count == 1 else SIDE + (1 - 2 * SIDE) * place / (count - 1)

    def y(value: float) -> float:
        # Halves, so that no difference of large numbers is infinite.
        share = (value / 2 - low / 2) / (high / 2 - low / 2)
        return 1 - ROOM - (1 - 2 * ROOM) * min(1.0, max(0.0, share))

    heights = [y(value) if value is not None and _is_finite(value) else None for value in row.values]
    parts = [
        *_draw_band(row, steps, x, y),
        *_draw_lines(row, heights, levels, steps, x, y),
        *_draw_marks(heights, levels, x),
    ]
    svg = f'<svg class="course" width="100%" height="100%" aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    return Drawing(svg, ends)


def _list_steps(row: HistoryRow, levels: Sequence[int | None]) -> list[Step]:
    means = list_means(row)
    found = [[place for place, level in enumerate(levels) if level == number] for number in range(len(means))]
    return [Step(runs[0], runs[-1], mean) for runs, mean in zip(found, means, strict=True) if runs]


def _find_scale(row: HistoryRow, levels: Sequence[int | None], steps: Sequence[Step]) -> tuple[float, float]:
    """Give the lowest and the highest of what is drawn. An outlier does not count: it would press all else flat."""
    usual = [value for value, level in zip(row.values, levels, strict=True) if level != ODD and _is_usual(value)]
    shown = [float(value) for value in usual or row.values if value is not None and _is_usual(value)]
    shown += [step.mean for step in steps]
    shown += [edge for edge in (row.low, row.high) if edge is not None and _is_finite(edge)]
    return min(shown, default=0.0), max(shown, default=0.0)


def _is_finite(value: float) -> bool:
    """As `math.isfinite`, for integers that no float can hold too."""
    return abs(value) <= sys.float_info.max


def _is_usual(value: float | None) -> bool:
    return value is not None and abs(value) < LARGEST


def _draw_band(row: HistoryRow, steps: Sequence[Step], x: Across, y: Down) -> Iterator[str]:
    if not steps or row.low is None or row.high is None or not row.noise:
        return
    left, right, top, bottom = x(steps[-1].first), x(len(row.values) - 1), y(row.high), y(row.low)
    size = f'width="{_percent(max(right - left, SIDE))}" height="{_percent(max(bottom - top, 0.01))}"'
    yield f'<rect class="band" x="{_percent(left)}" y="{_percent(top)}" {size}/>'


def _draw_lines(
    row: HistoryRow,
    heights: Sequence[float | None],
    levels: Sequence[int | None],
    steps: Sequence[Step],
    x: Across,
    y: Down,
) -> Iterator[str]:
    """Draw the levels, the line of runs and its dots, in a box of a thousand by a thousand that is stretched."""
    points = [None if height is None else (x(place), height) for place, height in enumerate(heights)]
    stayed = [point for point, level in zip(points, levels, strict=True) if level != ODD]
    known = row.level is not None
    yield '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">'
    level = "".join(f"M{_box(x(one.first), y(one.mean))}H{x(one.last) * 1000:.0f}" for one in steps)
    for kind, path in (
        ("level", level),
        ("line", _join(stayed)),
        (
            "dots",
            _dot(p for p, each in zip(points, levels, strict=True) if each != ODD and (each is not None or not known)),
        ),
        ("others", _dot(p for p, each in zip(points, levels, strict=True) if each is None and known)),
    ):
        if path:
            yield f'<path class="{kind}" d="{path}"/>'
    yield "</svg>"
    for before, after in pairwise(steps):
        middle = _percent((x(before.last) + x(after.first)) / 2)
        yield f'<line class="shift" x1="{middle}" x2="{middle}" y1="0" y2="100%"/>'


def _draw_marks(heights: Sequence[float | None], levels: Sequence[int | None], x: Across) -> Iterator[str]:
    last = len(heights) - 1
    for place, (height, level) in enumerate(zip(heights, levels, strict=True)):
        if height is not None and level == ODD:
            yield f'<text class="out" x="{_percent(x(place))}" y="{_percent(height)}">{OUTLIER}</text>'
        elif height is not None and place == last:
            yield f'<circle class="last" cx="{_percent(x(place))}" cy="{_percent(height)}" r="4"/>'


def _join(points: Sequence[tuple[float, float] | None]) -> str:
    """Join neighbours; where a run has no number the line has a gap."""
    parts, is_open = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if is_open else 'M'}{_box(*point)}")
        is_open = point is not None
    return "".join(parts)


def _dot(points: Iterable[tuple[float, float] | None]) -> str:
    """Lines of no length: their round ends stay round, however the box is stretched."""
    return "".join(f"M{_box(*point)}h0" for point in points if point is not None)


def _box(left: float, top: float) -> str:
    return f"{left * 1000:.0f} {top * 1000:.0f}"


def _percent(share: float) -> str:
    return f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"
