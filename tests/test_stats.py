"""The formulas, held to scipy and to published numbers.

Where scipy itself has no nine digits, ranges are smaller or its own special functions are taken, and the test says so.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as some
from scipy import special
from scipy import stats as scipy_stats

from cml_bot.stats.distributions import normal_quantile, normal_tail, t_quantile, t_tail
from cml_bot.stats.exact import MOST_FLIPPED, MOST_RANKED, mann_whitney, mcnemar, mcnemar_mid_p, sign_flip
from cml_bot.stats.families import benjamini_hochberg, holm
from cml_bot.stats.planning import examples_needed, runs_needed
from cml_bot.stats.shift import (
    Shift,
    mean_and_sd,
    nadeau_bengio,
    new_against_old,
    paired_t,
    prediction_interval,
    successive_noise,
    welch,
    wilson,
    z_of_standard_errors,
)


def near(wanted: Any, least: float = 0.0) -> Any:
    """Nine digits, however small the number; or, below `least`, as far from the number as nine digits of that are."""
    return pytest.approx(float(wanted), rel=1e-9, abs=1e-9 * least)


def printed(text: str) -> Any:
    """The number to its last printed digit, which some sources cut off instead of rounding; or to twelve digits."""
    return pytest.approx(float(text), rel=1e-12, abs=10.0 ** int(Decimal(text).as_tuple().exponent))


def powers(low: float, high: float) -> some.SearchStrategy[float]:
    """Numbers of any size between two powers of ten."""
    return some.floats(low, high).map(lambda power: 10.0**power)


def tidy(least: int, most: int) -> some.SearchStrategy[list[float]]:
    """Values with three decimals that vary by more than rounding: scipy subtracts with fewer digits than we do."""
    values = some.lists(some.integers(-50_000, 50_000).map(lambda n: n / 1000), min_size=least, max_size=most)
    return values.filter(lambda found: max(found) - min(found) > 1e-3 * max(map(abs, found)))


counts = some.integers(0, 10) | some.integers(0, 3000) | some.integers(0, 200_000)
levels = some.floats(0.01, 0.9999)
chances = some.floats(0, 1) | some.integers(0, 20).map(lambda n: n / 20)


# Published numbers

WELCH_A = (
    [27.5, 21, 19, 23.6, 17, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19, 21.7, 21.4],
    [27.1, 22, 20.8, 23.4, 23.4, 23.5, 25.8, 22, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4],
)
WELCH_B = (
    [17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8],
    [
        *[21.5, 22.8, 21, 23, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8],
        *[20.7, 21.7, 21.5, 22.5, 23.6, 21.5, 22.5, 23.5, 21.5, 21.8],
    ],
)
WELCH_C = (
    [19.8, 20.4, 19.6, 17.8, 18.5, 18.9, 18.3, 18.9, 19.5, 22],
    [
        28.2,
        26.6,
        20.1,
        23.3,
        25.2,
        22.1,
        17.7,
        27.6,
        20.6,
        13.7,
        23.2,
        17.5,
        20.6,
        18,
        23.9,
        21.6,
        24.3,
        20.4,
        24,
        13.2,
    ],
)
SEEDS = ([0.91, 0.92, 0.90, 0.915, 0.905], [0.88, 0.89, 0.875, 0.885, 0.87])
FOLDS = [0.01, 0.02, -0.005, 0.015, 0.012, 0.018, 0.003, 0.009, 0.011, 0.014]


@pytest.mark.parametrize(
    ("a", "b", "t", "df", "p"),
    [
        pytest.param(*WELCH_A, "-2.4553563983", "24.9885292902", "0.0213780014628670", id="Wikipedia, Welch, A"),
        pytest.param(*WELCH_B, "-1.5654335236", "9.9047412487", "0.1488416966053282", id="Wikipedia, Welch, B"),
        pytest.param(*WELCH_C, "-2.2192409158", "24.4962231242", "0.0359722710297969", id="Wikipedia, Welch, C"),
        pytest.param(
            [3, 4, 1, 2.1],
            [490.2, 340, 433.9],
            "-9.5594977219",
            "2.0008523489",
            "0.0107515611497845",
            id="Rosetta Code, Welch, 4 and 3",
        ),
        pytest.param(*SEEDS, "6.0", "8", "0.000323393", id="five seeds a side, Welch"),
    ],
)
def test_published_welch(a: list[float], b: list[float], t: str, df: str, p: str) -> None:
    shift = welch(a, b)
    assert shift.estimate / shift.se == printed(t)
    assert shift.df == printed(df)
    assert shift.p_two_sided() == printed(p)


def test_rosetta_code_welch_3_and_3() -> None:
    shift = welch([0.010268, 0.000167, 0.000167], [0.159258, 0.136278, 0.122389])
    assert shift.p_two_sided() == printed("0.0033990716271371")


A_PM, PM_DISAPPROVE = 86, 150
"""Agresti, Categorical Data Analysis: who changed their mind on the prime minister."""
BH_1995 = [
    *[0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459],
    *[0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0],
]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        pytest.param(
            lambda: prediction_interval(100, 10, 25, 0.954), "78.5390965285 121.4609034715", id="Bencher t .977"
        ),
        pytest.param(lambda: prediction_interval(0, 1, 6, 0.7), "-1.2483714095 1.2483714095", id="Bencher, t .85"),
        pytest.param(lambda: [normal_quantile(0.85)], "1.0364333895", id="Bencher, z .85"),
        pytest.param(
            lambda: [100 - 10 * normal_quantile(0.977), 100 + 10 * normal_quantile(0.977)],
            "80.04607 119.95393",
            id="Bencher, z .977",
        ),
        pytest.param(lambda: welch(*WELCH_A).interval(), "-3.9840962671 -0.3492370662", id="Wikipedia, Welch, A, CI95"),
        pytest.param(lambda: welch(*SEEDS).interval(), "0.01846997 0.04153003", id="five seeds a side, Welch, CI95"),
        pytest.param(
            lambda: [mann_whitney([19, 22, 16, 29, 24], [20, 11, 17, 12])],
            "0.1111111111",
            id="scipy docs, mannwhitneyu",
        ),
        pytest.param(lambda: [mann_whitney(*SEEDS)], "0.0079365079", id="five seeds a side, Mann-Whitney, 2 of 252"),
        pytest.param(lambda: [mann_whitney([1, 2, 3], [4, 5, 6])], "0.1", id="three a side, Mann-Whitney, 2 of 20"),
        pytest.param(lambda: [sign_flip([1, 2, 3, 4, 5])], "0.0625", id="five of one sign, 2 of 32"),
        pytest.param(lambda: [sign_flip([0.3, 0.1, 7.0])], "0.25", id="any three of one sign, 2 of 8"),
        pytest.param(lambda: [mcnemar(A_PM, PM_DISAPPROVE)], "3.7159361395713866e-05", id="Agresti, McNemar"),
        pytest.param(lambda: [mcnemar_mid_p(A_PM, PM_DISAPPROVE)], "2.893389517615e-05", id="Agresti, mid-p"),
        pytest.param(lambda: [mcnemar(1, 7)], "0.0703125", id="Fagerland 2013, 1 and 7"),
        pytest.param(lambda: [mcnemar_mid_p(1, 7)], "0.0390625", id="Fagerland 2013, 1 and 7, mid-p"),
        pytest.param(lambda: [mcnemar(6, 16)], "0.0524787903", id="Fagerland 2013, 6 and 16"),
        pytest.param(lambda: [mcnemar_mid_p(6, 16)], "0.0346896648", id="Fagerland 2013, 6 and 16, mid-p"),
        pytest.param(lambda: [mcnemar(1, 11)], "0.00634765625", id="1 and 11, 26 of 4096"),
        pytest.param(lambda: [mcnemar(3, 3)], "1.0", id="Fagerland 2013, equal counts"),
        pytest.param(lambda: [mcnemar_mid_p(3, 3)], "0.84375", id="Fagerland 2013, additional file 1, equal counts"),
        pytest.param(lambda: wilson(81, 263), "0.2553 0.3662", id="Newcombe 1998, 81 of 263"),
        pytest.param(lambda: wilson(15, 148), "0.0624 0.1605", id="Newcombe 1998, 15 of 148"),
        pytest.param(lambda: wilson(0, 20), "0.0000 0.1611", id="Newcombe 1998, 0 of 20"),
        pytest.param(lambda: wilson(1, 29), "0.0061 0.1718", id="Newcombe 1998, 1 of 29"),
        pytest.param(
            lambda: benjamini_hochberg(BH_1995),
            "0.0015 0.003 0.0095 0.035625 0.0603 0.06385714 0.06385714 0.0645 0.0765 0.486 0.58118182 0.714875"
            " 0.75323077 0.81321429 1",
            id="Benjamini and Hochberg 1995",
        ),
        pytest.param(
            lambda: holm(BH_1995)[:6],
            "0.0015 0.0056 0.0247 0.1140 0.2211 0.2780",
            id="Holm 1979",
        ),
        pytest.param(lambda: [paired_t(FOLDS).p_two_sided()], "0.0012318536", id="ten folds, naive t"),
        pytest.param(
            lambda: [nadeau_bengio(FOLDS, 0.1).estimate / nadeau_bengio(FOLDS, 0.1).se],
            "3.1884795337",
            id="Nadeau-Bengio, t",
        ),
        pytest.param(lambda: [nadeau_bengio(FOLDS, 0.1).p_two_sided()], "0.0110334768", id="Nadeau-Bengio, p"),
        pytest.param(
            lambda: [z_of_standard_errors(0.655, 0.0067, 0.630, 0.0068).p_two_sided()], "0.0088228761", id="lm-eval, z"
        ),
        pytest.param(lambda: [mean_and_sd([0] * 50 + [1] * 50)[1] / 10], "0.0502518908", id="lm-eval, stderr"),
    ],
)
def test_published(found: Callable[[], list[float]], wanted: str) -> None:
    assert list(found()) == [printed(text) for text in wanted.split()]


# The distributions


@given(some.floats(-40, 37))
def test_normal_tail(z: float) -> None:
    assert normal_tail(z) == near(special.ndtr(-z))


@given(powers(-307, math.log10(0.5)))
def test_normal_quantile(p: float) -> None:
    assert normal_quantile(p) == near(special.ndtri(p), 1)
    if p > 1e-15:
        assert normal_quantile(1 - p) == near(special.ndtri(1 - p), 1)
    assert normal_tail(-normal_quantile(p)) == near(p)


@settings(max_examples=1000)
@given(powers(-5, 9) | some.floats(1e-5, 12), powers(-2, 15) | some.floats(0.5, 50))
@example(5.0, 20.0)
@example(5.0, math.nextafter(20.0, 0))
def test_t_tail(t: float, df: float) -> None:
    """Nearer to zero scipy is off: at t = 1e-8 and df = 1 by 1.6e-9. There the closed forms and the slope hold."""
    wanted = special.stdtr(df, -t)
    assume(wanted > 1e-300)
    assert t_tail(t, df) == near(wanted)
    assert t_tail(-t, df) == near(1 - wanted)


def test_t_tail_where_a_formula_takes_over() -> None:
    for df, t in itertools.product((1, 2, 5.5, 19, 20, 21, 40, 1e3), np.geomspace(0.01, 50, 300)):
        assert t_tail(float(t), df) == near(special.stdtr(df, -t))


@given(powers(-12, 150))
def test_t_tail_in_closed_form(t: float) -> None:
    assert t_tail(t, 1) == near(math.atan2(1, t) / math.pi)
    assert t_tail(t, 2) == near(1 / (2 + t * t + t * math.sqrt(2 + t * t)) if t < 1e100 else 0.5 / t / t)


@settings(max_examples=500)
@given(powers(-30, math.log10(0.5)) | some.floats(0.01, 0.5), powers(0, 15) | some.floats(1, 50))
def test_t_quantile(p: float, df: float) -> None:
    assert t_quantile(p, df) == near(special.stdtrit(df, p), 1)
    if p > 1e-15:
        assert t_quantile(1 - p, df) == near(-special.stdtrit(df, 1 - (1 - p)), 1)


@settings(max_examples=500)
@given(powers(-300, math.log10(0.5)), powers(-3, 18))
def test_t_quantile_and_tail(p: float, df: float) -> None:
    """Also where scipy has no quantile: with less than one degree of freedom."""
    t = -t_quantile(p, df)
    assert t_tail(t, df) == near(p) if t < math.inf else df < 3


@given(powers(-300, -5), powers(-2, 15))
def test_t_tail_near_zero(t: float, df: float) -> None:
    top = special.poch(df / 2, 0.5) / math.sqrt(df * math.pi)
    assert t_tail(t, df) == near(0.5 - t * top)


def test_the_ends() -> None:
    assert [t_tail(0, 3), t_tail(math.inf, 3), t_tail(-math.inf, 3), t_quantile(0.5, 3)] == [0.5, 0, 1, 0]
    assert t_tail(2, math.inf) == normal_tail(2)
    assert t_quantile(0.975, math.inf) == normal_quantile(0.975)


# Shifts


distances = some.integers(-30_000, 30_000).map(lambda n: n / 1000)
"""In standard errors. Between 0 and 0.0001 scipy is off, as above."""


@settings(max_examples=60)
@given(distances, distances, powers(-3, 3), some.floats(1, 1e6) | some.just(math.inf), levels)
def test_p_values_and_interval_agree(z_above: float, z_below: float, se: float, df: float, level: float) -> None:
    estimate, tolerance = se * (z_above + z_below) / 2, se * (z_below - z_above) / 2
    shift = Shift(estimate, se, df)
    assert shift.p_above(tolerance) == near(scipy_stats.t.sf((estimate - tolerance) / se, df))
    assert shift.p_below(tolerance) == near(scipy_stats.t.cdf((estimate + tolerance) / se, df))
    assert shift.p_two_sided() == near(min(1, 2 * scipy_stats.t.sf(abs(estimate) / se, df)))
    low, high = shift.interval(level)
    assert [low, high] == [near(bound, abs(estimate) + se) for bound in scipy_stats.t.interval(level, df, estimate, se)]
    assert shift.p_above(low) == pytest.approx((1 - level) / 2, rel=1e-7)
    assert shift.p_below(-high) == pytest.approx((1 - level) / 2, rel=1e-7)


def test_no_standard_error() -> None:
    assert [Shift(0, 0, 2).p_two_sided(), Shift(1e-9, 0, 2).p_two_sided(), Shift(-1, 0).p_two_sided()] == [1, 0, 0]
    assert [Shift(-1, 0).p_below(), Shift(-1, 0).p_below(0.5), Shift(-1, 0).p_below(1), Shift(-1, 0).p_above()] == [
        0,
        0,
        1,
        1,
    ]
    assert Shift(-1, 0, 2).interval() == (-1, -1)
    assert welch([0.1] * 3, [0.1] * 7) == Shift(0, 0, 8)
    assert welch([0.1] * 3, [0.2] * 3).p_two_sided() == 0
    assert paired_t([0.1] * 3) == Shift(0.1, 0, 2)


@given(some.lists(some.floats(-1e300, 1e300), min_size=2, max_size=20))
def test_mean_and_sd(values: list[float]) -> None:
    mean, sd = mean_and_sd(values)
    assert mean == near(statistics.mean(values), 1e-300)
    assert sd == near(statistics.stdev(values), 1e-300)


def test_mean_and_sd_of_many_near_a_large_number() -> None:
    assert mean_and_sd([1e15, 1e15 + 1, 1e15 + 2]) == (1e15 + 1, 1)
    assert mean_and_sd([0.1] * 3) == (0.1, 0)


@given(tidy(2, 12), tidy(2, 12), powers(-100, 100), levels)
def test_welch(a: list[float], b: list[float], scale: float, level: float) -> None:
    wanted = scipy_stats.ttest_ind(a, b, equal_var=False)
    shift = welch([scale * value for value in a], [scale * value for value in b])
    size = scale * max(map(abs, a + b))
    assert shift.df == near(wanted.df)
    assert shift.p_two_sided() == near(wanted.pvalue, 1)
    assert shift.estimate / shift.se == near(wanted.statistic, 1)
    bounds = wanted.confidence_interval(level)
    assert list(shift.interval(level)) == [near(bound * scale, size) for bound in bounds]


def test_welch_far_out() -> None:
    for gap, n in itertools.product((1, 10, 100, 1000), (3, 10, 30)):
        a = [math.sin(i) for i in range(n)]
        b = [gap + math.cos(3 * i) for i in range(n)]
        wanted = scipy_stats.ttest_ind(a, b, equal_var=False)
        assert welch(a, b).p_two_sided() == near(wanted.pvalue)


@given(tidy(2, 20), powers(-100, 100), some.floats(0.01, 0.9))
def test_paired(differences: list[float], scale: float, test_share: float) -> None:
    wanted = scipy_stats.ttest_1samp(differences, 0)
    scaled = [scale * one for one in differences]
    shift = paired_t(scaled)
    assert shift.df == wanted.df
    assert shift.estimate / shift.se == near(wanted.statistic, 1)
    assert shift.p_two_sided() == near(wanted.pvalue)
    k, ratio = len(differences), test_share / (1 - test_share)
    wider = math.sqrt((1 / k + ratio) * k)
    corrected = nadeau_bengio(scaled, test_share)
    assert corrected.p_two_sided() == near(2 * scipy_stats.t.sf(abs(wanted.statistic) / wider, k - 1))


@given(some.floats(-1, 1), powers(-3, 0), some.floats(-1, 1), powers(-3, 0))
def test_z(a: float, se_a: float, b: float, se_b: float) -> None:
    z = (a - b) / math.sqrt(se_a**2 + se_b**2)
    assume(abs(z) < 37)
    assert z_of_standard_errors(a, se_a, b, se_b).p_two_sided() == near(min(1, 2 * scipy_stats.norm.sf(abs(z))))


@given(some.floats(-100, 100), powers(-3, 3), some.integers(2, 200), levels, some.integers(1, 20), powers(0, 4))
def test_prediction(mean: float, sd: float, n: int, level: float, k: int, df: float) -> None:
    for given_df, used in ((None, n - 1), (df, df)):
        reach = scipy_stats.t.ppf((1 + level) / 2, used) * sd * math.sqrt(1 / k + 1 / n)
        low, high = prediction_interval(mean, sd, n, level, k=k, df=given_df)
        assert (low, high) == (near(mean - reach, abs(mean) + reach), near(mean + reach, abs(mean) + reach))
        assert new_against_old(low, mean, sd, n, k=k, df=given_df).p_below() == pytest.approx((1 - level) / 2, rel=1e-6)


def test_one_old_value_with_the_noise_of_others() -> None:
    assert new_against_old(1.0, 3.0, 1.0, 1, df=10) == Shift(-2.0, math.sqrt(2), 10)
    with pytest.raises(ValueError, match="one old value has no spread"):
        new_against_old(1.0, 3.0, 1.0, 1)


def test_successive_noise() -> None:
    """NIST's handbook divides by 1.128, which is 2 / sqrt(pi) to four digits."""
    flow = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    assert successive_noise(flow) == pytest.approx(1.8778 / 1.128, rel=4e-4)
    rng = np.random.default_rng(1)
    assert successive_noise(rng.normal(5, 0.3, 100_000).tolist()) == pytest.approx(0.3, rel=0.01)


