from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from cml_bot.compare import compare
from cml_bot.model import Delta, Evidence, Goal, Method, Metric, Repeats, Rule, Run, Series, Trend
from cml_bot.names import tell_size
from cml_bot.weigh import weigh
from cml_bot.wording import second_line
from cml_bot.wording_noise import tell_methods
from cml_bot.wording_rows import sort_rows
from tests.making import make_history, make_metric, make_report, make_run

RULES = (Rule(pattern="*", goal=Goal.HIGHER),)
ANY = st.floats() | st.integers(-(10**300), 10**300)


def metric(*values: float, labels: tuple[str, ...] = (), stderr: float | None = None, n: int | None = None) -> Metric:
    return replace(make_metric("score_x", *values), labels=labels, stderr=stderr, n_items=n)


def past(*values: float) -> list[Metric]:
    return [metric(value) for value in values]


BAND = past(0.842, 0.846, 0.839, 0.844, 0.841, 0.838, 0.845, 0.843, 0.840, 0.842)


def test_repeated_trainings_are_weighed_by_welch() -> None:
    head, base = metric(0.91, 0.92, 0.90, 0.915, 0.905), metric(0.88, 0.89, 0.875, 0.885, 0.87)
    found = weigh(head, base, BAND, 0.0)
    assert (found.method, found.is_real, found.n_head, found.n_base) == ("welch", True, 5, 5)
    assert found.p == pytest.approx(0.000323393, rel=1e-5)
    assert found.noise == pytest.approx(0.01153003, rel=1e-5)


def test_the_same_labels_make_pairs() -> None:
    head = metric(0.92, 0.89, 0.85, labels=("2", "1", "3"))
    base = metric(0.88, 0.907, 0.842, labels=("1", "2", "3"))
    found = weigh(head, base, (), 0.0)
    expected = scipy_stats.ttest_rel([0.89, 0.92, 0.85], [0.88, 0.907, 0.842])
    assert found.method == "paired t"
    assert found.p == pytest.approx(float(expected.pvalue))


FOLDS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def folds(*values: float, labels: tuple[str, ...] = FOLDS) -> Metric:
    return replace(metric(*values, labels=labels[: len(values)]), repeats=Repeats.FOLDS)


def test_folds_are_weighed_by_the_corrected_t() -> None:
    """Not by the paired t, whose p would be 0.0012: the folds' trainings share most of their examples."""
    d = (0.01, 0.02, -0.005, 0.015, 0.012, 0.018, 0.003, 0.009, 0.011, 0.014)
    found = weigh(folds(*(0.8 + one for one in d)), folds(*[0.8] * 10), BAND, 0.0)
    assert (found.method, found.is_real, found.n_head) == ("corrected t", True, 10)
    assert found.p == pytest.approx(0.0110334768, rel=1e-6)
    assert tell_size(found) == "10 folds"
    unclear = weigh(folds(0.81, 0.79, 0.84, 0.8, 0.83), folds(*[0.8] * 5), (), 0.0)
    assert (unclear.is_real, unclear.decide) == (None, "cross-validation of other splits would tell")


@pytest.mark.parametrize(
    ("head", "base"),
    [
        (folds(0.81, 0.82, 0.83), folds(0.7, 0.71, 0.72)),
        (folds(0.81, 0.82, 0.83, 0.8, 0.8), folds(0.7, 0.71, 0.72, 0.7)),
        (folds(0.81, 0.82, 0.83, 0.8, 0.8), folds(0.7, 0.71, 0.72, 0.7, 0.7, labels=("a", "b", "c", "d", "e"))),
        (folds(0.81, 0.82, 0.83, 0.8, 0.8), metric(0.7, 0.71, 0.72, 0.7, 0.7)),
        (folds(0.81, 0.82, 0.83, 0.8, 0.8), metric(0.7)),
        (folds(0.81, 0.82, 0.83, 0.8, math.inf, labels=FOLDS), metric(0.7, 0.7)),
    ],
    ids=["few", "other number", "other labels", "trainings", "one", "infinite"],
)
def test_other_folds_tell_nothing_of_noise(head: Metric, base: Metric) -> None:
    found = weigh(head, base, (), 0.0)
    assert found.method in {Method.NONE, Method.NOT_FINITE}
    if found.method is Method.NONE:
        assert found.decide == "the same 5 folds or more on both sides would tell"


