"""What many examples show together: counts of pairs, curves over all cuts of a score, bins. Numbers in, charts out.

Source: https://scikit-learn.org/stable/modules/model_evaluation.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cml_bot.charts import MOST_POINTS
from cml_bot.model import Histogram, Points
from cml_bot.readers._cells import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Codes = NDArray[np.int64]

    from cml_bot.readers._cells import Cells

CALIBRATION_BINS = 10
_SCORE_BINS, _WANTED_BINS, _MOST_BINS = 20, 24, 100
_FAR = 0.01
"""Share of the numbers on either side that do not choose how wide bins are."""
_LARGEST = 1e100
"""So that no product or sum of numbers overflows."""
_SMALLEST = 1e-300
"""No bin is thinner: a power of ten below it is 0."""


def as_numbers(cells: Cells) -> Numbers:
    """Give the numbers of a column, NaN where there is none that can be reckoned with. Shape (n,)."""
    numbers = np.array(cells.numbers, dtype=np.float64)
    numbers[~(np.abs(numbers) < _LARGEST)] = math.nan
    return numbers


def as_codes(cells: Cells, labels: Sequence[str]) -> Codes:
    """Give the place of each cell's label among these; -1 where it has none. Shape (n,)."""
    place = {label: at for at, label in enumerate(labels)}
    # The last one is what the code of nothing, -1, leads to.
    places = np.array([*(place.get(label, NOTHING) for label in cells.labels), NOTHING], dtype=np.int64)
    return np.asarray(places[np.asarray(cells.codes, dtype=np.int64)])


def are_there(*columns: Numbers | Codes) -> Flags:
    """Tell in which rows all columns hold something: a number, or the code of a label. Shape (n,)."""
    flags: Flags = np.logical_and.reduce(
        [one != NOTHING if one.dtype == np.int64 else ~np.isnan(one) for one in columns]
    )
    return flags


def count_pairs(rows: Codes, columns: Codes, size: int) -> list[list[int]]:
    """Count how often each code of the one comes with each of the other. Shape (size, size)."""
    counts: list[list[int]] = np.bincount(rows * size + columns, minlength=size * size).reshape(size, size).tolist()
    return counts


def mean_by(values: Numbers, codes: Codes, size: int) -> list[float]:
    """Give the mean of the values of each code; NaN where it has none. Shape (size,)."""
    sums, counts = np.bincount(codes, weights=values, minlength=size), np.bincount(codes, minlength=size)
    return list(_tuple(np.where(counts > 0, sums / np.maximum(counts, 1), math.nan)))


def draw_scores(truth: Flags, said: Numbers) -> list[Points]:
    """Give ROC, precision over recall, and the calibration where scores are probabilities.

    Shapes: both (n,): whether each example is of the class that is looked for, and its score; some are, and some not.

    Source:
        https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_curve.html
        https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html
    """
    order = np.argsort(-said, kind="stable")
    ranked = said[order]
    # Examples of one score are on the same side of every cut.
    cuts = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    hits = np.cumsum(truth[order])[cuts].astype(np.float64)
    misses = cuts + 1 - hits
    curves = [_roc(hits, misses), _precision_recall(hits, misses)]
    is_probability = ranked[-1] >= 0 and ranked[0] <= 1
    return [*curves, _calibration(truth, said)] if is_probability else curves


def draw_bins(numbers: Numbers, name: str, label: str, *, is_share: bool) -> Histogram:
    """Count numbers between even edges that another run has too: whole multiples of a round width.

    Args:
        numbers: shape (n,), finite.
        name: what the histogram is called.
        label: what the numbers are.
        is_share: whether they are all between 0 and 1, and are drawn over all of it.
    """
    edges = np.linspace(0, 1, _SCORE_BINS + 1) if is_share else _round_edges(numbers)
    counts, _ = np.histogram(numbers, edges)
    return Histogram(name=name, edges=_tuple(edges), counts=_tuple(counts), x_label=label)


def _roc(hits: Numbers, misses: Numbers) -> Points:
    x, y = (np.concatenate(([0.0], side / side[-1])) for side in (misses, hits))
    area = float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
    # Between two points of a straight line none is needed.
    bends = np.flatnonzero(np.logical_or(np.diff(misses, 2, prepend=0), np.diff(hits, 2, prepend=0))) + 1
    kept = np.concatenate(([0], bends, [len(x) - 1]))
    return _line("ROC", *_thin(x[kept], y[kept]), ("false positive rate", "true positive rate"), area)


def _precision_recall(hits: Numbers, misses: Numbers) -> Points:
    precision, recall = hits / (hits + misses), hits / hits[-1]
    score = float(np.sum(np.diff(recall, prepend=0.0) * precision))
    # Beyond the cut that finds all, precision only falls.
    last = int(np.searchsorted(hits, hits[-1])) + 1
    x, y = (np.append(side[:last][::-1], end) for side, end in ((recall, 0.0), (precision, 1.0)))
    return _line("precision-recall", *_thin(x, y), ("recall", "precision"), score)


def _calibration(truth: Flags, said: Numbers) -> Points:
    """Hold what was said against what came true, in bins of as many examples as can be.

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.calibration.calibration_curve.html
    """
    edges = np.percentile(said, np.linspace(0, 100, CALIBRATION_BINS + 1))
    places = np.searchsorted(edges[1:-1], said)
    counts = np.bincount(places, minlength=CALIBRATION_BINS)
    kept = counts > 0
    x, y = (
        np.bincount(places, weights=side, minlength=CALIBRATION_BINS)[kept] / counts[kept]
        for side in (said, truth.astype(np.float64))
    )
    error = float(np.sum(counts[kept] * np.abs(x - y)) / len(said))
    return _line("calibration", x, y, ("mean predicted", "fraction of positives"), error)


def _line(name: str, x: Numbers, y: Numbers, labels: tuple[str, str], score: float) -> Points:
    return Points(name=name, x=_tuple(x), y=_tuple(y), x_label=labels[0], y_label=labels[1], is_line=True, score=score)


def _thin(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Keep points at even distances along the curve, both ends among them; x and y lie between 0 and 1."""
    if len(x) <= MOST_POINTS:
        return x, y
    gone = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))))
    kept = np.unique(np.searchsorted(gone, np.linspace(0, gone[-1], MOST_POINTS)).clip(0, len(x) - 1))
    kept[0], kept[-1] = 0, len(x) - 1
    return x[kept], y[kept]


def _round_edges(numbers: Numbers) -> Numbers:
    """Give even edges around all numbers; how wide they are the middle says, and not the few that lie far out."""
    low, high = np.quantile(numbers, (_FAR, 1 - _FAR))
    least, most = float(numbers.min()), float(numbers.max())
    width = max((high - low) / _WANTED_BINS, (most - least) / (_MOST_BINS - 2)) or abs(most)
    width = width if width > _SMALLEST else 1.0
    power = 10.0 ** math.floor(math.log10(width))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= width * (1 - 1e-9))
    first, last = math.floor(least / step), math.floor(most / step) + 1
    if max(abs(first), abs(last)) > 2**50:  # numbers that differ in their last digits alone
        return np.array([least - abs(least) * 1e-9, most + abs(most) * 1e-9], dtype=np.float64)
    return np.asarray(np.arange(first, last + 1) * step, dtype=np.float64)


def _tuple(values: NDArray[Any]) -> tuple[float, ...]:
    """Give numbers without their last digits, which differ from processor to processor and are no change."""
    return tuple(float(f"{value:.12g}") for value in values.tolist())
