"""``mlbot demo``: real models in a scratch repository, and a report on them."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cml_bot.commands.report import report


@click.command(short_help="Train real models in a scratch repository, and report.")
@click.option("--folder", metavar="PATH", help="Make the repository here.  [default: a new temporary folder]")
def demo(folder: str | None) -> int:
    """Train real models in a scratch repository, and report on its branch."""
    import tempfile

    from cml_bot.demo import build_demo

    place = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="mlbot-demo-")) / "digits"
    repository = build_demo(place, say=lambda line: click.echo(line, err=True))
    click.echo(f"\n$ cd {repository}\n$ mlbot report", err=True)
    os.chdir(repository)
    # The scratch repository is none of the project that this may be a CI job of.
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER", "BITBUCKET_PIPELINE_UUID"):
        os.environ.pop(name, None)
    return int(report.main(args=["--no-publish"], prog_name="mlbot report", standalone_mode=False) or 0)
