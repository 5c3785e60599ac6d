"""Small honest builders of model objects, so that a test says only what it is about."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from cml_bot.compare import compare
from cml_bot.config import Config
from cml_bot.judge import judge
from cml_bot.model import Build, Metric, Report, Rule, Run, Side, Waiver

TODAY = date(2026, 11, 21)
HEAD_SHA, BASE_SHA = "a1b2c3d" + "0" * 33, "9f8e7d6" + "0" * 33


def make_metric(name: str, *values: float, group: str = "metrics.json", unit: str = "") -> Metric:
    return Metric(name=name, values=values, group=group, unit=unit, source=group)


def make_run(**metrics: float) -> Run:
    """A run with one file of metrics; ``__`` in a name stands for ``/``."""
    return Run(
        sha=HEAD_SHA,
        metrics=tuple(make_metric(name.replace("__", "/"), value) for name, value in metrics.items()),
    )


def make_history(count: int, levels: Mapping[str, tuple[float, float]], seed: int = 7) -> list[Run]:
    """Runs of main whose metrics have these means and standard deviations, oldest first."""
    dice = random.Random(seed)
    rows = [{name: mean + sd * dice.gauss() for name, (mean, sd) in levels.items()} for _ in range(count)]
    return [replace(make_run(**row), sha=f"{number:040x}") for number, row in enumerate(rows, start=1)]


def make_report(
    head: Run,
    base: Run | None,
    *,
    fail_on: tuple[str, ...] = (),
    warn_on: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = (),
    waivers: tuple[Waiver, ...] = (),
    build: Build | None = None,
    title: str = "Churn model",
    history: Sequence[Run] = (),
) -> Report:
    """Compare and judge two runs as the pipeline does, without any file."""
    gates = Config(fail_on=fail_on, warn_on=warn_on).gates
    deltas = compare(head, base, rules, [gate.pattern for gate in gates], history)
    none = Side(sha="", source="main has no run yet", kind="none")
    found = Side(sha=BASE_SHA, source="the merge base with main", kind="git_files", label="main")
    return Report(
        name="report",
        title=title,
        version="0.1.0",
        created="2026-11-21T12:00:00Z",
        head=Side(sha=HEAD_SHA, source="the working tree", label="here"),
        base=found if base else none,
        build=build or Build(),
        verdict=judge(deltas, gates, waivers, TODAY),
        deltas=deltas,
    )