def test_the_history_of_a_cross_validation_counts_by_its_means() -> None:
    past = [folds(*(value + fold / 100 for fold in range(3))) for value in (0.8, 0.802, 0.799, 0.801, 0.798, 0.8)]
    assert weigh(folds(0.7, 0.71, 0.72), past[-1], past, 0.0).method is Method.PREDICTION


def test_timings_are_told_as_such() -> None:
    head, base = (replace(metric(*values), repeats=Repeats.TIMINGS) for values in ((1.2, 1.3), (1.1, 1.25)))
    found = weigh(head, base, (), 0.0)
    assert (found.method, tell_size(found)) == ("welch", "2 timings a side")
    assert found.decide.endswith("timings a side would tell")


SEEDS = ("1", "2", "3")


def test_a_few_equal_differences_of_one_step_are_rounding() -> None:
    found = weigh(metric(0.92, 0.89, 0.85, labels=SEEDS), metric(0.91, 0.88, 0.84, labels=SEEDS), (), 0.0)
    assert (found.is_real, found.decide) == (None, "4 trainings a side would tell")
    assert weigh(metric(*[0.92] * 5), metric(*[0.91] * 5), (), 0.0).is_real


@pytest.mark.parametrize(
    ("heads", "bases"),
    [
        ((0.87, 0.84, 0.8), (0.82, 0.79, 0.75)),  # five steps of the last decimal
        ((0.8612, 0.8305, 0.8151), (0.8562, 0.8255, 0.8101)),
        (tuple(0.01 + value / 7.3 for value in (5, 6, 6.5)), tuple(value / 7.3 for value in (5, 6, 6.5))),
    ],
)
def test_three_equal_differences_beyond_rounding_are_a_change(
    heads: tuple[float, ...], bases: tuple[float, ...]
) -> None:
    found = weigh(metric(*heads, labels=SEEDS), metric(*bases, labels=SEEDS), (), 0.0)
    assert (found.method, found.is_real) == ("paired t", True)
    assert weigh(metric(*heads[:2], labels=SEEDS[:2]), metric(*bases[:2], labels=SEEDS[:2]), (), 0.0).is_real is None


def test_three_seeds_of_a_test_set_of_seven_examples_tell_nothing() -> None:
    found = weigh(metric(*[6 / 7] * 3, labels=SEEDS), metric(*[5 / 7] * 3, labels=SEEDS), (), 0.0)
    assert (found.is_real, found.decide) == (None, "4 trainings a side would tell")


def test_a_step_of_the_last_digit_takes_twenty_runs_to_tell() -> None:
    few = weigh(metric(0.86), metric(0.85), past(*[0.85] * 8), 0.0)
    assert (few.method, few.is_real) == (Method.DETERMINISTIC, None)
    assert few.decide == "it is one step of the last digit, and 11 more runs of main would tell"
    assert weigh(metric(0.86), metric(0.85), past(*[0.85] * 19), 0.0).is_real
    assert weigh(metric(0.87), metric(0.85), past(*[0.85] * 8), 0.0).is_real
    assert weigh(metric(0.861234), metric(0.851234), past(*[0.851234] * 8), 0.0).is_real


def test_a_step_that_main_took_itself_is_none() -> None:
    found = weigh(metric(0.86), metric(0.85), past(*[0.85] * 9, 0.86, *[0.85] * 10), 0.0)
    assert (found.is_real, found.decide[-31:]) == (None, "19 more runs of main would tell")


def test_one_example_more_of_a_known_number_is_one_step() -> None:
    head, base = metric(158 / 171, n=171), metric(157 / 171, n=171)
    assert weigh(head, base, [base] * 8, 0.0).is_real is None
    assert weigh(metric(160 / 171, n=171), base, [base] * 8, 0.0).is_real


