from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from cml_bot.compare import compare
from cml_bot.errors import ConfigError
from cml_bot.gates import parse_gate
from cml_bot.judge import UNCHECKED, judge
from cml_bot.model import Check, Form, Outcome, Run, Waiver
from tests.making import TODAY, make_history, make_metric, make_run


def check(gate: str, head: Run, base: Run | None = None, outcome: Outcome = Outcome.FAIL) -> list[Check]:
    parsed = parse_gate(gate, outcome)
    return list(judge(compare(head, base, (), [parsed.pattern]), [parsed], (), TODAY).checks)


def outcome_of(gate: str, head: Run, base: Run | None = None) -> Outcome:
    return max(found.outcome for found in check(gate, head, base))


@pytest.mark.parametrize(
    ("text", "pattern", "form", "operator", "bound", "is_relative"),
    [
        ("accuracy < 0.90", "accuracy", Form.LIMIT, "<", 0.9, False),
        ("accuracy<.9", "accuracy", Form.LIMIT, "<", 0.9, False),
        ("top 5 acc >= 1e-3", "top 5 acc", Form.LIMIT, ">=", 1e-3, False),
        ("metrics/mAP50-95(B) < 0.5", "metrics/mAP50-95(B)", Form.LIMIT, "<", 0.5, False),
        ("latency_ms change > 10%", "latency_ms", Form.CHANGE, ">", 0.1, True),
        ("loss change > 0.02", "loss", Form.CHANGE, ">", 0.02, False),
        ("accuracy change < -1.5 %", "accuracy", Form.CHANGE, "<", -0.015, True),
        ("*loss* regressed", "*loss*", Form.REGRESSED, "", 0.0, False),
        ("  recall   regressed ", "recall", Form.REGRESSED, "", 0.0, False),
    ],
)
def test_three_forms(text: str, pattern: str, form: Form, operator: str, bound: float, is_relative: bool) -> None:
    gate = parse_gate(text, Outcome.WARN)
    assert (gate.pattern, gate.form, gate.operator, gate.is_relative) == (pattern, form, operator, is_relative)
    assert gate.bound == pytest.approx(bound)
    assert (gate.text, gate.outcome) == (text.strip(), Outcome.WARN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "accuracy",
        "accuracy < high",
        "accuracy < 5%",
        "< 0.9",
        "regressed",
        "a < 1.2.3",
        "a << 1",
        "a => 1",
        "a regressed > 3",
        "a < 1e400",
    ],
)
def test_what_is_no_gate_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ConfigError, match="NAME change > 10%"):
        parse_gate(text, Outcome.FAIL, "fail-on")


@pytest.mark.parametrize("gate", ["recall < 0.8", "recall > 0.8", "recall change > 5%", "recall regressed"])
@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_gated_metric_that_is_no_number_fails(gate: str, broken: float) -> None:
    assert outcome_of(gate, make_run(recall=broken), make_run(recall=0.9)) is Outcome.FAIL


@pytest.mark.parametrize("gate", ["recall < 0.8", "recall change > 5%", "recall regressed", "rec* < 0.8"])
def test_a_gated_metric_that_is_missing_fails(gate: str) -> None:
    assert outcome_of(gate, make_run(accuracy=0.9), make_run(accuracy=0.9)) is Outcome.FAIL
    assert outcome_of(gate, make_run(accuracy=0.9), make_run(accuracy=0.9, recall=0.9)) is Outcome.FAIL


@pytest.mark.parametrize("gate", ["recall change > 5%", "recall regressed"])
def test_a_new_metric_warns_where_a_base_is_needed_and_is_unchecked_on_a_first_report(gate: str) -> None:
    assert outcome_of(gate, make_run(recall=0.8), make_run(accuracy=0.9)) is Outcome.WARN
    [first] = check(gate, make_run(recall=0.8))
    assert (first.outcome, first.reason) == (Outcome.PASS, UNCHECKED)


