"""What the configuration says of a metric or curve, and where it says nothing, its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.goals import find_goal, is_bookkeeping
from cml_bot.model import Role, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.model import Goal, Key


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


def goal_of(key: Key, rules: Sequence[Rule]) -> Goal:
    """Tell which way of a metric or curve is good: by the configuration, else by its name."""
    return rule_of(key, rules).goal or find_goal(key.name)


def role_of(key: Key, rule: Rule, gated: Iterable[str] = ()) -> Role:
    """Tell how much attention a metric may take: by its rule and the patterns of the gates, else by its name."""
    if rule.headline or any(key.matches(pattern) for pattern in gated):
        return Role.HEADLINE
    is_told = rule.headline is not None or rule.goal is not None
    return Role.BOOKKEEPING if is_bookkeeping(key.name) and not is_told else Role.QUALITY
