"""``mlbot doctor``: what mlbot sees, and why."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from cml_bot.commands._shared import open_job, review_options, take_named
from cml_bot.forges import quieten


@click.command(short_help="Show what mlbot sees, and why.")
@review_options
def doctor(**options: Any) -> int:
    """Show what mlbot sees: CI, token and its rights, repository, baseline and the files it takes, with reasons."""
    from cml_bot.config import read_config
    from cml_bot.doctor import examine

    job = open_job(named=take_named(options))
    text = "\n".join(examine(job, read_config(job.root, os.environ, {}), os.environ))
    click.echo(quieten(f"{text}\n", job.build.forge), nl=False)
    sys.stdout.flush()
    return 0
