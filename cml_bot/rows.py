"""The numbers of a run as rows of a table: its metrics, and one value for each course of a training."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.goals import find_goal
from cml_bot.model import Goal, Metric, Of, Repeats, Role, mean_of
from cml_bot.rules import rule_of
from cml_bot.seeds import are_folds
from cml_bot.steps import is_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cml_bot.model import Key, Rule, Run, Series


_STEP = "_step"
"""Ends the name of what Lightning logs at single steps, beside its mean of the epoch."""


def names_of(run: Run) -> set[str]:
    """Name the metrics, alike where a tool writes val.acc in one file and val/acc or val_acc in another."""
    return {plain_name(metric.name) for metric in run.metrics}


def plain_name(name: str) -> str:
    """Write a name with one kind of separator.

    Example:
        >>> plain_name("val/acc"), plain_name("val_acc")
        ('val.acc', 'val.acc')
    """
    return name.replace("/", ".").replace("_", ".")


def rows_of(run: Run, rules: Sequence[Rule], told: set[str]) -> dict[Key, Metric]:
    """Give every metric, and one value for each course of a training whose name is not told already."""
    rows = {metric.key: metric for metric in run.metrics}
    courses = {series.key for series in run.series}
    digests: dict[Key, list[tuple[str, Metric]]] = defaultdict(list)
    for series in run.series:
        if series.key in rows or not _is_course(series):
            continue
        rule = rule_of(series.key, rules)
        if rule.of or plain_name(series.name) not in told:
            digest = _digest(series, rule)
            is_twin = series.name.endswith(_STEP) and (series.group, f"{series.name[: -len(_STEP)]}_epoch") in courses
            digests[series.key].append(
                (series.replicate, replace(digest, role=Role.BOOKKEEPING) if is_twin else digest)
            )
    return rows | {key: _join(found) for key, found in digests.items()}


def _join(found: Sequence[tuple[str, Metric]]) -> Metric:
    """Make one metric of the digests of repeated trainings."""
    if len(found) == 1:
        return found[0][1]
    values = tuple(value for _, metric in found for value in metric.values)
    labels = tuple(label for label, _ in found)
    kind = Repeats.FOLDS if are_folds(found[0][1].group, labels) else Repeats.TRAININGS
    return replace(found[0][1], values=values, labels=labels, repeats=kind)


def _is_course(series: Series) -> bool:
    """Whether it is the course of a training, so that one of its values can stand for it in the table."""
    return bool(series.y) and is_step(series.x_label)


def _digest(series: Series, rule: Rule) -> Metric:
    """Take the value of a series that stands for it: the last, unless the configuration names another."""
    of = rule.of or Of.LAST
    if of is Of.BEST:
        goal = rule.goal or series.goal or find_goal(series.name)
        of = {Goal.HIGHER: Of.MAX, Goal.LOWER: Of.MIN, Goal.NONE: Of.LAST}[goal]
    value, how = _value_of(series, of, is_told=rule.of is not None)
    source = f"{series.source}{how}" if series.source else ""
    return Metric(
        name=series.name, group=series.group, values=(value,), unit=series.unit, source=source, goal=series.goal
    )


def _value_of(series: Series, of: Of, *, is_told: bool) -> tuple[float, str]:
    """Give the value that stands for a series, and how it was chosen: the step that the training kept, unless told."""
    if of is Of.MEAN and series.mean is not None:
        return series.mean, ""
    if series.best is not None and not is_told and series.best in series.x:
        return series.y[series.x.index(series.best)], f" (at {series.x_label} {series.best:g}, which was kept)"
    numbers = [y for y in series.y if not math.isnan(y)]
    value = series.y[-1] if of is Of.LAST or not numbers else _take(of, numbers)
    # Where points were left out, their number says nothing.
    return value, f" ({of} of {len(series.y)})" if series.mean is None else f" ({of})"


def _take(of: Of, numbers: Sequence[float]) -> float:
    if of is Of.MEAN:
        return mean_of(numbers)
    return min(numbers) if of is Of.MIN else max(numbers)


def gather_history(
    runs: Sequence[Run], rules: Sequence[Rule] = (), told: set[str] | None = None
) -> Mapping[Key, Sequence[tuple[Run, Metric]]]:
    """Give every metric of the runs with the runs that have it, in their order.

    Args:
        runs: one a commit, oldest first.
        rules: what the configuration says.
        told: names that metrics tell already, so that their curves need no row; those of the last run by default.
    """
    if told is None:
        told = names_of(runs[-1]) if runs else set()
    found: dict[Key, list[tuple[Run, Metric]]] = defaultdict(list)
    for run in runs:
        for key, metric in rows_of(run, rules, told).items():
            found[key].append((run, metric))
    return found
