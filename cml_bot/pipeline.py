"""The steps, in order: collect both sides, compare, judge, and put what a template sees into a Report."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot import __version__
from cml_bot.base_pictures import add_pictures
from cml_bot.baselines import load_baseline
from cml_bot.collect import Outside, collect
from cml_bot.commit_tree import CommitTree
from cml_bot.comparable import Comparable, choose_comparable
from cml_bot.compare import compare
from cml_bot.doubles import drop_doubles
from cml_bot.errors import BaselineError, ConfigError
from cml_bot.filters import plural
from cml_bot.git import find_commit, is_on_main
from cml_bot.judge import judge
from cml_bot.like_for_like import has_other_data, tell_differences
from cml_bot.mlflow_source import is_experiment
from cml_bot.model import NOTHING_HERE, Outcome, Report, Run, Side, WhenDataChanges
from cml_bot.pairs import keep_same_params, pair_charts, pair_curves, pair_figures, pair_params
from cml_bot.progress import telling
from cml_bot.regroup import regroup
from cml_bot.slices import chart_slices
from cml_bot.trees import FolderTree

if TYPE_CHECKING:
    from cml_bot.config import Config
    from cml_bot.job import Job
    from cml_bot.model import Base, Drift, Fact
    from cml_bot.trees import Tree


CHAINS = {"auto": ("record", "git_files"), "record": ("record",), "git": ("git_files",)}
"""What the words for a baseline stand for: the modules to ask, until one answers."""


def make_report(job: Job, config: Config, collected: Run | None = None) -> tuple[Report, Run]:
    """Collect, compare and judge; give the report, and the run it speaks of.

    Args:
        job: what to report on.
        config: what the project wants.
        collected: the run that other jobs have collected; None to collect the one in the workspace.

    Raises:
        ConfigError: the configuration or a revision that was asked for is wrong.
        BaselineError: the baseline that was asked for cannot be read.
    """
    found, head = find_sides(job, config, collected)
    base = None if isinstance(found, str) else found.run
    gates = config.gates
    past = _choose_history(found, config)
    other_data = _on_other_data(head, base, config)
    patterns = [gate.pattern for gate in gates]
    here, *others = drop_doubles([head, base] if base else [head], _patterns(config))
    there = others[0] if others else None
    deltas = compare(here, there, config.metrics, patterns, past.runs, is_alike=not other_data)
    report = Report(
        name=config.name,
        title=config.title or job.repository,
        version=__version__,
        created=_stamp(job),
        head=_head_side(job, found, head.sha) if collected is None else _collected_side(job, head),
        base=Side(sha="", source=found, kind="none") if isinstance(found, str) else found.side,
        build=job.build,
        verdict=judge(deltas, gates, config.waiver, job.now.date(), on_other_data=other_data),
        deltas=deltas,
        params=pair_params(here, there),
        same_params=keep_same_params(here, there),
        curves=pair_curves(here, there, config.metrics, past.runs),
        charts=(*pair_charts(head, base), *chart_slices(deltas)),
        figures=pair_figures(head, base),
        like_for_like=(*_warn_foreign(job), *_tell_differences(head, base, config)),
        drifts=_find_drifts(job, head, found, config),
        band=past.told,
        notes=notes_of(head, found),
        broken=(*head.broken, *_tell_nothing(head, base)),
        unread=head.unread,
        sources=head.sources,
        is_trusted=not job.build.is_fork,
    )
    return report, head


def find_sides(job: Job, config: Config, collected: Run | None = None) -> tuple[Base | str, Run]:
    """Give the base, or why there is none, and the run in the workspace or the one that was collected.

    Raises:
        ConfigError: the configuration or a revision that was asked for is wrong.
        BaselineError: the baseline that was asked for cannot be read.
    """
    read = _reader(job, config)
    if collected is None:
        found, head = _read_both(job, config, read, _head_tree(job))
        head = replace(head, environment=_read_environment(job))
    else:
        head = replace(collected, created=_stamp(job), build_url=job.build.url)
        found = find_base(job, config, read)
    found = _refuse_empty(found, head, asked=bool(job.against))
    found = regroup(found, head) if not isinstance(found, str) and found.side.kind == "mlflow" else found
    found = add_pictures(job, config.name, found, head, read if collected is None else None)
    return (found if collected is None else _refuse_strange(found, head)), head


def reviewed_sha(job: Job) -> str:
    """Give the commit that people know what is checked out by: not that of a merge that was made to test it."""
    return job.build.sha if job.build.pull is not None and not job.is_foreign and job.build.sha else job.sha


def make_run(job: Job, config: Config) -> Run:
    """Collect the run in the workspace, and nothing else.

    Raises:
        ConfigError: a configured pattern leaves the workspace.
    """
    read = _reader(job, config)
    run = read(FolderTree(job.root, job.sha), also=reviewed_sha(job))
    return replace(run, environment=_read_environment(job))


def _read_both(job: Job, config: Config, read: partial[Run], tree: Tree) -> tuple[Base | str, Run]:
    """Read both sides; where a dvc.yaml of one is missing or broken, the other's says which files are meant."""
    read_head = partial(read, also="" if job.head else reviewed_sha(job))
    head = read_head(tree)
    outside = replace(read.keywords["outside"], purpose=" to compare with")
    found = find_base(job, config, partial(read, told=head.sources, outside=outside))
    if not isinstance(found, str) and any(line.partition(":")[0].endswith("dvc.yaml") for line in head.unread):
        head = read_head(tree, told=found.run.sources)
    return found, head