@pytest.mark.parametrize("labels", [("1", "2", "4"), (), ("1", "1", "3")])
def test_other_labels_do_not(labels: tuple[str, ...]) -> None:
    found = weigh(metric(0.92, 0.89, 0.85, labels=("1", "2", "3")), metric(0.88, 0.91, 0.84, labels=labels), (), 0.0)
    assert found.method == "welch"


def test_two_trainings_a_side_that_say_nothing_are_unclear() -> None:
    found = weigh(metric(0.92, 0.95), metric(0.91, 0.93), (), 0.0)
    assert found.is_real is None
    assert found.decide == "about 19 trainings a side would tell"


def test_standard_errors_are_weighed_by_z() -> None:
    """The example of lm-evaluation-harness' own comparison."""
    found = weigh(metric(0.655, stderr=0.0067), metric(0.630, stderr=0.0068), (), 0.0)
    assert (found.method, found.is_real) == ("standard errors", True)
    assert found.p == pytest.approx(0.0088228761, rel=1e-6)


def test_an_unclear_evaluation_says_how_many_examples_would_tell() -> None:
    found = weigh(metric(0.512, stderr=0.0067, n=5000), metric(0.5, stderr=0.0068, n=5000), (), 0.0)
    assert found.is_real is None
    assert found.decide == "about 14\u202f564 more examples would tell"
    blind = weigh(metric(0.512, stderr=0.0067), metric(0.5, stderr=0.0068), (), 0.0)
    assert blind.decide == "about 3.9 times as many examples would tell"


def test_one_run_is_held_against_the_runs_of_main() -> None:
    worse, within = weigh(metric(0.82), BAND[-1], BAND, 0.0), weigh(metric(0.8385), BAND[-1], BAND, 0.0)
    assert (worse.method, worse.is_real, worse.n_history) == ("prediction interval", True, 10)
    assert worse.expected == pytest.approx(0.842)
    assert (within.is_real, within.decide) == (False, "")


def test_few_runs_of_main_say_how_many_more() -> None:
    found = weigh(metric(0.8), BAND[-1], BAND[:3], 0.0)
    assert (found.is_real, found.n_history, found.decide) == (None, 3, "2 more runs of main would tell")


def test_runs_that_are_no_numbers_are_left_out_and_counted() -> None:
    found = weigh(metric(0.82), BAND[-1], [*past(math.nan, math.inf), *BAND], 0.0)
    assert found.n_history == 10
    assert "2 runs of main left out" in found.note


def test_a_history_without_scatter_is_deterministic() -> None:
    found = weigh(metric(130), metric(128), past(*[128] * 5), 0.0)
    assert (found.method, found.is_real) == ("deterministic", True)
    assert weigh(metric(130), metric(128), past(*[128] * 4), 0.0).is_real is None


def test_runs_of_main_come_before_standard_errors_unless_they_are_all_equal() -> None:
    head, base = metric(0.82, stderr=0.0067), metric(0.842, stderr=0.0067)
    assert weigh(head, base, [*BAND[:-1], base], 0.0).method is Method.PREDICTION
    assert weigh(head, base, [base] * 6, 0.0).method is Method.ERRORS
    assert weigh(head, base, [base] * 3, 0.0).method is Method.ERRORS


@pytest.mark.parametrize(
    ("values", "head", "trend"),
    [
        ([0.9] * 5 + [0.1] + [0.9] * 6, 0.5, Trend.WORSE),  # one crash on the way
        ([0.9] * 10 + [0.92] * 3, 0.90, Trend.WORSE),  # a new level
        ([0.9] * 9 + [0.1], 0.5, Trend.WORSE),  # main's own run crashed
        ([0.9] * 9 + [0.1], 0.9, Trend.SAME),
    ],
)
def test_one_odd_run_does_not_blind_what_is_else_all_equal(values: list[float], head: float, trend: Trend) -> None:
    history = [sides(score_x=value) for value in values]
    [found] = compare(sides(score_x=head), history[-1], RULES, history=history)
    assert (found.evidence.method, found.trend) == (Method.DETERMINISTIC, trend)


