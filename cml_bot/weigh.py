"""How one metric's change is told from noise: the test is chosen from what both sides and main's history hold.

Replicates on both sides come first, then the noise of main's runs, then standard errors that a tool gave. Where there
is none of them, nobody can tell, and the evidence says what would. What is decided here is raw: `compare` corrects it
for the number of metrics.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Evidence, Method, Repeats
from cml_bot.stats.band import FEWEST, LARGEST, SURE, find_main_levels, weigh_against
from cml_bot.stats.planning import FEWEST_REPLICATES, examples_needed, runs_needed
from cml_bot.stats.resolution import find_step, shift_of_equals, written_step
from cml_bot.stats.segments import ALIKE, is_flat
from cml_bot.stats.shift import nadeau_bengio, paired_t, welch, z_of_standard_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Metric
    from cml_bot.stats.band import Band
    from cml_bot.stats.shift import Shift

LEVEL = 0.05
"""Two-sided: a smaller p is a change."""
MOST_REPLICATES = 1000
FEWEST_FOLDS = 5
"""A cross-validation of fewer tells nothing of its noise."""
ONE_STEP = 1.5
"""Steps of its last digit that are one and not two."""


def weigh(
    head: Metric | None,
    base: Metric | None,
    history: Sequence[Metric],
    tolerance: float,
    *,
    unlike: str = "",
) -> Evidence:
    """Choose how to tell a change from noise, and tell it.

    Args:
        head: the metric under review; None where it is gone.
        base: the metric to compare with; None where it is new.
        history: the metric in the runs of main that can be compared with, one a commit, oldest first.
        tolerance: smallest change anyone should care about, in the metric's unit.
        unlike: what differs between the sides so that nothing can be told: ``data`` or ``conditions``; else empty.
    """
    if head is None or base is None:
        return Evidence(method=Method.NONE, is_real=None, note="there is only one side")
    n_head, n_base, repeats = len(head.values), len(base.values), head.repeats
    counts = Evidence(method=Method.NONE, is_real=None, n_head=n_head, n_base=n_base, repeats=repeats)
    if not math.isfinite(head.value):
        return _weigh_broken(head.value, base.value, counts)
    if not math.isfinite(base.value):
        # Main's own run gave no number: the runs before it may tell all the same.
        found = _weigh_history(head, base, history, tolerance, counts) if not unlike else counts
        return _weigh_broken(head.value, base.value, counts) if found.method is Method.NONE else found
    if math.isclose(head.value, base.value, rel_tol=ALIKE, abs_tol=0.0):
        return replace(counts, method=Method.EQUAL, is_real=False)
    if abs(head.value - base.value) <= tolerance:
        return replace(counts, method=Method.TOLERANCE, is_real=False, note="the change is within the tolerance")
    if unlike:
        return replace(counts, note=f"the {unlike} differ", decide=f"both sides with the same {unlike} would tell")
    return _weigh_numbers(head, base, history, tolerance, counts)


def _weigh_numbers(
    head: Metric, base: Metric, history: Sequence[Metric], tolerance: float, counts: Evidence
) -> Evidence:
    is_folded = Repeats.FOLDS in (head.repeats, base.repeats)
    weigh_repeats = _weigh_folds if is_folded else _weigh_replicates
    found = weigh_repeats(head, base, tolerance, counts)
    if found is None:
        found = _weigh_history(head, base, history, tolerance, counts)
        if found.method is not Method.PREDICTION:
            # Main's runs do not scatter, or are too few: then other examples are all the noise that is known.
            found = _weigh_errors(head, base, tolerance, counts) or found
        if is_folded and found.method is Method.NONE:
            found = replace(found, decide=f"the same {FEWEST_FOLDS} folds or more on both sides would tell")
    return found


def _weigh_broken(head: float, base: float, counts: Evidence) -> Evidence:
    """Weigh sides of which one is NaN or infinite: that is never equal, and a loss unless the base had it too."""
    if math.isfinite(head) or math.isfinite(base):
        return replace(counts, method=Method.NOT_FINITE, is_real=True, note="one side is not a number")
    return replace(counts, method=Method.NOT_FINITE, note="neither side is a number")


def _weigh_replicates(head: Metric, base: Metric, tolerance: float, counts: Evidence) -> Evidence | None:
    """Weigh repeated trainings of both sides: pair by pair where they were repeated with the same seeds."""
    if min(len(head.values), len(base.values)) < 2 or max(map(abs, (*head.values, *base.values))) > LARGEST:
        return None
    fewest = min(counts.n_head, counts.n_base)
    if _has_same_labels(head, base):
        partner = dict(zip(base.labels, base.values, strict=True))
        shift = paired_t([a - partner[label] for label, a in zip(head.labels, head.values, strict=True)])
        found = _tell_shift(shift, base, tolerance, replace(counts, method=Method.PAIRED))
    else:
        found = _tell_shift(welch(head.values, base.values), base, tolerance, replace(counts, method=Method.WELCH))
    if (found.noise or 0.0) <= ALIKE * max(abs(head.value), abs(base.value)):
        return _weigh_equals(head, base, tolerance, found)
    if found.is_real or (found.is_real is False and fewest >= FEWEST_REPLICATES):
        return found
    wanted = runs_needed(head.value - base.value, _scatter(head, base))
    wanted = max(FEWEST_REPLICATES, wanted, fewest + 1)
    if wanted > MOST_REPLICATES:
        return replace(found, is_real=None, decide=f"more {counts.repeats} a side than are worth it would tell")
    said = plural(int(wanted), counts.repeats.one)
    return replace(found, is_real=None, decide=f"about {said} a side would tell")


def _weigh_equals(head: Metric, base: Metric, tolerance: float, found: Evidence) -> Evidence:
    """Weigh trainings whose values, or differences, are all equal: what is left is that they were rounded."""
    more = f"{min(found.n_head, found.n_base) + 1} {found.repeats} a side would tell"
    if min(found.n_head, found.n_base) < FEWEST_REPLICATES:
        return replace(found, is_real=None, p=None, decide=more)
    degrees = found.n_head - 1 if found.method is Method.PAIRED else found.n_head + found.n_base - 2
    step = find_step((*head.values, *base.values))
    shift = shift_of_equals(head.value - base.value, step, found.n_head, found.n_base, degrees)
    told = _tell_shift(shift, base, tolerance, found)
    return told if told.is_real is not None else replace(told, decide=more)


def _weigh_folds(head: Metric, base: Metric, tolerance: float, counts: Evidence) -> Evidence | None:
    """Weigh a cross-validation fold by fold: its trainings share most of their examples, so they scatter too little.

    None where the folds are few, or not the same on both sides.
    """
    fewest, largest = min(counts.n_head, counts.n_base), max(map(abs, (*head.values, *base.values)))
    if fewest < FEWEST_FOLDS or largest > LARGEST or not _has_same_labels(head, base):
        return None
    partner = dict(zip(base.labels, base.values, strict=True))
    differences = [a - partner[label] for label, a in zip(head.labels, head.values, strict=True)]
    shift = nadeau_bengio(differences, test_share=1 / len(differences))
    found = _tell_shift(shift, base, tolerance, replace(counts, method=Method.FOLDS))
    # More folds would share more examples: they help little.
    return found if found.is_real is not None else replace(found, decide="cross-validation of other splits would tell")


def _has_same_labels(head: Metric, base: Metric) -> bool:
    return bool(head.labels) and len(set(head.labels)) == len(head.labels) and set(head.labels) == set(base.labels)


def _scatter(head: Metric, base: Metric) -> float:
    """How one training differs from the next, of both sides together."""
    squares = [math.fsum((value - side.value) ** 2 for value in side.values) for side in (head, base)]
    return math.sqrt(math.fsum(squares) / (len(head.values) + len(base.values) - 2))


def _weigh_errors(head: Metric, base: Metric, tolerance: float, counts: Evidence) -> Evidence | None:
    """Weigh by the standard errors that the tool gave: they hold what other examples would change, not other seeds."""
    if not (_is_error(head.stderr) and _is_error(base.stderr)) or max(abs(head.value), abs(base.value)) > LARGEST:
        return None
    shift = z_of_standard_errors(head.value, head.stderr or 0.0, base.value, base.stderr or 0.0)
    found = _tell_shift(shift, base, tolerance, replace(counts, method=Method.ERRORS))
    if found.is_real is not None:
        return found
    times = examples_needed(shift.estimate, shift.se)
    if head.n_items and math.isfinite(times):
        more = plural(max(1, math.ceil((times - 1) * head.n_items)), "more example")
        return replace(found, decide=f"about {more} would tell")
    return replace(found, decide=f"about {times:.1f} times as many examples would tell")


def _is_error(stderr: float | None) -> bool:
    return stderr is not None and 0 < stderr < LARGEST


def _tell_shift(shift: Shift, base: Metric, tolerance: float, counts: Evidence) -> Evidence:
    """Put the result of a test into an evidence: unclear where a change beyond the tolerance may hide in the noise."""
    low, high = shift.interval(1 - LEVEL)
    half = (high - low) / 2
    p = shift.p_two_sided(tolerance)
    is_within = -tolerance <= low and high <= tolerance
    is_small = abs(shift.estimate) <= max(shift.se, tolerance)
    return replace(
        counts,
        is_real=True if p <= LEVEL else False if is_within or is_small else None,
        interval=(base.value - half, base.value + half),
        p=p,
        noise=half,
    )


def _weigh_history(
    head: Metric, base: Metric, history: Sequence[Metric], tolerance: float, counts: Evidence
) -> Evidence:
    """Weigh one run against the runs of main, else say how many more would tell."""
    places, k = choose_places(history, counts.n_head)
    values = [float(history[place].value) for place in places]
    lost = len(history) - len(values)
    note = f"{plural(lost, 'run')} of main left out: no number, or of another count of trainings" if lost else ""
    if len(values) < FEWEST:
        return replace(counts, n_history=len(values), note=note, decide=_tell_runs_needed(len(values), counts))
    value = max(-LARGEST, min(LARGEST, head.value))
    has_base = places[-1] == len(history) - 1 and history[-1] == base
    band = weigh_against(values, value, tolerance=tolerance, k=k, has_base=has_base)
    if band is None:
        return _weigh_flat(head, values, tolerance, replace(counts, note=note))
    return replace(
        counts,
        method=Method.PREDICTION,
        is_real=None if band.is_open else band.p <= LEVEL,
        expected=band.expected,
        interval=band.interval,
        p=band.p,
        noise=(band.interval[1] - band.interval[0]) / 2,
        n_history=band.levels.n,
        outliers=tuple(values[place] for place in band.levels.outliers),
        note="; ".join(filter(None, (note, *_tell_band(band, len(values))))),
        decide="main's own run lies outside of its noise, and another run of main would tell" if band.is_open else "",
    )


def _weigh_flat(head: Metric, values: Sequence[float], tolerance: float, counts: Evidence) -> Evidence:
    """Weigh where main's runs do not scatter around their level: then any change is one that rounding cannot hide."""
    levels = find_main_levels(values)
    last = levels.segments[-1]
    kept = [values[place] for place in range(last.start, last.end) if place not in levels.outliers]
    if not is_flat(kept):
        # So small that their squares are no numbers.
        return replace(counts, n_history=len(values))
    is_equal = math.isclose(head.value, last.mean, rel_tol=ALIKE, abs_tol=tolerance)
    more = 0 if is_equal else _count_missing(head, kept[0], values[last.start : last.end])
    said = f"the last {plural(last.n, 'run')} of main are all equal, so any change is one"
    if more:
        said = f"the last {plural(last.n, 'run')} of main are all equal, but a step of the last digit may be noise"
    if levels.outliers:
        said += f"; {plural(len(levels.outliers), 'other')} left out"
    return replace(
        counts,
        method=Method.DETERMINISTIC,
        is_real=None if more else not is_equal,
        decide=f"it is one step of the last digit, and {plural(more, 'more run')} of main would tell" if more else "",
        expected=last.mean,
        interval=(last.mean, last.mean),
        n_history=last.n,
        outliers=tuple(values[place] for place in levels.outliers),
        note=said,
    )


