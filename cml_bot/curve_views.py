"""Curves as the templates are given them: what is one picture, and in words one line for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cml_bot.curve_groups import group_curves, is_on_training, order_groups, split_part
from cml_bot.draw import can_write, describe_group, tell_curve
from cml_bot.filters import sparkline
from cml_bot.mermaid import draw_chart
from cml_bot.model import Key, Role, Trend
from cml_bot.names import name_of, shared_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cml_bot.curve_groups import CurveGroup, Member
    from cml_bot.mermaid import Chart
    from cml_bot.model import Curve, Figure, Report, Series

LOUD = (Trend.WORSE, Trend.BETTER)
BARS = 10
"""Of each side of a curve in words: both fit on a line of a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveLine:
    """One curve as the templates see it where it is no picture: a chart in text, or a line of words."""

    name: str
    said: str
    """What a reader would see of it, without its name."""
    head_line: str
    base_line: str
    """Ten bars or fewer of each side, on one scale; empty for a side that is not there."""
    is_on_training: bool
    chart: Chart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveView:
    """What of the curves is one picture, as the templates see it."""

    name: str
    caption: str
    figure: Figure | None
    heading: str
    """Its name where the letters of its picture do not have it, so that it stands above; else empty."""
    lines: tuple[CurveLine, ...]
    """One a curve, in the order that they are drawn in."""


def titled_curves(report: Report) -> dict[Key, Curve]:
    """Give every curve the name that its picture and its line of text are headed with."""
    shared = shared_names(curve.key for curve in report.curves)
    return {curve.key: replace(curve, key=Key("", name_of(curve.key, shared))) for curve in report.curves}


def group_titled(report: Report) -> tuple[CurveGroup, ...]:
    """Give the curves as they are drawn: those of one metric together, and what a reader looks for first."""
    titled = titled_curves(report)
    groups = group_curves(titled, {key: curve.key.name for key, curve in titled.items()})
    decided = {delta.key for delta in report.deltas if delta.trend in LOUD or delta.role is Role.HEADLINE}
    return order_groups(groups, decided | {check.key for check in report.verdict.checks if check.key})


def view_curves(report: Report, figures: Mapping[Key, Figure], labels: Mapping[str, str]) -> list[CurveView]:
    """Give all curves as they are drawn together.

    Args:
        report: what is told.
        figures: those that are drawn, by the first curve of each.
        labels: how the sides are called.
    """
    return [
        CurveView(
            name=group.name,
            caption=describe_group(group, **labels),
            figure=figures.get(group.members[0].key),
            heading=group.name if group.members[0].key in figures and not can_write(group.name) else "",
            lines=tuple(_curve_line(member, labels) for member in group.members),
        )
        for group in group_titled(report)
    ]


def _curve_line(member: Member, labels: Mapping[str, str]) -> CurveLine:
    curve = member.curve
    return CurveLine(
        name=curve.key.name,
        said=tell_curve(curve, **labels),
        head_line=sparkline(_ys(curve.head), BARS, beside=_ys(curve.base)),
        base_line=sparkline(_ys(curve.base), BARS, beside=_ys(curve.head)),
        is_on_training=is_on_training(split_part(member.key.name)[0]),
    )


def chart_curves(views: Sequence[CurveView], report: Report, labels: Mapping[str, str], most: int) -> list[CurveView]:
    """Give the first curves without a picture a chart in text, those of the training last."""
    titled = {curve.key.name: curve for curve in titled_curves(report).values()}
    lines = [line for view in views if view.figure is None for line in view.lines]
    charts: dict[str, Chart] = {}
    for line in sorted(lines, key=lambda line: line.is_on_training):
        chart = draw_chart(titled[line.name], **labels) if len(charts) < most else None
        if chart:
            charts[line.name] = chart
    return [
        replace(view, lines=tuple(replace(line, chart=charts.get(line.name)) for line in view.lines)) for view in views
    ]


def _ys(series: Series | None) -> Sequence[float]:
    return series.y if series else ()
