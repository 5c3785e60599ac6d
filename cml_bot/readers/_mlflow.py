"""What MLflow's places have in common: which of their runs stand for a commit, and what is said of those.

A place is a folder of files, a database or a tracking server. Each experiment is a thing of its own, with a group of
its own.

Source: https://mlflow.org/docs/latest/ml/tracking/tracking-api/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Fact, Figure, Note, Param
from cml_bot.readers._mlflow_repeats import find_repeats, is_alike
from cml_bot.readers._mlflow_values import MOST_METRICS, course_of, observe_courses
from cml_bot.readers._names import Names, shorten, some, tidy
from cml_bot.readers.image_file import read as read_image

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Observation
    from cml_bot.readers._mlflow_repeats import Repeated
    from cml_bot.readers._mlflow_values import Point

FINISHED = "FINISHED"
COMMIT, PARENT, NAME = "mlflow.source.git.commit", "mlflow.parentRunId", "mlflow.runName"
"""Tags that MLflow sets by itself.

Source: https://mlflow.org/docs/latest/ml/tracking/#system-tags
"""
_MOST_LOOKED = 200
"""Runs of one commit and experiment."""
_MOST_PICTURES = 20
_LONGEST = 1_000
"""Characters of a parameter that are kept."""
_END = "See that the training ends its run, as `with mlflow.start_run()` does"


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
class _Unit:
    """What stands for one step of the job: a run, and those that repeat it or its parts."""

    run: Logged
    names: frozenset[str]
    """Of all its metrics."""
    repeated: Repeated[Logged] | None = None

    @property
    def has_children(self) -> bool:
        """Whether what is repeated are runs within the run."""
        return self.repeated is not None and self.run not in self.repeated.runs.values()


def observe_runs(place: Place, runs: Sequence[Logged], sha: str, known: Collection[str] = ()) -> Iterator[Observation]:
    """Yield what the runs of a commit hold, one group an experiment; where it has none, what the newest holds.

    Args:
        place: where the runs were listed.
        runs: none that was deleted.
        sha: the commit that is wanted; empty outside a repository.
        known: experiments with runs that were not listed.
    """
    tops = [run for run in runs if not run.parent]
    here = [run for run in tops if sha and run.commit == sha]
    experiments = sorted({run.experiment for run in tops})
    for experiment in experiments:
        found = [run for run in here or tops if run.experiment == experiment]
        for one in observe_experiment(place, found, runs, sha, is_of_commit=bool(here)):
            if isinstance(one, Note):
                yield replace(one, text=f"experiment {shorten(experiment, 60)}: {one.text}")
            elif isinstance(one, Fact | Figure):
                yield replace(one, name=f"{tidy(experiment)}/{one.name}")
            else:
                yield replace(one, group=tidy(experiment))
    yield from (Note(text=text) for text in place.tell())
    left = {*experiments, *known} - {run.experiment for run in here}
    if here and left:
        yield Note(text=f"experiments without a run of {sha[:7]}: {some(sorted(left))}; left out.")


def observe_experiment(
    place: Place, tops: Sequence[Logged], runs: Sequence[Logged], sha: str, *, is_of_commit: bool
) -> Iterator[Observation]:
    """Yield what stands for a commit in one experiment.

    Args:
        place: where the runs were listed.
        tops: those of the experiment that are within no other; of the commit alone where it has some.
        runs: all that are known, for those within others.
        sha: the commit that is wanted; empty outside a repository.
        is_of_commit: whether the runs are of that commit; otherwise the newest stands for it.
    """
    ranked = sorted(tops, key=lambda run: (run.started, run.key), reverse=True)
    finished = [run for run in ranked if run.status == FINISHED]
    if not ranked:
        return
    yield from _tell_choice(ranked, finished, sha, is_of_commit=is_of_commit)
    units, left = _gather(place, (finished or ranked)[: _MOST_LOOKED if is_of_commit else 1], runs)
    if left:
        few = some(run.name or run.key[:7] for run in left)
        yield Note(text=f"{plural(len(left), 'earlier run')} of this commit left out, the newest counts: {few}.")
    names = Names()
    params: dict[str, str] = {}
    differing: list[str] = []
    for unit in units:
        yield from _observe_numbers(place, unit, names)
        for name, value in _params_of(place, unit).items():
            differing += [name] if params.setdefault(name, value) != value else []
        yield from _tell_children(place, unit, runs)
    for name, value in list(params.items())[:MOST_METRICS]:
        yield Param(name=tidy(name), value=shorten(value.encode("utf-8", "replace").decode(), _LONGEST))
    if differing:
        text = f"parameters that differ between runs of this commit: {some(differing)}; those of the newest are shown."
        yield Note(text=text)
    yield from _gather_facts(place, units)
    yield from _gather_pictures(place, units)


def _tell_choice(
    ranked: Sequence[Logged], finished: Sequence[Logged], sha: str, *, is_of_commit: bool
) -> Iterator[Note]:
    """Say where it is not plain that this run is the one that is wanted."""
    chosen = (finished or ranked)[0]
    called = shorten(chosen.name or chosen.key[:7], 60)
    if not finished:
        yield Note(text=f"no run has finished; {called} is {chosen.status.lower() or 'of no status'}. {_END}.")
    elif is_of_commit and ranked[0] is not chosen:
        yield Note(text=f"a newer run has not finished: {ranked[0].name or ranked[0].key[:7]}. {_END}.")
    if is_of_commit:
        return
    if sha and chosen.commit:
        cure = "Let the training log to MLflow in the job that reports."
        yield Note(text=f"no run is of {sha[:7]}; the newest, {called} of {chosen.commit[:7]}, stands for it. {cure}")
    elif len(ranked) > 1:
        cure = f" Install GitPython, so that MLflow tags each run with {COMMIT}." if sha else ""
        yield Note(text=f"of {plural(len(ranked), 'run')} the newest stands, {called}.{cure}")


def _gather(place: Place, ranked: Sequence[Logged], runs: Sequence[Logged]) -> tuple[Sequence[_Unit], Sequence[Logged]]:
    """Choose what stands for a commit, newest first: a run, with those that differ in their seed or fold alone.

    A run that measured other things is another step of the job, such as an evaluation after the training; an earlier
    one that measured the same things is left out.
    """
    units: list[_Unit] = []
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


def _make_unit(place: Place, run: Logged, runs: Sequence[Logged]) -> _Unit:
    children = _children_of(run, runs)
    repeated = find_repeats([(child, child.name, place.params(child)) for child in children])
    names = frozenset(place.names(run))
    if isinstance(repeated, list):
        return _Unit(run=run, names=names)
    within = frozenset(name for child in repeated.runs.values() for name in place.names(child))
    return _Unit(run=run, names=names | within, repeated=repeated)


def _children_of(run: Logged, runs: Sequence[Logged]) -> list[Logged]:
    return [one for one in runs if one.parent == run.key and one.status == FINISHED]


def _tell_children(place: Place, unit: _Unit, runs: Sequence[Logged]) -> Iterator[Note]:
    """Say which runs within a run are shown by nothing."""
    within = [one for one in runs if one.parent == unit.run.key]
    shown = len(unit.repeated.runs) if unit.repeated and unit.has_children else 0
    if len(within) <= shown:
        return
    finished = _children_of(unit.run, runs)
    if shown:
        yield Note(text=f"{plural(len(within) - shown, 'run')} within the run not finished; left out. {_END}.")
        return
    differing = find_repeats([(child, child.name, place.params(child)) for child in finished])
    why = f", which differ in {some(differing)}" if isinstance(differing, list) and differing else ""
    cure = "Log what is to be compared in the run around them."
    yield Note(text=f"{plural(len(within), 'run')} within the run left out{why}. {cure}")


def _observe_numbers(place: Place, unit: _Unit, names: Names) -> Iterator[Observation]:
    """Yield the metrics of a unit; the own ones of a run around others where those lack them."""
    members = unit.repeated.runs if unit.repeated else {"": unit.run}
    found = {
        label: {name: course_of(points) for name, points in place.points(run).items()} for label, run in members.items()
    }
    if unit.has_children:
        told = {name for courses in found.values() for name in courses}
        own = {name: course_of(points) for name, points in place.points(unit.run).items() if name not in told}
        yield from observe_courses({"": own}, names)
    yield from observe_courses(found, names, unit.repeated.kind if unit.repeated else None)


def _params_of(place: Place, unit: _Unit) -> dict[str, str]:
    """Return the parameters of a run, and those that all its repetitions share."""
    if unit.repeated is None:
        return dict(place.params(unit.run))
    each = [place.params(run) for run in unit.repeated.runs.values()]
    shared = {name: value for name, value in each[0].items() if all(one.get(name) == value for one in each)}
    return {**(place.params(unit.run) if unit.has_children else {}), **shared}


def _runs_of(unit: _Unit) -> list[Logged]:
    return list(dict.fromkeys([unit.run, *(unit.repeated.runs.values() if unit.repeated else ())]))


def _gather_facts(place: Place, units: Sequence[_Unit]) -> Iterator[Fact]:
    """Yield the data of all runs; folds have each their own, which are alike on both sides if all are."""
    found: dict[str, dict[str, Fact]] = {}
    for unit in units:
        for run in _runs_of(unit):
            for fact in place.data(run):
                found.setdefault(fact.name, {}).setdefault(fact.value, fact)
    for facts in found.values():
        yield replace(next(iter(facts.values())), value=" ".join(sorted(facts)))


def _read_picture(name: str, path: Path) -> Iterator[Figure | Note]:
    try:
        for one in read_image(path):
            if isinstance(one, Note):
                yield replace(one, text=f"{name}: {one.text}")
            elif isinstance(one, Figure):
                stem = PurePosixPath(name).stem
                yield replace(one, name=name, caption=one.caption if stem == path.stem else stem)
    except InputError as error:
        yield Note(text=f"{name}: {error.what}. {error.cure}")


def _gather_pictures(place: Place, units: Sequence[_Unit]) -> Iterator[Figure | Note]:
    """Yield the pictures of each run; of repeated ones the first that has some."""
    found: dict[str, Path] = {}
    for unit in units:
        each = (place.pictures(run) for run in _runs_of(unit))
        for name, path in next(filter(None, each), {}).items():
            found.setdefault(name, path)
    for name, path in list(found.items())[:_MOST_PICTURES]:
        yield from _read_picture(name, path)
    if len(found) > _MOST_PICTURES:
        left = plural(len(found) - _MOST_PICTURES, "picture")
        yield Note(text=f"{left} left out: the first {_MOST_PICTURES} are shown. Log fewer as artifacts.")
