"""Step 2: what changed between two runs, and how anybody can know.

Every delta carries its evidence. With one run a side and nothing else, a difference beyond the tolerance is unclear:
a training repeated with another seed differs too, and nothing here says by how much.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.goals import find_goal, is_bookkeeping
from cml_bot.model import Delta, Evidence, Goal, Key, Metric, Of, Role, Rule, Tolerance
from cml_bot.steps import is_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.model import Run, Series

NOISE = (
    "unclear means that it could be noise: each side is one training, and another seed would differ too; "
    "a gate with a limit decides all the same"
)
SAME_TO = 1e-12
"""Relative size of what the order of a sum alone can change in double precision."""


def compare(head: Run, base: Run | None, rules: Sequence[Rule] = (), gated: Sequence[str] = ()) -> tuple[Delta, ...]:
    """Pair the metrics of two runs, in the order the head declares them; those that are gone stand last.

    Args:
        head: the run under review.
        base: the run to compare with; None when there is none.
        rules: what the configuration says; the first that matches a metric and names a property decides it.
        gated: patterns of the gates: what they mean is a headline.
    """
    told = _names(head) & _names(base) if base else _names(head)
    heads = _rows(head, rules, told)
    bases = _rows(base, rules, told) if base else {}
    return tuple(_pair(key, heads.get(key), bases.get(key), _rule_of(key, rules), gated) for key in {**heads, **bases})


def goal_of(key: Key, rules: Sequence[Rule]) -> Goal:
    """Tell which way of a metric or curve is good: by the configuration, else by its name."""
    return _rule_of(key, rules).goal or find_goal(key.name)


def _names(run: Run) -> set[str]:
    """Name the metrics, alike where a tool writes val.acc in one file and val/acc in another."""
    return {metric.name.replace("/", ".") for metric in run.metrics}


def _rows(run: Run, rules: Sequence[Rule], told: set[str]) -> dict[Key, Metric]:
    """Give every metric, and one value for each course of a training whose name is not told already."""
    rows = {metric.key: metric for metric in run.metrics}
    for series in run.series:
        rule = _rule_of(series.key, rules)
        is_told = series.name.replace("/", ".") in told
        if series.key not in rows and _is_course(series) and (rule.of or not is_told):
            rows[series.key] = _digest(series, rule)
    return rows


def _is_course(series: Series) -> bool:
    """Whether it is the course of a training, so that one of its values can stand for it in the table."""
    return bool(series.y) and is_step(series.x_label)


def _rule_of(key: Key, rules: Sequence[Rule]) -> Rule:
    """Merge the rules that mean a key: for each property the first that names it."""
    merged = Rule(pattern=str(key))
    for rule in rules:
        if key.matches(rule.pattern):
            merged = Rule(
                pattern=merged.pattern,
                goal=merged.goal or rule.goal,
                tolerance=merged.tolerance or rule.tolerance,
                of=merged.of or rule.of,
                unit=rule.unit if merged.unit is None else merged.unit,
                headline=rule.headline if merged.headline is None else merged.headline,
            )
    return merged


def _digest(series: Series, rule: Rule) -> Metric:
    """Take the value of a series that stands for it: the last, unless the configuration names another."""
    of = rule.of or Of.LAST
    if of is Of.BEST:
        of = {Goal.HIGHER: Of.MAX, Goal.LOWER: Of.MIN, Goal.NONE: Of.LAST}[rule.goal or find_goal(series.name)]
    numbers = [y for y in series.y if not math.isnan(y)]
    value = series.y[-1] if of is Of.LAST or not numbers else _take(of, numbers)
    source = f"{series.source} ({of} of {len(series.y)})" if series.source else ""
    return Metric(name=series.name, group=series.group, values=(value,), unit=series.unit, source=source)


def _take(of: Of, numbers: Sequence[float]) -> float:
    if of is Of.MEAN:
        finite = all(map(math.isfinite, numbers))
        return math.fsum(y / len(numbers) for y in numbers) if finite else math.nan
    return min(numbers) if of is Of.MIN else max(numbers)


def _pair(key: Key, head: Metric | None, base: Metric | None, rule: Rule, gated: Iterable[str]) -> Delta:
    tolerance = (rule.tolerance or Tolerance(amount=0)).absolute(base.value if base else 0.0)
    side = head or base
    role, evidence = _role(key, rule, gated), _weigh(head, base, tolerance)
    return Delta(
        key=key,
        head=head,
        base=base,
        goal=rule.goal or find_goal(key.name),
        tolerance=tolerance if math.isfinite(tolerance) else 0.0,
        unit=rule.unit if rule.unit is not None else side.unit if side else "",
        role=role,
        evidence=_weigh_count(head, base) if role is Role.BOOKKEEPING and _is_count(head, base) else evidence,
    )


def _role(key: Key, rule: Rule, gated: Iterable[str]) -> Role:
    if rule.headline or any(key.matches(pattern) for pattern in gated):
        return Role.HEADLINE
    is_told = rule.headline is not None or rule.goal is not None
    return Role.BOOKKEEPING if is_bookkeeping(key.name) and not is_told else Role.QUALITY


def _weigh(head: Metric | None, base: Metric | None, tolerance: float) -> Evidence:
    """Choose how to tell a change from noise, from what both sides hold."""
    if head is None or base is None:
        return Evidence(method="none", is_real=None, note="there is only one side")
    counts = Evidence(method="none", is_real=None, n_head=len(head.values), n_base=len(base.values))
    if not (math.isfinite(head.value) and math.isfinite(base.value)):
        return _weigh_broken(head.value, base.value, counts)
    if math.isclose(head.value, base.value, rel_tol=SAME_TO, abs_tol=0.0):
        return replace(counts, method="equal", is_real=False)
    if abs(head.value - base.value) <= tolerance:
        return replace(counts, method="tolerance", is_real=False, note="the change is within the tolerance")
    return replace(counts, note=NOISE)


def _is_count(head: Metric | None, base: Metric | None) -> bool:
    """Whether both sides are whole numbers, as counts of examples or parameters are: they hold no noise."""
    return all(side is not None and isinstance(side.value, int) for side in (head, base))


def _weigh_count(head: Metric | None, base: Metric | None) -> Evidence:
    return Evidence(method="count", is_real=head is not None and base is not None and head.value != base.value)


def _weigh_broken(head: float, base: float, counts: Evidence) -> Evidence:
    """Weigh sides of which one is NaN or infinite: that is never equal, and a loss unless the base had it too."""
    if math.isfinite(head) or math.isfinite(base):
        return replace(counts, method="not finite", is_real=True, note="one side is not a number")
    return replace(counts, method="not finite", note="neither side is a number")
