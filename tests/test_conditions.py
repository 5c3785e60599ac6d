"""What some metrics of a file were measured under decides of those alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cml_bot.collect import collect
from cml_bot.compare import compare
from cml_bot.config import Config
from cml_bot.like_for_like import has_other_data, tell_differences
from cml_bot.model import Metric, Run, Trend
from cml_bot.trees import FolderTree

if TYPE_CHECKING:
    from pathlib import Path


def evaluate(folder: Path, version: int, score: float) -> Run:
    """A run of lm-evaluation-harness on two tasks, of which one has a version."""
    scores = {"acc,none": score, "acc_stderr,none": 0.001}
    document = {
        "results": {"sums": scores, "facts": scores},
        "versions": {"sums": version, "facts": 1},
        "config": {"model_args": "pretrained=m"},
        "n-samples": {task: {"original": 500, "effective": 500} for task in ("sums", "facts")},
    }
    folder.mkdir()
    (folder / "eval_2026-11-21T10-58-42.207087.json").write_text(json.dumps(document))
    return collect(FolderTree(folder), Config())


def test_another_version_of_one_task_leaves_the_others(tmp_path: Path) -> None:
    head, base = evaluate(tmp_path / "head", 2, 0.5), evaluate(tmp_path / "base", 1, 0.7)
    trends = {delta.key.name: delta.trend for delta in compare(head, base)}
    assert trends == {"sums/acc": Trend.UNCLEAR, "facts/acc": Trend.WORSE}
    assert not has_other_data(head, base)
    [said] = tell_differences(head, base)
    assert "sums task version" in said


def test_counts_are_never_better_or_worse(tmp_path: Path) -> None:
    runs = []
    for name, size in (("head", 10), ("base", 5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.json").write_text(json.dumps({"n_samples": size, "eval_runtime": size / 2}))
        runs.append(collect(FolderTree(tmp_path / name), Config()))
    assert {delta.trend for delta in compare(runs[0], runs[1])} <= {Trend.CHANGED, Trend.UNCLEAR}


def test_what_is_exact_is_no_change_under_other_conditions() -> None:
    def run(failed: int, cases: str) -> Run:
        return Run(metrics=(Metric(name="tests failed", values=(failed,), is_exact=True, conditions=cases),))

    [alike] = compare(run(8, "a"), run(7, "a"))
    [other] = compare(run(8, "a"), run(7, "b"))
    assert (alike.trend, other.trend) == (Trend.WORSE, Trend.UNCLEAR)
