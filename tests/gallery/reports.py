"""Reports of two runs, put together as `pipeline.py` does, without a repository: from builders and from real files."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cml_bot.collect import collect
from cml_bot.compare import compare
from cml_bot.config import Config
from cml_bot.judge import judge
from cml_bot.like_for_like import has_other_data, tell_differences
from cml_bot.model import Build, Metric, Outcome, Report, Rule, Run, Side, Source, Waiver
from cml_bot.pairs import keep_same_params, pair_charts, pair_curves, pair_figures, pair_params
from cml_bot.slices import chart_slices
from cml_bot.trees import FolderTree
from tests.making import BASE_SHA, HEAD_SHA, TODAY, make_metric

READERS = Path(__file__).parent.parent / "readers"
BUILD = Build(
    forge="github",
    server="https://github.com",
    repo="acme/churn",
    sha=HEAD_SHA,
    pull=7,
    url="https://github.com/acme/churn/actions/runs/812345",
    run_id="812345.1",
)


def make(
    head: Run,
    base: Run | None,
    *,
    title: str = "Churn model",
    fail_on: tuple[str, ...] = (),
    warn_on: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = (),
    waivers: tuple[Waiver, ...] = (),
    history: Sequence[Run] = (),
    base_source: str = "merge base with main, recorded 2026-11-20",
) -> Report:
    """Compare, judge and pair everything of two runs."""
    gates = Config(fail_on=fail_on, warn_on=warn_on).gates
    other_data = base is not None and has_other_data(head, base)
    deltas = compare(head, base, rules, [gate.pattern for gate in gates], history, is_alike=not other_data)
    found = Side(sha=BASE_SHA, source=base_source, kind="record", label="main")
    none = Side(sha="", source="main has no run yet; its next build records one", kind="none")
    return Report(
        name="report",
        title=title,
        version="0.1.0",
        created="2026-11-21T12:00:00Z",
        head=Side(sha=HEAD_SHA, source="the working tree", label="here"),
        base=found if base else none,
        build=BUILD,
        verdict=judge(deltas, gates, waivers, TODAY, on_other_data=Outcome.WARN if other_data else Outcome.PASS),
        deltas=deltas,
        params=pair_params(head, base),
        same_params=keep_same_params(head, base),
        curves=pair_curves(head, base, rules),
        charts=(*pair_charts(head, base), *chart_slices(deltas)),
        figures=pair_figures(head, base),
        like_for_like=tell_differences(head, base) if base else (),
        band=(f"noise is taken from {len(history)} runs of main",) if history else (),
        notes=head.notes,
        broken=head.broken,
        unread=head.unread,
        sources=head.sources,
    )


def read(*folders: str) -> Run:
    """Collect real files of the readers' tests, as if one job had written all of them."""
    runs = [collect(FolderTree(READERS / folder), Config()) for folder in folders]
    return Run(
        sha=HEAD_SHA,
        metrics=tuple(metric for run in runs for metric in run.metrics),
        series=tuple(series for run in runs for series in run.series),
        charts=tuple(chart for run in runs for chart in run.charts),
        figures=tuple(figure for run in runs for figure in run.figures),
        params=tuple(param for run in runs for param in run.params),
        data=tuple(fact for run in runs for fact in run.data),
        notes=tuple(note for run in runs for note in run.notes),
        broken=tuple(line for run in runs for line in run.broken),
        unread=tuple(line for run in runs for line in run.unread),
        sources=tuple(source for run in runs for source in run.sources),
    )


def shift(run: Run, spread: float, seed: int) -> Run:
    """Give the run of another training: each metric differs by a share of itself, and of what it lacks of 1."""
    dice = random.Random(seed)

    def other(metric: Metric) -> Metric:
        return replace(metric, values=tuple(_shift(value, spread * dice.gauss()) for value in metric.values))

    return replace(run, metrics=tuple(one if one.is_exact else other(one) for one in run.metrics))


def _shift(value: float, by: float) -> float:
    if 0 <= value <= 1:
        return min(1.0, max(0.0, value + by * (min(value, 1 - value) or 0.02)))
    return value * (1 + by)


def sources(*paths: str) -> tuple[Source, ...]:
    return tuple(Source(path=path, why="a well-known name") for path in paths)


def run_of(sha: str = HEAD_SHA, /, group: str = "metrics.json", **metrics: float) -> Run:
    """A run with one file of metrics; ``__`` in a name stands for ``/``."""
    made = (make_metric(name.replace("__", "/"), value, group=group) for name, value in metrics.items())
    return Run(sha=sha, metrics=tuple(made), sources=sources(group))
