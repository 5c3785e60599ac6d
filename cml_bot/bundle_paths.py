"""Bundles on disk: which ones a path means, and how one is read. No link in one is followed."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot.bundle import ABOUT, CURE, RUN, read_bundle
from cml_bot.bundle_zip import read_zip
from cml_bot.errors import ConfigError, InputError
from cml_bot.own_folder import BUNDLE
from cml_bot.plain_file import read_plain
from cml_bot.readers._names import tidy
from cml_bot.replicates import REPLICATE, find_replicate
from cml_bot.review import LARGEST_ZIP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Run

MOST_BUNDLES = 300
LAY_DOWN = "See that the jobs before kept it, and that it was downloaded to there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One bundle that was asked for: its run, or why there is none."""

    name: str
    """What it is called in the report."""
    run: Run | str
    group: str = ""
    """The pattern that it has in common with repeated trainings; empty where it is none."""
    replicate: str = ""
    """What tells it apart from those."""
    is_one_of_many: bool = False
    """Whether it is, or could be, one of several, so that its groups carry its name."""


def read_paths(paths: Sequence[str], cwd: Path) -> list[Bundle]:
    """Read every bundle that paths mean: a folder, a folder of such, a zip, a run.json, or a pattern with {replicate}.

    What is missing or broken has a sentence in place of its run.

    Raises:
        ConfigError: a path makes no sense.
    """
    found: dict[Path, Bundle] = {}
    for path in dict.fromkeys(paths):
        for place, bundle in _expand(path, cwd):
            found.setdefault(place, bundle)
            if len(found) > MOST_BUNDLES:
                raise ConfigError(f"--from {path}", f"means more than {MOST_BUNDLES} bundles", "Name fewer.")
    return _tell_apart(found, cwd)


def _tell_apart(found: Mapping[Path, Bundle], cwd: Path) -> list[Bundle]:
    """Call bundles of one name by their whole path; repeated trainings keep the name that they share."""
    units: dict[str, set[str]] = {}
    for place, bundle in found.items():
        units.setdefault(bundle.name, set()).add(bundle.group or str(place))
    return [
        replace(bundle, name=bundle.group or os.path.relpath(place, cwd)) if len(units[bundle.name]) > 1 else bundle
        for place, bundle in found.items()
    ]


def name_of(path: str) -> str:
    """Give the name of the bundle at a path, without the word that all have in common.

    Example:
        >>> name_of("bundles/mlbot-bundle-gpu-a"), name_of("gpu-a/mlbot-bundle"), name_of("b/gpu-a.zip")
        ('gpu-a', 'gpu-a', 'gpu-a')
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    while len(parts) > 1 and parts[-1] in (BUNDLE, RUN, f"{BUNDLE}.zip"):
        parts.pop()
    last = parts[-1] if parts else BUNDLE
    return tidy(last.removesuffix(".zip").removeprefix(f"{BUNDLE}-"))


def _expand(path: str, cwd: Path) -> Iterator[tuple[Path, Bundle]]:
    if REPLICATE in path:
        yield from _expand_replicates(path, cwd)
        return
    place = cwd / Path(path).expanduser()
    children = _list_children(place)
    if children is None:
        yield place, Bundle(name=name_of(str(place)), run=_read(place, path))
        return
    if not children:
        yield place, Bundle(name=name_of(str(place)), run=f"{path}: holds no bundle. {LAY_DOWN}")
    for child in children:
        yield child, Bundle(name=name_of(child.name), run=_read(child, f"{path}/{child.name}"), is_one_of_many=True)


def _expand_replicates(path: str, cwd: Path) -> Iterator[tuple[Path, Bundle]]:
    if path.count(REPLICATE) > 1:
        raise ConfigError(f"--from {path}", f"has more than one {REPLICATE}", "Write * for the others.")
    pattern = os.path.normpath(path).replace(os.sep, "/")
    # Relative to the current folder, as the pattern is: so not by pathlib, which gives other paths.
    matches = sorted(glob.glob(pattern.replace(REPLICATE, "*"), root_dir=cwd))  # noqa: PTH207
    told = [(match, find_replicate(pattern, match)) for match in matches]
    if not any(known for _, known in told):
        yield cwd / path, Bundle(name=name_of(path), run=f"{path}: matches nothing. {LAY_DOWN}")
    for match, known in told:
        if known:
            group, replicate = known
            run = _read(cwd / match, match)
            yield cwd / match, Bundle(name=name_of(group), run=run, group=group, replicate=replicate)


def _list_children(place: Path) -> list[Path] | None:
    """Return the bundles in a folder; None where the path is itself one, or nothing at all."""
    if not place.is_dir() or os.path.lexists(place / RUN):
        return None
    try:
        with os.scandir(place) as rows:
            folders = sorted(row.name for row in rows if row.is_dir(follow_symlinks=False))
    except OSError:
        return None
    children = [place / name for name in folders if os.path.lexists(place / name / RUN)]
    # A folder that has only a run.json may be a report's, so it counts where no other does.
    return [child for child in children if os.path.lexists(child / ABOUT)] or children


def _read(place: Path, told: str) -> Run | str:
    try:
        return _read_place(place, told)
    except InputError as error:
        return str(error)


def _read_place(place: Path, told: str) -> Run:
    if not place.exists():
        raise InputError(told, "is missing", LAY_DOWN)
    if place.is_dir():
        return read_bundle(Folder(place, told), told)
    if place.suffix == ".zip":
        return read_zip(told, read_plain(place, LARGEST_ZIP, told, CURE))
    return read_bundle(RunAlone(place, told), told)


class Folder:
    """The files of a bundle in a folder."""

    def __init__(self, place: Path, told: str) -> None:
        self._place = place
        self._told = told

    def read(self, name: str, limit: int) -> bytes | None:
        """Give a file's content; None where there is none of that name.

        Raises:
            InputError: it, or its folder, is a link or no plain file, or it has more bytes than the limit.
        """
        file = self._place / name
        where = f"{self._told}/{name}"
        if not os.path.lexists(file):
            return None
        if file.parent != self._place and file.parent.is_symlink():
            raise InputError(where, "lies behind a link", CURE)
        return read_plain(file, limit, where, CURE)


class RunAlone:
    """A run.json without anything beside it."""

    def __init__(self, place: Path, told: str) -> None:
        self._place = place
        self._told = told

    def read(self, name: str, limit: int) -> bytes | None:
        """Give the file for a run.json; None for all else.

        Raises:
            InputError: it is no plain file, or has more bytes than the limit.
        """
        return read_plain(self._place, limit, self._told, CURE) if name == RUN else None