def test_limits_hold_the_value_itself() -> None:
    assert outcome_of("recall < 0.8", make_run(recall=0.79)) is Outcome.FAIL
    assert outcome_of("recall < 0.8", make_run(recall=0.8)) is Outcome.PASS
    assert outcome_of("recall <= 0.8", make_run(recall=0.8)) is Outcome.FAIL


def test_the_reason_shows_enough_digits() -> None:
    [found] = check("recall < 0.9", make_run(recall=0.89999))
    assert found.reason == "0.89999 is below 0.90000"


def test_changes_are_signed_and_relative_to_the_size_of_the_base() -> None:
    base = make_run(latency=100.0)
    assert outcome_of("latency change > 10%", make_run(latency=111.0), base) is Outcome.FAIL
    assert outcome_of("latency change > 10%", make_run(latency=50.0), base) is Outcome.PASS
    assert outcome_of("latency change > 10", make_run(latency=111.0), base) is Outcome.FAIL
    assert outcome_of("score change < -10%", make_run(score=-12.0), make_run(score=-10.0)) is Outcome.FAIL


def test_a_change_from_zero_is_an_infinite_one() -> None:
    assert outcome_of("errors change > 10%", make_run(errors=3), make_run(errors=0)) is Outcome.FAIL
    assert outcome_of("errors change > 10%", make_run(errors=0), make_run(errors=0)) is Outcome.PASS


def test_a_base_that_is_no_number_warns() -> None:
    assert outcome_of("recall change < -1%", make_run(recall=0.8), make_run(recall=math.nan)) is Outcome.WARN


def test_an_unclear_change_the_wrong_way_warns_and_never_fails() -> None:
    [found] = check("recall regressed", make_run(recall=0.7), make_run(recall=0.9))
    assert found.outcome is Outcome.WARN
    assert found.reason == "it went the wrong way, and that could be noise"
    assert outcome_of("recall regressed", make_run(recall=0.9), make_run(recall=0.7)) is Outcome.PASS
    assert outcome_of("recall regressed", make_run(recall=0.9), make_run(recall=0.9)) is Outcome.PASS
    assert outcome_of("val_loss regressed", make_run(val_loss=0.9), make_run(val_loss=0.7)) is Outcome.WARN
    assert outcome_of("xyzzy regressed", make_run(xyzzy=0.9), make_run(xyzzy=0.7)) is Outcome.WARN


def test_a_misspelt_name_is_guessed() -> None:
    [found] = check("acuracy < 0.9", make_run(accuracy=0.95))
    assert found.reason == "no metric is called acuracy (is accuracy meant?), so nothing could be checked"
    [found] = check("*acc* regressed", make_run(Accuracy=0.95))
    assert found.reason == "no metric is called *acc* (is Accuracy meant?), so nothing could be checked"


@pytest.mark.parametrize("pattern", ["metrics.json:acc", "metric.json:acc", "out/metrics.json:ac"])
def test_the_full_name_of_a_metric_in_a_folder_is_guessed(pattern: str) -> None:
    run = Run(metrics=(make_metric("acc", 0.95, group="out/metrics.json"),))
    [found] = check(f"{pattern} < 0.9", run)
    assert f"no metric is called {pattern} (is out/metrics.json:acc meant?)" in found.reason


def test_a_waiver_need_not_repeat_the_gate_to_the_letter() -> None:
    gate = parse_gate("recall < 0.80", Outcome.FAIL)
    waiver = Waiver(gate="recall<0.8", reason="known", until=TODAY)
    assert judge(compare(make_run(recall=0.5), None), [gate], [waiver], TODAY).outcome is Outcome.WARN


def test_a_glob_checks_every_metric_it_means() -> None:
    found = check("*loss* > 1", make_run(train_loss=0.5, val_loss=2.0, acc=3.0))
    assert [(one.key.name if one.key else "", one.outcome) for one in found] == [
        ("train_loss", Outcome.PASS),
        ("val_loss", Outcome.FAIL),
    ]


def test_a_warn_gate_never_fails() -> None:
    [found] = check("recall < 0.8", make_run(recall=0.1), outcome=Outcome.WARN)
    assert found.outcome is Outcome.WARN


