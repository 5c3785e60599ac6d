from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.model import Series
from cml_bot.records.thin import thin

VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.integers(-5, 5), min_size=1, max_size=300)


def make(y: list[float], mean: float | None = None) -> Series:
    return Series(name="loss", x=tuple(range(len(y))), y=tuple(y), mean=mean)


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@given(VALUES, st.integers(4, 50))
def test_what_is_kept(y: list[float], count: int) -> None:
    series = make(y)
    thinned = thin(series, count)
    assert len(thinned.x) == len(thinned.y) == min(len(y), count)
    assert all(same(series.y[int(x)], value) for x, value in zip(thinned.x, thinned.y, strict=True))
    assert all(left < right for left, right in pairwise(thinned.x))
    assert (thinned.x[0], thinned.x[-1]) == (0, len(y) - 1)
    numbers, kept = ([value for value in values if not math.isnan(value)] for values in (y, thinned.y))
    if numbers:
        assert (min(kept), max(kept)) == (min(numbers), max(numbers))
    assert thin(thinned, count) == thinned or any(map(math.isnan, y))


@given(st.integers(5, 5000), st.integers(5, 500))
def test_the_rest_lies_at_even_distances(total: int, count: int) -> None:
    thinned = thin(make([float(n) for n in range(total)]), count)
    gaps = [right - left for left, right in pairwise(thinned.x)]
    assert max(gaps, default=0) <= 2 * math.ceil(total / (count - 2))


@given(VALUES)
def test_the_mean_is_of_all_points(y: list[float]) -> None:
    mean = thin(make(y), 4).mean
    numbers = [value for value in y if not math.isnan(value)]
    if len(y) <= 4:
        assert mean is None
    elif not numbers or not all(map(math.isfinite, numbers)):
        assert mean is not None
        assert math.isnan(mean)
    else:
        assert mean == math.fsum(value / len(numbers) for value in numbers)


def test_the_mean_that_is_known_already_stays() -> None:
    assert thin(make([1.0] * 9, mean=7.0), 4).mean == 7.0


@given(
    st.lists(st.floats(allow_nan=True) | st.integers(-5, 5), min_size=12, max_size=300), st.integers(5, 11), st.data()
)
def test_the_step_that_was_kept_stays_with_its_value(y: list[float], count: int, data: st.DataObject) -> None:
    best = data.draw(st.integers(0, len(y) - 1))
    thinned = thin(replace(make(y), best=best), count)
    assert len(thinned.y) == min(len(y), count)
    assert same(thinned.y[thinned.x.index(best)], y[best])


def test_a_kept_step_that_is_not_there_changes_nothing() -> None:
    series = make([float(n) for n in range(90)])
    assert thin(replace(series, best=0.5), 7).x == thin(series, 7).x


@pytest.mark.parametrize("count", [500])
def test_long_series(count: int) -> None:
    y = [math.sin(n / 7) for n in range(1_000_000)]
    assert len(thin(make(y), count).y) == count
