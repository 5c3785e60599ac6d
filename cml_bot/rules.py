"""What the configuration says of a metric or curve, and where it says nothing, its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.goals import find_goal, is_bookkeeping
from cml_bot.model import Chart, Role, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.model import Goal, Key, Metric, Series


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


def goal_of(one: Metric | Series | Chart, rules: Sequence[Rule] = ()) -> Goal:
    """Tell which way of a metric or curve is good: by the configuration, the tool that wrote it, else by its name."""
    said = None if isinstance(one, Chart) else one.goal
    return rule_of(one.key, rules).goal or said or find_goal(one.key.name)


def role_of(metric: Metric, rule: Rule, gated: Iterable[str] = ()) -> Role:
    """Tell how much attention a metric may take: by its rule and the gates, what its file tells, else by its name."""
    key = metric.key
    if rule.headline or any(key.matches(pattern) for pattern in gated):
        return Role.HEADLINE
    if rule.headline is not None or rule.goal is not None:
        return Role.QUALITY
    if metric.role is not None:
        return metric.role
    is_counted = metric.goal is None and is_bookkeeping(key.name)
    return Role.BOOKKEEPING if is_counted else Role.QUALITY