def test_brackets_of_a_real_name_need_no_escaping() -> None:
    run = Run(metrics=(make_metric("mAP50[B]", 0.4),))
    assert outcome_of("mAP50[B] < 0.5", run) is Outcome.FAIL


@pytest.mark.parametrize(("days", "expected"), [(0, Outcome.WARN), (5, Outcome.WARN), (-1, Outcome.FAIL)])
def test_a_waiver_holds_until_its_last_day(days: int, expected: Outcome) -> None:
    gate = parse_gate("recall < 0.8", Outcome.FAIL)
    waiver = Waiver(gate="recall < 0.8", reason="new label policy", until=TODAY + timedelta(days=days))
    verdict = judge(compare(make_run(recall=0.5), None), [gate], [waiver], TODAY)
    assert verdict.outcome is expected
    if expected is Outcome.WARN:
        assert verdict.checks[0].waiver is waiver
    else:
        assert "its waiver ended" in verdict.checks[0].reason


def test_a_waiver_is_renewed_by_another() -> None:
    gate = parse_gate("recall < 0.8", Outcome.FAIL)
    waivers = [Waiver(gate=gate.text, reason="x", until=TODAY + timedelta(days=days)) for days in (-9, 9)]
    assert judge(compare(make_run(recall=0.5), None), [gate], waivers, TODAY).outcome is Outcome.WARN


def test_a_waiver_does_not_touch_a_gate_that_passes() -> None:
    gate = parse_gate("recall < 0.8", Outcome.FAIL)
    waiver = Waiver(gate=gate.text, reason="x", until=date(2027, 1, 1))
    assert judge(compare(make_run(recall=0.9), None), [gate], [waiver], TODAY).checks[0].waiver is None


def test_no_gates_pass() -> None:
    assert judge(compare(make_run(recall=0.9), None), [], [], TODAY).outcome is Outcome.PASS


HISTORY = make_history(20, {"recall": (0.842, 0.004), "auc": (0.9, 0.004)})


def find_edge() -> float:
    """A recall just within what noise explains: its one-sided p is between 0.025 and 0.05."""
    [found] = compare(
        make_run(recall=0.7), make_run(recall=0.84), (), (), [replace(one, metrics=one.metrics[:1]) for one in HISTORY]
    )
    low, _ = found.evidence.interval or (0.0, 0.0)
    return low + 0.0005


def judge_against(history: Sequence[Run], *gates: str, **head: float) -> list[tuple[str, Outcome, str]]:
    """Judge a head against the runs of main, of which the last is the base."""
    made = [parse_gate(text, Outcome.FAIL) for text in gates]
    deltas = compare(make_run(**head), history[-1], (), [gate.pattern for gate in made], history)
    return [(str(one.key), one.outcome, one.reason) for one in judge(deltas, made, (), TODAY).checks]


def test_far_below_the_noise_fails_and_says_against_what() -> None:
    [(_, outcome, reason)] = judge_against(HISTORY, "recall regressed", recall=0.80, auc=0.9)
    assert outcome is Outcome.FAIL
    assert re.fullmatch(r"0\.80\d* is lower than noise explains \(0\.83\d* to 0\.84\d*, by 20 runs of main\)", reason)


def test_near_its_edge_warns() -> None:
    [(_, outcome, _)] = judge_against(HISTORY, "recall regressed", recall=find_edge(), auc=0.9)
    assert outcome is Outcome.WARN


def test_within_the_noise_and_above_it_passes() -> None:
    for recall in (0.839, 0.9):
        assert judge_against(HISTORY, "recall regressed", recall=recall, auc=0.9)[0][1] is Outcome.PASS


@pytest.mark.parametrize(("runs", "expected"), [(5, Outcome.WARN), (7, Outcome.WARN), (8, Outcome.FAIL)])
def test_few_runs_warn_at_most(runs: int, expected: Outcome) -> None:
    [(_, outcome, reason)] = judge_against(HISTORY[:runs], "recall regressed", recall=0.7, auc=0.9)
    assert outcome is expected
    assert ("failing takes 8 runs of main, so this only warns" in reason) == (expected is Outcome.WARN)


