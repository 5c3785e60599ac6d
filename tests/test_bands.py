"""Between what several trainings of one side lie, and what of main's last runs is left out of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.bands import MOST_RUNS, PLACES, make_middle, make_range, read_band, tell_band
from cml_bot.draw import describe_curve
from cml_bot.model import Band, Curve, Run, Series
from cml_bot.pairs import pair_curves

LABELS = {"head_label": "this branch", "base_label": "main"}
STEPS = (0.0, 1.0, 2.0, 3.0)


def course(*ys: float, x: tuple[float, ...] = STEPS, replicate: str = "") -> Series:
    return Series(name="loss", group="log.csv", x=x, y=ys, replicate=replicate)


def level(value: float) -> Series:
    return course(*(value + step / 10 for step in STEPS))


def middle_of(*levels: float) -> Band | None:
    return make_middle([level(value) for value in levels], STEPS)


def test_the_range_of_repeated_trainings() -> None:
    found = make_range([level(1), level(3), level(2)], STEPS)
    assert found is not None
    assert (found.low, found.high, found.count, found.is_history) == (level(1).y, level(3).y, 3, False)
    assert make_range([level(1)], STEPS) is None
    assert make_range([level(1), level(1)], STEPS) is None


@pytest.mark.parametrize(("count", "low", "high"), [(5, 0.0, 4.0), (9, 0.0, 8.0), (11, 1.0, 9.0), (40, 21.9, 37.1)])
def test_few_runs_of_main_are_their_range_and_many_their_middle(count: int, low: float, high: float) -> None:
    found = middle_of(*map(float, range(count)))
    assert found is not None
    assert (found.low[0], found.high[0]) == pytest.approx((low, high))
    assert (found.count, found.is_history) == (min(count, MOST_RUNS), True)


def test_four_runs_of_main_are_too_few() -> None:
    assert middle_of(1, 2, 3, 4) is None


@pytest.mark.parametrize("crashed", [100.0, math.nan, math.inf, 10**400])
def test_a_run_that_crashed_is_left_out(crashed: float) -> None:
    levels = [level(1 + step % 5 / 10) for step in range(9)]
    found = make_middle([*levels, course(0.9, 0.9, 0.9, crashed)], STEPS)
    assert found is not None
    assert found.count == 9
    assert max(found.high) < 2


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_a_band_has_places_only_where_there_are_steps(odd: float) -> None:
    found = make_range([level(1), level(3)], [0.0, odd, 3.0])
    assert found is not None
    assert found.x == (0.0, 3.0)
    assert make_range([level(1), level(3)], [odd]) is None


def test_other_steps_are_read_between_and_not_beyond() -> None:
    runs = [course(float(run), float(run + 2), x=(1.0, 3.0)) for run in range(6)]
    found = make_middle(runs, (0.0, 1.0, 2.0, 3.0, 4.0))
    assert found is not None
    assert repr(found.low) == repr((math.nan, 0.0, 1.0, 2.0, math.nan))


@given(st.lists(st.lists(st.floats(), min_size=4, max_size=4), min_size=2, max_size=12))
def test_low_is_never_above_high(rows: list[list[float]]) -> None:
    for found in (
        make_range([course(*row) for row in rows], STEPS),
        make_middle([course(*row) for row in rows], STEPS),
    ):
        if found:
            assert found.x == STEPS
            assert all(low <= high or math.isnan(low) for low, high in zip(found.low, found.high, strict=True))


def test_a_long_course_has_a_band_of_few_places_to_its_end() -> None:
    x = tuple(map(float, range(10_001)))
    found = make_range([course(*x, x=x), course(*(step + 1 for step in x), x=x)], x)
    assert found is not None
    assert len(found.x) <= PLACES + 1
    assert found.x[-1] == x[-1]


def test_a_band_is_read_between_its_steps_and_not_beyond() -> None:
    band = Band(x=(0, 2), low=(0, 2), high=(1, 3), count=9)
    assert read_band(band, 1) == (1, 2)
    assert read_band(band, 3) is None


@pytest.mark.parametrize(
    ("count", "is_history", "said"),
    [
        (10, True, "middle 80 % of 10 runs of main"),
        (9, True, "range of 9 runs of main"),
        (12, False, "range of 12 trainings of main"),
    ],
)
def test_a_band_is_called_what_it_is(count: int, is_history: bool, said: str) -> None:
    assert tell_band(Band(x=(), low=(), high=(), count=count, is_history=is_history), "main") == said


def runs_of_main(count: int) -> list[Run]:
    return [Run(series=(level(1 + run % 3 / 10),)) for run in range(count)]


def curve_of(head: Run, base: Run, history: list[Run]) -> Curve:
    (found,) = pair_curves(head, base, (), history)
    return found


def test_one_training_of_main_has_the_band_of_its_runs_and_the_words_say_where_they_end() -> None:
    past = runs_of_main(8)
    found = curve_of(Run(series=(level(0.5),)), past[-1], past)
    assert found.head_band is None
    assert found.base_band is not None
    assert (found.base_band.count, found.base_band.is_history) == (8, True)
    said = describe_curve(found, **LABELS)
    assert said.endswith("on main, where the range of 8 runs of main goes from 1.3 to 1.5")


def test_repeated_trainings_are_their_own_band() -> None:
    sides = [
        Run(series=tuple(replace(level(at + seed / 10), replicate=str(seed)) for seed in range(3))) for at in (1, 2)
    ]
    found = curve_of(sides[0], sides[1], runs_of_main(8))
    assert found.head_band is not None
    assert found.base_band is not None
    assert [(band.count, band.is_history) for band in (found.head_band, found.base_band)] == [(3, False)] * 2
    assert "range" not in describe_curve(found, **LABELS)


@pytest.mark.parametrize(("factor", "count"), [(1 + 1e-12, 0), (1 + 1e-6, 1)])
def test_what_differs_by_rounding_alone_is_no_change(factor: float, count: int) -> None:
    base = course(0.1, math.nan, -math.inf, 3.0)
    head = course(*(y * factor for y in base.y))
    assert len(pair_curves(Run(series=(head,)), Run(series=(base,)), ())) == count
    huge = course(0.1, math.nan, -math.inf, 10**400)
    assert len(pair_curves(Run(series=(head,)), Run(series=(huge,)), ())) == 1
