"""``mlbot publish``: a report on what a job without rights has collected."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from cml_bot.commands._shared import (
    FORMATS,
    as_keys,
    complain,
    current_folder,
    make_wish,
    manner_options,
    open_job,
    option,
    review_options,
    take_named,
)
from cml_bot.errors import ConfigError
from cml_bot.own_folder import BUNDLE


@click.command("publish", short_help="Report on bundles of a job that has no rights, such as a fork's.")
@click.argument("paths", nargs=-1, metavar="[BUNDLE]...")
@option("--artifact", default=BUNDLE, show_default=True, help="Without BUNDLE, read artifacts of this name.")
@click.option("--title", help="Heading of the report.")
@click.option("--name", help="Name of the sticky comment and of the history of main: one of each per name.")
@click.option("--fail-on", multiple=True, metavar="GATE", help="Fail when this holds. May be repeated.")
@click.option("--warn-on", multiple=True, metavar="GATE", help="Warn when this holds. May be repeated.")
@option("--format", "form", type=click.Choice(FORMATS), help="Print this form.")
@option("--output", "-o", metavar="FOLDER", help="Write the folder of the report here, not to mlbot-report.")
@manner_options
@review_options
def publish_bundles(paths: tuple[str, ...], artifact: str, form: str | None, output: str | None, **options: Any) -> int:
    """Report on bundles that a job without rights has collected, such as one of a fork, in a job that has them.

    Without BUNDLE the artifacts of the run are read that this one follows (`workflow_run`). Gates and all else are
    those of the commit that is checked out; the pull request is the one that the forge names. Nothing is recorded.
    """
    from cml_bot.config import read_config
    from cml_bot.deliver import deliver
    from cml_bot.join_runs import join
    from cml_bot.pipeline import make_report
    from cml_bot.reach import TO_FIND, connect
    from cml_bot.trusted import read_given, refuse_changed_config, refuse_foreign, take_review

    job = open_job(named=take_named(options))
    if not job.build.forge:
        cure = "Use `mlbot report --from`, or name the review with --forge, --repo and --pull."
        raise ConfigError("mlbot publish", "no CI job was found here, so there is no review", cure)
    refuse_foreign(job)
    refuse_changed_config(job)
    config = read_config(job.root, os.environ, as_keys(options))
    forge = connect(job.build, os.environ, TO_FIND)
    reviewed = take_review(job, forge.find_review())
    if isinstance(reviewed, str):
        complain(f"mlbot: {reviewed}")
        return 0
    joined = join(read_given(job, forge, paths, current_folder(), artifact), sha=reviewed.build.sha)
    made, run = make_report(reviewed, config, joined.run)
    wish = make_wish(config, job.tell, form=form, output=output, publish=True)
    return deliver(made, run, wish, os.environ, sys.stdout, sys.stderr)