def _tell_nothing(head: Run, base: Run | None) -> tuple[str, ...]:
    """Tell a run that has nothing of what its base has: a training that did not run must not pass."""
    if base is None or head.broken or head.metrics or head.series or not (base.metrics or base.series):
        return ()
    had = plural(len(base.metrics), "metric") if base.metrics else plural(len(base.series), "curve")
    return (f"{NOTHING_HERE}, and main has {had}: see that the training ran and kept its files",)


def _reader(job: Job, config: Config) -> partial[Run]:
    outside = Outside(env=job.env or {}, root=job.root, tell=job.tell)
    return partial(collect, config=config, created=_stamp(job), build_url=job.build.url, seen={}, outside=outside)


def _stamp(job: Job) -> str:
    return job.now.strftime("%Y-%m-%dT%H:%M:%SZ")


def _head_tree(job: Job) -> Tree:
    return CommitTree(job.root, _head_sha(job)) if job.head else FolderTree(job.root, job.sha)


def _head_sha(job: Job) -> str:
    sha = find_commit(job.root, job.head)
    if sha is None:
        raise ConfigError("--head", f"{job.head} is no revision that is here", "Fetch it, or name another.")
    if not job.against:
        raise ConfigError("--head", "needs a revision to compare with", "Give one with --against.")
    return sha


def _refuse_empty(found: Base | str, head: Run, *, asked: bool) -> Base | str:
    """Take a base that has nothing to compare for none, and say what would give one.

    One that was asked for stays where it has parameters.
    """
    if isinstance(found, str) or found.run.metrics or found.run.series or not (head.metrics or head.series):
        return found
    place = f"{found.side.source}{f' ({found.side.sha[:7]})' if found.side.sha else ''}"
    if asked and found.run.params:
        return replace(found, notes=(*found.notes, f"no metrics were found in {place}: all are new"))
    if found.side.kind != "git_files":
        return f"no metrics were found in {place}"
    return f"no metrics are committed at {place}; commit the files, or compare with a run.json by --against"


def _refuse_strange(found: Base | str, head: Run) -> Base | str:
    """Take committed files for no base where bundles have other names for all of it; and compare no other pictures."""
    if isinstance(found, str):
        return found
    here, there = (
        {metric.key for metric in run.metrics} | {series.key for series in run.series} for run in (head, found.run)
    )
    if found.side.kind == "git_files" and here and not here & there:
        return f"what is committed at {found.side.source} has none of the metrics that the bundles have"
    names = {figure.name for figure in head.figures}
    kept = tuple(figure for figure in found.run.figures if figure.name in names)
    return replace(found, run=replace(found.run, figures=kept))


def _read_environment(job: Job) -> tuple[Fact, ...]:
    """Tell what the job runs in; of a revision that was asked for nobody knows."""
    if job.env is None or job.head:
        return ()
    from cml_bot.environment import read_environment

    return read_environment(job.env)


def _tell_differences(head: Run, base: Run | None, config: Config) -> tuple[str, ...]:
    if base is None:
        return ()
    told = tell_differences(head, base, with_data=config.minds_data)
    if not config.minds_data or not _is_without_data(head, base, config):
        return told
    return (*told, "the data that are known on main are not here, so nobody can say whether they changed")


def _is_without_data(head: Run, base: Run, config: Config) -> bool:
    """Whether data were declared, and only the base knows them."""
    return bool(config.data and base.data and not head.data)


