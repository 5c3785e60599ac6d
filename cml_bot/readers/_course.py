"""The course of one number over a training, read at any length and kept at a bounded one."""

from __future__ import annotations

import math
from array import array
from itertools import islice
from operator import lt
from typing import TYPE_CHECKING

from cml_bot.model import Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.readers._buckets import Kept, Numbers

MOST_KEPT = 4_000
"""Points of a course that are kept: well above what a picture shows and a record keeps."""
_MOST_WAITING = 2 * MOST_KEPT
_LARGEST_BITE = 1 << 16
"""Points that are taken at once from what comes in bulk."""


class Course:
    """Takes the points of a course one by one or in bulk, in any number, and gives them as a series.

    Up to MOST_KEPT steps it gives exactly what was added. Of more it keeps, for each of equal shares of the points, the
    first, the last, the lowest, the highest, and the first and last NaN; so the ends and the extremes (the first of
    equal ones) are exact whatever the length, and so is the mean but for rounding.

    Steps may come in any order: at a step that comes again, the last value counts. That holds for every point that is
    kept, at any length. Only where a long course begins again in the middle of a share, the points of that share that
    were left out by then are not known any more: its extremes, `n` and `mean` may be those of before, or lack a few.

    Example:
        >>> course = Course()
        >>> course.add(1, 0.5)
        >>> course.extend([2, 3, 2], [0.4, 0.3, 0.2])
        >>> course.n, course.series("loss", "epoch").x, course.series("loss", "epoch").y
        (3, (1.0, 2.0, 3.0), (0.5, 0.2, 0.3))
    """

    __slots__ = ("_kept", "_n_added", "_x", "_y", "n_lost")

    def __init__(self) -> None:
        self.n_lost = 0
        """Points that were left out because their step was no finite number; complete once `n` was asked for."""
        self._n_added = 0
        # What waits to be put in order; all that there is until it is more than may be kept.
        self._x, self._y = array("d"), array("d")
        self._kept: Kept | None = None

    def add(self, x: float, y: float) -> None:
        """Add a point."""
        self._x.append(x)
        self._y.append(y)
        self._n_added += 1
        if len(self._x) >= _MOST_WAITING:
            self._fold()

    def extend(self, xs: Numbers, ys: Numbers) -> None:
        """Add as many points as both have; arrays of doubles are the fastest.

        Raises:
            ValueError: they differ in length.
        """
        if len(xs) != len(ys):
            raise ValueError(f"{len(xs)} steps of {len(ys)} values")
        self._n_added += len(xs)
        if len(self._x) + len(xs) < _MOST_WAITING:
            self._x.extend(xs)
            self._y.extend(ys)
            return
        self._fold()
        for start in range(0, len(xs), _LARGEST_BITE):
            self._fold_in(xs[start : start + _LARGEST_BITE], ys[start : start + _LARGEST_BITE])

    def cut(self, x: float) -> None:
        """Drop the points from a step on: what a run had written before it was resumed at an earlier one."""
        self._settle()
        n_before = self.n
        if self._kept is not None:
            self._kept = self._kept.cut(x)
        else:
            left = [point for point in zip(self._x, self._y, strict=True) if point[0] < x]
            self._x, self._y = array("d", (point[0] for point in left)), array("d", (point[1] for point in left))
        self._n_added -= n_before - self.n

    @property
    def n(self) -> int:
        """How many steps it has, also those whose points were left out as too many."""
        self._settle()
        return self._kept.n if self._kept is not None else len(self._x)

    @property
    def n_replaced(self) -> int:
        """How many points do not count because their step came again."""
        n = self.n
        return self._n_added - self.n_lost - n

    @property
    def mean(self) -> float | None:
        """The mean of all values but NaN, where points were left out as too many; else None, as `Series.mean` has it.

        NaN where a value is infinite, or none is a number.
        """
        self._settle()
        return self._kept.mean if self._kept is not None and self._kept.is_thinned else None

    def series(self, name: str, x_label: str = "step") -> Series:
        """Give what was added so far as a series; one without points where there are none."""
        mean = self.mean
        x, y = (self._x, self._y) if self._kept is None else (self._kept.x.tolist(), self._kept.y.tolist())
        return Series(name=name, x=tuple(x), y=tuple(y), x_label=x_label, mean=mean)

    def _settle(self) -> None:
        """Put what waits in order, if there is anything to do."""
        if self._kept is not None or len(self._x) > MOST_KEPT:
            self._fold()
        elif not is_rising(self._x):
            pairs = [pair for pair in zip(self._x, self._y, strict=True) if math.isfinite(pair[0])]
            self.n_lost += len(self._x) - len(pairs)
            points = dict(pairs)
            self._x = array("d", sorted(points))
            self._y = array("d", map(points.__getitem__, self._x))

    def _fold(self) -> None:
        if self._x:
            self._fold_in(self._x, self._y)
            self._x, self._y = array("d"), array("d")

    def _fold_in(self, xs: Numbers, ys: Numbers) -> None:
        # Only long courses pay for the import of numpy.
        from cml_bot.readers._buckets import fold

        self._kept, n_lost = fold(self._kept, xs, ys, MOST_KEPT)
        self.n_lost += n_lost


def is_rising(x: Sequence[float] | array[float]) -> bool:
    """Whether it rises strictly and is finite; so is what has no points.

    Example:
        >>> is_rising([1.0, 2.0]), is_rising([1.0, 1.0]), is_rising([1.0, math.nan, 2.0]), is_rising([0.0, math.inf])
        (True, False, False, False)
    """
    # A NaN is below nothing and nothing is below it, so only the ends need a look.
    ends_are_finite = not x or (math.isfinite(x[0]) and math.isfinite(x[-1]))
    return ends_are_finite and all(map(lt, x, islice(x, 1, None)))
