"""Another run, as files in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot.baselines import Base
from cml_bot.errors import ConfigError
from cml_bot.model import Side
from cml_bot.trees import FolderTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from cml_bot.model import Build, Run
    from cml_bot.trees import Tree

WHERE = "baseline"
CURE = "Name the folder that holds the files of the other run."


def load(root: Path, build: Build, wanted: str, read: Callable[[Tree], Run]) -> Base | str:  # noqa: ARG001
    """Return the run in the folder `wanted`, relative to the workspace or absolute.

    Raises:
        ConfigError: there is no such folder.
    """
    if not wanted:
        return "no folder was named"
    folder = root / Path(wanted).expanduser()
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise ConfigError(WHERE, f"{wanted} {what}", CURE)
    label = folder.resolve().name or wanted
    return Base(
        run=read(FolderTree(folder)), side=Side(sha="", kind="folder", label=label, source=f"the folder {wanted}")
    )
