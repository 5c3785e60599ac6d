"""The arrays behind a long course: shares of equal numbers of points, of which few are kept.

Imports numpy, and is imported on use. Halves that are thinned first leave of a share what the whole leaves, so it does
not matter how often a course was thinned on the way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.intp]
    Numbers = Sequence[float] | array[float] | Floats

_SCALE = 2.0**-64
"""Keeps sums of the largest values finite; a power of two, so that no digit is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Points in rising order of their steps, each with what it stands for: itself and those left out before it."""

    rows: Floats
    """Shape (5, k): x, y, how many points, how many of them are not NaN, and the sum of those (scaled)."""
    width: int
    """Points of a share; 1 while nothing was left out."""

    @property
    def x(self) -> Floats:
        """Shape (k,): the steps, strictly rising."""
        return np.asarray(self.rows[0])

    @property
    def y(self) -> Floats:
        """Shape (k,): the values."""
        return np.asarray(self.rows[1])

    @property
    def n(self) -> int:
        """How many points there were."""
        return int(self.rows[2].sum())

    @property
    def is_thinned(self) -> bool:
        """Whether points were left out."""
        return self.n > len(self.x)

    @property
    def mean(self) -> float:
        """The mean of all values but NaN; NaN where it is not finite, or there is none."""
        with np.errstate(invalid="ignore"):
            _, numbers, total = self.rows[2:].sum(axis=1)
        return float(total / numbers / _SCALE) if numbers and np.isfinite(total) else float("nan")

    def cut(self, x: float) -> Kept:
        """Give the points before a step."""
        return Kept(rows=self.rows[:, self.x < x], width=self.width)


def fold(kept: Kept | None, xs: Numbers, ys: Numbers, most: int) -> tuple[Kept, int]:
    """Add points to those that are kept, and thin them to at most `most`; at an equal step the new value counts.

    Args:
        kept: what there is so far.
        xs: shape (n,); what is not finite has no place on the axis.
        ys: shape (n,).
        most: how many points may be left, at least 6.

    Returns:
        What is kept now, and how many points had no place.
    """
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    has_place = np.isfinite(x)
    n_lost = int(len(x) - has_place.sum())
    if n_lost:
        x, y = x[has_place], y[has_place]
    is_number = ~np.isnan(y)
    rows = np.stack([x, y, np.ones_like(x), is_number, np.where(is_number, y, 0.0) * _SCALE])
    width = 1
    if kept is not None:
        rows, width = np.concatenate([kept.rows, rows], axis=1), kept.width
    rows = _in_order(rows)
    is_first = True
    while rows.shape[1] > most:
        n_shares = int(rows[2].sum()) / width
        # Every share keeps a point: of more shares than that there is no need to look at them.
        width *= 2 ** max(0 if is_first else 1, math.ceil(math.log2(n_shares / most)))
        rows, is_first = _thin(rows, width), False
    return Kept(rows=rows, width=width), n_lost


def _in_order(rows: Floats) -> Floats:
    """Sort by the steps; of equal ones the last stays."""
    steps = rows[0]
    if not (steps[1:] > steps[:-1]).all():
        rows = rows[:, np.argsort(steps, kind="stable")]
        rows = rows[:, np.append(rows[0, 1:] != rows[0, :-1], values=True)]
    return rows


def _thin(rows: Floats, width: int) -> Floats:
    """Keep of each share its ends, its extremes, and its first and last NaN. Shapes: (5, n), n > 0, to (5, k)."""
    y = rows[1]
    # A shift, for a width is a power of two, and dividing is slow.
    share = (np.cumsum(rows[2]).astype(np.int64) - 1) >> (width.bit_length() - 1)
    starts = np.flatnonzero(np.diff(share, prepend=-1))
    gaps = np.isnan(y)
    at = np.flatnonzero(gaps)
    is_kept = np.zeros(len(y), dtype=bool)
    is_kept[starts] = True
    is_kept[starts[1:] - 1] = True
    is_kept[-1] = True
    is_kept[_lowest(np.where(gaps, np.inf, y), share, starts)] = True
    is_kept[_lowest(np.where(gaps, np.inf, -y), share, starts)] = True
    is_kept[at[np.diff(share[at], prepend=-1) != 0]] = True
    is_kept[at[np.diff(share[at], append=-1) != 0]] = True
    places = np.flatnonzero(is_kept)
    # What is left out is given to the next that stays, which is of the same share.
    with np.errstate(invalid="ignore"):
        stood_for = np.add.reduceat(rows[2:], np.concatenate([[0], places[:-1] + 1]), axis=1)
    return np.concatenate([rows[:2, places], stood_for])


def _lowest(values: Floats, share: Places, starts: Places) -> Places:
    """Find the lowest of each share, the first of equal ones."""
    sizes = np.diff(starts, append=len(values))
    found = np.flatnonzero(values == np.repeat(np.minimum.reduceat(values, starts), sizes))
    return np.asarray(found[np.diff(share[found], prepend=-1) != 0])
