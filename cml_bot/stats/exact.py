"""Tests that count: of all ways in which chance could have fallen, how many look as odd as what was seen.

They assume no distribution, and cannot give a p value below one in that number of ways. All are two-sided: twice the
smaller side, and at most 1.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING

from cml_bot.stats.distributions import normal_tail
from cml_bot.stats.shift import as_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_RANKED = 60
"""More values on both sides together are compared by the normal approximation of Mann and Whitney's test."""
MOST_FLIPPED = 30
"""The sign-flip test takes no more differences."""
_SMALL_COUNT = 2000
"""Up to here the binomial distribution is calculated with whole numbers."""


def mann_whitney(a: Iterable[float], b: Iterable[float]) -> float:
    """The p value that values of one side tend to be higher than those of the other.

    With up to 60 values on both sides together all ways to deal the ranks out are counted, also where there are ties;
    with more it is the normal approximation, corrected for ties and continuity.

    Source: Mann & Whitney 1947; https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test

    Example:
        >>> mann_whitney([19, 22, 16, 29, 24], [20, 11, 17, 12])
        0.1111111111111111
        >>> mann_whitney([1, 2, 3], [4, 5, 6])
        0.1
    """
    first, second = sorted((as_numbers(a, 1), as_numbers(b, 1)), key=len)
    counts = Counter(first + second)
    ends = accumulate(counts[value] for value in sorted(counts))
    # Twice the mean rank of equal values, so that it is a whole number.
    ranks = {value: 2 * end - counts[value] + 1 for value, end in zip(sorted(counts), ends, strict=True)}
    seen = sum(ranks[value] for value in first)
    n = len(first) + len(second)
    if n <= MOST_RANKED:
        return _deal_ranks([ranks[value] for value in (*first, *second)], len(first), seen)
    ties = sum(count**3 - count for count in counts.values())
    variance = len(first) * len(second) / 12 * (n + 1 - ties / (n * (n - 1)))
    distance = abs(seen - len(first) * (n + 1)) / 2
    return min(1.0, 2 * normal_tail((distance - 0.5) / math.sqrt(variance))) if variance > 0 else 1.0


def _deal_ranks(ranks: Sequence[int], size: int, seen: int) -> float:
    """The two-sided p value of a sum of so many of these ranks."""
    ways = math.comb(len(ranks), size)
    # sums[k] is one large number: its digit at s is how many choices of k ranks have the sum s. No digit reaches the
    # base, nor does a sum of digits, which therefore is what remains of the number after division by the base less 1.
    width = ways.bit_length() + 1
    sums = [1] + [0] * size
    for rank in ranks:
        for k in range(size, 0, -1):
            sums[k] += sums[k - 1] << (rank * width)
    low = sums[size] & ((1 << ((seen + 1) * width)) - 1)
    high = sums[size] >> (seen * width)
    fewest = min(part % ((1 << width) - 1) for part in (low, high))
    return min(1.0, 2 * fewest / ways)


def sign_flip(differences: Iterable[float]) -> float:
    """The p value that paired differences are not as often, and as far, above zero as below.

    All 2**n ways to turn their signs around are counted. Sums that differ by rounding alone count as equal.

    Source: Fisher 1935, The Design of Experiments, 21; https://en.wikipedia.org/wiki/Permutation_test

    Raises:
        ValueError: there are more than 30 differences, or none.

    Example:
        >>> sign_flip([1, 2, 3, 4, 5]), sign_flip([0.1, 0.3, 0.2]), sign_flip([0, 0])
        (0.0625, 0.25, 1.0)
    """
    numbers = as_numbers(differences, 1)
    if len(numbers) > MOST_FLIPPED:
        raise ValueError(f"at most {MOST_FLIPPED} differences can be flipped, not {len(numbers)}: use the paired t")
    seen = abs(math.fsum(numbers)) - 1e-12 * math.fsum(map(abs, numbers))
    if seen <= 0:
        return 1.0
    half = len(numbers) // 2
    left, right = _flipped_sums(numbers[:half]), sorted(_flipped_sums(numbers[half:]))
    above = sum(len(right) - bisect_left(right, seen - one) for one in left)
    return min(1.0, 2 * above / (len(left) * len(right)))


def _flipped_sums(numbers: Sequence[float]) -> list[float]:
    sums = [0.0]
    for number in numbers:
        sums = [one + signed for one in sums for signed in (number, -number)]
    return sums


def mcnemar(b: int, c: int) -> float:
    """The p value for pairs of which b changed one way and c the other: exact and conditional on b + c.

    Source: McNemar 1947; Fagerland, Lydersen & Laake 2013, https://doi.org/10.1186/1471-2288-13-91

    Example:
        >>> mcnemar(1, 7), mcnemar(3, 3), mcnemar(0, 0)
        (0.0703125, 1.0, 1.0)
    """
    _check_counts(b, c)
    return min(1.0, 2 * _coins(min(b, c), b + c)[1])


def mcnemar_mid_p(b: int, c: int) -> float:
    """The mid-p value of the same: less careful than the exact one, and still below its level nearly everywhere.

    It is the exact one less the chance of just these counts; where they are equal, 1 less half of it.

    Source: Fagerland, Lydersen & Laake 2013, https://doi.org/10.1186/1471-2288-13-91, and its additional file 1

    Example:
        >>> mcnemar_mid_p(1, 7), mcnemar_mid_p(3, 3), mcnemar_mid_p(0, 0)
        (0.0390625, 0.84375, 0.5)
    """
    _check_counts(b, c)
    just, up_to = _coins(min(b, c), b + c)
    return 1 - just / 2 if b == c else 2 * up_to - just


def _check_counts(b: int, c: int) -> None:
    if b < 0 or c < 0:
        raise ValueError(f"counts are not below zero: {b}, {c}")


def _coins(k: int, n: int) -> tuple[float, float]:
    """The chance of just k heads of n coins, and of k or fewer, where k is at most half of n."""
    just = math.comb(n, k) / 2**n if n <= _SMALL_COUNT else _many_coins(k, n)
    total, term = 0.0, just
    while term > 1e-17 * total:
        total += term
        term *= k / (n - k + 1)
        k -= 1
    return just, total


def _many_coins(k: int, n: int) -> float:
    """The chance of just k heads, from Stirling's series, in a form that does not subtract large numbers.

    Source: Loader 2000, Fast and Accurate Computation of Binomial Probabilities
    """
    if 100 * k < n:
        return 0.0  # For two thousand coins it is 1e-550.
    lean = (n - 2 * k) / n
    exponent = n / 2 * (math.log1p(-lean * lean) + 2 * lean * math.atanh(lean))
    rest = _stirling_rest(n) - _stirling_rest(k) - _stirling_rest(n - k)
    return math.exp(rest - exponent) / math.sqrt(2 * math.pi * k * ((n - k) / n))


def _stirling_rest(n: int) -> float:
    """What Stirling's formula leaves of log(n!), for n from 20 on."""
    return (1 / 12 - (1 / 360 - 1 / 1260 / n / n) / n / n) / n
