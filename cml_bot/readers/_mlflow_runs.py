"""Runs of MLflow and the places that hold them; and which of a commit's runs stand for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from cml_bot.readers._mlflow_repeats import compare_runs, is_alike
from cml_bot.readers._mlflow_values import is_of_machine

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Fact
    from cml_bot.readers._course import Course
    from cml_bot.readers._mlflow_repeats import Compared, Repeated

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

    def courses(self, run: Logged) -> Mapping[str, Course]:
        """Return what was logged of each metric."""
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
    """Of what it measured; of the machine's metrics only where it has no other."""
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
            repeated = compare_runs([(one, one.name, place.params(one)) for one in like], newest_only=True).repeated
            if repeated:
                unit = replace(unit, repeated=repeated)
                waiting = [one for one in waiting if one not in repeated.runs.values()]
        units.append(unit)
    return units, left


def _make_unit(place: Place, run: Logged, runs: Sequence[Logged]) -> Unit:
    repeated = compare_children(place, run, runs).repeated
    members = [run, *(repeated.runs.values() if repeated else ())]
    names = frozenset(name for one in members for name in place.names(one))
    # What MLflow takes of the machine every run has, whatever it is for.
    measured = frozenset(name for name in names if not is_of_machine(name))
    return Unit(run=run, names=measured or names, repeated=repeated)


def compare_children(place: Place, run: Logged, runs: Sequence[Logged]) -> Compared[Logged]:
    """Give the runs within a run as repetitions of one training, where they are that, and what differs."""
    children = [one for one in runs if one.parent == run.key and one.status == FINISHED]
    found = compare_runs([(child, child.name, place.params(child)) for child in children[:MOST_LOOKED]])
    # So many are a search, whatever the first of them look like.
    return replace(found, repeated=None) if len(children) > MOST_LOOKED else found


def runs_of_commit(runs: Sequence[Logged], sha: str) -> list[Logged]:
    """Give the runs of a commit, and those within them."""
    keys = {run.key for run in runs if run.commit == sha}
    return [run for run in runs if run.key in keys or run.parent in keys]


def runs_of(unit: Unit) -> list[Logged]:
    """Give all runs of a unit, its own first."""
    return list(dict.fromkeys([unit.run, *(unit.repeated.runs.values() if unit.repeated else ())]))
