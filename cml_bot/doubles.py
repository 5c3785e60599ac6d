"""What two files say alike, a tracker's and the job's own: once is enough.

Files are told apart by more than their content, so nothing is left out that differs in one run.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from cml_bot.model import Metric, Param, Series
from cml_bot.rows import plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from cml_bot.model import Key, Run

_FEWEST_POINTS = 3
_FEWEST_SIGNS = 7
"""Of a number that two files hardly share by chance: ``0.97368``, but not ``0.75``."""
_MOST = 20
"""Files of one name: a tracker and a log or two tell the same, and not the thousand folders of an evaluation."""
_SAME = 1e-6
"""TensorBoard keeps seven digits."""

Keyed = TypeVar("Keyed", Metric, Series, Param)


def drop_doubles(runs: Sequence[Run], patterns: Collection[str] = ()) -> tuple[Run, ...]:
    """Leave out the metrics, curves and parameters that another file tells alike, in every run that has them.

    Of files that a dvc.yaml names all stay: somebody wants each of them.

    Args:
        runs: both sides, or a history.
        patterns: what gates and rules mean: one key stands for another only where the same of them mean both.
    """
    wanted = {one.group or one.path for run in runs for one in run.sources if one.why.endswith("dvc.yaml names it")}
    find = partial(_find, patterns=patterns, wanted=wanted)
    series = find([run.series for run in runs], _are_same_courses)
    metrics = find([run.metrics for run in runs], _are_same_numbers)
    params = find([run.params for run in runs], _are_same_params)
    twins = {frozenset((key.group, other.group)) for key, other in (series | metrics).items()}
    # Files that share what they hardly share by chance share the rest as well.
    metrics |= find([run.metrics for run in runs], partial(_are_twins, twins)) if twins else {}
    return tuple(
        replace(
            run,
            metrics=tuple(one for one in run.metrics if one.key not in metrics),
            series=tuple(one for one in run.series if one.key not in series),
            params=tuple(one for one in run.params if one.key not in params),
        )
        for run in runs
    )


def _find(
    sides: Sequence[Sequence[Keyed]],
    is_same: Callable[[Sequence[Keyed], Sequence[Keyed]], bool],
    *,
    patterns: Collection[str],
    wanted: Collection[str],
) -> dict[Key, Key]:
    """Find the keys that another one stands for: the first of them, where that is in every run."""
    named: dict[str, list[Key]] = defaultdict(list)
    for key in dict.fromkeys([one.key for side in sides for one in side]):
        named[plain_name(key.name)].append(key)
    groups = [keys for keys in named.values() if 1 < len(keys) <= _MOST]
    shared = {key for keys in groups for key in keys}
    found = [_by_key(one for one in side if one.key in shared) for side in sides] if shared else []
    dropped: dict[Key, Key] = {}
    for keys in groups:
        kept: list[Key] = []
        for key in keys:
            rivals = [
                one for one in kept if one.group != key.group and not (one.group in wanted and key.group in wanted)
            ]
            others = [one for one in rivals if _is_asked_alike(one, key, patterns)]
            better = next((one for one in others if _covers(one, key, found, is_same)), None)
            lesser = [] if better else [one for one in others if _covers(key, one, found, is_same)]
            dropped |= {key: better} if better else dict.fromkeys(lesser, key)
            kept = [one for one in (*kept, key) if one not in dropped]
    return dropped


def _is_asked_alike(one: Key, other: Key, patterns: Iterable[str]) -> bool:
    return all(one.matches(pattern) == other.matches(pattern) for pattern in patterns)


def _covers(
    one: Key,
    other: Key,
    sides: Iterable[Mapping[Key, Sequence[Keyed]]],
    is_same: Callable[[Sequence[Keyed], Sequence[Keyed]], bool],
) -> bool:
    """Whether a key is there, and tells the same, wherever another one is."""
    return all(one in side and is_same(side[one], side[other]) for side in sides if other in side)


def _by_key(side: Iterable[Keyed]) -> dict[Key, list[Keyed]]:
    found: dict[Key, list[Keyed]] = {}
    for one in side:
        found.setdefault(one.key, []).append(one)
    return found


def _are_same_numbers(these: Sequence[Metric], those: Sequence[Metric]) -> bool:
    is_long = any(len(repr(value)) >= _FEWEST_SIGNS and math.isfinite(value) for value in these[0].values)
    return is_long and _are_equal(these[0], those[0])


def _are_twins(groups: Collection[frozenset[str]], these: Sequence[Metric], those: Sequence[Metric]) -> bool:
    one, other = these[0], those[0]
    return frozenset((one.group, other.group)) in groups and _are_equal(one, other)


def _are_equal(one: Metric, other: Metric) -> bool:
    return one.unit == other.unit and _are_close(one.values, other.values)


def _are_same_courses(these: Sequence[Series], those: Sequence[Series]) -> bool:
    """Whether courses go the same way; one may count epochs and the other steps."""
    return len(these) == len(those) and all(
        one.replicate == other.replicate and len(one.y) >= _FEWEST_POINTS and _are_close(one.y, other.y)
        for one, other in zip(these, those, strict=True)
    )


def _are_same_params(these: Sequence[Param], those: Sequence[Param]) -> bool:
    return these[0].name == those[0].name and these[0].value == those[0].value


def _are_close(these: Sequence[float], those: Sequence[float]) -> bool:
    return len(these) == len(those) and all(
        math.isclose(one, other, rel_tol=_SAME) or (math.isnan(one) and math.isnan(other))
        for one, other in zip(these, those, strict=True)
    )
