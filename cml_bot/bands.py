"""The band of a curve: between what several trainings of one side, or the last runs of main, lie at each step."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from cml_bot.charts import is_drawable
from cml_bot.filters import plural
from cml_bot.model import Band
from cml_bot.stats.segments import find_outliers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Series

MOST_RUNS = 20
FEWEST_RUNS = 5
"""Of main: fewer do not tell how far they scatter."""
FEWEST_FOR_MIDDLE = 10
"""Runs of which the middle is shown, from the 10th to the 90th percentile; of fewer their range."""
MIDDLE = (0.1, 0.9)
CRASHED = 0.01
"""Level of the test for an end that does not belong to the others."""
PLACES = 200
"""Steps that a band is told at, at most."""


def make_range(trainings: Sequence[Series], x: Sequence[float]) -> Band | None:
    """Give the range of repeated trainings; None of a single one.

    Args:
        trainings: of one side.
        x: the steps to tell it at.
    """
    return _make_band(trainings, x, (0.0, 1.0), is_history=False) if len(trainings) > 1 else None


def make_middle(runs: Sequence[Series], x: Sequence[float]) -> Band | None:
    """Give what the last runs of main have in common, without those that crashed; None of too few.

    Args:
        runs: one series a run, oldest first.
        x: the steps to tell it at.
    """
    kept = _leave_out_crashed(runs)[-MOST_RUNS:]
    if len(kept) < FEWEST_RUNS:
        return None
    return _make_band(kept, x, MIDDLE if len(kept) >= FEWEST_FOR_MIDDLE else (0.0, 1.0), is_history=True)


def read_band(band: Band, x: float) -> tuple[float, float] | None:
    """Give between what a band lies at a step; None where nobody can tell."""
    low, high = (_read(band.x, edge, x) for edge in (band.low, band.high))
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def tell_band(band: Band, label: str = "") -> str:
    """Say what a band shows: runs of main lie outside of their middle too.

    Args:
        band: of one side.
        label: what the side is called; without one, whose trainings they are is not said.

    Example:
        >>> tell_band(Band(x=(), low=(), high=(), count=12, is_history=True), "main")
        'middle 80 % of 12 runs of main'
        >>> tell_band(Band(x=(), low=(), high=(), count=3), "here")
        'range of 3 trainings of here'
    """
    is_middle = band.is_history and band.count >= FEWEST_FOR_MIDDLE
    part = f"middle {MIDDLE[1] - MIDDLE[0]:.0%}".replace("%", " %") if is_middle else "range"
    runs = plural(band.count, "run" if band.is_history else "training")
    return f"{part} of {runs}{f' of {label}' if label else ''}"


def _leave_out_crashed(runs: Sequence[Series]) -> list[Series]:
    """Leave out runs that end in no number, or in one that does not belong to the others."""
    whole = [run for run in runs if run.y and is_drawable(run.y[-1])]
    crashed = find_outliers([run.y[-1] for run in whole], CRASHED) if len(whole) >= FEWEST_RUNS else ()
    return [run for place, run in enumerate(whole) if place not in crashed]


def _make_band(
    series: Sequence[Series], x: Sequence[float], shares: tuple[float, float], *, is_history: bool
) -> Band | None:
    """Read all of them at the same steps; where half are missing there is a gap. None where none differs."""
    places = _choose_places([place for place in x if is_drawable(place)])
    rows = [_between(series, place, shares) for place in places]
    known = [(low, high) for low, high in rows if math.isfinite(low)]
    if len(known) < 2 or all(low == high for low, high in known):
        return None
    return Band(
        x=tuple(places),
        low=tuple(low for low, _ in rows),
        high=tuple(high for _, high in rows),
        count=len(series),
        is_history=is_history,
    )


def _choose_places(x: Sequence[float]) -> list[float]:
    """Take every so manieth step, and the last."""
    stride = math.ceil(len(x) / PLACES) or 1
    places = list(x[::stride])
    return places if places[-1:] == list(x[-1:]) else [*places, x[-1]]


def _between(series: Sequence[Series], x: float, shares: tuple[float, float]) -> tuple[float, float]:
    known = sorted(y for y in (_read(one.x, one.y, x) for one in series) if math.isfinite(y))
    if 2 * len(known) <= len(series):
        return math.nan, math.nan
    low, high = (_quantile(known, share) for share in shares)
    return low, high


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def _read(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """Read a line at a place; NaN beyond its ends, and beside a gap."""
    at = bisect_left(xs, x)
    if at == len(xs) or (at == 0 and xs[0] != x):
        return math.nan
    if xs[at] == x:
        return float(ys[at]) if is_drawable(ys[at]) else math.nan
    if not (is_drawable(ys[at - 1]) and is_drawable(ys[at])):
        return math.nan
    share = (x - xs[at - 1]) / (xs[at] - xs[at - 1])
    return ys[at - 1] * (1 - share) + ys[at] * share
