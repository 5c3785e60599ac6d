"""``mlbot doctor``: what mlbot sees, and why."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from cml_bot.commands._shared import open_job, review_options, take_named
from cml_bot.forges import quieten

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command(short_help="Show what mlbot sees, and why.")
@review_options
def doctor(**options: Any) -> int:
    """Show what mlbot sees: CI, token and its rights, repository, baseline and the files it takes, with reasons."""
    from cml_bot.config import read_config
    from cml_bot.doctor import examine
    from cml_bot.progress import telling

    job = open_job(named=take_named(options))
    with telling("looking around", job.tell):
        lines = list(examine(job, read_config(job.root, os.environ, {}), os.environ))
    click.echo(quieten(_lay_out(lines), job.build.forge), nl=False)
    sys.stdout.flush()
    return 0


def _lay_out(lines: Sequence[str]) -> str:
    """Break long lines on a terminal; whoever reads a pipe wants them whole."""
    if not sys.stdout.isatty():
        return "\n".join(lines) + "\n"
    from cml_bot.doctor import COLUMN
    from cml_bot.terminal import wrap_lines

    return wrap_lines(lines, COLUMN, sys.stdout, os.environ)
