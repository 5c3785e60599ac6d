"""What main has lost over many small steps, each of which was inside the noise of its pull request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.model import Drift, Goal, Role
from cml_bot.rows import gather_history
from cml_bot.rules import goal_of, role_of, rule_of
from cml_bot.stats.band import FEWEST_TO_FAIL, find_main_levels
from cml_bot.stats.families import holm
from cml_bot.stats.shift import new_against_old
from cml_bot.weigh import choose_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Key, Metric, Rule, Run
    from cml_bot.stats.segments import Segment

LEVEL = 0.01
"""Of a report: the chance that any metric is said to have slid although none has."""


@dataclass(frozen=True, slots=True)
class _Suspect:
    drift: Drift
    p: float


def find_drifts(runs: Sequence[Run], rules: Sequence[Rule] = ()) -> tuple[Drift, ...]:
    """Find metrics whose last level is worse than their best earlier one by more than noise.

    Args:
        runs: of main, one a commit, oldest first, all of the same data and amount of training.
        rules: what the configuration says of goals.
    """
    suspects = []
    for key, found in gather_history(runs, rules).items():
        last_run, metric = found[-1]
        goal = goal_of(metric, rules)
        is_counted = role_of(metric, rule_of(key, rules)) is Role.BOOKKEEPING
        if goal is not Goal.NONE and not is_counted and last_run is runs[-1]:
            suspects += _suspect(key, found, 1 if goal is Goal.HIGHER else -1)
    chances = holm([suspect.p for suspect in suspects])
    return tuple(suspect.drift for suspect, p in zip(suspects, chances, strict=True) if p <= LEVEL)


def _suspect(key: Key, found: Sequence[tuple[Run, Metric]], sign: int) -> list[_Suspect]:
    metrics = [metric for _, metric in found]
    places, _ = choose_places(metrics, len(metrics[-1].values))
    rows = [(found[place][0].sha, float(metrics[place].value)) for place in places]
    if len(rows) < FEWEST_TO_FAIL:
        return []
    levels = find_main_levels([value for _, value in rows])
    *earlier, last = levels.segments
    # A level of one run is a lucky run.
    stood = [segment for segment in earlier if segment.n > 1]
    if not stood:
        return []
    best = max(stood, key=lambda segment: sign * segment.mean)
    shift = new_against_old(sign * best.mean, sign * last.mean, levels.sd, last.n, k=best.n, df=levels.df)
    if shift.estimate <= 0:
        return []
    low, high = shift.interval()
    # Both levels were chosen because they lie apart: any two of all that could be cut out might have been.
    chance = min(1.0, len(rows) ** 2 / 4 * shift.p_above())
    return [_Suspect(_tell(key, rows, best, last, (high - low) / 2), chance)]


def _tell(key: Key, rows: Sequence[tuple[str, float]], best: Segment, last: Segment, noise: float) -> Drift:
    return Drift(
        key=key,
        best=best.mean,
        level=last.mean,
        noise=noise,
        n_best=best.n,
        n_level=last.n,
        last_good=rows[best.end - 1][0],
        first_bad=rows[last.start][0],
    )
