"""Folders that are mlbot's own: a report's and a bundle's. Nobody else's file is ever overwritten in one."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cml_bot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

REPORT, BUNDLE = "mlbot-report", "mlbot-bundle"
"""What they are called where nobody says otherwise. An artifact with a bundle is called like its folder."""
FIGURES = "figures"
MARK = ".mlbot-report"
"""The file that says so. No walk enters a folder that has one: what mlbot wrote is never read back as a result."""


def write_own(folder: Path, files: Mapping[str, str | bytes], figures: Mapping[str, bytes]) -> None:
    """Write files and figures into a folder of mlbot's own, replacing those of an earlier run.

    Raises:
        ConfigError: the folder cannot be written, or holds files of somebody else.
    """
    if folder.is_symlink():
        raise ConfigError(str(folder), "is a link", "Name the folder that it leads to with --output.")
    with _told(folder):
        _claim(folder)
        _remove(folder / FIGURES)
        for name, content in files.items():
            # A link of that name, which a branch may have committed, is replaced and not followed.
            (folder / name).unlink(missing_ok=True)
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        for name, data in figures.items():
            (folder / FIGURES).mkdir(exist_ok=True)
            (folder / FIGURES / name).write_bytes(data)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cure = "Choose another folder with --output."
        raise ConfigError(str(folder), f"cannot be written ({error.strerror})", cure) from error


def _remove(figures: Path) -> None:
    if figures.is_symlink():
        figures.unlink()
    elif figures.exists():
        shutil.rmtree(figures)


def _claim(folder: Path) -> None:
    """Make the folder mlbot's own: a new or an empty one, or the one of an earlier run. Git then ignores it."""
    mark = folder / MARK
    if mark.is_file() and not mark.is_symlink():
        return
    if folder.exists() and any(folder.iterdir()):
        cure = "Choose a new or an empty one with --output: mlbot replaces all that lies in it."
        raise ConfigError(str(folder), "holds files that are not of a report", cure)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="ascii")
    mark.write_text("This folder is written by mlbot.\n", encoding="ascii")
