"""``mlbot history``: the last runs of main."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from cml_bot.commands._shared import as_keys, complain, current_folder, open_job, option, speak_utf8
from cml_bot.errors import ConfigError
from cml_bot.forges import quieten

if TYPE_CHECKING:
    from pathlib import Path

    from cml_bot.config import Config
    from cml_bot.history_table import History
    from cml_bot.job import Job


HISTORY_FORMATS = ("terminal", "markdown", "json", "csv")


@click.command(short_help="Show the metrics of the last runs on main, and the noise of each.")
@click.argument("wanted", nargs=-1, metavar="[METRIC]...")
@option("--last", type=click.IntRange(1, 50), default=30, show_default=True, help="How many runs to look at.")
@click.option("--name", help="Which history of main: one branch per name.")
@option("--format", "form", type=click.Choice(HISTORY_FORMATS), default="terminal", help="Print this form.")
@option("--html", metavar="FILE", help="Write a page to this file too: the course of each metric, any two runs.")
@option("--badge", metavar="METRIC", help="Print a badge (SVG) of this metric's last value, and nothing else.")
def history(wanted: tuple[str, ...], last: int, form: str, html: str | None, badge: str | None, **options: Any) -> int:
    """Show the metrics of the last runs on main, and the noise band of each.

    METRIC is a name or a glob such as '*loss*'; without one, all are shown that are no bookkeeping. The runs are those
    that `mlbot report` recorded on the branch mlbot/NAME.
    """
    from cml_bot.config import read_config
    from cml_bot.history_badge import draw_badge
    from cml_bot.history_log import read_runs, tell_history
    from cml_bot.progress import telling

    if html in ("", "-"):
        raise ConfigError("--html", "is no file", "Name one, such as history.html.")
    job = open_job()
    config = read_config(job.root, os.environ, as_keys(options))
    with telling("reading the records of main", job.tell):
        kept = read_runs(job, config, last)
    if html:
        _write_page(current_folder() / html, tell_history(kept, config, wanted, with_bookkeeping=True), job, config)
    if badge:
        text = draw_badge(tell_history(kept, config, with_bookkeeping=True), badge)
    else:
        text = _write_history(tell_history(kept, config, wanted), form, job.build.forge)
    speak_utf8("svg" if badge else form)
    click.echo(text, nl=False)
    sys.stdout.flush()
    return 0


def _write_page(path: Path, found: History, job: Job, config: Config) -> None:
    from cml_bot.filters import plural
    from cml_bot.git import find_origin
    from cml_bot.history_links import find_commits
    from cml_bot.history_page import render_history_page
    from cml_bot.own_page import write_own_page

    commits = find_commits(job.build, find_origin(job.root) if job.sha else "")
    page = render_history_page(found, commits, config.title or job.repository, job.now)
    write_own_page(path, page, "--html")
    complain(f"mlbot: the page of {plural(len(found.runs), 'run')} of main: {path}")


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