def test_a_head_like_an_odd_base_is_unclear() -> None:
    history = [sides(score_x=one.value) for one in [*BAND, metric(0.1)]]
    for head in (0.11, 0.8):
        [found] = compare(sides(score_x=head), history[-1], RULES, history=history)
        assert found.trend is Trend.UNCLEAR
        assert found.shown_base == pytest.approx(0.842)
        assert found.evidence.decide.startswith("main's own run lies outside")


def test_only_the_last_level_counts_where_nothing_scatters() -> None:
    found = weigh(metric(0.7), metric(0.9), past(*[0.8] * 5, *[0.9] * 5), 0.0)
    assert (found.method, found.n_history) == (Method.DETERMINISTIC, 5)
    assert found.note.startswith("the last 5 runs")


def test_a_base_that_is_not_in_the_band_is_not_blamed() -> None:
    """Its runs are of one training, and the base is the mean of two."""
    history = [*BAND, metric(0.80), metric(0.79, 0.81)]
    found = weigh(metric(0.82), history[-1], history, 0.0)
    assert "lies itself outside" not in found.note


def test_tolerance_counts_before_everything() -> None:
    assert weigh(metric(0.82), BAND[-1], BAND, 0.05).method == "tolerance"


def test_a_mean_of_several_is_held_against_single_runs_but_not_the_other_way_round() -> None:
    several = weigh(metric(0.835, 0.836, 0.834), BAND[-1], BAND, 0.0)
    assert (several.method, several.is_real, several.n_head) == ("prediction interval", True, 3)
    repeated = [metric(0.84, 0.85, 0.83)] * 6
    found = weigh(metric(0.8), repeated[-1], repeated, 0.0)
    assert (found.is_real, found.decide) == (None, "repeat this training as main's was repeated")


def test_what_is_left_out_is_told() -> None:
    crashed = [*BAND[:4], metric(0.1), *BAND[4:]]
    found = weigh(metric(0.82), crashed[-1], crashed, 0.0)
    assert found.note == "1 of 11 runs left out as an outlier"
    assert found.outliers == (0.1,)
    odd = weigh(metric(0.82), metric(0.1), [*BAND, metric(0.1)], 0.0)
    assert "the run it is compared with lies itself outside" in odd.note


def sides(**values: float) -> Run:
    return Run(metrics=tuple(make_metric(name, value) for name, value in values.items()))


def test_of_twenty_metrics_one_is_as_far_off_by_chance() -> None:
    history = make_history(20, {f"m{n}": (0.85, 0.004) for n in range(20)})
    extreme = compare(sides(**{f"m{n}": 0.8 for n in range(20)}), history[-1], RULES, history=history)
    bands = {delta.key.name: delta.evidence.interval or (0.0, 0.0) for delta in extreme}
    low = bands["m0"][0] - 0.0002
    [alone] = compare(sides(m0=low), sides(m0=0.85), RULES, history=[sides(m0=run.metrics[0].value) for run in history])
    assert alone.trend is Trend.WORSE
    middle = {name: (low + high) / 2 for name, (low, high) in bands.items()}
    first, *_ = compare(sides(**middle | {"m0": low}), history[-1], RULES, history=history)
    assert first.trend is Trend.UNCLEAR
    assert first.evidence.decide.startswith("outside of its own noise, but one of 20 metrics may be so by chance")
    assert (first.evidence.p or 1) < 0.05 < (first.evidence.adjusted or 0)


def test_other_data_leave_nothing_to_tell() -> None:
    head, base = Run(metrics=(metric(0.1, 0.11, 0.12),)), Run(metrics=(metric(0.9, 0.91, 0.92),))
    [found] = compare(head, base, RULES, is_alike=False)
    assert (found.trend, found.evidence.decide) == (Trend.UNCLEAR, "both sides with the same data would tell")
    [same] = compare(head, head, RULES, is_alike=False)
    assert same.trend is Trend.SAME


def test_replicates_of_a_curve_become_one_metric() -> None:
    def course(replicate: str, last: float) -> Series:
        return Series(name="val/acc", x=(1.0, 2.0), y=(0.1, last), group="h", x_label="epoch", replicate=replicate)

    [found] = compare(Run(series=(course("1", 0.8), course("2", 0.9))), None)
    assert found.head is not None
    assert (found.head.values, found.head.labels) == ((0.8, 0.9), ("1", "2"))


