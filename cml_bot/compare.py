"""Step 2: what changed between two runs, and how anybody can know.

Every delta carries its evidence, which `weigh` makes for one metric; here it is corrected for the number of metrics:
of twenty that did not change, one is outside of its noise at 0.05.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.model import Delta, Evidence, Goal, Key, Method, Metric, Role, Rule, Tolerance
from cml_bot.rows import gather_history, names_of, rows_of
from cml_bot.rules import goal_of, role_of, rule_of
from cml_bot.stats.families import benjamini_hochberg
from cml_bot.weigh import LEVEL, weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.model import Run


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
    told = names_of(head) & names_of(base) if base else names_of(head)
    heads = rows_of(head, rules, told)
    bases = rows_of(base, rules, told) if base else {}
    past = {key: [metric for _, metric in found] for key, found in gather_history(history, rules, told).items()}
    # A run of main that lacks a metric, an evaluation that was left out for one, does not make it new.
    lacking = {key: past[key][-1] for key in heads if key not in bases and key in past} if base else {}
    sides = {**dict.fromkeys(heads), **bases, **lacking}
    known = {**bases, **lacking, **heads}
    deltas = [
        _pair(heads.get(key), one, _settle(known[key], rules, gated), past.get(key, ()), is_alike=is_alike)
        for key, one in sides.items()
    ]
    return tuple(_tell_lacking(delta) if delta.key in lacking else delta for delta in _correct(deltas))


def _tell_lacking(delta: Delta) -> Delta:
    said = "the run that is compared with lacks it, so an earlier run of main stands for it"
    note = "; ".join(filter(None, (said, delta.evidence.note)))
    return replace(delta, evidence=replace(delta.evidence, note=note))


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
    decide = (
        f"outside of its own noise, but one of {count} metrics may be so by chance; "
        "training this branch once more would tell"
    )
    return replace(evidence, adjusted=p, is_real=None, decide=decide)


class _Terms(NamedTuple):
    """What is settled of a metric before its sides are held against each other."""

    key: Key
    rule: Rule
    goal: Goal
    role: Role


def _settle(metric: Metric, rules: Sequence[Rule], gated: Iterable[str]) -> _Terms:
    rule = rule_of(metric.key, rules)
    role = role_of(metric, rule, gated)
    # Counts and timings are no measure of quality unless somebody says so.
    goal = Goal.NONE if role is Role.BOOKKEEPING else goal_of(metric, rules)
    return _Terms(metric.key, rule, goal, role)


def _pair(
    head: Metric | None, base: Metric | None, terms: _Terms, history: Sequence[Metric], *, is_alike: bool
) -> Delta:
    rule = terms.rule
    tolerance = (rule.tolerance or Tolerance(amount=0)).absolute(base.value if base else 0.0)
    tolerance = tolerance if math.isfinite(tolerance) else 0.0
    if _is_exact(head, base) or (terms.role is Role.BOOKKEEPING and _is_count(head, base)):
        evidence = _weigh_count(head, base)
    else:
        alike = [one for one in history if head is None or one.conditions == head.conditions]
        evidence = weigh(head, base, alike, tolerance, unlike=_find_unlike(head, base, is_alike=is_alike))
    side = head or base
    return Delta(
        key=terms.key,
        head=head,
        base=base,
        goal=terms.goal,
        tolerance=tolerance,
        unit=rule.unit if rule.unit is not None else side.unit if side else "",
        role=terms.role,
        evidence=evidence,
        history=tuple(metric.value for metric in history),
    )


def _find_unlike(head: Metric | None, base: Metric | None, *, is_alike: bool) -> str:
    """Tell what differs between the sides so that no change can be told from noise; empty where nothing does."""
    if not is_alike:
        return "data"
    return "conditions" if head and base and head.conditions != base.conditions else ""


def _is_exact(head: Metric | None, base: Metric | None) -> bool:
    """Whether both sides hold no noise, and are numbers under the same conditions."""
    if head is None or base is None or head.conditions != base.conditions:
        return False
    return all(side.is_exact and math.isfinite(side.value) for side in (head, base))


def _is_count(head: Metric | None, base: Metric | None) -> bool:
    """Whether both sides are whole numbers, as counts of examples or parameters are: they hold no noise."""
    return all(side is not None and isinstance(side.value, int) for side in (head, base))


def _weigh_count(head: Metric | None, base: Metric | None) -> Evidence:
    return Evidence(method=Method.COUNT, is_real=head is not None and base is not None and head.value != base.value)
