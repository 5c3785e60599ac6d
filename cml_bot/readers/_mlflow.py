"""What MLflow's places have in common: which of their runs stand for a commit, and what is said of those.

A place is a folder of files, a database or a tracking server. Each experiment is a thing of its own, with a group of
its own.

Source: https://mlflow.org/docs/latest/ml/tracking/tracking-api/
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Fact, Figure, Note, Param
from cml_bot.readers._mlflow_runs import COMMIT, FINISHED, MOST_LOOKED, compare_children, gather_units, runs_of, tops_of
from cml_bot.readers._mlflow_values import MOST_METRICS, observe_courses
from cml_bot.readers._names import Names, shorten, some, tidy
from cml_bot.readers.image_file import MOST_PICTURES
from cml_bot.readers.image_file import read as read_image

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from cml_bot.model import Observation
    from cml_bot.readers._mlflow_runs import Logged, Place, Unit

_LONGEST = 1_000
"""Characters of a parameter that are kept."""
_END = "See that the training ends its run, as `with mlflow.start_run()` does"


def observe_runs(place: Place, runs: Sequence[Logged], sha: str, known: Collection[str] = ()) -> Iterator[Observation]:
    """Yield what the runs of a commit hold, one group an experiment; where it has none, what the newest holds.

    Args:
        place: where the runs were listed.
        runs: none that was deleted.
        sha: the commit that is wanted; empty outside a repository.
        known: experiments with runs that were not listed.
    """
    tops = tops_of(runs)
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
    chosen = (finished or ranked)[0]
    yield from _tell_choice(ranked, chosen, sha, is_of_commit=is_of_commit)
    # Of another commit, or of none that is known, what belongs together is told by the newest run.
    like = [run for run in finished or ranked if run is chosen or (run.commit and run.commit == chosen.commit)]
    units, left = gather_units(place, like[:MOST_LOOKED], runs)
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


def _tell_choice(ranked: Sequence[Logged], chosen: Logged, sha: str, *, is_of_commit: bool) -> Iterator[Note]:
    """Say where it is not plain that these runs are the ones that are wanted."""
    called = shorten(chosen.name or chosen.key[:7], 60)
    if chosen.status != FINISHED:
        yield Note(text=f"no run has finished; {called} is {chosen.status.lower() or 'of no status'}. {_END}.")
    elif is_of_commit and ranked[0] is not chosen:
        yield Note(text=f"a newer run has not finished: {ranked[0].name or ranked[0].key[:7]}. {_END}.")
    if is_of_commit:
        return
    if sha and chosen.commit:
        cure = "Let the training log to MLflow in the job that reports."
        yield Note(text=f"no run is of {sha[:7]}; the newest, {called} of {chosen.commit[:7]}, stands for it. {cure}")
    elif any(run.commit != chosen.commit or not run.commit for run in ranked if run is not chosen):
        cure = f" Install GitPython, so that MLflow tags each run with {COMMIT}." if sha else ""
        yield Note(text=f"of {plural(len(ranked), 'run')} the newest stands, {called}.{cure}")


def _tell_children(place: Place, unit: Unit, runs: Sequence[Logged]) -> Iterator[Note]:
    """Say which runs within a run are shown by nothing."""
    within = [one for one in runs if one.parent == unit.run.key]
    shown = len(unit.repeated.runs) if unit.repeated and unit.has_children else 0
    if len(within) <= shown:
        return
    if shown:
        yield Note(text=f"{plural(len(within) - shown, 'run')} within the run not finished; left out. {_END}.")
        return
    differing = compare_children(place, unit.run, runs).differing
    why = f", which differ in {some(differing)}" if differing else ""
    cure = "Log what is to be compared in the run around them."
    yield Note(text=f"{plural(len(within), 'run')} within the run left out{why}. {cure}")


def _observe_numbers(place: Place, unit: Unit, names: Names) -> Iterator[Observation]:
    """Yield the metrics of a unit; the own ones of a run around others where those lack them."""
    members = unit.repeated.runs if unit.repeated else {"": unit.run}
    found = {label: place.courses(run) for label, run in members.items()}
    if unit.has_children:
        told = {name for courses in found.values() for name in courses}
        own = {name: course for name, course in place.courses(unit.run).items() if name not in told}
        yield from observe_courses({"": own}, names)
    yield from observe_courses(found, names, unit.repeated.kind if unit.repeated else None)


def _params_of(place: Place, unit: Unit) -> dict[str, str]:
    """Return the parameters of a run, and those that all its repetitions share."""
    if unit.repeated is None:
        return dict(place.params(unit.run))
    each = [place.params(run) for run in unit.repeated.runs.values()]
    shared = {name: value for name, value in each[0].items() if all(one.get(name) == value for one in each)}
    return {**(place.params(unit.run) if unit.has_children else {}), **shared}


def _gather_facts(place: Place, units: Sequence[Unit]) -> Iterator[Fact]:
    """Yield the data of all runs; folds have each their own, which are alike on both sides if all are."""
    found: dict[str, dict[str, Fact]] = {}
    for unit in units:
        for run in runs_of(unit):
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


def _gather_pictures(place: Place, units: Sequence[Unit]) -> Iterator[Figure | Note]:
    """Yield the pictures of each run; of repeated ones the first that has some."""
    found: dict[str, Path] = {}
    for unit in units:
        each = (place.pictures(run) for run in runs_of(unit))
        for name, path in next(filter(None, each), {}).items():
            found.setdefault(name, path)
    for name, path in list(found.items())[:MOST_PICTURES]:
        yield from _read_picture(name, path)
    if len(found) > MOST_PICTURES:
        left = plural(len(found) - MOST_PICTURES, "picture")
        yield Note(text=f"{left} left out: the first {MOST_PICTURES} are shown. Log fewer as artifacts.")
