"""Histograms and known curves in the forms that charts in text know: bars, and a line over even steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.bins import count_all, merge_bins, share_edges
from cml_bot.chart_numbers import read_heights
from cml_bot.chart_words import sides_of
from cml_bot.charts import is_drawable
from cml_bot.filters import format_ticks
from cml_bot.known_curves import find_known
from cml_bot.mermaid import MOST_BARS, draw_bars, draw_chart
from cml_bot.model import Bars, Curve, Histogram, Points, Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.mermaid import Chart
    from cml_bot.model import ChartPair

STEPS = 40
"""Parts of the width of a curve."""


def draw_text(pair: ChartPair, *, head_label: str, base_label: str) -> Chart | None:
    """Draw a chart of both sides in text; None for what has no form of text, or does not fit into one."""
    labels = {"head_label": head_label, "base_label": base_label}
    match pair.head or pair.base:
        case Bars():
            head, base = sides_of(pair, Bars)
            return draw_bars(head, base, **labels)
        case Histogram():
            return _draw_histogram(pair, labels)
        case Points() as one if find_known(one):
            return draw_chart(_as_curve(pair), **labels)
        case _:
            return None


def _draw_histogram(pair: ChartPair, labels: dict[str, str]) -> Chart | None:
    """Draw few bins as bars; shares where the sides hold other numbers."""
    head, base = sides_of(pair, Histogram)
    sides = [side for side in (head, base) if side]
    shared = share_edges(sides[0], sides[-1])
    if shared is None:
        return None
    both = (
        replace(sides[0], edges=shared.edges, counts=shared.head),
        replace(sides[-1], edges=shared.edges, counts=shared.base),
    )
    few = [merge_bins(side, MOST_BARS) for side in both]
    in_shares = len({count_all(side) for side in few}) > 1
    bars = [_as_bars(side, in_shares=in_shares) for side in few]
    chart = draw_bars(bars[0] if head else None, bars[-1] if base else None, **labels)
    said = f"{'% of all, ' if in_shares else ''}{sides[0].x_label} from each number on"
    return chart and replace(chart, legend=f"{chart.legend}; {said}")


def _as_bars(side: Histogram, *, in_shares: bool) -> Bars:
    """Give a bar for each bin, named by where it begins."""
    total = count_all(side) or 1.0
    values = tuple(100 * count / total for count in side.counts) if in_shares else side.counts
    starts = tuple(format_ticks(side.edges)[:-1])
    return Bars(name=side.name, labels=starts, values=values, is_ordered=True)


def _as_curve(pair: ChartPair) -> Curve:
    head, base = sides_of(pair, Points)
    sides = [side for side in (head, base) if side]
    xs = [x for side in sides for x in side.x if is_drawable(x)] or [0.0]
    low, high = min(xs), max(xs)
    places = [low + (high - low) * step / STEPS for step in range(STEPS + 1)] if low < high else []
    return Curve(key=pair.key, head=_as_series(head, places), base=_as_series(base, places))


def _as_series(side: Points | None, places: Sequence[float]) -> Series | None:
    if side is None:
        return None
    known = [(x, y) for x, y in zip(places, read_heights(side, places), strict=True) if y is not None]
    xs, ys = zip(*known, strict=True) if known else ((), ())
    return Series(name=side.name, x=xs, y=ys, x_label=side.x_label)
