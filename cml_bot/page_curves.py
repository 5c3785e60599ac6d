"""The curves of a report for its page: what a script draws, and what is there without one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from cml_bot.curve_groups import TRAINING, group_curves
from cml_bot.draw import describe_curve
from cml_bot.escape import clean
from cml_bot.filters import format_number, format_pair, plural
from cml_bot.model import Goal, Key
from cml_bot.names import name_of, shared_names
from cml_bot.page_data import as_numbers, is_number, pack_steps, pack_values
from cml_bot.records.thin import thin
from cml_bot.views import labels_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cml_bot.curve_groups import CurveGroup, Member
    from cml_bot.model import Band, Report, Series

MOST_POINTS = 4_000
"""More than there are pixels; readers of logs keep as many."""
SLAB = 200
"""A noisy line of so many points hides the other side: then both are shown by their means, as in pictures."""
MEANS = 60
SMOOTHED = 0.15
"""Share of the points that are taken together where a smoothed line is wanted."""
DECADES = 100
"""From the lowest to the highest value of one sign, so that equal ratios get equal room."""
SKETCHED = 48
"""Points of a sketch, each the mean of its share."""
WIDTH, HEIGHT = 300, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """One line of a chart, with the value that it ends at."""

    side: str
    label: str
    end: str
    is_training: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One line of what is shown until a script draws."""

    kind: str
    points: str
    """As SVG has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChart:
    """A chart as a page has it: told and sketched, beside what is drawn from its data."""

    number: int
    """Its place among the data."""
    name: str
    unit: str
    caption: str
    legend: tuple[LegendEntry, ...]
    sketch: tuple[Sketch, ...]
    below: str
    """What the axis is, and how it is drawn."""
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One side of a curve."""

    side: str
    part: str
    label: str
    is_training: bool
    series: Series


def view_curves(report: Report) -> tuple[PageChart, ...]:
    """Give all curves of a report, those of one metric on one pair of axes, in the order of the report."""
    shared = shared_names(curve.key for curve in report.curves)
    named = {curve.key: name_of(curve.key, shared) for curve in report.curves}
    labels = labels_of(report)
    groups = group_curves({curve.key: curve for curve in report.curves if curve.head or curve.base}, named)
    return tuple(_view_group(number, group, named, labels) for number, group in enumerate(groups))


def _view_group(number: int, group: CurveGroup, named: Mapping[Key, str], labels: Mapping[str, str]) -> PageChart:
    lines = [line for member in group.members for line in _lines_of(member, labels)]
    captions = [
        describe_curve(replace(member.curve, key=Key("", named[member.key])), **labels) for member in group.members
    ]
    one = lines[0].series
    values = [value for line in lines for value in as_numbers(line.series.y)]
    window = max(map(_window, (line.series for line in lines)))
    is_log = bool(values) and min(values) > 0 and max(values) / DECADES > min(values)
    best = _find_best(group.members[0])
    x_label = clean(one.x_label, 60) if one.x_label else ""
    said = [x_label, *_tell_manner(window, best, one, is_log=is_log), *_tell_bands(group, labels)]
    return PageChart(
        number=number,
        name=clean(group.name),
        unit=clean(one.unit, 20) if one.unit.strip() else "",
        caption="; ".join(clean(caption, 400) for caption in captions),
        legend=tuple(entry for member in group.members for entry in _legend(member, labels)),
        sketch=_sketch(lines, is_log=is_log),
        below=" · ".join(filter(None, said)),
        data={
            "x_label": x_label,
            "is_log": is_log,
            "is_whole": all(x == int(x) for line in lines for x in as_numbers(line.series.x)),
            "best": best,
            "lines": [_pack_line(line, window) for line in lines],
            "bands": [
                _pack_band(band, side, min(values) if is_log else None)
                for member in group.members
                for band, side in _bands(member)
            ],
        },
    )


def _lines_of(member: Member, labels: Mapping[str, str]) -> list[_Line]:
    curve = member.curve
    sides = (("head", labels["head_label"], curve.head), ("base", labels["base_label"], curve.base))
    return [
        _Line(
            side=side,
            part=clean(member.part, 40) if member.part else "",
            label=clean(label, 60) if label else side,
            is_training=member.part.lower() in TRAINING,
            series=thin(_drawable(series), MOST_POINTS),
        )
        for side, label, series in sides
        if series
    ]


def _drawable(series: Series) -> Series:
    """Leave out the points whose step no axis can hold."""
    if all(map(is_number, series.x)):
        return series
    kept = [(x, y) for x, y in zip(series.x, series.y, strict=True) if is_number(x)]
    return replace(series, x=tuple(x for x, _ in kept), y=tuple(y for _, y in kept))


