"""The metrics of main's last runs and the noise band of each: what `mlbot history` tells, before any form of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.comparable import choose_comparable
from cml_bot.doubles import drop_doubles
from cml_bot.drift import find_drifts
from cml_bot.model import Goal, Role
from cml_bot.rows import gather_history
from cml_bot.rules import goal_of, role_of, rule_of
from cml_bot.stats.band import FEWEST, find_interval, find_main_levels
from cml_bot.weigh import choose_places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cml_bot.model import Drift, Key, Metric, Rule, Run
    from cml_bot.stats.segments import Levels

_JUDGED = (Role.HEADLINE, Role.QUALITY)
"""What a training is judged by; the rest is bookkeeping."""


class LevelShift(NamedTuple):
    """A commit with which a metric of main came to another level."""

    sha: str
    before: float
    after: float


class Point(NamedTuple):
    """A metric in one of the runs that the band is made of."""

    sha: str
    value: float | None
    """None where the run has no such metric."""
    counts: bool
    """Whether it is looked at: a number, and the mean of as many trainings as the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One metric over the last runs of main."""

    key: Key
    goal: Goal
    role: Role
    unit: str
    values: tuple[float | None, ...]
    """One a run of the table; None where it has no such metric."""
    course: tuple[Point, ...]
    """One for each run that can be compared with the last."""
    n: int
    """Runs that make the band; outliers do not count."""
    level: float | None = None
    """The level that main has now; None where there are too few runs to tell."""
    noise: float | None = None
    """Half the width of where 95 of 100 new values lie; 0 where the values do not scatter."""
    outliers: tuple[str, ...] = ()
    """The commits whose values do not belong to the others."""
    shifts: tuple[LevelShift, ...] = ()

    @property
    def missing(self) -> int:
        """How many more runs there have to be until there is a band."""
        return 0 if self.level is not None else FEWEST - self.n

    @property
    def low(self) -> float | None:
        """The lower edge of the band."""
        return None if self.level is None or self.noise is None else self.level - self.noise

    @property
    def high(self) -> float | None:
        """The upper edge of the band."""
        return None if self.level is None or self.noise is None else self.level + self.noise


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The last runs of main, and what they say of each metric."""

    name: str
    """Foreign text: which history of main it is."""
    runs: tuple[Run, ...] = ()
    """One a commit, oldest first."""
    rows: tuple[HistoryRow, ...] = ()
    """In the order in which the last run declares them, then those that it lacks."""
    drifts: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()
    """Which runs make the band, and what was left out."""


def make_history(
    name: str,
    runs: Sequence[Run],
    *,
    wanted: Sequence[str] = (),
    rules: Sequence[Rule] = (),
    gated: Sequence[str] = (),
    with_data: bool = True,
    with_bookkeeping: bool = False,
) -> History:
    """Tell of the last runs of main, and of those among them that can be compared with the very last.

    Args:
        name: which history it is.
        runs: of main, one a commit, oldest first.
        wanted: patterns of the metrics to tell of; all that are no bookkeeping where there are none.
        rules: what the configuration says of metrics.
        gated: patterns of the gates: what they mean is no bookkeeping.
        with_data: whether runs of other data are left out of the band.
        with_bookkeeping: whether bookkeeping is told of as well, where no pattern is given.
    """
    if not runs:
        return History(name=name)
    runs = drop_doubles(runs, [*wanted, *gated, *(rule.pattern for rule in rules)])
    alike = choose_comparable(runs[-1], runs, with_data=with_data)
    found = gather_history(runs, rules)
    order = {**gather_history(runs[-1:], rules), **found}
    roles = {key: role_of(each[-1][1], rule_of(key, rules), gated) for key, each in found.items()}
    keys = [key for key in order if _is_wanted(key, wanted) and (wanted or with_bookkeeping or roles[key] in _JUDGED)]
    lost = [f"no metric of these runs matches {one}" for one in wanted if not any(key.matches(one) for key in keys)]
    if not keys and not wanted:
        lost = ["these runs hold no metric but bookkeeping, which is shown when it is asked for by name"]
    rows = tuple(_make_row(key, roles[key], found[key], runs, alike.runs, rules) for key in keys)
    odd = ["a metric's outliers are left out of its band, which is of fewer runs then"] if _has_outliers(rows) else []
    return History(
        name=name,
        runs=tuple(runs),
        rows=rows,
        drifts=tuple(drift for drift in find_drifts(alike.runs, rules) if drift.key in keys),
        notes=(*alike.told, *odd, *lost),
    )


def _has_outliers(rows: Sequence[HistoryRow]) -> bool:
    return any(row.outliers for row in rows)


def _is_wanted(key: Key, wanted: Sequence[str]) -> bool:
    return not wanted or any(key.matches(pattern) for pattern in wanted)


def _make_row(
    key: Key,
    role: Role,
    found: Sequence[tuple[Run, Metric]],
    runs: Sequence[Run],
    alike: Sequence[Run],
    rules: Sequence[Rule],
) -> HistoryRow:
    known = {run.sha: metric for run, metric in found}
    unit = rule_of(key, rules).unit
    course, k = _make_course(known, [run.sha for run in alike])
    counted = [(point.sha, float(point.value)) for point in course if point.counts and point.value is not None]
    row = HistoryRow(
        key=key,
        goal=goal_of(found[-1][1], rules),
        role=role,
        unit=found[-1][1].unit if unit is None else unit,
        values=tuple(known[run.sha].value if run.sha in known else None for run in runs),
        course=course,
        n=len(counted),
    )
    return row if len(counted) < FEWEST else _add_band(row, [sha for sha, _ in counted], [y for _, y in counted], k)


def _make_course(known: Mapping[str, Metric], commits: Sequence[str]) -> tuple[tuple[Point, ...], int]:
    """Give the metric in the runs to compare with, and of how many trainings the band holds the mean."""
    there = [sha for sha in commits if sha in known]
    metrics = [known[sha] for sha in there]
    places, k = choose_places(metrics, len(metrics[-1].values)) if metrics else ([], 1)
    counted = {there[place] for place in places}
    points = [Point(sha, known[sha].value if sha in known else None, sha in counted) for sha in commits]
    return tuple(points), k


def _add_band(row: HistoryRow, commits: Sequence[str], values: Sequence[float], k: int) -> HistoryRow:
    levels = find_main_levels(values)
    low, high = find_interval(levels, k)
    return replace(
        row,
        n=levels.n,
        level=levels.segments[-1].mean,
        noise=(high - low) / 2,
        outliers=tuple(commits[place] for place in levels.outliers),
        shifts=tuple(_list_shifts(levels, commits)),
    )


def _list_shifts(levels: Levels, commits: Sequence[str]) -> list[LevelShift]:
    pairs = pairwise(levels.segments)
    return [LevelShift(commits[after.start], before.mean, after.mean) for before, after in pairs]
