"""A run whose metrics came by another way than those they are compared with: under the groups of the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cml_bot.model import Base, Key, Run


def regroup(base: Base, head: Run) -> Base:
    """Give a base with the groups of the head, wherever a name leaves no doubt which one is meant.

    A tracking server knows nothing of the file that a number was written to as well.
    """
    metrics = _groups_of([*(one.key for one in head.metrics), *(one.key for one in head.series)])
    params = _groups_of(one.key for one in head.params)
    runs = [_regroup(run, metrics, params) for run in (base.run, *base.history)]
    return replace(base, run=runs[0], history=tuple(runs[1:]))


def _groups_of(keys: Iterable[Key]) -> Mapping[str, str]:
    """Map each name that is in one group alone to it."""
    found: dict[str, set[str]] = {}
    for key in keys:
        found.setdefault(key.name, set()).add(key.group)
    return {name: next(iter(groups)) for name, groups in found.items() if len(groups) == 1}


def _regroup(run: Run, metrics: Mapping[str, str], params: Mapping[str, str]) -> Run:
    return replace(
        run,
        metrics=tuple(replace(one, group=metrics.get(one.name, one.group)) for one in run.metrics),
        series=tuple(replace(one, group=metrics.get(one.name, one.group)) for one in run.series),
        params=tuple(replace(one, group=params.get(one.name, one.group)) for one in run.params),
    )
