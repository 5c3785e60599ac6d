"""The pictures of a recorded base: those that are kept beside the records, else those that are committed with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.baselines import load_baseline
from cml_bot.errors import MlbotError
from cml_bot.filters import plural
from cml_bot.pairs import name_lost_figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from cml_bot.job import Job
    from cml_bot.model import Base, Figure, Run
    from cml_bot.trees import Tree


def add_pictures(job: Job, name: str, found: Base | str, head: Run, read: Callable[[Tree], Run] | None) -> Base | str:
    """Give a base that is a record its pictures. Without pictures here nothing is asked for.

    Args:
        job: the job.
        name: of the history.
        found: the base, or why there is none.
        head: the run that is compared with it.
        read: reads the files of a commit; None where they are not to be held against the head's.
    """
    if isinstance(found, str) or found.side.kind != "record" or not head.figures:
        return found
    from cml_bot.records.pictures import read_pictures

    kept = read_pictures(job.root, job.build, name, found.run.sha, head.figures)
    why = kept if isinstance(kept, str) else "too many, or too large, to be kept"
    run = replace(found.run, figures=() if isinstance(kept, str) else kept)
    if read is not None and (isinstance(kept, str) or name_lost_figures(head, run)):
        run = replace(run, figures=_add_committed(job, run, read))
    lost = name_lost_figures(head, run)
    note = f"{plural(len(lost), 'picture')} of main not compared: {why}"
    return replace(found, run=run, notes=(*found.notes, *([note] if lost else [])))


def _add_committed(job: Job, base: Run, read: Callable[[Tree], Run]) -> tuple[Figure, ...]:
    """Give the pictures of a run, and of the others those that are committed with it."""
    try:
        at_commit = load_baseline("git_files").load(job.root, job.build, base.sha, read, "")
    except MlbotError:
        return base.figures
    committed = () if isinstance(at_commit, str) else at_commit.run.figures
    return tuple({figure.name: figure for figure in (*committed, *base.figures)}.values())
