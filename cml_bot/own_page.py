"""One page that is a file of its own: nobody else's is ever overwritten, and no half of one is ever seen."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cml_bot.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MARK = "<!-- A page of mlbot history: written anew by each `mlbot history --html`. -->"
"""Stands in its first lines and says that it may be replaced."""
FIRST = 400
"""Bytes in which it has to stand."""


def write_own_page(path: Path, text: str, option: str) -> None:
    """Write a page, in place of nothing or of an earlier page of ours.

    Args:
        path: the file; its folder has to be there.
        text: the page, with `MARK` in its first lines.
        option: who named the file, for the errors.

    Raises:
        ConfigError: it cannot be written, or it is a file of somebody else.
    """
    try:
        _refuse_others(path, option)
        _replace(path, text)
    except OSError as error:
        what = f"{path} cannot be written ({error.strerror})"
        raise ConfigError(option, what, "Name another file, in a folder that is there.") from error


def _refuse_others(path: Path, option: str) -> None:
    if path.is_symlink():
        raise ConfigError(option, f"{path} is a link", "Name the file that it leads to.")
    if not path.exists():
        return
    if not path.is_file():
        raise ConfigError(option, f"{path} is no file", "Name a file, such as history.html.")
    with path.open("rb") as file:
        if MARK.encode() not in file.read(FIRST):
            raise ConfigError(option, f"{path} is not a page of mlbot history", "Name another file, or remove it.")


def _replace(path: Path, text: str) -> None:
    """Write beside it first, with the rights that any new file gets, and put it in its place at once."""
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.write(text.encode())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
