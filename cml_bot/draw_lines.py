"""Courses of thousands of points made fit to be drawn: thinned, averaged or smoothed, with nothing lost to the eye."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cml_bot.curve_rules import FEWEST, SPAN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cml_bot.draw_sheet import Numbers

POINTS = 2_000
"""More cannot be told apart on so few pixels."""
PLACES = 300
"""Places of a smoothed line."""


def _in_rows(values: Numbers, size: int) -> Numbers:
    """Shapes: (n,) to (ceil(n / size), size), filled up with NaN."""
    padded = np.full(math.ceil(len(values) / size) * size, np.nan)
    padded[: len(values)] = values
    return padded.reshape(-1, size)


def thin(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
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


def means(values: Numbers, window: int) -> Numbers:
    """Shapes: (n,) to (round(n / window),): the mean of a few values left over at the end would be noise."""
    rows = _in_rows(values, window)[: max(1, round(len(values) / window))]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(rows, axis=1) / np.count_nonzero(~np.isnan(rows), axis=1))


def medians(values: Numbers, window: int) -> Numbers:
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
    x, y = (means(x, window), means(y, window)) if window > 1 else (x, y)
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


def smooth_numbers(xs: Iterable[float], ys: Iterable[float]) -> tuple[list[float], list[float]]:
    """Smooth plain numbers, for what draws by itself. Shapes: (n,) to (m,), m <= PLACES."""
    x, y = smooth(*(np.array(list(values), dtype=np.float64) for values in (xs, ys)))
    return x.tolist(), y.tolist()
