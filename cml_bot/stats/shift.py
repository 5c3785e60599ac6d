"""What numbers say about a change: its size, how sure that is, and how chance explains it.

Numbers in, numbers out. A test of a mean gives a `Shift`, from which its p values and its interval are taken; a shift
is always the first side minus the second. Tests that count instead of measuring lie in `exact.py`, what becomes of many
p values in `families.py`, and how much it takes to find a change in `planning.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cml_bot.stats.distributions import t_quantile, t_tail

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST = 1e300
"""Larger numbers are refused, so that no sum of them overflows."""
_MEAN_STEP = 2 / math.sqrt(math.pi)
"""The mean distance of two normal numbers of standard deviation 1: the 1.128 of control charts."""


@dataclass(frozen=True, slots=True)
class Shift:
    """An estimated difference, its standard error, and the degrees of freedom with which that error is known.

    Where the standard error is zero the estimate is taken for the truth: a p value is then 1 or 0.

    Raises:
        ValueError: one of the three is NaN, the estimate is infinite, or an error or degrees make no sense.

    Example:
        >>> shift = Shift(-2.0, 1.0, 8)
        >>> round(shift.p_two_sided(), 6), round(shift.p_below(), 6), round(shift.p_below(tolerance=0.5), 6)
        (0.080516, 0.040258, 0.086002)
        >>> [round(bound, 4) for bound in shift.interval(0.95)]
        [-4.306, 0.306]
    """

    estimate: float
    se: float
    df: float = math.inf

    def __post_init__(self) -> None:
        if not (abs(self.estimate) <= 2 * LARGEST and 0 <= self.se < math.inf and self.df > 0):
            raise ValueError(f"no shift of {self.estimate!r} with standard error {self.se!r} and df {self.df!r}")

    def p_above(self, tolerance: float = 0.0) -> float:
        """The chance of an estimate as high as this if the true shift were the tolerance."""
        return self._tail(self.estimate - tolerance)

    def p_below(self, tolerance: float = 0.0) -> float:
        """The chance of an estimate as low as this if the true shift were minus the tolerance."""
        return self._tail(-self.estimate - tolerance)

    def p_two_sided(self, tolerance: float = 0.0) -> float:
        """The chance of an estimate as far from zero as this if the true shift were the tolerance, up or down."""
        return min(1.0, 2 * min(self.p_above(tolerance), self.p_below(tolerance)))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The bounds that hold the true shift in this share of all cases.

        From `p_below(tolerance)` <= (1 - level) / 2 follows that the upper bound is at or below minus the tolerance.
        """
        reach = _reach(level, self.df) * self.se if self.se else 0.0
        return self.estimate - reach, self.estimate + reach

    def _tail(self, distance: float) -> float:
        if not self.se:
            return 0.0 if distance > 0 else 1.0
        return t_tail(distance / self.se, self.df)


def mean_and_sd(values: Iterable[float]) -> tuple[float, float]:
    """The mean of at least two values and their standard deviation, as a sample's (n - 1).

    Example:
        >>> mean_and_sd([2, 4, 4, 4, 5, 5, 7, 9])
        (5.0, 2.138089935299395)
    """
    numbers = as_numbers(values, 2)
    n = len(numbers)
    first = numbers[0]
    if all(number == first for number in numbers):
        return first, 0.0
    mean = math.fsum(numbers) / n
    offsets = [number - mean for number in numbers]
    # In units of the widest offset no square is too large or too small; the mean itself was rounded.
    widest = max(map(abs, offsets))
    scaled = [offset / widest for offset in offsets]
    rounding = math.fsum(scaled)
    squares = math.fsum(offset * offset for offset in scaled) - rounding * rounding / n
    return mean, widest * math.sqrt(squares / (n - 1))


def successive_noise(values: Iterable[float]) -> float:
    """The standard deviation of a series, from the steps between neighbours: a slow drift does not raise it.

    It is mean|x_i - x_(i-1)| / 1.128, with the exact constant 2 / sqrt(pi); at least two values.

    Source: https://www.itl.nist.gov/div898/handbook/pmc/section3/pmc322.htm

    Example:
        >>> round(successive_noise([1.0, 2.0, 1.0, 2.0]), 4)
        0.8862
    """
    steps = [abs(after - before) for before, after in pairwise(as_numbers(values, 2))]
    return math.fsum(step / len(steps) for step in steps) / _MEAN_STEP


def new_against_old(value: float, mean: float, sd: float, n: int, *, k: int = 1, df: float | None = None) -> Shift:
    """The shift of a new value, or a mean of k new ones, from the mean of n old ones with their standard deviation.

    Its p values are those of the prediction interval: the new value is outside where they are small.

    Source: Hahn & Meeker 1991, Statistical Intervals, 4.8; https://en.wikipedia.org/wiki/Prediction_interval

    Args:
        value: what is new.
        mean: of the old values.
        sd: of one value.
        n: how many old values there are.
        k: how many new values there are.
        df: degrees of freedom of `sd`; n - 1 unless it comes from elsewhere.

    Example:
        >>> round(new_against_old(0.85, 0.9, 0.01, 10).p_below(), 6)
        0.00051
    """
    if df is None and n < 2:
        raise ValueError("one old value has no spread: at least two, or the df of a standard deviation from elsewhere")
    if n < 1 or k < 1:
        raise ValueError(f"at least one old and one new value, not {n} and {k}")
    return Shift(value - mean, sd * math.sqrt(1 / k + 1 / n), n - 1 if df is None else df)


