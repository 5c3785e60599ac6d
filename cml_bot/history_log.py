"""Beside the steps: read the last records of main, and tell their history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.errors import BaselineError
from cml_bot.git import find_checkout, list_main
from cml_bot.history_table import make_history
from cml_bot.records.log import branch_of, choose_last, list_runs, open_log, read_log, sort_known, tell_unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.config import Config
    from cml_bot.history_table import History
    from cml_bot.job import Job
    from cml_bot.model import Run

COMMITS = 2000
"""Commits of main that the runs are put in the order of; jobs end out of order, and some are run again."""
HOW = "`mlbot report` records every run of main, and `mlbot record` does it by hand"


class Kept(NamedTuple):
    """What is kept of main."""

    runs: tuple[Run, ...] = ()
    """One a commit, oldest first."""
    notes: tuple[str, ...] = ()
    """Why there is none, or what could not be read."""


def read_runs(job: Job, config: Config, last: int) -> Kept:
    """Read the last runs of main; where there are none, a note says how recording starts.

    They stand in the order of main's commits as far as those are here, else in that of the records.

    Args:
        job: where mlbot runs.
        config: its name says which records.
        last: how many runs are looked at, at most.

    Raises:
        BaselineError: the records cannot be fetched, or none of them can be read.
    """
    checkout = find_checkout(job.root)
    if checkout is None or not job.sha:
        return _tell_none("runs of main are recorded on a branch, and there is no commit here yet")
    with open_log(checkout, job.build, config.name) as log:
        records = read_log(log)
    unread = tell_unread(log, records)
    order = {sha: place for place, sha in enumerate(list_main(checkout.root, COMMITS))}
    runs = sort_known(choose_last(list_runs(records)), order)[-last:]
    if not records:
        return _tell_none(f"no run of main is recorded yet on {branch_of(config.name)}")
    if not runs:
        raise BaselineError(log.branch, f"no record can be read: {unread}", "Record main anew with `mlbot record`.")
    return Kept(tuple(runs), (unread,) if unread else ())


def tell_history(kept: Kept, config: Config, wanted: Sequence[str] = (), *, with_bookkeeping: bool = False) -> History:
    """Tell of the runs that are kept of main, by the rules of the configuration.

    Args:
        kept: what `read_runs` gave.
        config: its rules say what is good.
        wanted: patterns of the metrics to tell of.
        with_bookkeeping: whether bookkeeping is told of as well, where no pattern is given.
    """
    history = make_history(
        config.name,
        kept.runs,
        wanted=wanted,
        rules=config.metrics,
        gated=[gate.pattern for gate in config.gates],
        with_data=config.minds_data,
        with_bookkeeping=with_bookkeeping,
    )
    return replace(history, notes=(*history.notes, *kept.notes))


def _tell_none(why: str) -> Kept:
    return Kept(notes=(f"{why}: {HOW}",))
