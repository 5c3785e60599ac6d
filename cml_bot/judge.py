"""Step 3: hold every gate against the deltas.

A gate has one of three forms: ``NAME OP NUMBER``, ``NAME change OP NUMBER[%]`` and ``NAME regressed``; NAME may be a
glob. It names the condition that must not hold. A gated metric that is missing, NaN or infinite fails its gate.

All metrics that a ``regressed`` gate means are one family: the chance that any of them warns although nothing changed
is 0.05, and that any fails 0.01, however many they are (Holm).
"""

from __future__ import annotations

import math
import operator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cml_bot.filters import format_number, format_pair
from cml_bot.gates import is_same_gate
from cml_bot.model import Check, Form, Gate, Goal, Method, Outcome, Trend, Verdict
from cml_bot.names import tell_size
from cml_bot.stats.band import FEWEST_TO_FAIL
from cml_bot.stats.families import holm
from cml_bot.stats.planning import FEWEST_REPLICATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from cml_bot.model import Delta, Evidence, Key, Waiver

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
WORDS = {
    "<=": ("is at most", "is above"),
    ">=": ("is at least", "is below"),
    "==": ("is", "is not"),
    "!=": ("is not", "is"),
    "<": ("is below", "is at least"),
    ">": ("is above", "is at most"),
}
"""How a comparison reads when it holds, and when it does not."""
WARNS_AT, FAILS_AT = 0.05, 0.01
OTHER_DATA = "the data differ between the sides or are not known here"
ODD_BASE = "main's own run was no better"
NO_BASE = "there is nothing to compare it with yet"
UNCHECKED = "not checked yet: there is nothing to compare with"
"""On a first report nothing can have changed, so it is no warning; what is new beside others is one."""
NO_GOAL = "it changed, and whether higher or lower is better is not known: set its goal in mlbot.toml"


def judge(
    deltas: Sequence[Delta],
    gates: Sequence[Gate],
    waivers: Sequence[Waiver],
    today: date,
    *,
    on_other_data: Outcome = Outcome.PASS,
) -> Verdict:
    """Hold each gate against every delta it means, and lower what a waiver accepts until `today`.

    Args:
        deltas: of the report.
        gates: those that fail first.
        waivers: accepted losses.
        today: the day of the job.
        on_other_data: the most that a ``regressed`` gate comes to because the data differ between the sides; PASS
            where they do not, or where that is to be ignored.
    """
    chances = _adjust_chances(deltas, gates)
    checks = [check for gate in gates for check in _check_gate(gate, deltas, chances, on_other_data)]
    if all(delta.base is None for delta in deltas):
        checks = [_leave_unchecked(check) for check in checks]
    return Verdict(checks=tuple(_waive(check, waivers, today) for check in checks))


def is_unchecked(check: Check) -> bool:
    """Whether a gate passed because there is no base at all yet."""
    return check.reason == UNCHECKED


def _leave_unchecked(check: Check) -> Check:
    return replace(check, outcome=Outcome.PASS, reason=UNCHECKED) if check.reason == NO_BASE else check


def _adjust_chances(deltas: Sequence[Delta], gates: Iterable[Gate]) -> Mapping[Key, float]:
    """Give how often noise alone would make some gated metric so much worse, by Holm over all that are gated."""
    patterns = [gate.pattern for gate in gates if gate.form is Form.REGRESSED]
    chances = {
        delta.key: delta.evidence.p / 2 if delta.is_wrong_way else 1 - delta.evidence.p / 2
        for delta in deltas
        if delta.evidence.p is not None
        and delta.goal is not Goal.NONE
        and any(delta.key.matches(pattern) for pattern in patterns)
    }
    return dict(zip(chances, holm(list(chances.values())), strict=True))


