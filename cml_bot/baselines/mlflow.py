"""Main's run, as MLflow has it: of the merge base, or of the nearest commit before it on main that has one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cml_bot import git
from cml_bot.baselines._commits import choose
from cml_bot.errors import BaselineError, InputError
from cml_bot.filters import plural
from cml_bot.mlflow_source import MARK, URI, observe_commit, open_experiment
from cml_bot.model import Base, Fact, Figure, Metric, Note, Param, Run, Series, Side
from cml_bot.placing import place as put
from cml_bot.readers._mlflow_runs import FINISHED, runs_of_commit, tops_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cml_bot.baselines._commits import Chosen
    from cml_bot.mlflow_source import Experiment
    from cml_bot.model import Build
    from cml_bot.readers._mlflow_runs import Logged, Place
    from cml_bot.trees import Tree

DEPTH = 50
"""Commits of main that are looked at."""


def load(
    root: Path,
    build: Build,
    wanted: str,
    read: Callable[[Tree], Run],  # noqa: ARG001
    name: str,  # noqa: ARG001
    head: str = "",
    env: Mapping[str, str] | None = None,
) -> Base | str:
    """Return the run of the merge base with main, or of its nearest ancestor, in the experiment `wanted`.

    Raises:
        BaselineError: the experiment cannot be read.
    """
    known = env or {}
    if build.is_fork and not known.get(URI, "").strip():
        return f"{URI} is not set here: jobs of forks have no secrets"
    checkout = git.find_checkout(root)
    if checkout is None or not checkout.sha:
        return "the repository has no commit yet" if checkout else "this is not a git repository"
    chosen = choose(checkout, build, head)
    if isinstance(chosen, str):
        return chosen
    try:
        with open_experiment(wanted, known, root) as experiment:
            return _find(experiment, wanted, chosen, git.list_line(root, chosen.sha, DEPTH) or [chosen.sha])
    except InputError as error:
        raise BaselineError(error.where, error.what, error.cure) from error


def _find(experiment: Experiment, wanted: str, chosen: Chosen, line: Sequence[str]) -> Base | str:
    """Choose the first commit of a line that has a run, newest first; those after it are its history."""
    here = experiment.find_runs(chosen.sha)
    newest = experiment.list_newest()
    by_commit = {sha: runs_of_commit(newest, sha) for sha in line} | {chosen.sha: runs_of_commit(here, chosen.sha)}
    found = [sha for sha in line if _is_done(by_commit[sha])]
    title = wanted.removeprefix(MARK)
    if not found:
        before = f", nor of the {plural(len(line) - 1, 'commit')} before it" if len(line) > 1 else ""
        return f"no finished run of {title} in MLflow is of {chosen.words} ({chosen.sha[:7]}){before}"
    base, *earlier = found
    words = chosen.words
    if base != chosen.sha:
        steps = plural(line.index(base), "commit")
        words = f"the nearest ancestor of {words} ({chosen.sha[:7]}) that MLflow has a run of, {steps} before it"
    run = _make_run(experiment.place, by_commit[base], base, wanted)
    glance = experiment.glance()
    history = [_make_run(glance, by_commit[sha], sha, wanted) for sha in reversed(earlier)]
    side = Side(sha=base, kind="mlflow", label=chosen.label, source=f"{words}, {title} in MLflow")
    return Base(run=run, side=side, history=(*history, run))


def _is_done(runs: Sequence[Logged]) -> bool:
    return any(run.status == FINISHED for run in tops_of(runs))


def _make_run(place: Place, runs: Sequence[Logged], sha: str, wanted: str) -> Run:
    found = [put(one, wanted, is_many=True) for one in observe_commit(place, runs, sha)]
    started = max(run.started for run in runs)
    return Run(
        sha=sha,
        created=_stamp(started),
        metrics=tuple(one for one in found if isinstance(one, Metric)),
        series=tuple(one for one in found if isinstance(one, Series)),
        figures=tuple(one for one in found if isinstance(one, Figure)),
        params=tuple(one for one in found if isinstance(one, Param)),
        data=tuple(one for one in found if isinstance(one, Fact)),
        notes=tuple(str(one) for one in found if isinstance(one, Note)),
    )


def _stamp(milliseconds: int) -> str:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return ""
