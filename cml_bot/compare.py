"""Step 2: what changed between two runs, and how anybody can know.

Every delta carries its evidence, which `weigh` makes for one metric; here it is corrected for the number of metrics:
of twenty that did not change, one is outside of its noise at 0.05.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.goals import find_goal, is_bookkeeping
from cml_bot.model import Delta, Evidence, Goal, Key, Method, Metric, Of, Role, Rule, Tolerance
from cml_bot.stats.families import benjamini_hochberg
from cml_bot.steps import is_step
from cml_bot.weigh import LEVEL, weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cml_bot.model import Run, Series


def compare(
    head: Run,
    base: Run | None,
    rules: Sequence[Rule] = (),
    gated: Sequence[str] = (),
    history: Sequence[Run] = (),
    *,
    is_alike: bool = True,
) -> tuple[Delta, ...]:
    """Pair the metrics of two runs, in the order the head declares them; those that are gone stand last.

    Args:
        head: the run under review.
        base: the run to compare with; None when there is none.
        rules: what the configuration says; the first that matches a metric and names a property decides it.
        gated: patterns of the gates: what they mean is a headline.
        history: runs of main that can be compared with, one a commit, oldest first; the base is the last of them.
        is_alike: whether both sides are of the same data; where they are not, no change can be told from noise.
    """
    told = _names(head) & _names(base) if base else _names(head)
    heads = _rows(head, rules, told)
    bases = _rows(base, rules, told) if base else {}
    past = _gather([_rows(run, rules, told) for run in history])
    deltas = [
        _pair(heads.get(key), bases.get(key), _settle(key, rules, gated), past.get(key, ()), is_alike=is_alike)
        for key in {**heads, **bases}
    ]
    return tuple(_correct(deltas))


def _gather(runs: Iterable[Mapping[Key, Metric]]) -> Mapping[Key, Sequence[Metric]]:
    """Turn runs with metrics into metrics with runs."""
    found: dict[Key, list[Metric]] = defaultdict(list)
    for rows in runs:
        for key, metric in rows.items():
            found[key].append(metric)
    return found


def _correct(deltas: Sequence[Delta]) -> list[Delta]:
    """Keep the share of false marks among all marks of a report below the level; counts and timings are apart."""
    corrected = list(deltas)
    for is_counted in (False, True):
        family = [n for n, delta in enumerate(deltas) if (delta.role is Role.BOOKKEEPING) is is_counted]
        known = [(n, p) for n in family if (p := deltas[n].evidence.p) is not None]
        adjusted = benjamini_hochberg([p for _, p in known])
        for (n, _), p in zip(known, adjusted, strict=True):
            corrected[n] = replace(deltas[n], evidence=_adjust(deltas[n].evidence, p, len(known)))
    return corrected


def _adjust(evidence: Evidence, p: float, count: int) -> Evidence:
    if not evidence.is_real or p <= LEVEL:
        return replace(evidence, adjusted=p)
    decide = f"among {count} metrics one may be this far off by chance; another training of this branch would tell"
    return replace(evidence, adjusted=p, is_real=None, decide=decide)


def gather_history(runs: Sequence[Run], rules: Sequence[Rule] = ()) -> Mapping[Key, Sequence[tuple[Run, Metric]]]:
    """Give every metric of the runs with the runs that have it, in their order; a name that the last run tells once."""
    told = _names(runs[-1]) if runs else set()
    found: dict[Key, list[tuple[Run, Metric]]] = defaultdict(list)
    for run in runs:
        for key, metric in _rows(run, rules, told).items():
            found[key].append((run, metric))
    return found


def goal_of(key: Key, rules: Sequence[Rule]) -> Goal:
    """Tell which way of a metric or curve is good: by the configuration, else by its name."""
    return rule_of(key, rules).goal or find_goal(key.name)


def _names(run: Run) -> set[str]:
    """Name the metrics, alike where a tool writes val.acc in one file and val/acc in another."""
    return {metric.name.replace("/", ".") for metric in run.metrics}


def _rows(run: Run, rules: Sequence[Rule], told: set[str]) -> dict[Key, Metric]:
    """Give every metric, and one value for each course of a training whose name is not told already."""
    rows = {metric.key: metric for metric in run.metrics}
    digests: dict[Key, list[tuple[str, Metric]]] = defaultdict(list)
    for series in run.series:
        if series.key in rows or not _is_course(series):
            continue
        rule = rule_of(series.key, rules)
        if rule.of or series.name.replace("/", ".") not in told:
            digests[series.key].append((series.replicate, _digest(series, rule)))
    return rows | {key: _join(found) for key, found in digests.items()}


def _join(found: Sequence[tuple[str, Metric]]) -> Metric:
    """Make one metric of the digests of repeated trainings."""
    if len(found) == 1:
        return found[0][1]
    values = tuple(value for _, metric in found for value in metric.values)
    return replace(found[0][1], values=values, labels=tuple(label for label, _ in found))


def _is_course(series: Series) -> bool:
    """Whether it is the course of a training, so that one of its values can stand for it in the table."""
    return bool(series.y) and is_step(series.x_label)


def rule_of(key: Key, rules: Sequence[Rule]) -> Rule:
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
    if of is Of.MEAN and series.mean is not None:
        return Metric(
            name=series.name, group=series.group, values=(series.mean,), unit=series.unit, source=series.source
        )
    numbers = [y for y in series.y if not math.isnan(y)]
    value = series.y[-1] if of is Of.LAST or not numbers else _take(of, numbers)
    source = f"{series.source} ({of} of {len(series.y)})" if series.source else ""
    return Metric(name=series.name, group=series.group, values=(value,), unit=series.unit, source=source)


def _take(of: Of, numbers: Sequence[float]) -> float:
    if of is Of.MEAN:
        finite = all(map(math.isfinite, numbers))
        return math.fsum(y / len(numbers) for y in numbers) if finite else math.nan
    return min(numbers) if of is Of.MIN else max(numbers)


class _Terms(NamedTuple):
    """What is settled of a metric before its sides are looked at."""

    key: Key
    rule: Rule
    role: Role


def _settle(key: Key, rules: Sequence[Rule], gated: Iterable[str]) -> _Terms:
    rule = rule_of(key, rules)
    return _Terms(key, rule, role_of(key, rule, gated))


def _pair(
    head: Metric | None, base: Metric | None, terms: _Terms, history: Sequence[Metric], *, is_alike: bool
) -> Delta:
    rule = terms.rule
    tolerance = (rule.tolerance or Tolerance(amount=0)).absolute(base.value if base else 0.0)
    if terms.role is Role.BOOKKEEPING and _is_count(head, base):
        evidence = _weigh_count(head, base)
    else:
        evidence = weigh(head, base, history, tolerance, is_alike=is_alike)
    side = head or base
    return Delta(
        key=terms.key,
        head=head,
        base=base,
        goal=rule.goal or find_goal(terms.key.name),
        tolerance=tolerance if math.isfinite(tolerance) else 0.0,
        unit=rule.unit if rule.unit is not None else side.unit if side else "",
        role=terms.role,
        evidence=evidence,
        history=tuple(metric.value for metric in history),
    )


def role_of(key: Key, rule: Rule, gated: Iterable[str] = ()) -> Role:
    """Tell how much attention a metric may take: by its rule and the patterns of the gates, else by its name."""
    if rule.headline or any(key.matches(pattern) for pattern in gated):
        return Role.HEADLINE
    is_told = rule.headline is not None or rule.goal is not None
    return Role.BOOKKEEPING if is_bookkeeping(key.name) and not is_told else Role.QUALITY


def _is_count(head: Metric | None, base: Metric | None) -> bool:
    """Whether both sides are whole numbers, as counts of examples or parameters are: they hold no noise."""
    return all(side is not None and isinstance(side.value, int) for side in (head, base))


def _weigh_count(head: Metric | None, base: Metric | None) -> Evidence:
    return Evidence(method=Method.COUNT, is_real=head is not None and base is not None and head.value != base.value)
