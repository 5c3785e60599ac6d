"""The curves of a report for its page: what a script draws, and what is there without one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cml_bot.bands import tell_band
from cml_bot.charts import is_drawable
from cml_bot.curve_rules import FEWEST, SLAB, find_best, find_window, is_logarithmic, style_lines, tell_manner
from cml_bot.curve_views import group_titled
from cml_bot.draw import describe_group, shorten_middle
from cml_bot.escape import clean
from cml_bot.filters import format_number, format_pair
from cml_bot.page_data import as_numbers, pack_steps, pack_values
from cml_bot.page_sketch import Axes, find_axes, sketch_lines, write_ends
from cml_bot.records.thin import thin
from cml_bot.views import labels_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cml_bot.curve_groups import CurveGroup, Member
    from cml_bot.model import Band, Report, Series
    from cml_bot.page_sketch import Ends, Sketch

MOST_POINTS = 4_000
"""More than there are pixels; readers of logs keep as many."""
LABEL_LENGTH = 24
"""Characters of what a side is called: its end tells branches apart as well as its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """One line of a chart, with the value that it ends at."""

    side: str
    label: str
    end: str
    style: str
    """``solid``, ``dashed`` or ``dotted``."""


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
    ends: Ends | None
    """None where there is nothing to sketch."""
    below: str
    """What the axis is, and how it is drawn."""
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One side of a curve."""

    side: str
    part: str
    label: str
    style: str
    series: Series


def lay_out_curves(report: Report) -> tuple[PageChart, ...]:
    """Give all curves of a report as its pictures have them: together, and in the same order."""
    labels = labels_of(report)
    groups = [group for group in group_titled(report) if any(one.curve.head or one.curve.base for one in group.members)]
    return tuple(_view_group(number, group, labels) for number, group in enumerate(groups))


def _view_group(number: int, group: CurveGroup, labels: Mapping[str, str]) -> PageChart:
    styled = list(zip(group.members, style_lines(group), strict=True))
    lines = [line for member, style in styled for line in _lines_of(member, style, labels)]
    first, one = group.members[0], lines[0].series
    values = [value for line in lines for value in as_numbers(line.series.y)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    is_log = is_logarithmic(low, high)
    is_smoothed = any(line.series.is_smoothed for line in lines)
    window = find_window([line.series.y for line in lines], is_smoothed=is_smoothed)
    # Single values scatter more than the means that are drawn of a slab: a band of those would tell nothing.
    bands = _bands(first) if window == 1 else []
    reach = (low, high) if is_log else (low - (high - low) / 2, high + (high - low) / 2)
    is_thinned = any(line.series.mean is not None for line in lines)
    # A ring stands on what is drawn.
    best = find_best(first.curve) if window == 1 and not is_smoothed else None
    x_label = clean(one.x_label, 60) if one.x_label else ""
    told = [tell_band(band, _shorten_label(labels[f"{side}_label"])) for band, side in bands]
    manner = tell_manner(told, window=window, is_smoothed=is_smoothed, is_thinned=is_thinned, is_logarithmic=is_log)
    said = [
        x_label,
        *manner,
        f"○ best {format_pair(one.y[-1], best[1]).head} at {format_number(best[0])}" if best else "",
    ]
    axes = _find_axes(lines, bands, reach, is_log=is_log)
    return PageChart(
        number=number,
        name=clean(group.name),
        unit=clean(one.unit, 20) if one.unit.strip() else "",
        caption=describe_group(group, **labels),
        legend=tuple(entry for member, style in styled for entry in _legend(member, style, labels)),
        sketch=sketch_lines([(line.side, line.style, line.series) for line in lines], bands, best, axes),
        ends=write_ends(axes) if axes else None,
        below=" · ".join(filter(None, said)),
        data={
            "x_label": x_label,
            "is_log": is_log,
            "is_whole": all(x == int(x) for line in lines for x in as_numbers(line.series.x)),
            "best": best,
            "reach": axes.y if axes else None,
            "lines": [_pack_line(line, window, is_thinned=is_thinned) for line in lines],
            "bands": [_pack_band(band, side, reach) for band, side in bands],
        },
    )


def _lines_of(member: Member, style: str, labels: Mapping[str, str]) -> list[_Line]:
    curve = member.curve
    sides = (("head", labels["head_label"], curve.head), ("base", labels["base_label"], curve.base))
    return [
        _Line(
            side=side,
            part=clean(member.part, 40) if member.part else "",
            label=_shorten_label(label) if label else side,
            style=style,
            series=thin(_drawable(series), MOST_POINTS),
        )
        for side, label, series in sides
        if series
    ]


def _shorten_label(label: str) -> str:
    return shorten_middle(label, LABEL_LENGTH)


def _drawable(series: Series) -> Series:
    """Leave out the points whose step no axis can hold."""
    if all(map(is_drawable, series.x)):
        return series
    kept = [(x, y) for x, y in zip(series.x, series.y, strict=True) if is_drawable(x)]
    return replace(series, x=tuple(x for x, _ in kept), y=tuple(y for _, y in kept))


def _legend(member: Member, style: str, labels: Mapping[str, str]) -> list[LegendEntry]:
    curve = member.curve
    head, base = (side.y[-1] if side and side.y else None for side in (curve.head, curve.base))
    pair = format_pair(base, head)
    part = f"{clean(member.part, 40)}: " if member.part else ""
    sides = (
        ("head", labels["head_label"], pair.head, curve.head),
        ("base", labels["base_label"], pair.base, curve.base),
    )
    return [
        LegendEntry(side=side, label=f"{part}{_shorten_label(label)}", end=end, style=style)
        for side, label, end, series in sides
        if series
    ]


def _bands(member: Member) -> list[tuple[Band, str]]:
    curve = member.curve
    return [(band, side) for band, side in ((curve.base_band, "base"), (curve.head_band, "head")) if band]


def _pack_line(line: _Line, window: int, *, is_thinned: bool) -> dict[str, Any]:
    x, y = line.series.x, line.series.y
    is_long = window > 1 and len(y) >= SLAB
    packed = {
        "side": line.side,
        "part": line.part,
        "label": line.label,
        "style": line.style,
        "blocks": max(1, round(len(y) / window)) if is_long else 0,
        "window": window if is_long else 1,
        "is_thinned": is_thinned,
        "x": pack_steps(x),
        "y": pack_values(y),
    }
    if line.series.is_smoothed and len(as_numbers(y)) >= FEWEST:
        from cml_bot.draw_lines import smooth_numbers

        numbers = [(float(at), float(value)) for at, value in zip(x, y, strict=True) if is_drawable(value)]
        smooth_x, smooth_y = smooth_numbers([at for at, _ in numbers], [value for _, value in numbers])
        packed["course"] = {"x": pack_steps(smooth_x), "y": pack_values(smooth_y)}
    return packed


def _pack_band(band: Band, side: str, reach: tuple[float, float]) -> dict[str, Any]:
    """Pack a band as far as the axis reaches, at the steps that an axis can hold."""
    rows = [row for row in zip(band.x, *_cut_band(band, reach), strict=True) if is_drawable(row[0])]
    x, low, high = ([row[place] for row in rows] for place in range(3))
    return {"side": side, "x": pack_steps(x), "low": pack_values(low), "high": pack_values(high)}


def _cut_band(band: Band, reach: tuple[float, float]) -> tuple[list[float], list[float]]:
    low, high = ([min(max(value, reach[0]), reach[1]) for value in edge] for edge in (band.low, band.high))
    return low, high


def _find_axes(
    lines: Sequence[_Line], bands: Sequence[tuple[Band, str]], reach: tuple[float, float], *, is_log: bool
) -> Axes | None:
    """Give the axes of all that is drawn, by the script as in the sketch."""
    edges = [edge for band, _ in bands for edge in _cut_band(band, reach)]
    xs = [x for line in lines for x in line.series.x] + [x for band, _ in bands for x in band.x]
    ys = [y for line in lines for y in line.series.y] + [y for edge in edges for y in edge]
    return find_axes(xs, ys, is_log=is_log)
