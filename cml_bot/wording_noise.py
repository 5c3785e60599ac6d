"""How sure a change is, in the words of all forms of a report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.filters import (
    NO_BREAK,
    format_beside,
    format_p,
    format_pair,
    format_percent,
    format_spread,
    plural,
    sparkline,
)
from cml_bot.model import Method, Repeats
from cml_bot.names import name_of, shared_names, tell_size
from cml_bot.stats.band import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.model import Delta, Drift, Evidence, Report

SPARKLINE = 12
"""Runs of main in the small line."""
WIDE = 0.1
"""The share of a metric from which its noise hides what readers would want to know."""
OUTLIER = "×"
UNTRUSTED = "The numbers were reported by the pull request's own job; nobody else has measured them."
METHODS = {
    Method.NONE: "no way to tell a change from noise with what is there",
    Method.EQUAL: "equal on both sides",
    Method.COUNT: "a count, which holds no noise",
    Method.TOLERANCE: "changed by less than the tolerance",
    Method.NOT_FINITE: "not a number on one side or both",
    Method.DETERMINISTIC: "all equal in the last runs of main, so that more than a step of the last digit is a change",
    Method.PREDICTION: "held against the last level of main's runs (t prediction interval at 95 %)",
    Method.WELCH: "repeated trainings of both sides (Welch's t test at 95 %)",
    Method.PAIRED: "trainings repeated with the same labels on both sides (paired t test at 95 %)",
    Method.FOLDS: "the folds of one cross-validation (corrected resampled t test at 95 %, as they share examples)",
    Method.ERRORS: "the standard errors that the tool gave (z test at 95 %), which hold no noise of the training",
}
OF_MAIN = (Method.PREDICTION, Method.DETERMINISTIC)
"""Methods that know a metric's noise by the runs of main."""
WITH_NOTES = (Method.PREDICTION, Method.NONE)
"""Methods whose evidence says something of its own for each metric."""


def tell_noise(delta: Delta) -> str:
    """Say what is known of a metric's noise, for a cell of a table; empty where that is nothing."""
    evidence, spread = delta.evidence, format_spread(delta.evidence.noise, delta.unit)
    match evidence.method:
        case Method.WELCH | Method.PAIRED | Method.FOLDS:
            return f"{spread}, {tell_size(evidence)}"
        case Method.ERRORS:
            return f"{spread}, standard errors"
        case Method.DETERMINISTIC:
            return plural(evidence.n_history, "equal run")
    # Too few runs are told of in words below the table: their number alone would mean nothing to a newcomer.
    return f"{_draw_history(delta)} {_tell_level(delta)}".strip() if spread else ""


def head_noise(deltas: Iterable[Delta]) -> str:
    """Head the column of what `tell_noise` says: main's level would be read as a third value of this run."""
    by_history = {one.evidence.method in OF_MAIN for one in deltas if tell_noise(one)}
    return "usual on main" if by_history == {True} else "noise"


def _tell_level(delta: Delta) -> str:
    """Give main's level and its noise, with the same decimals: a row is held against that, not the last run."""
    noise = delta.evidence.noise
    return f"{format_beside(delta.evidence.expected, noise, delta.unit)}{NO_BREAK}{format_spread(noise, delta.unit)}"


def _draw_history(delta: Delta) -> str:
    """Draw the last runs of main."""
    values = delta.history[-SPARKLINE:]
    is_out = [value in delta.evidence.outliers or abs(value) >= LARGEST for value in values]
    return "".join(draw_runs(values, is_out)) if len(values) > 1 else ""


def draw_runs(values: Sequence[float], is_out: Sequence[bool]) -> list[str]:
    """Draw a bar a run; a cross stands for what was left out, which as a bar would press all others flat."""
    bars = sparkline([math.nan if out else value for out, value in zip(is_out, values, strict=True)], len(values))
    return [OUTLIER if out else bar for out, bar in zip(is_out, bars, strict=True)]


