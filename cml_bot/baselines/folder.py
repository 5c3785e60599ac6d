"""Another run, as files in a folder, or as the run.json of an earlier report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot.as_json import parse_run
from cml_bot.errors import BaselineError, ConfigError, InputError
from cml_bot.model import Base, Side
from cml_bot.trees import FolderTree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cml_bot.model import Build, Run
    from cml_bot.trees import Tree

WHERE = "baseline"
CURE = "Name the folder that holds the files of the other run, or the run.json of its report."


def load(
    root: Path,
    build: Build,  # noqa: ARG001
    wanted: str,
    read: Callable[[Tree], Run],
    name: str,  # noqa: ARG001
    head: str = "",  # noqa: ARG001
    env: Mapping[str, str] | None = None,  # noqa: ARG001
) -> Base | str:
    """Return the run in the folder or file `wanted`, relative to the workspace or absolute.

    Raises:
        ConfigError: there is no such folder or file.
        BaselineError: the file is not a run.
    """
    if not wanted:
        return "no folder was named"
    place = root / Path(wanted).expanduser()
    if place.is_file():
        run = _read_run(place, wanted)
        return Base(run=run, side=Side(sha=run.sha, kind="folder", label=place.name, source=f"the run in {wanted}"))
    if not place.is_dir():
        raise ConfigError(WHERE, f"{wanted} does not exist", CURE)
    label = place.resolve().name or wanted
    side = Side(sha="", kind="folder", label=label, source=f"the folder {wanted}")
    return Base(run=read(FolderTree(place)), side=side)


def _read_run(file: Path, wanted: str) -> Run:
    try:
        return parse_run(file.read_text(encoding="utf-8"), wanted)
    except InputError as error:
        raise BaselineError(wanted, error.what, error.cure) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BaselineError(wanted, f"cannot be read ({error})", CURE) from error
