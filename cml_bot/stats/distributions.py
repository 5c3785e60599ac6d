"""The normal and Student's t distribution: how far out a number lies, and how far out a share of all numbers lies.

A tail is what lies above, and keeps its digits however small it is; for what lies below, turn the sign around.
"""

from __future__ import annotations

import math
from functools import lru_cache

_ROOT_TWO = math.sqrt(2)
_ROOT_TWO_PI = math.sqrt(2 * math.pi)
_LOG_SMALLEST = -745.2
"""Below this e to the power of it is 0.0."""
_LOG_LARGEST = math.log(1.7e308)
_SINH = (
    -1 / 48,
    1 / 2560,
    -61 / 7741440,
    1261 / 7431782400,
    -79 / 20761804800,
    66643 / 761775532277760,
)
"""The square root of (q / 2) / sinh(q / 2), as 1 and these times q**2, q**4 and so on."""
_NEAR = 0.8
"""The largest q for which they serve."""
_FEW, _MANY, _VERY_MANY, _AS_NORMAL = 3, 20, 1e6, 1e17
"""Degrees of freedom from which the normal distribution is a first guess, serves for digits when corrected, has nearly
the same density, and is the same."""


def normal_tail(z: float) -> float:
    """The chance that a standard normal number is above z.

    Source: Abramowitz & Stegun 1964, 7.1.2 and 26.2.29: half the complementary error function.

    Example:
        >>> normal_tail(0), f"{normal_tail(1.959963984540054):.12f}", f"{normal_tail(30):.6e}"
        (0.5, '0.025000000000', '4.906714e-198')
    """
    if math.isnan(z):
        raise ValueError("a number that is not one has no tail")
    return math.erfc(z / _ROOT_TWO) / 2


def normal_quantile(p: float) -> float:
    """The number that a share p of standard normal numbers lies below.

    Source: Wichura 1988, algorithm AS 241, in Python's `statistics`: good for sixteen digits at any p.

    Example:
        >>> round(normal_quantile(0.975), 6), round(normal_quantile(1e-300), 6)
        (1.959964, -37.047096)
    """
    _check_share(p)
    # Most reports have no history and need none of it.
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)


def t_tail(t: float, df: float) -> float:
    """The chance that a number of Student's t distribution is above t.

    With q = log(1 + t*t / df) and a = df / 2 the chance is half the incomplete beta function I(exp(-q), a, 1/2). Where
    q is large that is a power series in exp(-q). Where it is small, the density of w = sqrt((df - 1/2) * q) is the
    normal one times the square root of (q / 2) / sinh(q / 2), each term of which has a closed integral. This needs
    many degrees of freedom; where there are few, terms of the power series lead from a to a + 1, and on until there
    are many. All terms of that series are positive, so that no digits are lost. The result is good for eleven digits.

    Source: https://dlmf.nist.gov/8.17#E7 and https://dlmf.nist.gov/8.17#E20 for the power series and its steps; the
    rest is the change of variable written above.

    Args:
        t: any number, or infinity.
        df: degrees of freedom; any number above zero. Infinitely many give the normal distribution.

    Example:
        >>> f"{t_tail(2.0, 8):.12f}", f"{t_tail(-2.0, 8.5):.6f}", f"{t_tail(1e10, 3):.6e}"
        ('0.040258118979', '0.960791', '1.102658e-30')
    """
    if math.isnan(t) or not df > 0:
        raise ValueError(f"t is a number and df is above zero, not {t!r} and {df!r}")
    if t <= 0:
        return 1 - t_tail(-t, df) if t else 0.5
    if df > _AS_NORMAL:
        return normal_tail(t)
    q = _distance(t, df)
    a = df / 2
    if q < _NEAR and df >= _MANY:
        return _tail_by_normal(q, df)
    if -a * q < _LOG_SMALLEST:
        return 0.0
    x = math.exp(-q)
    term = _first_term(a) * math.exp(-a * q) * math.sqrt(-math.expm1(-q))
    total = 0.0
    if q < _NEAR:
        while 2 * a < _MANY:
            total += term
            a += 1
            term *= x * (a - 0.5) / a
        return total + _tail_by_normal(q, 2 * a)
    while term > 1e-17 * total:
        total += term
        a += 1
        term *= x * (a - 0.5) / a
    return total


def _distance(t: float, df: float) -> float:
    """log(1 + t*t / df) for any t above zero, even where its square is too large for a float."""
    scaled = t / math.sqrt(df)
    return math.log1p(scaled * scaled) if scaled < 1e8 else 2 * math.log(t) - math.log(df)


def _first_term(a: float) -> float:
    """What the power series begins with, where x is 1: 1 / (2 a B(a, 1/2))."""
    return math.exp(math.lgamma(a + 0.5) - math.lgamma(a + 1)) / math.sqrt(math.pi) / 2


def _tail_by_normal(q: float, df: float) -> float:
    """The tail where q < _NEAR and there are at least twenty degrees of freedom."""
    m = df - 0.5
    w = math.sqrt(m * q)
    # The integral over w of w**2j times the normal density, over m**j: whole * its tail + part * its density.
    whole, part = 1.0, 0.0
    edge, odd, two = w / m, 1 / m, 2 / m
    all_whole, all_part = 1.0, 0.0
    for factor in _SINH:
        for _ in (1, 2):
            whole *= odd
            part = edge + odd * part
            edge *= q
            odd += two
        all_whole += factor * whole
        all_part += factor * part
    density = math.exp(-m * q / 2) / _ROOT_TWO_PI
    return normal_tail(w) + density * all_part / all_whole


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: float) -> float:
    """The number that a share p of Student's t distribution lies below.

    Newton's steps on the logarithms of t and of its tail. That curve is concave, so that from the right each step stays
    there.

    Example:
        >>> round(t_quantile(0.975, 10), 9), round(t_quantile(0.05, 2.5), 9), round(t_quantile(1e-30, 4), 3)
        (2.228138852, -2.558218614, -41617914.503)
    """
    _check_share(p)
    if not df > 0:
        raise ValueError(f"degrees of freedom are above zero, not {df!r}")
    if p == 0.5:
        return 0.0
    if df > _AS_NORMAL:
        return normal_quantile(p)
    return math.copysign(_t_of_tail(min(p, 1 - p), df), p - 0.5)


def _t_of_tail(tail: float, df: float) -> float:
    log_first = math.log(_first_term(df / 2)) if df < _VERY_MANY else -math.log(2 * math.pi * df) / 2
    # Where the tail would be if it were a power of t all along, which is never too near.
    log_t = (log_first - math.log(tail)) / df + math.log(df) / 2
    if df >= _FEW:
        z = normal_quantile(tail)
        log_t = min(log_t, (math.log(df) + math.log(math.expm1(z * z / (df - 0.5)))) / 2)
    if log_t > _LOG_LARGEST:
        return math.inf
    for _ in range(100):
        t = math.exp(log_t)
        above = t_tail(t, df)
        if not above:
            log_t -= 1
            continue
        # The density has the same factor as the first term of the power series.
        log_density = log_first + (math.log(df) - (df + 1) * _distance(t, df)) / 2
        step = math.log(above / tail) * math.exp(min(math.log(above) - log_density - log_t, 700))
        log_t = min(log_t + max(-2.0, min(step, 2.0)), _LOG_LARGEST)
        if abs(step) < 1e-7 or abs(step) * t < 1e-16:
            break
    return math.exp(log_t)


def _check_share(p: float) -> None:
    if not 0 < p < 1:
        raise ValueError(f"a share lies between 0 and 1, not at {p!r}")