def _count_missing(head: Metric, level: float, values: Sequence[float]) -> int:
    """Say how many more runs it takes to tell a change of one step, the smallest that there is, from noise.

    If nothing had changed, any of all runs were as likely to be the one that is a step off.
    """
    is_share = head.n_items is not None and 0 <= head.value <= 1
    step = max(written_step((head.value, level)), 1 / head.n_items if is_share and head.n_items else 0.0)
    distance = abs(head.value - level)
    if distance > ONE_STEP * step:
        return 0
    as_far = sum(abs(value - level) >= distance * (1 - ALIKE) for value in values)
    return max(0, math.ceil((as_far + 1) / LEVEL) - 1 - len(values))


def choose_places(history: Sequence[Metric], n_head: int) -> tuple[list[int], int]:
    """Choose the runs whose values count for a head of so many trainings, and of how many values that is the mean.

    Runs that repeated their training as often as the head did stand by their mean. A mean of several is held against
    single trainings too; a single training against means of several is not, because those scatter less.
    """
    alike = [place for place, metric in enumerate(history) if len(metric.values) == n_head]
    singles = [place for place, metric in enumerate(history) if len(metric.values) == 1]
    chosen, k = (alike, 1) if len(alike) >= len(singles) else (singles, n_head)
    return [place for place in chosen if abs(history[place].value) < LARGEST], k


def _tell_runs_needed(n: int, counts: Evidence) -> str:
    more = f"{plural(FEWEST - n, 'more run' if n else 'recorded run')} of main would tell"
    if counts.n_base > 1 and counts.n_head == 1:
        return "repeat this training as main's was repeated"
    return f"repeat main's training too, or {more}" if counts.n_head > 1 and counts.n_base == 1 else more


def _tell_band(band: Band, n: int) -> list[str]:
    said = []
    levels = band.levels
    if levels.outliers:
        what = "an outlier" if len(levels.outliers) == 1 else "outliers"
        said.append(f"{len(levels.outliers)} of {plural(n, 'run')} left out as {what}")
    if len(levels.segments) > 1:
        last = levels.segments[-1]
        said.append(f"the level shifted before the last {plural(last.n, 'run')}, which the change is held against")
    if SURE in (band.low, band.high):
        said.append(f"p is held at {2 * SURE:g}, as it is smaller only with some runs left out")
    if band.is_base_odd:
        said.append("the run it is compared with lies itself outside of what the runs before it explain")
    return said