@given(counts, counts, levels)
def test_wilson(one: int, other: int, level: float) -> None:
    assume(one + other)
    wanted = scipy_stats.binomtest(one, one + other).proportion_ci(level, "wilson")
    assert list(wilson(one, one + other, level)) == [near(bound, 1e-3) for bound in wanted]


# Tests that count


@given(some.lists(some.integers(0, 10**6), min_size=2, max_size=24, unique=True), some.data())
def test_mann_whitney_without_ties(values: list[int], data: some.DataObject) -> None:
    cut = data.draw(some.integers(1, len(values) - 1))
    a, b = values[:cut], values[cut:]
    assert mann_whitney(a, b) == near(scipy_stats.mannwhitneyu(a, b, method="exact").pvalue)
    assert mann_whitney(b, a) == mann_whitney(a, b)


@settings(max_examples=50)
@given(*[some.lists(some.integers(0, 4), min_size=2, max_size=5)] * 2)
def test_mann_whitney_with_ties(a: list[int], b: list[int]) -> None:
    wanted = scipy_stats.permutation_test(
        (a, b),
        lambda x, y: scipy_stats.rankdata([*x, *y])[: len(x)].sum(),
        permutation_type="independent",
        n_resamples=math.inf,
    )
    assert mann_whitney(a, b) == near(wanted.pvalue)


