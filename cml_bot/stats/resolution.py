"""How finely numbers are told, and what that leaves open where they seem to hold no noise at all.

0.85 in five runs is no proof that nothing scatters: each may have been anything from 0.845 to 0.855. The error of
rounding is even over one step, so its variance is a twelfth of the step's square.

Source: https://en.wikipedia.org/wiki/Quantization_(signal_processing)#Quantization_noise_model
"""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from cml_bot.stats.shift import Shift

if TYPE_CHECKING:
    from collections.abc import Sequence

WRITTEN = 9
"""Decimals up to which a number was rounded by somebody; more are those of a quotient, whose steps are its own."""
_CLOSE = 1e-6


def written_step(values: Sequence[float]) -> float:
    """The step of the last decimal that any of these finite numbers has; 0 where nobody rounded them.

    Example:
        >>> written_step([0.85, 0.8]), written_step([128, 130]), written_step([1 / 7, 0.5])
        (0.01, 1.0, 0.0)
    """
    decimals = max(-_exponent(value) for value in values)
    return 10.0**-decimals if decimals <= WRITTEN else 0.0


def find_step(values: Sequence[float]) -> float:
    """The step of the last decimal that any of these finite numbers has, else the gap they share; 0 without either.

    Example:
        >>> find_step([0.85, 0.8]), round(find_step([1 / 7, 2 / 7, 6 / 7]), 4)
        (0.01, 0.1429)
        >>> find_step([math.pi, math.e, math.sqrt(2)])
        0.0
    """
    return written_step(values) or _find_gap(values)


def _exponent(value: float) -> int:
    """The power of ten of the last digit, at most 0."""
    return min(0, int(Decimal(repr(float(value))).normalize().as_tuple().exponent))


def _find_gap(values: Sequence[float]) -> float:
    """The smallest distance of two of the values, if all others are whole numbers of it apart; else 0."""
    gaps = [high - low for low, high in pairwise(sorted(map(float, values)))]
    largest = max(gaps, default=0.0)
    gap = min((one for one in gaps if one > _CLOSE * largest), default=0.0)
    if not gap or not math.isfinite(largest / gap):
        return 0.0
    return gap if all(abs(one / gap - round(one / gap)) < _CLOSE for one in gaps) else 0.0


def shift_of_equals(estimate: float, step: float, n_head: int, n_base: int, df: float) -> Shift:
    """The shift between two sides whose values, or whose differences, are all equal: its error is that of rounding.

    Example:
        >>> round(shift_of_equals(0.01, 0.01, 3, 3, df=2).p_two_sided(), 3)
        0.051
        >>> round(shift_of_equals(0.05, 0.01, 3, 3, df=2).p_two_sided(), 4)
        0.0022
    """
    return Shift(estimate, step * math.sqrt((1 / n_head + 1 / n_base) / 12), df)
