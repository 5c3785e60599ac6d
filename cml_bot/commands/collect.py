"""``mlbot collect``: step 1 alone, for another job to report on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from cml_bot.commands._shared import as_keys, complain, open_job, option
from cml_bot.errors import InputError
from cml_bot.own_folder import BUNDLE


@click.command("collect", short_help="Collect the run and keep it as a bundle, for another job to report on.")
@option("--output", "-o", metavar="FOLDER", default=BUNDLE, show_default=True, help="Write the bundle here.")
@click.option("--name", help="As of `mlbot report`.")
@click.option("--sources", multiple=True, metavar="GLOB", help="Read these files only. May be repeated.")
@click.option("--params", multiple=True, metavar="GLOB", help="Read parameters from these files. May be repeated.")
def collect_bundle(output: str, **options: Any) -> int:
    """Collect the run and keep it as a bundle, for another job to report on: numbers and pictures, no words.

    It needs no token and sends nothing. `mlbot report --from` and `mlbot publish` read what it wrote.
    """
    from dataclasses import replace

    from cml_bot.bundle import write_bundle
    from cml_bot.config import read_config
    from cml_bot.filters import plural
    from cml_bot.pipeline import make_run, reviewed_sha
    from cml_bot.trusted import refuse_rights

    job = open_job()
    refuse_rights(job)
    run = make_run(job, read_config(job.root, os.environ, as_keys(options)))
    write_bundle(Path(output), replace(run, sha=reviewed_sha(job)))
    counts = f"{plural(len(run.metrics), 'metric')}, {plural(len(run.series), 'curve')}"
    click.echo(f"{output}: {counts}, {plural(len(run.figures), 'figure')}")
    for line in (*run.broken, *run.unread):
        complain(f"mlbot: {line}")
    return InputError.exit_code if run.broken else 0
