from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cml_bot.compare import compare
from cml_bot.model import Delta, Evidence, Goal, Method, Metric, Of, Role, Rule, Run, Series, Tolerance, Trend
from tests.making import make_metric, make_run

FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
NUMBERS = FINITE | st.sampled_from([math.nan, math.inf, -math.inf])


def delta(head: float, base: float, **rule: object) -> Delta:
    rules = (Rule(pattern="score_x", **rule),) if rule else ()  # type: ignore[arg-type]
    [found] = compare(make_run(score_x=head), make_run(score_x=base), rules)
    return found


def test_a_difference_with_one_run_a_side_is_unclear_and_says_what_decides() -> None:
    found = delta(0.9, 0.8, goal=Goal.HIGHER)
    assert found.trend is Trend.UNCLEAR
    assert found.evidence.decide == "5 recorded runs of main would tell"
    assert (found.evidence.n_head, found.evidence.n_base) == (1, 1)


def test_equal_is_same() -> None:
    assert delta(0.9, 0.9).trend is Trend.SAME
    assert delta(0, 0.0).trend is Trend.SAME


def test_the_order_of_a_sum_is_no_change() -> None:
    assert delta(0.1 + 0.2, 0.3).trend is Trend.SAME
    assert delta(1e-20, 2e-20).trend is Trend.UNCLEAR


@pytest.mark.parametrize(
    ("head", "base", "tolerance", "trend"),
    [
        (0.905, 0.9, Tolerance(amount=0.01), Trend.SAME),
        (0.92, 0.9, Tolerance(amount=0.01), Trend.UNCLEAR),
        (0.895, 0.9, Tolerance(amount=0.01, is_relative=True), Trend.SAME),
        (-101.0, -100.0, Tolerance(amount=0.02, is_relative=True), Trend.SAME),
    ],
)
def test_tolerance(head: float, base: float, tolerance: Tolerance, trend: Trend) -> None:
    assert delta(head, base, tolerance=tolerance).trend is trend


@pytest.mark.parametrize(
    ("head", "base", "trend"),
    [
        (math.nan, 0.9, Trend.WORSE),
        (math.inf, 0.9, Trend.WORSE),
        (0.9, math.nan, Trend.BETTER),
        (math.nan, math.nan, Trend.UNCLEAR),
        (math.inf, math.inf, Trend.UNCLEAR),
    ],
)
@pytest.mark.parametrize("goal", [Goal.HIGHER, Goal.LOWER])
def test_what_is_no_number_is_never_equal(head: float, base: float, trend: Trend, goal: Goal) -> None:
    assert delta(head, base, goal=goal).trend is trend


def test_one_side_only() -> None:
    new, gone = compare(make_run(a=1), make_run(b=2))
    assert (new.key.name, new.trend) == ("a", Trend.NEW)
    assert (gone.key.name, gone.trend) == ("b", Trend.GONE)
    assert compare(make_run(a=1), None)[0].trend is Trend.NEW


def test_the_order_is_the_heads() -> None:
    found = compare(make_run(c=1, a=1, b=1), make_run(b=1, z=1, a=1))
    assert [one.key.name for one in found] == ["c", "a", "b", "z"]


def test_files_are_kept_apart() -> None:
    head = Run(metrics=(make_metric("acc", 1, group="a.json"), make_metric("acc", 2, group="b.json")))
    base = Run(metrics=(make_metric("acc", 1, group="a.json"), make_metric("acc", 1, group="b.json")))
    assert [one.trend for one in compare(head, base)] == [Trend.SAME, Trend.UNCLEAR]


def test_rules_merge_and_the_first_that_names_a_property_decides() -> None:
    rules = (Rule(pattern="*loss", unit="nats"), Rule(pattern="val*", goal=Goal.HIGHER, unit="bits", headline=True))
    [found] = compare(make_run(val_loss=1), make_run(val_loss=2), rules)
    assert (found.unit, found.goal, found.role) == ("nats", Goal.HIGHER, Role.HEADLINE)


def test_roles() -> None:
    rules = (Rule(pattern="n_test", headline=True),)
    [epoch, n_test, seconds, acc] = compare(
        make_run(epoch=3, n_test=10, train_seconds=3.0, acc=1), None, rules, ["tr*"]
    )
    assert [one.role for one in (epoch, n_test, seconds, acc)] == [
        Role.BOOKKEEPING,
        Role.HEADLINE,
        Role.HEADLINE,
        Role.QUALITY,
    ]


def course(*ys: float, name: str = "val_loss", x_label: str = "epoch") -> Series:
    xs = tuple(float(x) for x in range(len(ys)))
    return Series(name=name, x=xs, y=ys, group="history.csv", x_label=x_label, source="history.csv")


