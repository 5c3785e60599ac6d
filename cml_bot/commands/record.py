"""``mlbot record``: this run of main, kept for later reports; and the same for `mlbot report`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cml_bot.commands._shared import as_keys, complain, open_job
from cml_bot.errors import ConfigError, InputError, MlbotError

if TYPE_CHECKING:
    from cml_bot.config import Config
    from cml_bot.job import Job
    from cml_bot.join_runs import Joined
    from cml_bot.model import Run
    from cml_bot.records.write import Objection


@click.command("record", short_help="Record this run of main for later reports to compare with.")
@click.option("--name", help="Which history of main it belongs to: one branch per name.")
@click.option("--sources", multiple=True, metavar="GLOB", help="Read these files only. May be repeated.")
@click.option("--params", multiple=True, metavar="GLOB", help="Read parameters from these files. May be repeated.")
def record_by_hand(**options: Any) -> int:
    """Record this run of main for later reports to compare with, as `mlbot report` does on main by itself.

    In CI the record is a commit on origin's branch mlbot/NAME, on a laptop on the branch of that name here.
    """
    from cml_bot.config import read_config
    from cml_bot.filters import plural
    from cml_bot.pipeline import make_run
    from cml_bot.progress import telling
    from cml_bot.records.write import record
    from cml_bot.trusted import refuse_rights

    job = open_job()
    refuse_rights(job)
    config = read_config(job.root, os.environ, as_keys(options))
    run = make_run(job, config)
    refuse_record(job, "record", run)
    counts = f"{plural(len(run.metrics), 'metric')}, {plural(len(run.series), 'curve')}"
    with telling("recording this run", job.tell):
        kept = record(job, config, run)
    click.echo(f"{kept}: {counts} of {run.sha[:7]}")
    _keep_pictures(job, config, run)
    for line in run.broken:
        complain(f"mlbot: {line}")
    return InputError.exit_code if run.broken else 0


def refuse_record(job: Job, where: str, run: Run | None = None, joined: Joined | None = None) -> None:
    """Stop where a run that is asked to be recorded may not be.

    Raises:
        ConfigError: it may not.
    """
    objection = _find_objection(job, run, joined)
    if objection:
        raise ConfigError(where, objection.what, objection.cure)


def keep(job: Job, config: Config, run: Run, is_wanted: bool | None, joined: Joined | None = None) -> None:
    """Record a run where that is allowed. What goes wrong costs a line, and the exit code only if it was asked for."""
    if is_wanted is False or (job.head and not is_wanted):
        return
    from cml_bot.progress import telling
    from cml_bot.records.write import record

    objection = _find_objection(job, run, joined)
    if objection:
        if objection.is_told:
            complain(f"mlbot: not recorded: {objection.what}. {objection.cure}")
        return
    try:
        with telling("recording this run", job.tell):
            kept = record(job, config, run)
        if kept.is_new or is_wanted:
            complain(f"mlbot: {kept}")
        _keep_pictures(job, config, run)
    except MlbotError as error:
        if is_wanted:
            raise
        complain(f"mlbot: not recorded: {error.what}. {error.cure}")


def _keep_pictures(job: Job, config: Config, run: Run) -> None:
    """Keep a run's pictures beside its record; what goes wrong costs a line and never the record."""
    if not run.figures:
        return
    from cml_bot.records.pictures import keep_pictures

    for line in keep_pictures(job, config.name, run):
        complain(f"mlbot: {line}")


def _find_objection(job: Job, run: Run | None, joined: Joined | None) -> Objection | None:
    from cml_bot.records.write import find_objection

    return find_objection(job, run) or (joined.objection if joined else None)
