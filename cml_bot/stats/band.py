"""The noise of main: what its runs explain of a new value, if nothing had changed.

One new value against the last level of the runs before it, by a t prediction interval. The constants below are chosen
by simulation so that the error rates hold for stable, crashed, shifted, heavy-tailed and autocorrelated histories;
`tests/bench/verdicts.py` prints them.

Source: https://en.wikipedia.org/wiki/Prediction_interval
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.stats.segments import Levels, find_levels
from cml_bot.stats.shift import mean_and_sd, new_against_old, prediction_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 5
"""Runs that make a band: three or four scatter so little, or so much, that their band says nothing."""
FEWEST_TO_FAIL = 8
"""Runs below which a loss is warned of at most: so few may scatter little by chance."""
LARGEST = 1e100
"""Values beyond it are in no band: their squares would not be numbers."""
SCREEN = 0.1
"""Level of the test for outliers, times the number of runs."""
SPLIT = 0.6
"""Level of the test for shifts, times the number of runs."""
FEWEST_BEFORE = 3
"""Runs that say whether the one after them is odd."""
ODD = 0.05
"""Level at which the last run alone may be the first of a new level."""
SURE = 0.01
"""One-sided p below which the band must hold too when only what is beyond doubt is left out of it."""
BEYOND_DOUBT = 0.003
"""What the levels of both tests are multiplied by then."""


@dataclass(frozen=True, slots=True)
class Band:
    """What main's runs explain of a new value."""

    levels: Levels
    low: float
    """One-sided p of a value as low, if nothing had changed."""
    high: float
    """One-sided p of a value as high."""
    interval: tuple[float, float]
    """Where 95 % of new values lie."""
    is_base_odd: bool = False
    """The last run lies outside of what those before it explain: an outlier, or a new level with one run."""
    is_open: bool = False
    """Nobody can tell: the new value is no more like main's level than like the odd last run, or lies between them."""

    @property
    def expected(self) -> float:
        """The level of the last segment."""
        return self.levels.segments[-1].mean

    @property
    def p(self) -> float:
        """The two-sided p."""
        return min(1.0, 2 * min(self.low, self.high))


def weigh_against(
    history: Sequence[float], head: float, *, tolerance: float = 0.0, k: int = 1, has_base: bool = True
) -> Band | None:
    """Hold a new value against the runs before it; None where they do not scatter, so that any change is real.

    Args:
        history: one value a run, oldest first, finite; at least FEWEST.
        head: the new value.
        tolerance: a change that counts as none, in the same unit.
        k: how many trainings the new value is the mean of.
        has_base: whether the last run is the one that is compared with.
    """
    levels = find_main_levels(history)
    if not levels.sd:
        return None
    new = _New(head, tolerance, k)
    tails = _weigh(history, levels, new, has_base=has_base)
    low, high = tails.low, tails.high
    if min(low, high) < SURE:
        # What selection leaves out of a stable history makes its band narrow just where a false alarm costs most.
        careful = _weigh(history, _find_levels(history, BEYOND_DOUBT), new, has_base=has_base)
        low, high = max(low, min(careful.low, SURE)), max(high, min(careful.high, SURE))
    interval = find_interval(levels, k)
    return Band(levels, low, high, interval, is_base_odd=tails.is_base_odd, is_open=tails.is_open)


class _Tails(NamedTuple):
    """The one-sided p of so low and so high a value, and what the run that is compared with makes of them."""

    low: float
    high: float
    is_base_odd: bool = False
    is_open: bool = False


class _New(NamedTuple):
    """A new value, the change that counts as none, and of how many trainings it is the mean."""

    value: float
    tolerance: float
    k: int


def find_main_levels(history: Sequence[float]) -> Levels:
    """Cut the history of main at the levels that the band is made with."""
    return _find_levels(history, 1.0)


def find_interval(levels: Levels, k: int = 1) -> tuple[float, float]:
    """Give where 95 % of new values lie, each the mean of `k` trainings."""
    last = levels.segments[-1]
    return prediction_interval(last.mean, levels.sd, last.n, k=k, df=levels.df)


def _find_levels(history: Sequence[float], factor: float) -> Levels:
    n = len(history)
    return find_levels(history, screen=factor * SCREEN / n, split=factor * SPLIT / n)


def _weigh(history: Sequence[float], levels: Levels, new: _New, *, has_base: bool) -> _Tails:
    """Hold a value against the last level, and against the last run where that is odd."""
    last = levels.segments[-1]
    odd = _weigh_odd(history, levels, new) if has_base else None
    if odd:
        return odd
    shift = new_against_old(new.value, last.mean, levels.sd, last.n, k=new.k, df=levels.df)
    return _Tails(shift.p_below(new.tolerance), shift.p_above(new.tolerance))


def _weigh_odd(history: Sequence[float], levels: Levels, new: _New) -> _Tails | None:
    """Weigh where the last run may be the first of a new level; None where it fits those before it.

    It is not held against this change that main moved before it. So a value has to lie beyond that run as well; where
    that run is so far off that it is an outlier, it is enough to lie apart from it.
    """
    base, end = history[-1], len(history) - 1
    known = _find_before(history, levels)
    if known is None:
        return None
    mean, sd, n, df = known
    low, high = prediction_interval(mean, sd, n, 1 - ODD, df=df)
    if low <= base <= high:
        return None
    shift = new_against_old(new.value, mean, sd, n, k=new.k, df=df)
    step = new_against_old(new.value, base, sd, 1, k=new.k, df=df)
    low, high = shift.p_below(new.tolerance), shift.p_above(new.tolerance)
    beyond = step.p_below(new.tolerance) if base < mean else step.p_above(new.tolerance)
    is_open = (low if base < mean else high) < ODD / 2 <= beyond
    apart = step.p_two_sided(new.tolerance) if end in levels.outliers else beyond
    low, high = (max(low, apart), high) if base < mean else (low, max(high, apart))
    return _Tails(low, high, is_base_odd=True, is_open=is_open)


def _find_before(history: Sequence[float], levels: Levels) -> tuple[float, float, int, int] | None:
    """Give the mean of the last level without the last run, the scatter, how many runs it has, and the scatter's df."""
    start, end = levels.segments[-1].start, len(history) - 1
    before = [history[place] for place in range(start, end) if place not in levels.outliers]
    if len(before) < FEWEST_BEFORE:
        return None
    mean, sd = mean_and_sd(before)
    n, df = len(before), len(before) - 1
    squares = sd * sd * df
    if start:
        # The levels before it say as well how runs scatter.
        earlier = find_main_levels(history[:start])
        squares, df = squares + earlier.sd * earlier.sd * earlier.df, df + earlier.df
    sd = math.sqrt(squares / df)
    return (mean, sd, n, df) if sd else None
