"""What a page shows of a chart until a script draws it: few points of the same lines, on the same axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.charts import is_drawable
from cml_bot.filters import format_number, format_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cml_bot.model import Band, Series

    Point = tuple[float, float]

SKETCHED = 48
"""Points of a sketch, each the mean of its share."""
WIDTH, HEIGHT = 300, 100
ROOM = 0.05
"""Share of what the values span that stays free above and below them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One line of what is shown until a script draws."""

    kind: str
    points: str
    """As SVG has them."""
    is_area: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The numbers at the ends of the axes of a sketch."""

    low: str
    high: str
    first: str
    last: str


class Axes(NamedTuple):
    """What both axes reach from and to."""

    x: tuple[float, float]
    y: tuple[float, float]
    is_log: bool


def find_axes(xs: Iterable[float], ys: Iterable[float], *, is_log: bool) -> Axes | None:
    """Give the axes that hold all of a chart; None where there is no number.

    Args:
        xs: the steps of what is drawn.
        ys: the values of what is drawn.
        is_log: whether equal ratios get equal room.
    """
    steps, values = list(filter(is_drawable, xs)), list(filter(is_drawable, ys))
    if not steps or not values:
        return None
    ends = find_reach(min(values), max(values), is_log=is_log)
    return Axes((min(steps), max(steps)), ends, is_log)


def find_reach(low: float, high: float, *, is_log: bool) -> tuple[float, float]:
    """Give the ends of an axis around its values, as numbers with few digits; what has one sign stays on its side.

    Example:
        >>> find_reach(0.31, 2.2, is_log=False), find_reach(0.02, 0.9, is_log=False)
        ((0.2, 2.3), (0.0, 0.95))
        >>> find_reach(2e-5, 0.013, is_log=True)
        (2e-05, 0.02)
    """
    if is_log:
        steps = [10.0 ** math.floor(math.log10(end)) for end in (low, high)]
        return _round(low, steps[0], math.floor), _round(high, steps[1], math.ceil)
    span = high - low or abs(low) or 1.0
    # What spans next to nothing has no smaller step.
    step = 10.0 ** math.floor(math.log10(span)) / 10 or span
    first = min(low, _round(low - ROOM * span, step, math.floor))
    last = max(high, _round(high + ROOM * span, step, math.ceil))
    return (0.0 if low >= 0 > first else first), (0.0 if low < 0 and high <= 0 < last else last)


def _round(value: float, step: float, way: Callable[[float], int]) -> float:
    """Round to a multiple of a step, without the noise that multiplying leaves."""
    near = round(value / step)
    count = near if abs(value / step - near) < 1e-9 else way(value / step)
    return float(f"{count * step:.15g}")


def sketch_lines(
    lines: Sequence[tuple[str, str, Series]],
    bands: Sequence[tuple[Band, str]],
    best: Point | None,
    axes: Axes | None,
) -> tuple[Sketch, ...]:
    """Sketch bands, lines and the ring of the best, from the back to the front.

    Args:
        lines: the side, the style and the values of each; the first is the one that `best` is of.
        bands: with their sides.
        best: the step and the value of the ring.
        axes: what they stand on; without any nothing is sketched.
    """
    if axes is None:
        return ()
    taken = [(side, style, take_means(series, None if at else best)) for at, (side, style, series) in enumerate(lines)]
    areas = [
        Sketch(kind=f"{side} band", points=_place(_outline(band, axes), axes), is_area=True)
        for band, side in sorted(bands, key=lambda pair: pair[1])
    ]
    drawn = [
        Sketch(kind=f"{side} {style}", points=_place(points, axes))
        for side, style, points in sorted(taken, key=lambda one: one[0])
        if points
    ]
    # A line of no length: its round ends stay round, however the box is stretched.
    rings = [Sketch(kind=kind, points=_place([best, best], axes)) for kind in ("ring", "ring inner") if best]
    return (*areas, *drawn, *rings)


def write_ends(axes: Axes) -> Ends:
    """Write what stands at the ends of the axes."""
    return Ends(**_pair_of("low", "high", axes.y, is_log=axes.is_log), **_pair_of("first", "last", axes.x))


def take_means(series: Series, best: Point | None = None) -> list[Point]:
    """Give few points of a line, each the mean of its share; the best one stands for its own share."""
    points = [(float(x), float(y)) for x, y in zip(series.x, series.y, strict=True) if is_drawable(y)]
    count = min(SKETCHED, len(points))
    shares = (points[at * len(points) // count : (at + 1) * len(points) // count] for at in range(count))
    return [best if best and best in share else _mean(share) for share in shares]


def _mean(share: Sequence[Point]) -> Point:
    return math.fsum(x / len(share) for x, _ in share), math.fsum(y / len(share) for _, y in share)


def _outline(band: Band, axes: Axes) -> list[Point]:
    """Go along the upper edge of a band and back along the lower one, as far as the axis reaches."""
    low, high = axes.y
    edges = [
        (float(x), min(max(above, low), high), min(max(below, low), high))
        for x, above, below in zip(band.x, band.high, band.low, strict=True)
        if above == above and below == below and is_drawable(x)
    ]
    last = len(edges) - 1
    places = sorted({round(at * last / (SKETCHED - 1)) for at in range(SKETCHED)}) if edges else []
    kept = [edges[at] for at in places]
    return [(x, above) for x, above, _ in kept] + [(x, below) for x, _, below in reversed(kept)]


def _place(points: Iterable[Point], axes: Axes) -> str:
    scaled = math.log10 if axes.is_log else float
    (left, right), (low, high) = axes.x, (scaled(end) for end in axes.y)
    width, height = right - left or 1.0, high - low or 1.0
    return " ".join(
        f"{(x - left) / width * WIDTH:.0f},{HEIGHT - (scaled(y) - low) / height * HEIGHT:.0f}" for x, y in points
    )


def _pair_of(low: str, high: str, values: Sequence[float], *, is_log: bool = False) -> dict[str, str]:
    """Write the smallest and the largest number, where they are one, the first alone."""
    ends = sorted({min(values), max(values)})
    texts = [format_number(end) for end in ends] if is_log else format_ticks(ends)
    return dict(zip((low, high), [*texts, ""], strict=False))
