from __future__ import annotations

import math
import random
from array import array
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cml_bot.model import Series, mean_of
from cml_bot.readers._buckets import fold
from cml_bot.readers._course import MOST_KEPT, Course

VALUES = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-3, 3).map(float)
STEPS = st.integers(-20, 60).map(float)


def series_of(points: list[tuple[float, float]]) -> Series:
    course = Course()
    for x, y in points:
        course.add(x, y)
    return course.series("loss")


def wave(n: int) -> array[float]:
    return array("d", (math.sin(step / 700) + (step * 7919 % 1000) / 5000 for step in range(n)))


def steps(n: int, start: int = 0) -> array[float]:
    return array("d", range(start, start + n))


def test_a_short_course_is_what_was_added() -> None:
    found = series_of([(step, step / 7) for step in range(MOST_KEPT)])
    assert found == Series(
        name="loss", x=tuple(range(MOST_KEPT)), y=tuple(step / 7 for step in range(MOST_KEPT)), x_label="step"
    )
    assert found.mean is None


def test_nothing_is_a_series_without_points() -> None:
    course = Course()
    course.extend([], [])
    assert (course.n, course.mean, course.series("loss").x) == (0, None, ())


@given(st.lists(st.tuples(STEPS, VALUES), max_size=60))
def test_the_last_value_at_a_step_counts(points: list[tuple[float, float]]) -> None:
    wanted = dict(points)
    found = series_of(points)
    assert found.x == tuple(sorted(wanted))
    assert repr(found.y) == repr(tuple(wanted[x] for x in found.x))


def test_what_has_no_step_is_counted() -> None:
    course = Course()
    course.extend([1, math.nan, 2, math.inf, 1], [1, 2, 3, 4, 5])
    assert (course.n, course.n_lost, course.n_replaced) == (2, 2, 1)
    assert course.series("loss").y == (5, 3)
    course.extend(array("d", [math.nan]) * 10_000, array("d", [0]) * 10_000)
    assert (course.n, course.n_lost, course.n_replaced) == (2, 10_002, 1)


@pytest.mark.parametrize("n", [MOST_KEPT + 1, 9_000, 65_537, 300_000])
def test_a_long_course_keeps_its_ends_extremes_and_mean(n: int) -> None:
    y = wave(n)
    y[n // 3], y[n // 2] = 99, -99
    course = Course()
    course.extend(steps(n), y)
    found = course.series("loss")
    assert MOST_KEPT / 2 <= len(found.x) <= MOST_KEPT
    assert all(y[int(x)] == value for x, value in zip(found.x, found.y, strict=True))
    assert all(left < right for left, right in pairwise(found.x))
    assert (found.x[0], found.x[-1]) == (0, n - 1)
    assert (found.x[found.y.index(99)], found.x[found.y.index(-99)]) == (n // 3, n // 2)
    assert found.mean == pytest.approx(mean_of(y), rel=1e-13)
    assert (course.n, course.n_replaced, course.n_lost) == (n, 0, 0)
    # No stretch is thinner than another: a share is a power of two.
    gaps = [right - left for left, right in pairwise(found.x)]
    assert max(gaps) <= 2 ** math.ceil(math.log2(n / (MOST_KEPT / 6)))


def test_one_by_one_and_in_bulk_come_to_the_same() -> None:
    y = wave(70_000)
    one, bulk, pieces = Course(), Course(), Course()
    for x, value in enumerate(y):
        one.add(x, value)
    bulk.extend(np.arange(70_000.0), np.array(y))
    for start in range(0, 70_000, 999):
        pieces.extend(range(start, min(start + 999, 70_000)), y[start : start + 999])
    found = [course.series("loss") for course in (one, bulk, pieces)]
    assert found[0].x == found[1].x == found[2].x
    assert found[0].y == found[1].y == found[2].y


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=200), st.lists(st.integers(1, 60), min_size=1), st.integers(6, 40))
def test_whatever_comes_ends_extremes_and_gaps_stay(y: list[float], bites: list[int], most: int) -> None:
    kept, start = None, 0
    while start < len(y):
        bite = bites[start % len(bites)]
        kept, _ = fold(kept, list(range(start, min(start + bite, len(y)))), y[start : start + bite], most)
        start += bite
    assert kept is not None
    found, values = [int(x) for x in kept.x], kept.y.tolist()
    assert len(found) <= most
    assert repr(values) == repr([float(y[x]) for x in found])
    assert (found[0], found[-1], kept.n) == (0, len(y) - 1, len(y))
    numbers = [value for value in y if not math.isnan(value)]
    assert any(map(math.isnan, values)) == (len(numbers) < len(y))
    if numbers:
        assert {y.index(min(numbers)), y.index(max(numbers))} <= set(found)
    close = max([1e-280, *(1e-9 * abs(value) for value in numbers)])
    assert kept.mean == pytest.approx(mean_of(numbers), rel=1e-9, abs=close, nan_ok=True)


