"""Charts of what many classes have: which lost, which gained, and which of many metrics are shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cml_bot.compare import compare
from cml_bot.model import Bars, ChartPair, Metric, Rule, Run
from cml_bot.readers import load_reader
from cml_bot.slices import MOST_LABELS, chart_slices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cml_bot.model import Delta

NAMES = ("cat", "dog", "owl", "elk")


def metrics(values: Mapping[str, float], *, is_detail: bool = True) -> Run:
    return Run(metrics=tuple(Metric(name=name, values=(value,), is_detail=is_detail) for name, value in values.items()))


def deltas(
    head: Mapping[str, float], base: Mapping[str, float], *, is_detail: bool = True, gates: tuple[str, ...] = ()
) -> tuple[Delta, ...]:
    rules: tuple[Rule, ...] = ()
    here, there = (metrics(side, is_detail=is_detail) for side in (head, base))
    return compare(here, there, rules, list(gates), (), is_alike=True)


def sides(pair: ChartPair) -> tuple[Bars, Bars]:
    assert isinstance(pair.head, Bars)
    assert isinstance(pair.base, Bars)
    return pair.head, pair.base


@pytest.mark.parametrize("form", ["{label}.{metric}", "{metric}/{label}", "{label}/{metric}"])
def test_the_largest_loss_comes_first(form: str) -> None:
    def named(metric: str, *values: float) -> dict[str, float]:
        return {form.format(label=label, metric=metric): value for label, value in zip(NAMES, values, strict=True)}

    (found,) = chart_slices(deltas(named("recall", 0.9, 0.5, 0.8, 0.7), named("recall", 0.8, 0.7, 0.75, 0.7)))
    head, base = sides(found)
    assert found.key.name == "recall by class"
    assert head.labels == base.labels == ("dog", "elk", "owl", "cat")
    assert (head.values, base.values) == ((0.5, 0.7, 0.8, 0.9), (0.7, 0.7, 0.75, 0.8))
    (found,) = chart_slices(deltas(named("error", 0.9, 0.5, 0.8, 0.7), named("error", 0.8, 0.7, 0.75, 0.7)))
    assert sides(found)[0].labels == ("cat", "owl", "elk", "dog")


def test_none_where_nothing_changed_or_few_classes_are_there() -> None:
    same = {f"{name}.recall": 0.5 for name in NAMES}
    assert chart_slices(deltas(same, same)) == ()
    two = {"cat.recall": 0.5, "dog.recall": 0.7}
    assert chart_slices(deltas(two, {name: value / 2 for name, value in two.items()})) == ()
    changed = dict.fromkeys(same, 0.7)
    assert chart_slices(deltas(changed, same, is_detail=False)) == ()
    assert chart_slices(deltas(changed, {})) == ()


def test_of_many_metrics_the_gated_and_the_best_known() -> None:
    order = ("specificity", "precision", "recall", "f1-score", "jaccard")
    head, base = ({f"{name}.{metric}": value for name in NAMES for metric in order} for value in (0.5, 0.6))
    assert [one.key.name for one in chart_slices(deltas(head, base))] == [
        "f1-score by class",
        "recall by class",
        "precision by class",
    ]
    first, *_ = chart_slices(deltas(head, base, gates=("*.jaccard",)))
    assert first.key.name == "jaccard by class"


def test_of_many_classes_those_that_changed_most() -> None:
    base = {f"c{number}.recall": 0.5 for number in range(100)}
    head = {name: 0.5 + place / 1_000 for place, name in enumerate(base)}
    (found,) = chart_slices(deltas(head, base))
    assert found.key.name == "recall by class, the 20 most changed of 100"
    assert sides(found)[0].labels == tuple(f"c{number}" for number in range(100 - MOST_LABELS, 100))


def test_a_report_of_scikit_learn(tmp_path: Path) -> None:
    def run(shift: float) -> Run:
        report = {
            name: {"precision": 0.8, "recall": 0.9 - shift * place, "f1-score": 0.85, "support": 30}
            for place, name in enumerate(NAMES)
        }
        path = tmp_path / "classification_report.json"
        path.write_text(json.dumps({**report, "accuracy": 0.9, "macro avg": report["cat"]}))
        return Run(metrics=tuple(one for one in load_reader("json_file").read(path) if isinstance(one, Metric)))

    (found,) = chart_slices(compare(run(0.1), run(0), (), [], (), is_alike=True))
    assert found.key.name == "recall by class"
    assert sides(found)[0].labels == ("elk", "owl", "dog", "cat")
