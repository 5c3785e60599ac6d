"""The folder ``mlbot-report/``: every form of one report, for a laptop or for the job's artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.as_json import dump_report, dump_run
from cml_bot.own_folder import FIGURES, write_own
from cml_bot.page import render_html
from cml_bot.render import render

if TYPE_CHECKING:
    from pathlib import Path

    from cml_bot.model import Report, Run
    from cml_bot.render import Drawn


def write_folder(folder: Path, report: Report, run: Run, drawn: Drawn) -> None:
    """Write report.md, page.html, report.json, run.json and the figures, replacing those of an earlier report.

    Raises:
        ConfigError: the folder cannot be written, or holds files of somebody else.
    """
    addresses = {figure.name: f"{FIGURES}/{figure.name}" for figure in drawn.figures}
    texts = {
        "report.md": render(report, drawn, addresses, whole=True).body,
        "page.html": render_html(report, drawn),
        "report.json": dump_report(report),
        "run.json": dump_run(run),
    }
    write_own(folder, texts, {figure.name: figure.data for figure in drawn.figures})
