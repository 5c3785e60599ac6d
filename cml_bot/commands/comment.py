"""``mlbot comment``: any Markdown file as a sticky comment."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

from cml_bot.commands._shared import as_keys, choice, complain, current_folder, open_job, review_options, take_named
from cml_bot.review import Pictures


@click.command("comment", short_help="Keep a comment with any Markdown file up to date.")
@click.argument("file", metavar="FILE.md")
@click.option("--name", default="comment", show_default=True, help="Name of the sticky comment: one of each per name.")
@click.option("--pictures", type=choice(Pictures), help="Whether pictures are uploaded.  [default: auto]")
@review_options
def comment_by_file(file: str, name: str, **options: Any) -> int:
    """Keep a comment with any Markdown file up to date, with the pictures that it names uploaded.

    FILE.md may be - for standard input; its pictures are then meant from the current folder.
    """
    from cml_bot.comment_file import comment, read_markdown
    from cml_bot.config import read_config
    from cml_bot.reach import complete, connect
    from cml_bot.trusted import refuse_foreign

    job = open_job(named=take_named(options))
    refuse_foreign(job)
    job = complete(job, os.environ)
    config = read_config(job.root, os.environ, as_keys(options))
    text = read_markdown(file, current_folder(), job.root, getattr(sys.stdin, "buffer", io.BytesIO()))
    told = comment(text, name, job, config, lambda: connect(job.build, os.environ))
    for line in told.lines:
        complain(f"mlbot: {line}")
    if told.url:
        click.echo(told.url)
    return 0
