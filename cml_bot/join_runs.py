"""Several bundles as one run: shards of a matrix side by side, repeated trainings as one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from cml_bot.bundle_paths import name_of
from cml_bot.model import Chart, Fact, Figure, Metric, Note, Param, Run, Source
from cml_bot.records.write import Objection
from cml_bot.replicates import REPLICATE, join_replicates, natural

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from cml_bot.bundle_paths import Bundle
    from cml_bot.model import Observation, Series

Grouped = TypeVar("Grouped", Metric, "Series", Chart, Param)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What bundles come to."""

    run: Run
    strangers: tuple[str, ...] = ()
    """The bundles that were collected on another commit, one sentence each without a full stop."""

    @property
    def objection(self) -> Objection | None:
        """Why it is no run of main to be recorded; None where nothing speaks against it."""
        if not self.strangers:
            return None
        return Objection(self.strangers[0], "Collect all bundles on the commit that is recorded.", is_told=True)


def join(bundles: Sequence[Bundle], *, sha: str, same: Collection[str] = ()) -> Joined:
    """Make one run of bundles. The groups of each begin with its name, unless it is the only one that could be.

    Parameters that all have alike are kept once, under their own name. A fact has the values of all: it is the same on
    both sides if all are.

    Args:
        bundles: what was read, and what could not be.
        sha: the commit that the run is of; where it is empty, the one that all bundles name.
        same: other names of that commit, such as the merge that was made to test it.
    """
    read = [bundle for bundle in bundles if isinstance(bundle.run, Run)]
    named = {bundle.run.sha for bundle in read if isinstance(bundle.run, Run)}
    sha = sha or (named.pop() if len(named) == 1 else "")
    strangers = tuple(_find_strangers(read, sha, {sha, *same}))
    broken = tuple(bundle.run for bundle in bundles if isinstance(bundle.run, str))
    units = _join_repeated(bundles)
    if len(units) == 1 and not any(bundle.is_one_of_many for bundle in bundles):
        run = next(iter(units.values())) or Run()
    else:
        run = _join_shards({name: run for name, run in units.items() if run is not None})
    run = replace(run, sha=sha, created="", build_url="")
    return Joined(
        run=replace(run, notes=(*strangers, *run.notes), broken=(*broken, *run.broken)),
        strangers=strangers,
    )


def _find_strangers(read: Sequence[Bundle], sha: str, same: Collection[str]) -> Iterable[str]:
    for bundle in read:
        other = bundle.run.sha if isinstance(bundle.run, Run) else ""
        if other and not sha:
            yield f"{_told(bundle)} was collected on {other[:7]}, and others were on another commit"
        elif other and other not in same:
            yield f"{_told(bundle)} was collected on {other[:7]}, and this is {sha[:7]}"


def _told(bundle: Bundle) -> str:
    return name_of(bundle.group.replace(REPLICATE, bundle.replicate)) if bundle.group else bundle.name


def _join_repeated(bundles: Sequence[Bundle]) -> dict[str, Run | None]:
    """Give the run of each bundle by its name, and one for all that are repeated trainings of the same."""
    units: dict[str, Run | None] = {}
    trainings: dict[str, dict[str, Run]] = {}
    for bundle in bundles:
        units.setdefault(bundle.name, None)
        if isinstance(bundle.run, Run) and bundle.group:
            trainings.setdefault(bundle.name, {})[bundle.replicate] = bundle.run
        elif isinstance(bundle.run, Run):
            units[bundle.name] = bundle.run
    return units | {name: _join_trainings(runs) for name, runs in trainings.items()}


