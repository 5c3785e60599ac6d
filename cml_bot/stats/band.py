"""The noise of main: what its runs explain of a new value, if nothing had changed.

One new value against the last level of the runs before it, by a t prediction interval. The constants below are chosen
by simulation so that the error rates hold for stable, crashed, shifted, heavy-tailed and autocorrelated histories;
`tests/bench/verdicts.py` prints them.

Source: https://en.wikipedia.org/wiki/Prediction_interval
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.stats.distributions import t_quantile, t_tail
from cml_bot.stats.segments import Levels, find_levels, is_flat
from cml_bot.stats.shift import Shift, mean_and_sd

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 5
"""Runs that make a band: three or four scatter so little, or so much, that their band says nothing."""
FEWEST_TO_FAIL = 8
"""Runs below which a loss is warned of at most: so few may scatter little by chance."""
SCREEN = 0.1
"""Level of the test for outliers, times the number of runs."""
SPLIT = 0.6
"""Level of the test for shifts, times the number of runs."""
ODD = 0.05
"""Level at which the last run alone may be the first of a new level."""
SURE = 0.01
"""One-sided p below which the band must hold too when only what is beyond doubt is left out of it."""
BEYOND_DOUBT = 0.01
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
    is_base_odd: bool
    """The last run lies outside of what those before it explain: an outlier, or a new level with one run."""

    @property
    def expected(self) -> float:
        """The level of the last segment."""
        return self.levels.segments[-1].mean

    @property
    def p(self) -> float:
        """The two-sided p."""
        return min(1.0, 2 * min(self.low, self.high))


def weigh_against(history: Sequence[float], head: float, *, tolerance: float = 0.0, k: int = 1) -> Band | None:
    """Hold a new value against the runs before it; None where they do not scatter, so that any change is real.

    Args:
        history: one value a run, oldest first, finite; at least FEWEST. The last is the one to compare with.
        head: the new value.
        tolerance: a change that counts as none, in the same unit.
        k: how many trainings the new value is the mean of.
    """
    levels = _levels(history, 1.0)
    if not levels.sd:
        return None
    low, high, is_odd = _weigh(history, levels, head, tolerance, k)
    if min(low, high) < SURE:
        # What selection leaves out of a stable history makes its band narrow just where a false alarm costs most.
        careful = _weigh(history, _levels(history, BEYOND_DOUBT), head, tolerance, k)
        low, high = (max(p, min(other, SURE)) for p, other in zip((low, high), careful[:2], strict=True))
    half = half_width(levels, k)
    centre = levels.segments[-1].mean
    return Band(levels=levels, low=low, high=high, interval=(centre - half, centre + half), is_base_odd=is_odd)


def find_main_levels(history: Sequence[float]) -> Levels:
    """Cut the history of main at the levels that the band is made with."""
    return _levels(history, 1.0)


def half_width(levels: Levels, k: int = 1) -> float:
    """Give half the width of where 95 % of new values lie, each the mean of `k` trainings."""
    return t_quantile(0.975, levels.df) * _error(levels, k)


def _levels(history: Sequence[float], factor: float) -> Levels:
    n = len(history)
    return find_levels(history, screen=factor * SCREEN / n, split=factor * SPLIT / n)


def _weigh(
    history: Sequence[float], levels: Levels, head: float, tolerance: float, k: int
) -> tuple[float, float, bool]:
    """Give the one-sided p of so low and so high a value, and whether the last run is odd."""
    centre = levels.segments[-1].mean
    if len(levels.segments) == 1:
        odd = _weigh_odd(history, levels, head, tolerance, k)
        if odd:
            return odd
    return *_tails(head - centre, _error(levels, k), levels.df, tolerance), False


def _weigh_odd(
    history: Sequence[float], levels: Levels, head: float, tolerance: float, k: int
) -> tuple[float, float, bool] | None:
    """Weigh where the last run may be the first of a new level; None where it fits those before it.

    A value like that run is no news then: it is not held against this change that main moved before it.
    """
    last = len(history) - 1
    before = [value for place, value in enumerate(history[:-1]) if place not in levels.outliers]
    if len(before) < 3 or is_flat(before):
        return None
    mean, sd = mean_and_sd(before)
    df = len(before) - 1
    error = sd * math.sqrt(1 + 1 / len(before))
    jump = history[last] - mean
    if 2 * t_tail(abs(jump) / error, df) >= ODD:
        return None
    low, high = _tails(head - mean, sd * math.sqrt(1 / k + 1 / len(before)), df, tolerance)
    beyond = max(0.0, abs(head - history[last]) - tolerance)
    apart = 2 * t_tail(beyond / (sd * math.sqrt(1 / k + 1)), df)
    return (max(low, apart), high, True) if jump < 0 else (low, max(high, apart), True)


def _tails(change: float, error: float, df: float, tolerance: float) -> tuple[float, float]:
    shift = Shift(change, error, df)
    return shift.p_below(tolerance), shift.p_above(tolerance)


def _error(levels: Levels, k: int) -> float:
    return levels.sd * math.sqrt(1 / k + 1 / levels.segments[-1].n)
