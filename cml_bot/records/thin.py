"""Fewer points of a series, for a record that is kept for good."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.model import mean_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Series


def thin(series: Series, count: int) -> Series:
    """Return the series with at most `count` points: its ends, its extremes, and others at even distances.

    The step that the training kept stays as well, for its value stands for the whole series. The mean of
    all points is kept beside them, NaN left out; a series that is short enough stays as it is.

    Example:
        >>> from cml_bot.model import Series
        >>> short = thin(Series(name="loss", x=tuple(range(9)), y=(4, 9, 3, 2, 2, 1, 1, 1, 2)), 5)
        >>> short.x, short.y, round(short.mean, 2)
        ((0, 1, 4, 5, 8), (4, 9, 2, 1, 2), 2.78)
    """
    total = len(series.y)
    if total <= count:
        return series
    kept = {0, total - 1, *_find_extremes(series.y)}
    if series.best is not None and series.best in series.x:
        kept.add(series.x.index(series.best))
    others = [index for index in range(total) if index not in kept]
    places = max(count - len(kept), 0)
    # In the middle of equal shares: the ends are there already.
    kept |= {others[(2 * place + 1) * len(others) // (2 * places)] for place in range(places)}
    order = sorted(kept)
    return replace(
        series,
        x=tuple(series.x[index] for index in order),
        y=tuple(series.y[index] for index in order),
        mean=mean_of([y for y in series.y if not math.isnan(y)]) if series.mean is None else series.mean,
    )


def _find_extremes(y: Sequence[float]) -> tuple[int, ...]:
    numbers = [index for index, value in enumerate(y) if not math.isnan(value)]
    if not numbers:
        return ()
    return min(numbers, key=y.__getitem__), max(numbers, key=y.__getitem__)
