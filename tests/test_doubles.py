from __future__ import annotations

import math
from dataclasses import replace

from cml_bot.doubles import drop_doubles
from cml_bot.history_table import make_history
from cml_bot.model import Metric, Param, Run, Series, Source
from tests.making import make_metric

ACCURACY = (0.31, 0.62, 0.757)
LOSS = (2.1, math.nan, 0.93)


def course(name: str, y: tuple[float, ...], group: str, x_label: str = "step") -> Series:
    return Series(name=name, x=tuple(map(float, range(len(y)))), y=y, group=group, x_label=x_label)


def keys(run: Run) -> list[str]:
    found: list[Metric | Series | Param] = [*run.metrics, *run.series, *run.params]
    return [str(one.key) for one in found]


def run_of(*found: Metric | Series | Param) -> Run:
    return Run(
        metrics=tuple(one for one in found if isinstance(one, Metric)),
        series=tuple(one for one in found if isinstance(one, Series)),
        params=tuple(one for one in found if isinstance(one, Param)),
    )


def test_a_course_that_two_files_tell_stands_once() -> None:
    """As Keras' History and CSVLogger do, and TensorBoard with seven digits."""
    head = run_of(
        course("val_loss", LOSS, "history.json"),
        course("val_loss", LOSS, "training.csv", "epoch"),
        course("val/loss", tuple(y * (1 + 1e-8) for y in LOSS), "runs"),
    )
    assert keys(drop_doubles([head, head])[0]) == ["history.json:val_loss"]


def test_nothing_is_left_out_that_differs_on_one_side() -> None:
    head = run_of(course("acc", ACCURACY, "a.csv"), course("acc", ACCURACY, "b.csv"))
    base = run_of(course("acc", ACCURACY, "a.csv"), course("acc", (0.3, 0.6, 0.7), "b.csv"))
    assert [keys(side) for side in drop_doubles([head, base])] == [keys(head), keys(base)]


def test_what_one_side_lacks_is_told_by_the_file_that_both_have() -> None:
    """A training that was killed wrote its log, and not its history."""
    head = run_of(course("acc", ACCURACY, "training.csv"))
    base = run_of(course("acc", LOSS, "history.json"), course("acc", LOSS, "training.csv"))
    assert [keys(side) for side in drop_doubles([head, base])] == [["training.csv:acc"], ["training.csv:acc"]]


def test_two_points_and_short_numbers_may_be_alike_by_chance() -> None:
    head = run_of(
        *(course("acc", (0.5, 0.75), group) for group in ("a.csv", "b.csv")),
        *(make_metric("f1", 0.75, group=group) for group in ("a.json", "b.json")),
    )
    assert keys(drop_doubles([head, head])[0]) == keys(head)


def test_a_long_number_brings_the_short_ones_of_the_same_files() -> None:
    head = run_of(
        *(make_metric("auc", 0.9955182, group=group) for group in ("mlflow.db/churn", "metrics.json")),
        *(make_metric("acc", 0.75, group=group) for group in ("mlflow.db/churn", "metrics.json", "other.json")),
        *(make_metric("inf", math.inf, group=group) for group in ("mlflow.db/churn", "metrics.json")),
    )
    assert keys(drop_doubles([head, head])[0]) == [
        "mlflow.db/churn:auc",
        "mlflow.db/churn:acc",
        "other.json:acc",
        "mlflow.db/churn:inf",
    ]


def test_numbers_of_other_units_are_others() -> None:
    one = make_metric("latency", 0.1234567, group="a.json", unit="s")
    head = run_of(one, replace(one, group="b.json", unit="ms"))
    assert len(keys(drop_doubles([head, head])[0])) == 2


def test_what_a_gate_means_stays() -> None:
    head = run_of(*(make_metric("auc", 0.9955182, group=group) for group in ("a.json", "b.json")))
    assert keys(drop_doubles([head, head], ["b.json:auc"])[0]) == ["a.json:auc", "b.json:auc"]
    assert keys(drop_doubles([head, head], ["auc"])[0]) == ["a.json:auc"]


def test_parameters() -> None:
    found = [
        Param(name="lr", value=value, group=group) for value, group in (("1e-3", "a"), ("1e-3", "b"), ("0.1", "c"))
    ]
    assert keys(drop_doubles([run_of(*found)])[0]) == ["a:lr", "c:lr"]


def test_in_a_history_too() -> None:
    """A metric that was told otherwise once is shown for all the runs."""
    one, other = (make_metric("auc", 0.9955182, group=group) for group in ("a.json", "b.json"))
    assert [keys(run) for run in drop_doubles([run_of(one, other), run_of(one)])] == [["a.json:auc"]] * 2
    past = [run_of(one, other), run_of(one, replace(other, values=(0.9234567,)))]
    assert [keys(run) for run in drop_doubles(past)] == [keys(run) for run in past]
    shown = make_history("report", [replace(run_of(one, other), sha=sha) for sha in ("a" * 40, "b" * 40)])
    assert [row.key.name for row in shown.rows] == ["auc"]


def test_files_that_dvc_yaml_names_all_stay() -> None:
    head = run_of(make_metric("acc", 0.8912345, group="a.json"), make_metric("acc", 0.8912345, group="b.json"))
    why = "dvc.yaml names it"
    named = replace(head, sources=tuple(Source(path=name, why=why, declared=True) for name in ("a.json", "b.json")))
    assert keys(drop_doubles([head])[0]) == ["a.json:acc"]
    assert keys(drop_doubles([named])[0]) == ["a.json:acc", "b.json:acc"]
