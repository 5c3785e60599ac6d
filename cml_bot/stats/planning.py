"""How many runs or examples it takes to find a change of a given size."""

from __future__ import annotations

import math

from cml_bot.stats.distributions import normal_quantile, t_quantile

OUT_OF_REACH = 1e9
"""So many values nobody will ever have."""
FEWEST_REPLICATES = 3
"""Trainings a side from which "no difference was found" means something, and a found one is enough to fail on."""


def runs_needed(effect: float, sd: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """How many values a side it takes for a one-sided t test to find an effect, where both sides vary alike.

    A whole number, at least 2; infinity for more than a billion. It is the smallest that will do, or one more.

    Source: Abramowitz & Stegun 1964, 26.7.10: the normal approximation to the noncentral t.

    Args:
        effect: the difference of the means; its sign does not matter.
        sd: of one value.
        alpha: the chance of a false alarm.
        power: the chance to find the effect if it is there.

    Example:
        >>> [runs_needed(effect, sd=0.4) for effect in (0.1, 0.4, 1.2, 0.0)]
        [199, 14, 3, inf]
    """
    z = _both(alpha, power)
    _check_noise(effect, sd)
    if not sd:
        return 2 if effect else math.inf
    distance = abs(effect) / sd
    least = 2 * (z / distance) * (z / distance) if distance else math.inf
    if least > OUT_OF_REACH:
        return math.inf
    n = max(2, math.ceil(least))
    while not _finds(n, distance, alpha, power):
        n += 1
    return n


def _finds(n: int, distance: float, alpha: float, power: float) -> bool:
    df = 2 * n - 2
    limit = -t_quantile(alpha, df)
    ahead = distance * math.sqrt(n / 2) - limit * (1 - 1 / (4 * df))
    return ahead >= normal_quantile(power) * math.sqrt(1 + limit * limit / (2 * df))


def examples_needed(effect: float, se: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """How many times as many examples it takes to find an effect that has this standard error now.

    At least 1; infinity for more than a billion. The standard error is that of the difference, and falls with the
    square root of the number of examples. If the effect is the observed one, this is as uncertain as it is.

    Source: Miller 2024, https://arxiv.org/abs/2411.00640, 5: n = (z_alpha + z_beta)**2 * variance / effect**2.

    Example:
        >>> round(examples_needed(0.01, 0.0095), 2), examples_needed(0.0, 0.0095), examples_needed(0.1, 0.0095)
        (5.58, inf, 1.0)
    """
    z = _both(alpha, power)
    _check_noise(effect, se)
    if not se:
        return 1.0 if effect else math.inf
    distance = abs(effect) / se
    times = (z / distance) * (z / distance) if distance else math.inf
    return max(1.0, times) if times <= OUT_OF_REACH else math.inf


def _both(alpha: float, power: float) -> float:
    """How many standard errors an effect must have to be found at alpha with this power."""
    if not 0 < alpha < power < 1:
        raise ValueError(f"alpha {alpha!r} and power {power!r} lie between 0 and 1, and power is the larger")
    return normal_quantile(power) - normal_quantile(alpha)


def _check_noise(effect: float, spread: float) -> None:
    if not (abs(effect) < math.inf and 0 <= spread < math.inf):
        raise ValueError(f"no effect of {effect!r} in noise of {spread!r}")