@pytest.mark.parametrize(
    ("of", "value"), [(None, 0.4), (Of.LAST, 0.4), (Of.BEST, 0.2), (Of.MIN, 0.2), (Of.MAX, 0.9), (Of.MEAN, 0.5)]
)
def test_one_value_stands_for_a_series(of: Of | None, value: float) -> None:
    rules = (Rule(pattern="val_loss", of=of),)
    [found] = compare(Run(series=(course(0.9, math.nan, 0.2, 0.4),)), None, rules)
    assert found.head is not None
    assert found.head.value == pytest.approx(value)
    assert "of 4" in found.head.source


def test_a_series_that_ends_in_nan_says_so() -> None:
    [found] = compare(Run(series=(course(0.9, math.nan),)), None)
    assert found.head is not None
    assert math.isnan(found.head.value)


def test_a_series_is_no_second_row_beside_a_metric_of_its_name() -> None:
    run = Run(series=(course(0.9, 0.4),), metrics=(make_metric("val_loss", 0.35),))
    assert [one.key.group for one in compare(run, None)] == ["metrics.json"]


def test_a_curve_over_something_else_than_steps_has_no_row() -> None:
    assert compare(Run(series=(course(0.0, 1.0, name="tpr", x_label="fpr"),)), None) == ()


@given(NUMBERS, NUMBERS)
def test_swapping_sides_negates_the_change(one: float, other: float) -> None:
    there, back = delta(one, other), delta(other, one)
    assert there.evidence.is_real == back.evidence.is_real
    if there.change is not None and math.isfinite(there.change):
        assert back.change == -there.change


SWAPPED = {Trend.BETTER: Trend.WORSE, Trend.WORSE: Trend.BETTER}


def real(head: float, base: float, goal: Goal) -> Delta:
    """A change that was told from noise."""
    sides = make_metric("score_x", head), make_metric("score_x", base)
    evidence = Evidence(method=Method.WELCH, is_real=True)
    return Delta(key=sides[0].key, head=sides[0], base=sides[1], goal=goal, evidence=evidence)


@given(NUMBERS, NUMBERS)
def test_swapping_the_goal_swaps_better_and_worse(head: float, base: float) -> None:
    up, down = real(head, base, Goal.HIGHER).trend, real(head, base, Goal.LOWER).trend
    assert {up, down} <= set(SWAPPED)
    # What is no number is bad, whichever way is good.
    assert down is (SWAPPED[up] if math.isfinite(head) and math.isfinite(base) else up)


@given(FINITE, FINITE, st.sampled_from([Goal.HIGHER, Goal.LOWER]))
def test_swapping_the_sides_swaps_better_and_worse(one: float, other: float, goal: Goal) -> None:
    assume(one != other)
    assert real(other, one, goal).trend is SWAPPED[real(one, other, goal).trend]


@given(FINITE, FINITE)
def test_higher_is_better_where_higher_is_the_goal(one: float, other: float) -> None:
    assume(one != other)
    assert real(max(one, other), min(one, other), Goal.HIGHER).trend is Trend.BETTER


@given(NUMBERS, NUMBERS)
def test_a_real_change_without_a_goal_is_neither(head: float, base: float) -> None:
    assert real(head, base, Goal.NONE).trend is Trend.CHANGED


def test_a_share_of_a_base_that_is_no_number_is_no_tolerance() -> None:
    history = [make_run(score_x=0.8 + n / 1000) for n in range(9)]
    base = make_run(score_x=math.nan)
    rules = [Rule(pattern="score_x", goal=Goal.HIGHER, tolerance=Tolerance(amount=0.01, is_relative=True))]
    [found] = compare(make_run(score_x=0.804), base, rules, history=[*history, base])
    assert (found.trend, found.tolerance) == (Trend.SAME, 0.0)


def test_what_was_measured_under_other_conditions_is_not_told_apart() -> None:
    here, there = (Metric(name="acc", values=(value,), conditions=task) for value, task in ((0.9, "v2"), (0.8, "v1")))
    past = [Run(sha=f"{n:040x}", metrics=(replace(there, values=(0.8 + n / 1000,)),)) for n in range(12)]
    [delta] = compare(Run(metrics=(here,)), Run(metrics=(there,)), history=past)
    assert (delta.trend, delta.evidence.note) == (Trend.UNCLEAR, "the conditions differ")
    assert delta.evidence.n_history == 0
    [alike] = compare(Run(metrics=(replace(here, conditions="v1"),)), Run(metrics=(there,)), history=past)
    assert alike.trend is Trend.BETTER