def test_the_mean_of_the_largest_numbers_does_not_overflow() -> None:
    course = Course()
    course.extend(steps(10_000), array("d", [1.7e308]) * 10_000)
    assert course.mean == pytest.approx(1.7e308)


def test_a_gap_keeps_its_place() -> None:
    y = wave(100_000)
    y[40_000:60_000] = array("d", [math.nan]) * 20_000
    course = Course()
    course.extend(steps(100_000), y)
    gaps = [x for x, value in zip(course.series("loss").x, course.series("loss").y, strict=True) if math.isnan(value)]
    assert (gaps[0], gaps[-1]) == (40_000, 59_999)
    assert course.mean == pytest.approx(mean_of([value for value in y if not math.isnan(value)]))


def test_a_little_disorder_is_put_right_at_any_length() -> None:
    order = list(range(50_000))
    shuffle = random.Random(1)
    for start in range(0, 50_000, 10):
        order[start : start + 10] = shuffle.sample(order[start : start + 10], 10)
    y = wave(50_000)
    sorted_, mixed = Course(), Course()
    sorted_.extend(steps(50_000), y)
    for x in order:
        mixed.add(x, y[x])
    assert mixed.n == 50_000
    assert mixed.mean == pytest.approx(sorted_.mean)
    found = mixed.series("loss")
    assert (found.x[0], found.x[-1]) == (0, 49_999)
    assert {min(y), max(y)} <= set(found.y)
    assert all(y[int(x)] == value for x, value in zip(found.x, found.y, strict=True))


def test_a_restart_at_an_earlier_step_replaces_what_was_there() -> None:
    course = Course()
    course.extend(steps(40_000), array("d", [1]) * 40_000)
    course.extend(steps(40_000, 20_000), array("d", [0]) * 40_000)
    found = course.series("loss")
    assert len(found.x) <= MOST_KEPT
    assert (found.x[0], found.x[-1]) == (0, 59_999)
    assert all(value == (x < 20_000) for x, value in zip(found.x, found.y, strict=True))
    assert course.n == pytest.approx(60_000, abs=64)
    assert course.n_replaced == pytest.approx(20_000, abs=64)
    assert course.mean == pytest.approx(1 / 3, abs=1e-3)


def test_the_same_steps_twice_over_are_the_second_time() -> None:
    course = Course()
    for y in (1, 2):
        course.extend(steps(30_000), array("d", [y]) * 30_000)
    assert set(course.series("loss").y) == {2}
    assert (course.n, course.n_replaced, course.mean) == (30_000, 30_000, 2)


@pytest.mark.parametrize("n", [100, 50_000])
def test_a_cut_drops_what_a_resumed_run_writes_again(n: int) -> None:
    course = Course()
    course.extend(steps(n), array("d", [1]) * n)
    course.cut(n // 2)
    course.extend(np.arange(n // 2, n, 7.0), np.zeros(len(range(n // 2, n, 7))))
    found = course.series("loss")
    assert all(value == (x < n // 2) for x, value in zip(found.x, found.y, strict=True))
    assert course.n == pytest.approx(n // 2 + math.ceil((n - n // 2) / 7), abs=64)
    assert course.n_replaced == pytest.approx(0, abs=64)


def test_a_step_that_never_changes_is_one_point() -> None:
    course = Course()
    course.extend(array("d", [3]) * 200_000, wave(200_000))
    assert (course.n, course.n_replaced, course.mean) == (1, 199_999, None)
    assert course.series("loss").y == (wave(200_000)[-1],)


def test_steps_and_values_go_together() -> None:
    with pytest.raises(ValueError, match="2 steps of 1 values"):
        Course().extend([1, 2], [1])
