"""Runs of MLflow and the places that hold them; and which of a commit's runs stand for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from cml_bot.readers._mlflow_repeats import find_repeats, is_alike

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Fact
    from cml_bot.readers._mlflow_repeats import Repeated
    from cml_bot.readers._mlflow_values import Point

FINISHED = "FINISHED"
COMMIT, PARENT, NAME = "mlflow.source.git.commit", "mlflow.parentRunId", "mlflow.runName"
"""Tags that MLflow sets by itself.

Source: https://mlflow.org/docs/latest/ml/tracking/#system-tags
"""
MOST_LOOKED = 200
"""Runs of one commit and experiment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A run as it was logged: what choosing one needs."""

    key: str
    """MLflow's id of it."""
    experiment: str
    """Its name."""
    name: str = ""
    status: str = FINISHED
    started: int = 0
    """Units: milliseconds since 1970."""
    commit: str = ""
    parent: str = ""
    """The id of the run that it was started in."""
    place: str = ""
    """Where its files are, in places that have some."""


class Place(Protocol):
    """What is asked of a place, for runs that it has listed itself."""

    def params(self, run: Logged) -> Mapping[str, str]:
        """Return its parameters."""
        ...

    def names(self, run: Logged) -> Collection[str]:
        """Name its metrics."""
        ...

    def points(self, run: Logged) -> Mapping[str, Sequence[Point]]:
        """Return what was logged of each metric, in any order."""
        ...

    def data(self, run: Logged) -> Sequence[Fact]:
        """Return the data it says it used."""
        ...

    def pictures(self, run: Logged) -> Mapping[str, Path]:
        """Return its artifacts that are pictures, by the path that they were logged under."""
        ...

    def tell(self) -> Sequence[str]:
        """Say what had to be left out so far."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What stands for one step of the job: a run, and those that repeat it or its parts."""

    run: Logged
    names: frozenset[str]
    """Of all its metrics."""
    repeated: Repeated[Logged] | None = None

    @property
    def has_children(self) -> bool:
        """Whether what is repeated are runs within the run."""
        return self.repeated is not None and self.run not in self.repeated.runs.values()


def tops_of(runs: Sequence[Logged]) -> list[Logged]:
    """Give the runs that are within no other; one whose parent was deleted is within none any more."""
    keys = {run.key for run in runs}
    return [run for run in runs if run.parent not in keys]


def gather_units(
    place: Place, ranked: Sequence[Logged], runs: Sequence[Logged]
) -> tuple[Sequence[Unit], Sequence[Logged]]:
    """Choose what stands for a commit, newest first: a run, with those that differ in their seed or fold alone.

    A run that measured other things is another step of the job, such as an evaluation after the training; an earlier
    one that measured the same things is left out.
    """
    units: list[Unit] = []
    left: list[Logged] = []
    waiting = list(ranked)
    while waiting:
        run = waiting.pop(0)
        unit = _make_unit(place, run, runs)
        if any(not unit.names.isdisjoint(one.names) for one in units):
            left.append(run)
            continue
        if unit.repeated is None:
            like = [run, *(other for other in waiting if is_alike(place.params(run), place.params(other)))]
            repeated = find_repeats([(one, one.name, place.params(one)) for one in like], newest_only=True)
            if not isinstance(repeated, list):
                unit = replace(unit, repeated=repeated)
                waiting = [one for one in waiting if one not in repeated.runs.values()]
        units.append(unit)
    return units, left


def _make_unit(place: Place, run: Logged, runs: Sequence[Logged]) -> Unit:
    repeated = repeat_children(place, run, runs)
    names = frozenset(place.names(run))
    if isinstance(repeated, list):
        return Unit(run=run, names=names)
    within = frozenset(name for child in repeated.runs.values() for name in place.names(child))
    return Unit(run=run, names=names | within, repeated=repeated)


def repeat_children(place: Place, run: Logged, runs: Sequence[Logged]) -> Repeated[Logged] | list[str]:
    """Give the runs within a run as repetitions of one training, or the parameters that differ."""
    children = [one for one in runs if one.parent == run.key and one.status == FINISHED]
    found = find_repeats([(child, child.name, place.params(child)) for child in children[:MOST_LOOKED]])
    # So many are a search, whatever the first of them look like.
    return [] if len(children) > MOST_LOOKED and not isinstance(found, list) else found


def runs_of(unit: Unit) -> list[Logged]:
    """Give all runs of a unit, its own first."""
    return list(dict.fromkeys([unit.run, *(unit.repeated.runs.values() if unit.repeated else ())]))