def tell_sure(delta: Delta) -> str:
    """Say how anybody can know that it changed, as the end of a sentence."""
    evidence, spread = delta.evidence, format_spread(delta.evidence.noise, delta.unit)
    match evidence.method:
        case Method.PREDICTION:
            return f", outside the noise of the last {tell_size(evidence)} ({_tell_level(delta)})"
        case Method.WELCH | Method.PAIRED | Method.FOLDS:
            return f", outside the noise of {tell_size(evidence)} ({spread})"
        case Method.ERRORS:
            return f", outside its standard errors ({spread})"
        case _:
            return f", {evidence.note}" if evidence.note else ""


def find_widest(deltas: Iterable[Delta]) -> Delta | None:
    """Give the metric whose noise is the widest share of it; None where none hides as much as a tenth.

    So it is where noise is larger than the metric: of such a number a reader learns nothing.
    """
    widest = max(deltas, key=_relative_noise, default=None)
    return widest if widest and WIDE < _relative_noise(widest) <= 1 else None


def tell_share(delta: Delta) -> str:
    r"""Give the noise of a metric as a share of it: ``±25\xa0%``."""
    return f"±{format_percent(_relative_noise(delta))}"


def _relative_noise(delta: Delta) -> float:
    noise, level = delta.evidence.noise, delta.reference
    if delta.evidence.p is None or not noise or not level or not (math.isfinite(noise) and math.isfinite(level)):
        return 0.0
    return noise / abs(level)


def tell_methods(report: Report) -> list[str]:
    """Say how changes were told from noise, each method once with the number of metrics, and by which runs of main."""
    paired = [delta.evidence for delta in report.deltas if delta.head and delta.base]
    # Timings are repeated as trainings are, and held against each other by the same tests.
    used = [METHODS[one.method].replace(Repeats.TRAININGS, one.repeats) for one in paired]
    said = [f"{plural(used.count(method), 'metric')}: {method}" for method in dict.fromkeys(used)]
    out = any(OUTLIER in tell_noise(delta) for delta in report.deltas)
    return [*said, *report.band, *([f"{OUTLIER} in a row of bars: a run of main that was left out"] if out else [])]


@dataclass(frozen=True, slots=True)
class Proof:
    """How one metric was told from noise, for a row of a table."""

    name: str
    """Foreign text."""
    method: str
    size: str
    """How many runs or trainings."""
    interval: str
    """Where 95 of 100 values would lie if nothing had changed."""
    p: str
    note: str


def tell_proofs(report: Report) -> list[Proof]:
    """Give the evidence of every metric of which there is more to say than its method."""
    shared = shared_names(delta.key for delta in report.deltas)
    paired = (delta for delta in report.deltas if delta.head and delta.base)
    return [_tell_proof(delta, name_of(delta.key, shared)) for delta in paired if _is_special(delta.evidence)]


def _is_special(evidence: Evidence) -> bool:
    return evidence.p is not None or (bool(evidence.note) and evidence.method in WITH_NOTES)


def _tell_proof(delta: Delta, name: str) -> Proof:
    evidence = delta.evidence
    interval = ""
    if evidence.interval:
        pair = format_pair(*evidence.interval, delta.unit)
        interval = f"{pair.base} to {pair.head}"
    size = tell_size(evidence)
    raw, adjusted = (_tell_p(p) for p in (evidence.p, evidence.adjusted))
    p = raw if adjusted in ("", raw) else f"{raw}, corrected {adjusted}"
    return Proof(name, evidence.method, size, interval, p, evidence.note)


def _tell_p(p: float | None) -> str:
    return "" if p is None else format_p(p).removeprefix("p ").removeprefix("= ")


def tell_drift(drift: Drift, shared: frozenset[str]) -> str:
    """Say what main has lost, and between which commits."""
    pair = format_pair(drift.level, drift.best)
    best, level = f"{pair.head} ({plural(drift.n_best, 'run')})", f"{pair.base} ({plural(drift.n_level, 'run')})"
    return (
        f"main has slid: {name_of(drift.key, shared)} was {best} at its best and is {level} now, "
        f"beyond noise ({format_spread(drift.noise)}); it changed between {drift.last_good[:7]} and "
        f"{drift.first_bad[:7]}"
    )