def _check_gate(
    gate: Gate, deltas: Sequence[Delta], chances: Mapping[Key, float], on_other_data: Outcome
) -> Iterator[Check]:
    meant = [delta for delta in deltas if delta.key.matches(gate.pattern)]
    if not meant:
        close = _find_close(gate.pattern, [delta.key for delta in deltas])
        meant_perhaps = f" (is {close} meant?)" if close else ""
        reason = f"no metric is called {gate.pattern}{meant_perhaps}, so nothing could be checked"
        yield Check(gate=gate, key=None, outcome=gate.outcome, reason=reason)
    for delta in meant:
        outcome, reason = _check_delta(gate, delta, chances.get(delta.key), on_other_data)
        yield Check(gate=gate, key=delta.key, outcome=outcome, reason=reason)


def _find_close(pattern: str, keys: Sequence[Key]) -> str:
    """Give the name that a pattern may have meant: in a folder, in other letters (``*acc*``: Accuracy), or misspelt."""
    import difflib

    group, colon, name = pattern.rpartition(":")
    in_folders = (str(key) for key in keys if colon and key.name == name and key.group.endswith(f"/{group}"))
    alike = (key.name for key in keys if fnmatchcase(key.name.lower(), pattern.lower()))
    known = dict.fromkeys(str(key) if colon else key.name for key in keys)
    return next(in_folders, "") or next(alike, "") or next(iter(difflib.get_close_matches(pattern, known, n=1)), "")


def _check_delta(gate: Gate, delta: Delta, chance: float | None, on_other_data: Outcome) -> tuple[Outcome, str]:
    if delta.head is None:
        return gate.outcome, "it is missing from this run"
    if not math.isfinite(delta.head.value):
        return gate.outcome, f"{format_number(delta.head.value)} is not a number to check"
    if gate.form is Form.LIMIT:
        return _check_limit(gate, delta.head.value, delta.unit)
    if delta.base is None:
        return min(gate.outcome, Outcome.WARN), NO_BASE
    if gate.form is Form.CHANGE:
        return _check_change(gate, delta)
    if on_other_data:
        return min(gate.outcome, on_other_data), OTHER_DATA
    return _check_trend(gate, delta) if chance is None else _check_chance(gate, delta, chance)


def _check_limit(gate: Gate, value: float, unit: str) -> tuple[Outcome, str]:
    shown = format_pair(gate.bound, value, unit)
    holds = OPERATORS[gate.operator](value, gate.bound)
    said = f"{shown.head} {WORDS[gate.operator][not holds]} {shown.base}"
    return gate.outcome if holds else Outcome.PASS, said


def _check_chance(gate: Gate, delta: Delta, chance: float) -> tuple[Outcome, str]:
    """Judge a metric of which it is known how often noise alone would make it so much worse."""
    said = _tell_noise(delta)
    is_sure, is_open = chance <= FAILS_AT and gate.outcome is Outcome.FAIL, _is_open(delta)
    if is_sure and _is_enough(delta.evidence) and not is_open:
        return gate.outcome, said
    if chance <= WARNS_AT:
        few = ODD_BASE if is_open else _tell_few(delta.evidence) if is_sure else _tell_chance(gate, chance)
        return min(gate.outcome, Outcome.WARN), f"{said}; {few}" if few else said
    if delta.trend is Trend.UNCLEAR and delta.is_wrong_way and _is_small(delta.evidence):
        return _check_unclear(gate, delta)
    if not delta.is_wrong_way:
        return Outcome.PASS, "it did not get worse"
    if is_open:
        return Outcome.PASS, ODD_BASE
    return Outcome.PASS, "it is within what noise explains"


def _is_open(delta: Delta) -> bool:
    """Whether the base's own run is odd, and the head no worse than that."""
    if not delta.is_base_odd or delta.base is None or delta.head is None:
        return False
    base, head = delta.base.value, delta.head.value
    return not (head < base if delta.goal is Goal.HIGHER else head > base)


def _is_enough(evidence: Evidence) -> bool:
    """Whether there is enough to fail on. Standard errors never are: they hold other examples, not other seeds."""
    return not _is_small(evidence) if evidence.method.is_replicated else evidence.n_history >= FEWEST_TO_FAIL


def _is_small(evidence: Evidence) -> bool:
    return evidence.method.is_replicated and min(evidence.n_head, evidence.n_base) < FEWEST_REPLICATES