def test_all_gated_metrics_are_one_family() -> None:
    alone = judge_against(HISTORY, "recall regressed", recall=find_edge(), auc=0.9)
    family = judge_against(HISTORY, "recall regressed", "auc regressed", recall=find_edge(), auc=0.9)
    assert (alone[0][1], family[0][1]) == (Outcome.WARN, Outcome.PASS)
    # One gate that means both, and two gates that mean one, make the same families.
    assert judge_against(HISTORY, "* regressed", recall=find_edge(), auc=0.9)[0][1] is Outcome.PASS
    assert (
        judge_against(HISTORY, "recall regressed", "rec* regressed", recall=find_edge(), auc=0.9)[0][1] is Outcome.WARN
    )


def replicates(*values: float) -> Run:
    return Run(metrics=(make_metric("recall", *values),))


@pytest.mark.parametrize(
    ("head", "base", "expected", "said"),
    [
        ((0.70, 0.71, 0.705), (0.84, 0.85, 0.845), Outcome.FAIL, "3 trainings a side"),
        ((0.70, 0.71), (0.84, 0.85), Outcome.WARN, "failing takes 3 trainings a side, so this only warns"),
        ((0.845, 0.841, 0.85), (0.84, 0.85, 0.845), Outcome.PASS, "it did not get worse"),
        ((0.835, 0.836), (0.84, 0.85), Outcome.WARN, "it went the wrong way, and that could be noise"),
    ],
)
def test_repeated_trainings(head: Sequence[float], base: Sequence[float], expected: Outcome, said: str) -> None:
    deltas = compare(replicates(*head), replicates(*base))
    [found] = judge(deltas, [parse_gate("recall regressed", Outcome.FAIL)], (), TODAY).checks
    assert (found.outcome, said in found.reason) == (expected, True), found.reason


def test_standard_errors_warn_at_most() -> None:
    head, base = (
        Run(metrics=(replace(make_metric("acc", value), stderr=0.005, n_items=5000),)) for value in (0.6, 0.7)
    )
    [found] = judge(compare(head, base), [parse_gate("acc regressed", Outcome.FAIL)], (), TODAY).checks
    assert found.outcome is Outcome.WARN
    assert "another training could still differ, so this only warns" in found.reason


@pytest.mark.parametrize(("runs", "expected"), [(4, Outcome.WARN), (7, Outcome.WARN), (8, Outcome.FAIL)])
def test_a_metric_without_scatter_fails_on_any_loss(runs: int, expected: Outcome) -> None:
    history = [make_run(recall=0.84)] * runs
    assert judge_against(history, "recall regressed", recall=0.82)[0][1] is expected
    # One step of the last digit may be noise that rounding hid.
    assert judge_against(history, "recall regressed", recall=0.83)[0][1] is Outcome.WARN


def test_other_data_leave_nothing_to_judge() -> None:
    deltas = compare(make_run(recall=0.9), HISTORY[-1], (), ["recall"], HISTORY)
    gates = [parse_gate(text, Outcome.FAIL) for text in ("recall regressed", "recall < 0.5")]
    for most in (Outcome.WARN, Outcome.FAIL):
        regressed, limit = judge(deltas, gates, (), TODAY, on_other_data=most).checks
        assert (regressed.outcome, limit.outcome) == (most, Outcome.PASS)
        assert regressed.reason.startswith("the data differ")


def test_an_odd_base_makes_no_gate_fail_that_is_no_worse_than_it() -> None:
    odd = [*HISTORY, make_run(recall=0.1, auc=0.9)]
    [(_, outcome, reason)] = judge_against(odd, "recall regressed", recall=0.80, auc=0.9)
    assert outcome is Outcome.WARN
    assert reason.endswith("main's own run was no better")
    assert judge_against(odd, "recall regressed", recall=0.1001, auc=0.9)[0][1] is Outcome.PASS
    assert judge_against(odd, "recall regressed", recall=0.01, auc=0.9)[0][1] is Outcome.FAIL
