"""``mlbot report``: the whole job."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from cml_bot.commands._shared import (
    FORMATS,
    as_keys,
    complete_job,
    current_folder,
    make_wish,
    manner_options,
    open_job,
    option,
    review_options,
    take_named,
)
from cml_bot.commands.record import keep, refuse_record
from cml_bot.errors import ConfigError, MlbotError

if TYPE_CHECKING:
    from cml_bot.job import Job
    from cml_bot.join_runs import Joined


@click.command(short_help="Compare with main, check the gates, publish one report.")
@option("--against", metavar="REF|PATH", help="Compare with this revision, folder or run.json.")
@option("--from", "bundles", multiple=True, metavar="PATH", help="Report on bundles of `mlbot collect`, not on files.")
@option("--head", metavar="REF", help="Report on this revision instead of the files in the workspace.")
@click.option("--title", help="Heading of the report.")
@click.option("--name", help="Name of the sticky comment and of the history of main: one of each per name.")
@click.option("--sources", multiple=True, metavar="GLOB", help="Read these files only. May be repeated.")
@click.option("--params", multiple=True, metavar="GLOB", help="Read parameters from these files. May be repeated.")
@click.option(
    "--fail-on", multiple=True, metavar="GATE", help="Fail when this holds: 'accuracy < 0.9'. May be repeated."
)
@click.option("--warn-on", multiple=True, metavar="GATE", help="Warn when this holds. May be repeated.")
@option("--format", "form", type=click.Choice(FORMATS), help="Print this form; on a laptop write no folder then.")
@option("--output", "-o", metavar="FOLDER", help="Write the folder of the report here, not to mlbot-report.")
@option("--publish/--no-publish", default=None, help="Tell the review: comment and status; in CI the default.")
@manner_options
@review_options
@option("--record/--no-record", default=None, help="Record this run of main for later reports; on main the default.")
def report(
    form: str | None,
    output: str | None,
    publish: bool | None,
    record: bool | None,
    bundles: tuple[str, ...],
    **options: Any,
) -> int:
    """Compare this run with main, check the gates, and publish one report.

    In CI it keeps one comment on the pull request up to date. On a laptop it prints the report and writes the folder
    mlbot-report.
    """
    from cml_bot.config import read_config
    from cml_bot.deliver import deliver
    from cml_bot.pipeline import make_report
    from cml_bot.trusted import refuse_rights

    against, head = options.pop("against") or "", options.pop("head") or ""
    job = open_job(against=against, head=head, named=take_named(options))
    refuse_rights(job)
    if publish is not False:
        job = complete_job(job)
    config = read_config(job.root, os.environ, as_keys(options))
    joined = _join_bundles(job, bundles)
    if record:
        refuse_record(job, "--record", joined=joined)
    made, run = make_report(job, config, joined.run if joined else None)
    wish = make_wish(config, job.tell, form=form, output=output, publish=publish)
    try:
        code = deliver(made, run, wish, os.environ, sys.stdout, sys.stderr)
    except MlbotError:
        # That the review could not be reached is no reason to lose the run.
        keep(job, config, run, record, joined)
        raise
    keep(job, config, run, record, joined)
    return code


def _join_bundles(job: Job, paths: tuple[str, ...]) -> Joined | None:
    """Read what is to be reported on in place of files; None where it is files."""
    if not paths:
        return None
    from cml_bot.bundle_paths import read_paths
    from cml_bot.join_runs import join

    if job.head:
        raise ConfigError("--from", "is given together with --head", "Leave one of them out.")
    return join(read_paths(paths, current_folder()), sha=job.sha or job.build.sha, same={job.build.sha})