def prediction_interval(
    mean: float, sd: float, n: int, level: float = 0.95, *, k: int = 1, df: float | None = None
) -> tuple[float, float]:
    """The bounds within which a share of all new values, or means of k new values, lies.

    It is mean ± t * sd * sqrt(1/k + 1/n); see `new_against_old` for what is given and for the source.

    Example:
        >>> [round(bound, 4) for bound in prediction_interval(100, 10, 25, 0.954)]
        [78.5391, 121.4609]
    """
    reach = new_against_old(mean, mean, sd, n, k=k, df=df).interval(level)[1]
    return mean - reach, mean + reach


def welch(a: Iterable[float], b: Iterable[float]) -> Shift:
    """The difference of two means, each of at least two values, whose spread may differ: Welch's t.

    Where neither side varies the standard error is zero.

    Source: Welch 1947; https://en.wikipedia.org/wiki/Welch%27s_t-test

    Example:
        >>> shift = welch([0.91, 0.92, 0.90, 0.915, 0.905], [0.88, 0.89, 0.875, 0.885, 0.87])
        >>> round(shift.estimate, 6), round(shift.estimate / shift.se, 6), round(shift.df, 6)
        (0.03, 6.0, 8.0)
    """
    first, second = as_numbers(a, 2), as_numbers(b, 2)
    (mean_a, sd_a), (mean_b, sd_b) = mean_and_sd(first), mean_and_sd(second)
    se_a, se_b = sd_a / math.sqrt(len(first)), sd_b / math.sqrt(len(second))
    se = math.hypot(se_a, se_b)
    if not se:
        return Shift(mean_a - mean_b, 0.0, len(first) + len(second) - 2)
    share_a, share_b = (se_a / se) ** 4 / (len(first) - 1), (se_b / se) ** 4 / (len(second) - 1)
    return Shift(mean_a - mean_b, se, 1 / (share_a + share_b))


def paired_t(differences: Iterable[float]) -> Shift:
    """The mean of at least two differences, each between two values that belong together: the paired t.

    Source: Student 1908; https://en.wikipedia.org/wiki/Student%27s_t-test#Dependent_t-test_for_paired_samples

    Example:
        >>> paired_t([1, 2, 3])
        Shift(estimate=2.0, se=0.5773502691896258, df=2)
    """
    numbers = as_numbers(differences, 2)
    mean, sd = mean_and_sd(numbers)
    return Shift(mean, sd / math.sqrt(len(numbers)), len(numbers) - 1)


def z_of_standard_errors(a: float, se_a: float, b: float, se_b: float) -> Shift:
    """The difference of two independent estimates with their standard errors.

    Both are taken for normal. If they are of the same examples this is too careful, unless they err against each other.

    Source: Miller 2024, https://arxiv.org/abs/2411.00640, 4.1

    Example:
        >>> shift = z_of_standard_errors(0.655, 0.0067, 0.630, 0.0068)
        >>> round(shift.estimate / shift.se, 6), round(shift.p_two_sided(), 6)
        (2.618842, 0.008823)
    """
    if se_a < 0 or se_b < 0:
        raise ValueError(f"a standard error is not below zero: {se_a!r}, {se_b!r}")
    return Shift(a - b, math.hypot(se_a, se_b))


def nadeau_bengio(differences: Iterable[float], test_share: float) -> Shift:
    """The mean of differences from folds that share training examples: the corrected resampled t.

    Its standard error is sd * sqrt(1/k + tested/trained), with k folds.

    Source: Nadeau & Bengio 2003, Inference for the Generalization Error, https://doi.org/10.1023/A:1024068626366

    Args:
        differences: one of each fold, at least two.
        test_share: the share of all examples that a fold tests on, above 0 and below 1; 1/k where each is tested once.

    Example:
        >>> d = [0.01, 0.02, -0.005, 0.015, 0.012, 0.018, 0.003, 0.009, 0.011, 0.014]
        >>> round(paired_t(d).p_two_sided(), 6), round(nadeau_bengio(d, test_share=0.1).p_two_sided(), 6)
        (0.001232, 0.011033)
    """
    if not 0 < test_share < 1:
        raise ValueError(f"the share of examples tested on lies between 0 and 1, not at {test_share!r}")
    numbers = as_numbers(differences, 2)
    mean, sd = mean_and_sd(numbers)
    return Shift(mean, sd * math.sqrt(1 / len(numbers) + test_share / (1 - test_share)), len(numbers) - 1)


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The bounds for a true share, from how many of n succeeded.

    Source: Wilson 1927; Newcombe 1998, method 3, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E

    Example:
        >>> [round(bound, 4) for bound in wilson(81, 263)], wilson(0, 20)[0]
        ([0.2553, 0.3662], 0.0)
    """
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"{successes} of {n} is no share")
    z = _reach(level, math.inf)
    middle = successes + z * z / 2
    reach = z * math.sqrt(z * z / 4 + successes * (n - successes) / n)
    low, high = (middle - reach) / (n + z * z), (middle + reach) / (n + z * z)
    return low if successes else 0.0, high if successes < n else 1.0


def as_numbers(values: Iterable[float], least: int) -> list[float]:
    """The values as floats, where there are enough of them.

    Raises:
        ValueError: there are too few, or one is NaN, infinite or larger than 1e300.

    Example:
        >>> as_numbers([1, 2.5], 2)
        [1.0, 2.5]
    """
    numbers = [float(value) if -LARGEST <= value <= LARGEST else math.nan for value in values]
    if len(numbers) < least:
        raise ValueError(f"at least {least} values are needed, not {len(numbers)}")
    if any(map(math.isnan, numbers)):
        raise ValueError("a value is NaN, infinite or larger than 1e300")
    return numbers


def _reach(level: float, df: float) -> float:
    """How many standard errors the bounds of a two-sided interval lie from its middle."""
    if not 0 < level < 1:
        raise ValueError(f"the level of an interval lies between 0 and 1, not at {level!r}")
    return -t_quantile((1 - level) / 2, df)
