"""The folder ``mlbot-report/``: every form of one report, for a laptop or for the job's artifact."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from cml_bot.as_json import dump_report, dump_run
from cml_bot.errors import ConfigError
from cml_bot.render import render, render_html

if TYPE_CHECKING:
    from pathlib import Path

    from cml_bot.model import Report, Run
    from cml_bot.render import Drawn

FIGURES = "figures"
MARK = ".mlbot-report"


def write_folder(folder: Path, report: Report, run: Run, drawn: Drawn) -> None:
    """Write report.md, page.html, report.json, run.json and the figures, replacing those of an earlier report.

    Raises:
        ConfigError: the folder cannot be written, or holds files of somebody else.
    """
    addresses = {figure.name: f"{FIGURES}/{figure.name}" for figure in drawn.figures}
    texts = {
        "report.md": render(report, drawn, addresses).body,
        "page.html": render_html(report, drawn),
        "report.json": dump_report(report),
        "run.json": dump_run(run),
    }
    if folder.is_symlink():
        raise ConfigError(str(folder), "is a link", "Name the folder that it leads to with --output.")
    try:
        _claim(folder)
        _remove(folder / FIGURES)
        for name, text in texts.items():
            # A link of that name, which a branch may have committed, is replaced and not followed.
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_bytes(text.encode())
        for figure in drawn.figures:
            (folder / FIGURES).mkdir(exist_ok=True)
            (folder / FIGURES / figure.name).write_bytes(figure.data)
    except OSError as error:
        cure = "Choose another folder with --output."
        raise ConfigError(str(folder), f"cannot be written ({error.strerror})", cure) from error


def _remove(figures: Path) -> None:
    if figures.is_symlink():
        figures.unlink()
    elif figures.exists():
        shutil.rmtree(figures)


def _claim(folder: Path) -> None:
    """Make the folder mlbot's own: a new or an empty one, or the one of an earlier report. Git then ignores it.

    The mark says so: later reports replace what lies there, and no walk reads it back.
    """
    mark = folder / MARK
    if mark.is_file() and not mark.is_symlink():
        return
    if folder.exists() and any(folder.iterdir()):
        cure = "Choose a new or an empty one with --output: mlbot replaces all that lies in it."
        raise ConfigError(str(folder), "holds files that are not of a report", cure)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="ascii")
    mark.write_text("This folder is written by mlbot.\n", encoding="ascii")
