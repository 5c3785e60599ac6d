"""``mlbot history``: the last runs of main."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from cml_bot.commands._shared import as_keys, complain, open_job, option, speak_utf8
from cml_bot.forges import quieten

if TYPE_CHECKING:
    from cml_bot.history_table import History


HISTORY_FORMATS = ("terminal", "markdown", "json", "csv")


@click.command(short_help="Show the metrics of the last runs on main, and the noise of each.")
@click.argument("wanted", nargs=-1, metavar="[METRIC]...")
@option("--last", type=click.IntRange(1, 50), default=30, show_default=True, help="How many runs to look at.")
@click.option("--name", help="Which history of main: one branch per name.")
@option("--format", "form", type=click.Choice(HISTORY_FORMATS), default="terminal", help="Print this form.")
def history(wanted: tuple[str, ...], last: int, form: str, **options: Any) -> int:
    """Show the metrics of the last runs on main, and the noise band of each.

    METRIC is a name or a glob such as '*loss*'; without one, all are shown that are no bookkeeping. The runs are those
    that `mlbot report` recorded on the branch mlbot/NAME.
    """
    from cml_bot.config import read_config
    from cml_bot.history_log import read_history
    from cml_bot.progress import telling

    job = open_job()
    with telling("reading the records of main", job.tell):
        found = read_history(job, read_config(job.root, os.environ, as_keys(options)), wanted, last)
    speak_utf8(form)
    click.echo(_write_history(found, form, job.build.forge), nl=False)
    sys.stdout.flush()
    return 0


def _write_history(found: History, form: str, forge: str) -> str:
    from cml_bot import history_forms
    from cml_bot.escape import clean

    if form == "json":
        return history_forms.dump_history(found)
    if form == "markdown":
        return history_forms.render_history(found)
    if form == "csv":
        # A table of numbers has no place for them.
        for note in found.notes:
            complain(f"mlbot: {clean(note, 600)}")
        return history_forms.write_csv(found)
    from cml_bot.terminal import render_history_terminal

    return quieten(render_history_terminal(found, sys.stdout, os.environ), forge)
