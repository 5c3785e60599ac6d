"""The folder ``mlbot-report/``: every form of one report, for a laptop or for the job's artifact."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from cml_bot.as_json import dump_report, dump_run
from cml_bot.errors import ConfigError
from cml_bot.render import render, render_html

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cml_bot.model import Report, Run
    from cml_bot.render import Drawn

FIGURES = "figures"


def write_folder(folder: Path, report: Report, run: Run, drawn: Drawn) -> None:
    """Write report.md, page.html, report.json, run.json and the figures, replacing those of an earlier report.

    Raises:
        ConfigError: the folder cannot be written, or holds files of that name that are not mlbot's.
    """
    page = render(report, drawn)
    # Only addresses that we wrote have this form: in foreign text the brackets are escaped.
    markdown = page.body.replace("](cid:", f"]({FIGURES}/")
    texts = {
        "report.md": markdown,
        "page.html": render_html(report, drawn),
        "report.json": dump_report(report),
        "run.json": dump_run(run),
    }
    try:
        if _is_ours(folder):
            shutil.rmtree(folder / FIGURES, ignore_errors=True)
        else:
            _begin(folder, [*texts, FIGURES])
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
        for figure in page.figures:
            (folder / FIGURES).mkdir(exist_ok=True)
            (folder / FIGURES / figure.name).write_bytes(figure.data)
    except OSError as error:
        cure = "Choose another folder with --output."
        raise ConfigError(str(folder), f"cannot be written ({error.strerror})", cure) from error


def _is_ours(folder: Path) -> bool:
    """Whether an earlier report lies there, so that nothing of anybody else's is overwritten."""
    return all((folder / name).is_file() for name in ("report.json", "run.json", "page.html"))


def _begin(folder: Path, names: Iterable[str]) -> None:
    """Make the folder, which git then ignores; one that is there already keeps what it has."""
    for name in names:
        if (folder / name).exists():
            cure = "Move it away, or choose another folder with --output."
            raise ConfigError(str(folder), f"holds {name}, which mlbot would overwrite", cure)
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / ".gitignore").write_text("*\n", encoding="ascii")
