"""Values in the order of their runs: which of them are outliers, and where their level shifted.

Numbers in, places out. Both tests take the level of the whole test (the chance that it finds something in values of one
normal distribution), so that what they find is rare where there is nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.stats.distributions import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_TO_SPLIT = 6
"""Values: in fewer a shift looks like an outlier."""
SHORTEST = 2
"""Values of a segment."""
SHORTEST_EXACT = 4
"""Values of a segment where none of them differs from its level: fewer are equal by rounding alone."""
EXACT = 8
"""Values of which none differs from the others: so many are not equal by rounding, and what differs from them does."""
ALIKE = 1e-12
"""Relative size of what the order of a sum alone can change in double precision."""


def find_outliers(values: Sequence[float], level: float) -> tuple[int, ...]:
    """Find values that do not belong to the others, by the generalised extreme studentized deviate test.

    Up to a quarter of the values may be outliers, and several do not hide each other. Where the others are all equal
    nothing says how far away is far: then they have to be many.

    Source: https://doi.org/10.1080/00401706.1983.10487848 (Rosner 1983)

    Example:
        >>> find_outliers([0.84, 0.85, 0.84, 0.86, 0.85, 0.10, 0.84, 0.85], 0.01)
        (5,)
    """
    size = len(values)
    order = sorted(range(size), key=values.__getitem__)
    ordered = _centred([values[place] for place in order])
    low, high = 0, size
    edges = (low, high)
    for step in range(size // 4 or int(size > 3)):
        left = ordered[low:high]
        mean = _mean(left)
        squares = _squares(left, mean)
        if not squares:
            break
        # What is farthest off is the first or the last of those that are left.
        below, above = mean - left[0], left[-1] - mean
        low, high = (low + 1, high) if below > above else (low, high - 1)
        deviate = max(below, above) / math.sqrt(squares / (len(left) - 1))
        if deviate > _critical_deviate(size - step, level):
            edges = (low, high)
    low, high = edges
    if high - low < EXACT and is_flat(ordered[low:high]):
        return ()
    return tuple(sorted(order[:low] + order[high:]))


@lru_cache(maxsize=1 << 10)
def _critical_deviate(size: int, level: float) -> float:
    t = t_quantile(1 - level / (2 * size), size - 2)
    return (size - 1) * t / math.sqrt((size - 2 + t * t) * size)


def find_shifts(values: Sequence[float], level: float) -> tuple[int, ...]:
    """Find the places at which a new level begins, by binary segmentation with a t test at each place.

    Args:
        values: in the order of their runs, without outliers.
        level: of one search; it is shared out among the places that were looked at (Bonferroni).

    Source: https://doi.org/10.1080/01621459.1979.10482548 (Worsley 1979, the largest of such t)

    Example:
        >>> find_shifts([0.80, 0.81, 0.80, 0.81, 0.90, 0.91, 0.90, 0.91], 0.05)
        (4,)
    """
    place = _find_shift(_centred(values), level)
    if place is None:
        return ()
    before = find_shifts(values[:place], level)
    after = find_shifts(values[place:], level)
    return (*before, place, *(place + one for one in after))


def _find_shift(values: Sequence[float], level: float) -> int | None:
    size = len(values)
    if size < FEWEST_TO_SPLIT:
        return None
    total, squares = math.fsum(values), math.fsum(value * value for value in values)
    best, place, below = math.inf, 0, 0.0
    for n in range(1, size - SHORTEST + 1):
        below += values[n - 1]
        if n >= SHORTEST:
            within = squares - below * below / n - (total - below) ** 2 / (size - n)
            if within < best:
                best, place = within, n
    return place if place and _is_shift(values, place, level) else None


def _is_shift(values: Sequence[float], place: int, level: float) -> bool:
    """Whether the two parts differ by more than what is left within them explains."""
    size, before, after = len(values), values[:place], values[place:]
    means = _mean(before), _mean(after)
    gap = abs(means[1] - means[0])
    within = _squares(before, means[0]) + _squares(after, means[1])
    if is_flat(before) and is_flat(after):
        return bool(gap) and (min(len(before), len(after)) >= SHORTEST_EXACT or len(before) >= EXACT)
    error = math.sqrt(within / (size - 2) * (1 / len(before) + 1 / len(after)))
    return gap > error * _critical_t(size, level)


@lru_cache(maxsize=1 << 10)
def _critical_t(size: int, level: float) -> float:
    return t_quantile(1 - level / (2 * (size - 2 * SHORTEST + 1)), size - 2)


def is_flat(values: Sequence[float]) -> bool:
    """Whether all are equal but for the order of a sum."""
    low, high = min(values), max(values)
    return high - low <= ALIKE * max(abs(low), abs(high))


def _centred(values: Sequence[float]) -> list[float]:
    """Values around 0, so that sums of their squares keep their digits."""
    mean = _mean(values)
    return [value - mean for value in values]


def _squares(values: Sequence[float], mean: float) -> float:
    offsets = [value - mean for value in values]
    return math.fsum(map(mul, offsets, offsets))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


class Segment(NamedTuple):
    """Values of one level: those from `start` to before `end` that are no outliers."""

    start: int
    end: int
    n: int
    mean: float


@dataclass(frozen=True, slots=True)
class Levels:
    """A row of values cut where its level shifts."""

    segments: tuple[Segment, ...]
    """At least one; places are those of the values given."""
    outliers: tuple[int, ...]
    sd: float
    """How values scatter around the level of their segment, pooled over all segments; 0 where they do not."""
    df: int
    """Degrees of freedom of `sd`."""

    @property
    def n(self) -> int:
        """How many values count."""
        return sum(segment.n for segment in self.segments)


def _without_end(outliers: Sequence[int], size: int) -> tuple[int, ...]:
    """Leave out the outliers at the very end, unless it is only one: several in a row are a new level."""
    end = size
    while end - 1 in outliers:
        end -= 1
    return tuple(place for place in outliers if place < end or size - end < SHORTEST)


def find_levels(values: Sequence[float], *, screen: float, split: float) -> Levels:
    """Leave out outliers, cut where the level shifts, and pool the scatter around the levels.

    Args:
        values: at least two, finite, in the order of their runs.
        screen: level of the test for outliers.
        split: level of the test for shifts.

    Example:
        >>> levels = find_levels([0.80, 0.81, 0.80, 0.81, 0.90, 0.91, 0.90, 0.91], screen=0.01, split=0.05)
        >>> [(one.start, one.end, round(one.mean, 3)) for one in levels.segments], levels.df
        ([(0, 4, 0.805), (4, 8, 0.905)], 6)
    """
    outliers = _without_end(find_outliers(values, screen), len(values))
    places = [place for place in range(len(values)) if place not in outliers]
    kept = [values[place] for place in places]
    cuts = (0, *find_shifts(kept, split), len(kept))
    parts = [kept[low:high] for low, high in pairwise(cuts)]
    edges = [0, *(places[cut] for cut in cuts[1:-1]), len(values)]
    means = [_mean(part) for part in parts]
    within = math.fsum(0.0 if is_flat(part) else _squares(part, mean) for part, mean in zip(parts, means, strict=True))
    df = len(kept) - len(parts)
    return Levels(
        segments=tuple(
            Segment(start, end, len(part), mean)
            for (start, end), part, mean in zip(pairwise(edges), parts, means, strict=True)
        ),
        outliers=outliers,
        sd=math.sqrt(within / df),
        df=df,
    )