def _legend(member: Member, labels: Mapping[str, str]) -> list[LegendEntry]:
    curve = member.curve
    head, base = (side.y[-1] if side and side.y else None for side in (curve.head, curve.base))
    pair = format_pair(base, head)
    part = f"{clean(member.part, 40)}: " if member.part else ""
    sides = (
        ("head", labels["head_label"], pair.head, curve.head),
        ("base", labels["base_label"], pair.base, curve.base),
    )
    return [
        LegendEntry(side=side, label=f"{part}{clean(label, 60)}", end=end, is_training=member.part.lower() in TRAINING)
        for side, label, end, series in sides
        if series
    ]


def _bands(member: Member) -> list[tuple[Band, str]]:
    curve = member.curve
    return [(band, side) for band, side in ((curve.base_band, "base"), (curve.head_band, "head")) if band]


def _pack_line(line: _Line, window: int) -> dict[str, Any]:
    return {
        "side": line.side,
        "part": line.part,
        "label": line.label,
        "is_training": line.is_training,
        "window": window if len(line.series.y) >= window * 3 else 1,
        "x": pack_steps(line.series.x),
        "y": pack_values(line.series.y),
    }


def _pack_band(band: Band, side: str, floor: float | None) -> dict[str, Any]:
    """Pack a band, not below what a log scale can show."""
    low = band.low if floor is None else [max(value, floor) for value in band.low]
    return {"side": side, "x": pack_steps(band.x), "low": pack_values(low), "high": pack_values(band.high)}


def _window(series: Series) -> int:
    """How many values to show by their mean: 1 unless the line is a slab of colour."""
    y = as_numbers(series.y)
    if series.is_smoothed:
        return max(1, round(SMOOTHED * len(y)))
    if len(y) < SLAB:
        return 1
    steps = sorted(abs(right - left) for left, right in pairwise(y))
    return len(y) // MEANS if steps[len(steps) // 2] > 0.02 * (max(y) - min(y)) else 1


def _find_best(member: Member) -> tuple[float, float] | None:
    """The point of the head's best value, the first of equals; None where all are equal or no way is good."""
    curve = member.curve
    if curve.head is None or curve.goal is Goal.NONE:
        return None
    points = [(x, y) for x, y in zip(curve.head.x, curve.head.y, strict=True) if is_number(x) and is_number(y)]
    if not points or len({y for _, y in points}) == 1:
        return None
    sign = -1 if curve.goal is Goal.HIGHER else 1
    x, y = min(points, key=lambda point: sign * point[1])
    return float(x), float(y)


def _tell_manner(window: int, best: tuple[float, float] | None, head: Series, *, is_log: bool) -> list[str]:
    """Say how a chart is drawn, and what its ring means."""
    said = [f"lines are means of {format_number(window)}"] if window > 1 else []
    said += ["log scale"] if is_log else []
    if best:
        said.append(f"○ best {format_pair(head.y[-1], best[1]).head} at {format_number(best[0])}")
    return said


def _tell_bands(group: CurveGroup, labels: Mapping[str, str]) -> list[str]:
    """Say what the bands lie between."""
    said = []
    for member in group.members:
        for band, side in _bands(member):
            whose = clean(labels[f"{side}_label"], 60)
            what = "run" if band.is_history else "training"
            said.append(f"band: {plural(band.count, what)} of {whose}")
    return list(dict.fromkeys(said))


def _sketch(lines: Sequence[_Line], *, is_log: bool) -> tuple[Sketch, ...]:
    """Draw lines by the means of few shares, main's behind."""
    scaled = math.log10 if is_log else float
    means = [(line, _means(line.series)) for line in lines]
    xs = [x for _, points in means for x, _ in points]
    ys = [scaled(y) for _, points in means for _, y in points]
    if not xs:
        return ()
    left, low = min(xs), min(ys)
    width, height = (max(xs) - left) or 1.0, (max(ys) - low) or 1.0
    return tuple(
        Sketch(
            kind=f"{line.side} training" if line.is_training else line.side,
            points=" ".join(
                f"{(x - left) / width * WIDTH:.0f},{HEIGHT - 3 - (scaled(y) - low) / height * (HEIGHT - 6):.0f}"
                for x, y in points
            ),
        )
        for line, points in sorted(means, key=lambda pair: pair[0].side)
    )


def _means(series: Series) -> list[tuple[float, float]]:
    points = [(float(x), float(y)) for x, y in zip(series.x, series.y, strict=True) if is_number(y)]
    count = min(SKETCHED, len(points))
    shares = (points[at * len(points) // count : (at + 1) * len(points) // count] for at in range(count))
    return [
        (math.fsum(x / len(share) for x, _ in share), math.fsum(y / len(share) for _, y in share)) for share in shares
    ]