@settings(max_examples=50)
@given(*[some.lists(some.integers(0, 50), min_size=MOST_RANKED // 2 + 1, max_size=60)] * 2)
def test_mann_whitney_of_many(a: list[int], b: list[int]) -> None:
    assume(len({*a, *b}) > 1)  # of equal values scipy says NaN
    wanted = scipy_stats.mannwhitneyu(a, b, method="asymptotic").pvalue
    assert mann_whitney(a, b) == near(wanted)


def test_mann_whitney_is_exact_as_long_as_said() -> None:
    a, b = list(range(0, MOST_RANKED, 2)), list(range(1, MOST_RANKED, 2))
    assert mann_whitney(a, b) == near(scipy_stats.mannwhitneyu(a, b, method="exact").pvalue)
    assert mann_whitney(a, [1e6 + one for one in a]) == near(2 / math.comb(MOST_RANKED, MOST_RANKED // 2))
    assert mann_whitney([1] * 50, [1] * 50) == 1


@settings(max_examples=60)
@given(some.lists(some.integers(-30, 30), min_size=2, max_size=9))
def test_sign_flip(differences: list[int]) -> None:
    wanted = scipy_stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=math.inf)
    assert sign_flip(differences) == near(wanted.pvalue)
    assert sign_flip([one * 0.1 for one in differences]) == near(wanted.pvalue)


def test_sign_flip_of_as_many_as_it_takes() -> None:
    assert sign_flip([0.1] * MOST_FLIPPED) == 2 / 2**MOST_FLIPPED
    mixed = [0.1] * (MOST_FLIPPED - 5) + [-0.1] * 5
    assert sign_flip(mixed) == near(scipy_stats.binomtest(5, MOST_FLIPPED).pvalue)
    with pytest.raises(ValueError, match="at most 30 differences can be flipped, not 31: use the paired t"):
        sign_flip([0.1] * (MOST_FLIPPED + 1))


@settings(max_examples=300)
@given(counts, counts)
@example(333, 1667)
@example(1000, 1001)
def test_mcnemar(b: int, c: int) -> None:
    n, k = b + c, min(b, c)
    assume(n)
    wanted = scipy_stats.binomtest(k, n).pvalue
    # Below that scipy gives 0.
    assert mcnemar(b, c) == near(wanted, 1e-280)
    just = scipy_stats.binom.pmf(k, n, 0.5)
    mid_p = 1 - just / 2 if b == c else 2 * scipy_stats.binom.cdf(k, n, 0.5) - just
    assert mcnemar_mid_p(b, c) == near(mid_p, 1e-280)


def test_mcnemar_of_millions() -> None:
    for gap in (0, 2, 1000, 10_000, 50_000):
        b, c = 2_000_000, 2_000_000 + gap
        assert mcnemar(b, c) == near(scipy_stats.binomtest(b, b + c).pvalue, 1e-290)


# Families


@given(some.lists(chances, min_size=1, max_size=30))
def test_benjamini_hochberg(ps: list[float]) -> None:
    assert benjamini_hochberg(ps) == [near(p) for p in scipy_stats.false_discovery_control(ps)]


@given(some.lists(chances, min_size=1, max_size=12))
def test_holm(ps: list[float]) -> None:
    """What is adjusted to alpha or below is what the steps reject at alpha."""
    adjusted = holm(ps)
    for alpha in {*adjusted, 0.01, 0.05, 0.5}:
        assume(all(p == alpha or abs(p - alpha) > 1e-9 for p in adjusted))
        left, rejected = sorted(range(len(ps)), key=lambda at: ps[at]), set()
        while left and len(left) * ps[left[0]] <= alpha:
            rejected.add(left.pop(0))
        if alpha < 1:
            assert {at for at, p in enumerate(adjusted) if p <= alpha} == rejected


def test_no_family() -> None:
    assert holm([]) == benjamini_hochberg([]) == []


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_what_is_no_p_value(adjust: Callable[[list[float]], list[float]], p: float) -> None:
    with pytest.raises(ValueError, match="a p value lies from 0 to 1"):
        adjust([0.5, p])


# Planning


@pytest.mark.parametrize("alpha", [0.01, 0.025, 0.05])
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_runs_needed(alpha: float, power: float) -> None:
    """Held to the noncentral t distribution."""
    for distance in np.linspace(0.3, 8, 60).tolist():
        n = runs_needed(distance * 0.7, 0.7, alpha=alpha, power=power)
        exact = 2
        while finds(exact, distance, alpha) < power:
            exact += 1
        assert n in (exact, exact + 1), distance


def finds(n: int, distance: float, alpha: float) -> float:
    df = 2 * n - 2
    return float(scipy_stats.nct.sf(scipy_stats.t.isf(alpha, df), df, distance * math.sqrt(n / 2)))


@given(powers(-4, 0), powers(-4, 0), some.sampled_from([0.8, 0.9, 0.95]))
def test_examples_needed(effect: float, se: float, power: float) -> None:
    times = examples_needed(effect, se, power=power)
    if times == math.inf:  # nobody has a billion times as many examples
        assert ((scipy_stats.norm.isf(0.05) + scipy_stats.norm.ppf(power)) * se / effect) ** 2 > 0.99e9
        return
    z = effect / se * math.sqrt(times)
    found = scipy_stats.norm.sf(scipy_stats.norm.isf(0.05) - z)
    assert found == near(power) if times > 1 else found >= power - 1e-9


def test_plans_without_noise_or_without_effect() -> None:
    assert [runs_needed(1, 0), runs_needed(0, 0), runs_needed(0, 1), runs_needed(1e-300, 1e300)] == [2, *[math.inf] * 3]
    assert [examples_needed(1, 0), examples_needed(0, 0), examples_needed(0, 1)] == [1, math.inf, math.inf]


# Whatever comes in

wild = (
    some.floats() | some.sampled_from([0.0, 5e-324, 1e-300, 1e300, 1e308, -1e308]) | some.integers(-(10**400), 10**400)
)
many_wild = some.lists(wild, max_size=8)


def hold(call: Callable[[], Any]) -> None:
    """It gives numbers, or says in a ValueError what makes no sense."""
    try:
        given_back = call()
    except ValueError:
        return
    for number in given_back if isinstance(given_back, tuple | list) else [given_back]:
        assert not math.isnan(number)


def chances_of(shift: Shift, tolerance: float) -> list[float]:
    found = [shift.p_two_sided(), shift.p_above(tolerance), shift.p_below(tolerance)]
    assert all(0 <= p <= 1 for p in found)
    return [*found, *shift.interval(0.9)]


@settings(max_examples=400)
@given(many_wild, many_wild)
def test_any_values(a: list[float], b: list[float]) -> None:
    hold(lambda: chances_of(welch(a, b), 0.1))
    hold(lambda: chances_of(paired_t(a), 0.0))
    hold(lambda: chances_of(nadeau_bengio(a, 0.2), 0.0))
    hold(lambda: mean_and_sd(a))
    hold(lambda: successive_noise(a))
    hold(lambda: mann_whitney(a, b))
    hold(lambda: sign_flip(a))


finite = some.floats(-1e300, 1e300)


@settings(max_examples=400)
@given(some.lists(finite, min_size=2, max_size=8), some.lists(finite, min_size=2, max_size=8), finite)
def test_finite_values_always_have_an_answer(a: list[float], b: list[float], tolerance: float) -> None:
    for shift in (welch(a, b), paired_t(a), nadeau_bengio(a, 0.2)):
        assert not any(map(math.isnan, chances_of(shift, tolerance)))
    assert 0 <= mann_whitney(a, b) <= 1
    assert 0 < sign_flip(a) <= 1
    assert 0 <= successive_noise(a) < math.inf


@settings(max_examples=1000)
@given(*[some.floats() | some.floats(0, 1)] * 4, some.integers(-1, 5), some.integers(-1, 5))
def test_any_numbers(a: float, b: float, c: float, d: float, m: int, n: int) -> None:
    hold(lambda: normal_tail(a))
    hold(lambda: normal_quantile(a))
    hold(lambda: t_tail(a, b))
    hold(lambda: t_quantile(a, b))
    hold(lambda: chances_of(z_of_standard_errors(a, b, c, d), 0.0))
    hold(lambda: chances_of(Shift(a, b, c), 0.0))
    hold(lambda: Shift(a, b, c).interval(d))
    hold(lambda: chances_of(new_against_old(a, b, c, n, k=m, df=d), 0.0))
    hold(lambda: prediction_interval(a, b, n, c, df=d))
    hold(lambda: wilson(m, n, a))
    hold(lambda: mcnemar(m, n))
    hold(lambda: mcnemar_mid_p(m, n))
    hold(lambda: runs_needed(a, b, alpha=c, power=d))
    hold(lambda: examples_needed(a, b, alpha=c, power=d))


@settings(max_examples=500)
@given(some.floats(0, 1, exclude_min=True, exclude_max=True), some.floats(0, exclude_min=True))
@example(5e-324, 3.0)
@example(0.5 - 2**-54, 5e-324)
@example(0.5 - 2**-54, 1e300)
@example(5e-324, 1e-310)
def test_any_share_has_a_quantile(p: float, df: float) -> None:
    t = t_quantile(p, df)
    assert not math.isnan(t)
    if abs(t) < math.inf and 1e-290 < p < 0.5:
        assert t_tail(-t, df) == near(p)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: welch([1.0], [1, 2]), "at least 2 values are needed, not 1"),
        (lambda: paired_t([]), "at least 2 values are needed, not 0"),
        (lambda: mean_and_sd([1, math.nan]), "a value is NaN, infinite or larger than 1e300"),
        (lambda: mann_whitney([1, math.inf], [1]), "a value is NaN, infinite or larger than 1e300"),
        (lambda: sign_flip([-(10**400)]), "a value is NaN, infinite or larger than 1e300"),
        (lambda: Shift(0, 1).interval(95), "the level of an interval lies between 0 and 1, not at 95"),
        (lambda: Shift(0, -1), "no shift of 0 with standard error -1 and df inf"),
        (lambda: z_of_standard_errors(0, -1, 0, 1), "a standard error is not below zero: -1, 1"),
        (lambda: nadeau_bengio([1, 2], 1), "the share of examples tested on lies between 0 and 1, not at 1"),
        (lambda: new_against_old(0, 0, 1, 5, k=0), "at least one old and one new value, not 5 and 0"),
        (lambda: wilson(3, 2), "3 of 2 is no share"),
        (lambda: wilson(0, 0), "0 of 0 is no share"),
        (lambda: mcnemar(-1, 2), "counts are not below zero: -1, 2"),
        (lambda: t_tail(1, 0), "t is a number and df is above zero, not 1 and 0"),
        (lambda: t_quantile(1, 3), "a share lies between 0 and 1, not at 1"),
        (lambda: t_quantile(0.1, -1), "degrees of freedom are above zero, not -1"),
        (lambda: runs_needed(1, -1), "no effect of 1 in noise of -1"),
        (lambda: runs_needed(1, 1, alpha=0.9), "alpha 0.9 and power 0.8 lie between 0 and 1"),
        (lambda: examples_needed(math.nan, 1), "no effect of nan in noise of 1"),
    ],
)
def test_what_makes_no_sense_is_said(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