def _tell_few(evidence: Evidence) -> str:
    if evidence.method.is_replicated:
        return f"failing takes {FEWEST_REPLICATES} {evidence.repeats} a side, so this only warns"
    if evidence.method is Method.ERRORS:
        return "another training could still differ, so this only warns"
    return f"failing takes {FEWEST_TO_FAIL} runs of main, so this only warns"


def _tell_chance(gate: Gate, chance: float) -> str:
    """Say why a gate that fails only warns: so much happens by noise too often."""
    if gate.outcome is not Outcome.FAIL:
        return ""
    often = math.ceil(chance * 100)
    return f"noise alone goes this far in {often} of 100 reports, and failing takes 1 or fewer, so this only warns"


def _tell_noise(delta: Delta) -> str:
    """Say that it is beyond what noise explains, and how far that goes and by what; its p stands with the evidence."""
    evidence, head = delta.evidence, delta.head.value if delta.head else 0.0
    low, high = evidence.interval or (head, head)
    is_low = head < (delta.reference or 0.0)
    shown, edges = format_pair(low if is_low else high, head, delta.unit), format_pair(low, high, delta.unit)
    is_out = not low <= head <= high
    where = f"{'lower' if is_low else 'higher'} than" if is_out else "at the edge of what"
    by = tell_size(evidence) or "the standard errors"
    return f"{shown.head} is {where} noise explains ({edges.base} to {edges.head}, by {by})"


def _check_trend(gate: Gate, delta: Delta) -> tuple[Outcome, str]:
    match delta.trend:
        case Trend.WORSE if delta.evidence.method is Method.DETERMINISTIC and not _is_enough(delta.evidence):
            return min(gate.outcome, Outcome.WARN), f"it is worse than its base; {_tell_few(delta.evidence)}"
        case Trend.WORSE:
            return gate.outcome, "it is worse than its base"
        case Trend.UNCLEAR:
            return _check_unclear(gate, delta)
        case Trend.CHANGED:
            return min(gate.outcome, Outcome.WARN), NO_GOAL
        case _:
            return Outcome.PASS, "it did not get worse"


def _check_unclear(gate: Gate, delta: Delta) -> tuple[Outcome, str]:
    """A change the wrong way that may be noise is no failure, but it does not pass in silence either."""
    if delta.goal is Goal.NONE:
        return min(gate.outcome, Outcome.WARN), NO_GOAL
    if math.isfinite(delta.change or 0.0) and delta.change and not delta.is_wrong_way:
        return Outcome.PASS, "it did not get worse"
    return min(gate.outcome, Outcome.WARN), "it went the wrong way, and that could be noise"


def _check_change(gate: Gate, delta: Delta) -> tuple[Outcome, str]:
    change = _relative_or_infinite(delta) if gate.is_relative else delta.change
    if change is None or math.isnan(change):
        return min(gate.outcome, Outcome.WARN), "its base is not a number, so there is no change to check"
    scale, unit = (100, "%") if gate.is_relative else (1, delta.unit)
    outcome, said = _check_limit(replace(gate, bound=gate.bound * scale), change * scale, unit)
    return outcome, f"the change of {said}"


def _relative_or_infinite(delta: Delta) -> float | None:
    """The relative change; from a base of 0 any change is an infinite one, so that no gate passes in silence."""
    if delta.base is not None and delta.base.value == 0 and delta.change is not None:
        return math.copysign(math.inf, delta.change) if delta.change else 0.0
    return delta.relative


def _waive(check: Check, waivers: Sequence[Waiver], today: date) -> Check:
    # Of several the one that holds longest: a waiver is renewed by adding another.
    same = [one for one in waivers if is_same_gate(one.gate, check.gate.text)]
    waiver = max(same, key=lambda one: one.until, default=None)
    if waiver is None or check.outcome is not Outcome.FAIL:
        return check
    if today > waiver.until:
        return replace(check, reason=f"{check.reason}; its waiver ended on {waiver.until}")
    return replace(check, outcome=Outcome.WARN, waiver=waiver)
