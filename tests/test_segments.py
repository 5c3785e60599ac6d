from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.stats.segments import find_levels, find_outliers, find_shifts, is_flat

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)
ROSNER = """
    -0.25 0.68 0.94 1.15 1.20 1.26 1.26 1.34 1.38 1.43 1.49 1.49 1.55 1.56 1.58 1.65 1.69 1.70 1.76 1.77 1.81 1.91 1.94
    1.96 1.99 2.06 2.09 2.10 2.14 2.15 2.23 2.24 2.26 2.35 2.37 2.40 2.47 2.54 2.62 2.64 2.90 2.92 2.92 2.93 3.21 3.26
    3.30 3.59 3.68 4.30 4.64 5.34 5.42 6.01
"""
"""Vitamin E data of Rosner 1983: https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h3.htm"""


def normal(count: int, seed: int = 3, mean: float = 0.0) -> list[float]:
    dice = random.Random(seed)
    return [mean + dice.gauss() for _ in range(count)]


def test_the_published_outliers_are_found() -> None:
    values = [float(word) for word in ROSNER.split()]
    assert [values[place] for place in find_outliers(values, 0.05)] == [5.34, 5.42, 6.01]


def test_two_crashes_do_not_hide_each_other() -> None:
    values = normal(12)
    values[3] = values[9] = -30.0
    assert find_outliers(values, 0.01) == (3, 9)


def test_several_outliers_at_the_end_are_a_new_level() -> None:
    values = [*normal(12), 40.0, 40.5]
    levels = find_levels(values, screen=0.01, split=0.05)
    assert (levels.outliers, [one.start for one in levels.segments]) == ((), [0, 12])
    assert find_levels([*normal(12), 40.0], screen=0.01, split=0.05).outliers == (12,)


def test_where_the_others_are_equal_nothing_is_far() -> None:
    assert find_outliers([1.0] * 7 + [1.5], 0.05) == ()
    assert find_outliers([1.0] * 5 + [0.1] + [1.0] * 6, 0.01) == (5,)


def test_a_shift_is_found_where_it_is() -> None:
    assert find_shifts(normal(10) + normal(10, seed=5, mean=6.0), 0.05) == (10,)


def test_several_shifts_are_found() -> None:
    values = normal(8) + normal(8, seed=5, mean=8.0) + normal(8, seed=6, mean=16.0)
    assert find_shifts(values, 0.05) == (8, 16)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_neither_scale_nor_offset_counts(scale: float, offset: float) -> None:
    values = [scale * (value + offset) for value in [*normal(10), 40.0, *normal(10, seed=5, mean=6.0)]]
    levels = find_levels(values, screen=0.01, split=0.05)
    assert (levels.outliers, [one.start for one in levels.segments]) == ((10,), [0, 11])


def test_values_equal_to_their_level_shift_only_if_there_are_enough() -> None:
    assert find_shifts([1.0] * 4 + [2.0] * 4, 0.05) == (4,)
    assert find_shifts([1.0] * 3 + [2.0] * 3, 0.05) == ()
    assert find_shifts([1.0] * 8 + [2.0] * 2, 0.05) == (8,)


@pytest.mark.parametrize(("size", "level"), [(6, 0.1), (10, 0.05), (20, 0.02)])
def test_the_level_is_that_of_the_whole_test(size: int, level: float) -> None:
    dice = random.Random(size)
    rows = [[dice.gauss() for _ in range(size)] for _ in range(4000)]
    # Both tests share the level out by Bonferroni, so they may be rarer, and three standard errors are chance.
    most = level + 3 * (level / 4000) ** 0.5
    assert sum(bool(find_outliers(row, level)) for row in rows) / 4000 < 1.3 * most
    assert sum(bool(find_shifts(row, level)) for row in rows) / 4000 < most


@given(VALUES, st.floats(1e-4, 0.3), st.floats(1e-4, 0.3))
def test_every_value_is_in_one_segment_or_left_out(values: list[float], screen: float, split: float) -> None:
    levels = find_levels(values, screen=screen, split=split)
    assert levels.n + len(levels.outliers) == len(values)
    assert [one.start for one in levels.segments[1:]] == [one.end for one in levels.segments[:-1]]
    assert (levels.segments[0].start, levels.segments[-1].end) == (0, len(values))
    assert len(levels.outliers) <= max(1, len(values) // 4)
    assert levels.df == levels.n - len(levels.segments) >= 1
    assert levels.sd >= 0


@given(VALUES)
def test_turning_the_sign_around_finds_the_same(values: list[float]) -> None:
    there, back = (find_levels(row, screen=0.05, split=0.1) for row in (values, [-value for value in values]))
    assert [(one.start, one.n) for one in there.segments] == [(one.start, one.n) for one in back.segments]


def test_the_order_of_a_sum_is_no_scatter() -> None:
    assert is_flat([0.1 + 0.2, 0.3])
    assert not is_flat([0.3, 0.3001])