def _join_trainings(runs: Mapping[str, Run]) -> Run:
    """Join repeated trainings: what is the same of each becomes one, with a value for each."""
    order = sorted(runs, key=natural)
    taken: list[tuple[Source, Sequence[Observation]]] = []
    inner: set[str] = set()
    for replicate in order:
        found = runs[replicate]
        inner |= {metric.name for metric in found.metrics if len(metric.values) > 1}
        # A training counts once, by the mean, where its bundle holds repeated ones already.
        metrics = [replace(one, values=(one.value,), labels=()) for one in found.metrics]
        taken += [(_source(one.group, replicate), [one]) for one in metrics]
        taken += [(_source(one.group, replicate), [one]) for one in found.params]
        taken += [(_source(one.group, replicate), [one]) for one in found.charts]
        taken += [(_source(one.name, replicate), [one]) for one in found.figures]
    joined = join_replicates(taken)
    notes = [f"{name}: the mean of each bundle counts once" for name in sorted(inner)]
    notes += [" ".join(str(one).split()) for one in joined if isinstance(one, Note)]
    return Run(
        metrics=tuple(one for one in joined if isinstance(one, Metric)),
        params=tuple(one for one in joined if isinstance(one, Param)),
        charts=tuple(one for one in joined if isinstance(one, Chart)),
        figures=tuple(one for one in joined if isinstance(one, Figure)),
        series=tuple(
            replace(one, replicate=f"{name}/{one.replicate}" if one.replicate else name)
            for name in order
            for one in runs[name].series
        ),
        sources=tuple({one.path: one for name in order for one in runs[name].sources}.values()),
        data=_join_facts([runs[name].data for name in order]),
        environment=_join_facts([runs[name].environment for name in order]),
        notes=(*notes, *_lines(runs, lambda run: run.notes)),
        broken=_lines(runs, lambda run: run.broken),
        unread=_lines(runs, lambda run: run.unread),
    )


def _source(group: str, replicate: str) -> Source:
    return Source(path=group, why="", group=group, replicate=replicate)


def _join_shards(runs: Mapping[str, Run]) -> Run:
    """Put runs side by side."""
    counts = Counter((param.key, param.value) for run in runs.values() for param in run.params)
    common = {key for (key, _), count in counts.items() if count == len(runs)}
    first = next(iter(runs.values()), Run())
    return Run(
        metrics=tuple(_under(name, one) for name, run in runs.items() for one in run.metrics),
        series=tuple(_under(name, one) for name, run in runs.items() for one in run.series),
        charts=tuple(_under(name, one) for name, run in runs.items() for one in run.charts),
        figures=tuple(
            replace(one, name=f"{name}/{one.name}", source=_path(name, one.source))
            for name, run in runs.items()
            for one in run.figures
        ),
        params=(
            *(one for one in first.params if one.key in common),
            *(_under(name, one) for name, run in runs.items() for one in run.params if one.key not in common),
        ),
        sources=tuple(
            replace(one, path=_path(name, one.path), group=_path(name, one.group))
            for name, run in runs.items()
            for one in run.sources
        ),
        data=_join_facts([run.data for run in runs.values()]),
        environment=_join_facts([run.environment for run in runs.values()]),
        notes=_lines(runs, lambda run: run.notes),
        broken=_lines(runs, lambda run: run.broken),
        unread=_lines(runs, lambda run: run.unread),
    )


def _under(name: str, one: Grouped) -> Grouped:
    return replace(one, group=f"{name}/{one.group}" if one.group else name, source=_path(name, one.source))


def _path(name: str, path: str) -> str:
    return f"{name}/{path}" if path else ""


def _join_facts(found: Sequence[Sequence[Fact]]) -> tuple[Fact, ...]:
    """Give one fact for each name and kind of value, with all values that it has."""
    named: dict[tuple[str, str], dict[str, Fact]] = {}
    for facts in found:
        for fact in facts:
            kind = fact.value.partition(":")[0] if ":" in fact.value else ""
            named.setdefault((fact.name, kind), {}).setdefault(fact.value, fact)
    return tuple(
        next(iter(each.values())) if len(each) == 1 else Fact(name=name, value=" ".join(sorted(each)))
        for (name, _), each in named.items()
    )


def _lines(runs: Mapping[str, Run], lines: Callable[[Run], Sequence[str]]) -> tuple[str, ...]:
    return tuple(f"{name}: {line}" for name, run in runs.items() for line in lines(run))
