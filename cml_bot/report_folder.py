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


def write_folder(folder: Path, report: Report, run: Run, drawn: Drawn) -> None:
    """Write report.md, page.html, report.json, run.json and the figures, replacing those of an earlier report.

    Raises:
        ConfigError: the folder cannot be written.
    """
    page = render(report, drawn)
    # Only addresses that we wrote have this form: in foreign text the brackets are escaped.
    markdown = page.body.replace("](cid:", f"]({FIGURES}/")
    texts = {
        "report.md": markdown,
        "page.html": render_html(report, drawn),
        "report.json": dump_report(report),
        "run.json": dump_run(run),
        ".gitignore": "*\n",
    }
    try:
        _clear_figures(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
        for figure in page.figures:
            (folder / FIGURES).mkdir(exist_ok=True)
            (folder / FIGURES / figure.name).write_bytes(figure.data)
    except OSError as error:
        cure = "Choose another folder with --output."
        raise ConfigError(str(folder), f"cannot be written ({error.strerror})", cure) from error


def _clear_figures(folder: Path) -> None:
    """Remove the figures of an earlier report, and only of such a one."""
    if (folder / "report.json").is_file() and not (folder / FIGURES).is_symlink():
        shutil.rmtree(folder / FIGURES, ignore_errors=True)
