from __future__ import annotations

import math
import random
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from cml_bot.stats.band import FEWEST, Band, weigh_against

HISTORY = [0.842, 0.846, 0.839, 0.844, 0.841, 0.838, 0.845, 0.843, 0.840, 0.842]
VALUES = st.lists(st.floats(-1e3, 1e3), min_size=FEWEST, max_size=30)


def band(history: list[float], head: float, tolerance: float = 0.0, k: int = 1) -> Band:
    found = weigh_against(history, head, tolerance=tolerance, k=k)
    assert found is not None
    return found


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("head", [0.838, 0.8365, 0.8475])
def test_a_stable_history_gives_the_t_prediction_interval(head: float, k: int) -> None:
    n, mean = len(HISTORY), math.fsum(HISTORY) / len(HISTORY)
    error = float(scipy_stats.tstd(HISTORY)) * math.sqrt(1 / k + 1 / n)
    found = band(HISTORY, head, k=k)
    t = (head - mean) / error
    assert found.interval == pytest.approx(scipy_stats.t.interval(0.95, n - 1, mean, error))
    for p, expected in ((found.low, scipy_stats.t.cdf(t, n - 1)), (found.high, scipy_stats.t.sf(t, n - 1))):
        assert p == pytest.approx(expected) or expected < 0.01


def test_a_crash_does_not_blind_it() -> None:
    crashed = [*HISTORY[:4], 0.1, *HISTORY[4:]]
    found = band(crashed, 0.82)
    assert found.levels.outliers == (4,)
    assert found.low < 0.01
    assert found.expected == pytest.approx(math.fsum(HISTORY) / len(HISTORY))


def test_what_main_lost_before_is_not_held_against_the_change() -> None:
    shifted = HISTORY + [value - 0.03 for value in HISTORY]
    found = band(shifted, 0.812)
    assert [one.start for one in found.levels.segments] == [0, 10]
    assert found.low > 0.3
    assert band(shifted, 0.795).low < 0.01


def test_a_base_that_fell_alone_is_told_and_not_held_against_a_head_like_it() -> None:
    fell = [*HISTORY, 0.83]
    like, between, below = (band(fell, head) for head in (0.830, 0.8355, 0.80))
    assert like.is_base_odd
    assert not like.levels.outliers
    assert like.low > 0.05
    assert between.low > 0.3
    assert below.low < 0.01


@pytest.mark.parametrize(
    ("base", "head", "is_open"),
    [
        (0.10, 0.10, True),  # crashed like the base, or main is on a new level
        (0.10, 0.82, True),  # between: worse than main was, better than main is
        (0.10, 0.842, False),  # as main was
        (0.10, 0.90, False),  # better than both
        (0.10, 0.01, False),  # worse than both
        (0.83, 0.830, True),
        (0.83, 0.80, False),
    ],
)
def test_with_an_odd_base_only_what_is_beyond_both_is_told(base: float, head: float, is_open: bool) -> None:
    found = band([*HISTORY, base], head)
    assert (found.is_base_odd, found.is_open) == (True, is_open)


def test_a_base_is_odd_beside_a_later_level_too() -> None:
    shifted = HISTORY + [value + 0.05 for value in HISTORY]
    crashed, fell = [*shifted, 0.1], [*shifted, 0.88]
    assert band(crashed, 0.105).is_base_odd
    assert band(crashed, 0.105).low > 0.05
    assert band(crashed, 0.86).low < 0.01
    assert band(fell, 0.886).low > 0.3
    assert band(fell, 0.86).low < 0.01


def test_where_the_last_run_is_not_the_base_nothing_is_odd() -> None:
    fell = [*HISTORY, 0.83]
    found = weigh_against(fell, 0.826, has_base=False)
    assert found is not None
    assert not found.is_base_odd
    assert found.low < band(fell, 0.826).low


def test_a_base_that_crashed_does_not_excuse_a_head_that_fell() -> None:
    found = band([*HISTORY, 0.1], 0.82)
    assert found.is_base_odd
    assert found.low < 0.01


def test_no_scatter_means_that_any_change_is_one() -> None:
    assert weigh_against([3.0] * FEWEST, 3.1) is None


def test_a_tolerance_makes_it_harder_and_never_easier() -> None:
    plain, wide = band(HISTORY, 0.83), band(HISTORY, 0.83, tolerance=0.01)
    assert plain.low < wide.low
    assert band(HISTORY, 0.842, tolerance=0.01).p == 1.0


def test_several_trainings_say_more_than_one() -> None:
    assert band(HISTORY, 0.8365, k=5).low < band(HISTORY, 0.8365).low


@given(VALUES, st.floats(-1e3, 1e3), st.floats(0, 10))
def test_chances_are_chances(history: list[float], head: float, tolerance: float) -> None:
    found = weigh_against(history, head, tolerance=tolerance)
    if found is not None:
        assert 0 <= found.low <= 1
        assert 0 <= found.high <= 1
        assert found.low + found.high >= 1 - 1e-9 or found.is_base_odd or tolerance == 0
        assert found.interval[0] <= found.expected <= found.interval[1]


@given(VALUES, st.floats(-1e3, 1e3))
def test_up_is_down_in_the_mirror(history: list[float], head: float) -> None:
    there, back = weigh_against(history, head), weigh_against([-value for value in history], -head)
    assert (there is None) == (back is None)
    if there and back:
        assert (there.low, there.high) == pytest.approx((back.high, back.low), abs=1e-6)


@given(st.integers(0, 10**6))
def test_farther_down_is_never_less_sure(seed: int) -> None:
    dice = random.Random(seed)
    history = [dice.gauss() for _ in range(dice.randint(FEWEST, 30))]
    # Where the base is odd, a head like it is the least surprising.
    history[-1] = statistics.median(history[:-1])
    chances = [band(history, -step / 4).low for step in range(40)]
    assert all(late <= early + 1e-12 for early, late in pairwise(chances))