def test_the_level_of_main_decides_which_way_it_went() -> None:
    """A base that crashed does not make a head look better that is no better than main was."""
    history = [sides(score_x=one.value) for one in [*BAND, metric(0.1)]]
    [found] = compare(sides(score_x=0.9), history[-1], RULES, history=history)
    assert found.trend is Trend.BETTER
    [found] = compare(sides(score_x=0.843), history[-1], RULES, history=history)
    assert ((found.change or 0) > 0.7, found.trend) == (True, Trend.SAME)


def test_a_base_that_is_no_number_is_stood_for_by_the_runs_before() -> None:
    history = [*BAND, metric(math.nan)]
    found = weigh(metric(0.8425), history[-1], history, 0.0)
    assert (found.method, found.is_real) == (Method.PREDICTION, False)
    assert weigh(metric(0.8425), metric(math.nan), (), 0.0).method is Method.NOT_FINITE
    assert weigh(metric(3.0), metric(math.nan), past(*[3.0] * 9, math.nan), 0.0).is_real is False


def test_a_metric_that_the_base_alone_lacks_is_not_new() -> None:
    history = [*(sides(score_x=one.value) for one in BAND), Run(metrics=(make_metric("other", 1.0),))]
    [found, _] = compare(sides(score_x=0.7), history[-1], RULES, history=history)
    assert found.trend is Trend.WORSE
    assert found.evidence.note.startswith("the run that is compared with lacks it")


def test_values_too_small_to_square_are_not_taken_for_equal() -> None:
    history = past(*(1e-170 * (1 + n / 1000) for n in range(8)))
    assert weigh(metric(2e-170), history[-1], history, 0.0).is_real is None


@given(ANY, ANY, st.lists(ANY, max_size=12), st.floats(0, 1e9))
def test_no_number_breaks_it(head: float, base: float, history: list[float], tolerance: float) -> None:
    found = weigh(metric(head), metric(base), past(*history), tolerance)
    assert isinstance(found, Evidence)
    assert found.p is None or 0 <= found.p <= 1


@given(st.lists(ANY, min_size=1, max_size=4), st.lists(ANY, min_size=1, max_size=4), st.none() | st.floats())
def test_no_replicates_break_it(head: list[float], base: list[float], stderr: float | None) -> None:
    found = weigh(metric(*head, stderr=stderr), metric(*base, stderr=stderr), (), 0.0)
    assert found.is_real in (True, False, None)


def test_a_delta_knows_its_reference() -> None:
    evidence = Evidence(method=Method.PREDICTION, is_real=True, expected=0.85)
    delta = Delta(key=metric(0.8).key, head=metric(0.8), base=metric(0.7), goal=Goal.HIGHER, evidence=evidence)
    assert (delta.reference, delta.is_wrong_way, delta.trend) == (0.85, True, Trend.WORSE)


def test_the_report_counts_what_was_repeated() -> None:
    values = (1.2, 1.3, 1.25), (1.1, 1.15, 1.2)
    head, base = (Run(metrics=(replace(metric(*side), repeats=Repeats.TIMINGS),)) for side in values)
    assert tell_methods(make_report(head, base)) == [
        "1 metric: repeated timings of both sides (Welch's t test at 95 %)"
    ]


def test_what_is_no_number_on_either_side_stands_last_and_is_no_change() -> None:
    head = make_run(loss=math.nan, train__acc=0.8, other=0.5, acc=0.7)
    base = make_run(loss=math.nan, train__acc=0.7, other=0.4, acc=0.6)
    rows = sort_rows(make_report(head, base))
    assert [row.name for row in rows.first] == ["acc", "other", "loss"]
    assert [row.name for row in rows.more] == ["train/acc"]
    alone = make_report(make_run(loss=math.nan), make_run(loss=math.nan))
    assert second_line(alone, sort_rows(alone)).text == "is NaN, as before."