def _choose_history(found: Base | str, config: Config) -> Comparable:
    """Choose the runs that are like the base: what the branch changes, the amount of training too, it is judged for."""
    if isinstance(found, str):
        return Comparable((), ())
    return choose_comparable(found.run, found.history, with_data=config.minds_data)


def _on_other_data(head: Run, base: Run | None, config: Config) -> Outcome:
    """Tell what gates on regressions come to because the data differ."""
    if base is None or not config.minds_data:
        return Outcome.PASS
    if not has_other_data(head, base) and not _is_without_data(head, base, config):
        return Outcome.PASS
    return Outcome.FAIL if config.when_data_changes is WhenDataChanges.FAIL else Outcome.WARN


def _find_drifts(job: Job, head: Run, found: Base | str, config: Config) -> tuple[Drift, ...]:
    """Look for what main has lost, where the run is one of main."""
    if isinstance(found, str) or not found.history or job.head:
        return ()
    if not (job.build.on_main or (not job.build.forge and is_on_main(job.root))):
        return ()
    from cml_bot.drift import find_drifts

    past = choose_comparable(head, found.history, with_data=config.minds_data)
    return find_drifts(drop_doubles((*past.runs, head), _patterns(config)), config.metrics)


def _patterns(config: Config) -> list[str]:
    """Give what gates and rules mean."""
    return [*(gate.pattern for gate in config.gates), *(rule.pattern for rule in config.metrics)]


def _warn_foreign(job: Job) -> tuple[str, ...]:
    if not job.is_foreign:
        return ()
    return (f"the job checked out {job.sha[:7]}, and under review is {job.build.sha[:7]}, which is something else",)


def notes_of(head: Run, found: Base | str) -> tuple[str, ...]:
    """Give the notes of both sides; what holds for both is said once."""
    if isinstance(found, str):
        return head.notes
    there = dict.fromkeys((*found.run.broken, *found.run.unread, *found.run.notes))
    here = (f"on both sides: {note}" if note in there else note for note in head.notes)
    return (*here, *found.notes, *(f"on {found.side.label}: {note}" for note in there if note not in head.notes))


def _head_side(job: Job, found: Base | str, sha: str) -> Side:
    if job.head:
        return Side(sha=sha, source=job.head, label=job.head)
    # In CI the checked-out commit may be a merge made for the test: people know the one they pushed.
    sha = job.sha if job.is_foreign else job.build.sha or job.sha
    if not isinstance(found, str) and found.side.sha == sha:
        return Side(sha="", source="the working tree, on top of that commit", label="here")
    return Side(sha=sha, source="the working tree", label="here")


def _collected_side(job: Job, head: Run) -> Side:
    sha = job.sha if job.is_foreign else job.build.sha or job.sha or head.sha
    return Side(sha=sha, source="bundles that other jobs collected", label="here")


def find_base(job: Job, config: Config, read: partial[Run]) -> Base | str:
    """Load main's run, or say in a sentence why there is none.

    Raises:
        ConfigError: what was asked for does not exist.
        BaselineError: what was asked for cannot be read.
    """
    wanted = job.against or ("" if config.baseline in CHAINS else config.baseline)
    chain = ("folder",) if wanted and _is_folder(job, wanted) else _chain(job, config, wanted)
    notes: list[str] = []
    reasons: list[str] = []
    for module in chain:
        try:
            with telling("looking for the run to compare with", job.tell):
                found = load_baseline(module).load(
                    job.root, job.build, wanted, read, config.name, job.review_sha, job.env
                )
        except BaselineError as error:
            if wanted or module == chain[-1]:
                raise
            notes.append(str(error))
            continue
        if not isinstance(found, str):
            return replace(found, notes=(*notes, *found.notes))
        reasons.append(found)
    why = "; ".join(dict.fromkeys((reasons[-1], *notes))).rstrip(".")
    return why if job.sha else f"{why}; a folder can be compared with by --against"


def _chain(job: Job, config: Config, wanted: str) -> tuple[str, ...]:
    """Name the baselines to ask, in order. With --head it is files on both sides."""
    if is_experiment(wanted):
        return ("mlflow",)
    if job.head:
        return ("git_files",)
    return CHAINS["auto" if job.against else config.baseline if config.baseline in CHAINS else "auto"]


def _is_folder(job: Job, wanted: str) -> bool:
    """Whether a path is meant: a revision of the same name comes first, unless it is written as ``./NAME``."""
    if is_experiment(wanted):
        return False
    is_path = wanted.startswith((".", "/")) or wanted.endswith("/") or not job.sha
    return is_path or (Path(job.root, wanted).exists() and find_commit(job.root, wanted) is None)
