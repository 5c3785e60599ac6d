"""The pictures among what MLflow keeps of a run, and the data that a run says it used."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import ENDINGS, Fact
from cml_bot.readers._names import shorten, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ENDINGS = tuple(f".{ending}" for endings in ENDINGS.values() for ending in endings)
_IMAGE = re.compile(r"images/(?P<key>[^+%]+)[+%]step[+%](?P<step>\d+)[+%]timestamp[+%](?P<moment>\d+)[+%].*")
"""How `mlflow.log_image` names a picture of a step, with ``~`` or ``#`` for the slashes of its key.

Source: https://github.com/mlflow/mlflow/blob/master/mlflow/tracking/client.py
"""
_MOST_LISTED = 2_000
"""Files of one run that are looked at."""
_KEY = re.compile(r"[0-9A-Za-z_-]{1,64}")
"""An id of MLflow's: what else a hostile database may hold is no name of a folder."""


def choose_pictures(paths: Iterable[str]) -> dict[str, str]:
    """Map the name of each picture to its path; of one that was logged at several steps, the last.

    Example:
        >>> choose_pictures(["a.png", "images/x~y+step+2+timestamp+17+f0.png", "images/x~y+step+1+timestamp+9+e0.png"])
        {'a.png': 'a.png', 'images/x/y.png': 'images/x~y+step+2+timestamp+17+f0.png'}
    """
    found: dict[str, tuple[tuple[int, int], str]] = {}
    for path in sorted(paths):
        ending = os.path.splitext(path)[1].lower()  # noqa: PTH122 - a path of an artifact, not of a file here
        of_step = _IMAGE.fullmatch(path)
        if ending not in _ENDINGS or path.endswith("compressed.webp"):
            continue
        if of_step is None:
            found.setdefault(path, ((0, 0), path))
            continue
        name = f"images/{re.sub('[~#]', '/', of_step['key'])}{ending}"
        place = (int(of_step["step"][:18]), int(of_step["moment"][:18]))
        found[name] = max(found.get(name, ((-1, 0), "")), (place, path))
    return {tidy(name): path for name, (_, path) in found.items()}


def find_beside(folder: Path, experiment: str, run: str) -> dict[str, Path]:
    """Find the pictures of a run in the folders where MLflow keeps artifacts by default, below the one given.

    What a database says of the place is not believed: it is a path on the machine that trained.
    """
    for place in _places(experiment, run):
        below = folder / place
        files = dict(_list_files(below, folder.resolve()))
        if files:
            return {name: files[path] for name, path in choose_pictures(files).items()}
    return {}


def find_among(files: Mapping[str, Path], experiment: str, run: str) -> dict[str, Path]:
    """Find the pictures of a run among files that are given by their paths in the tree."""
    for place in _places(experiment, run):
        below = {path.partition(f"{place}/")[2]: path for path in files if f"/{place}/" in f"/{path}"}
        if below:
            return {name: files[below[path]] for name, path in choose_pictures(below).items()}
    return {}


def _places(experiment: str, run: str) -> tuple[str, ...]:
    if not (_KEY.fullmatch(experiment) and _KEY.fullmatch(run)):
        return ()
    return (
        f"mlruns/{experiment}/{run}/artifacts",
        f"mlartifacts/{run}/artifacts",
        f"mlartifacts/{experiment}/{run}/artifacts",
    )


def _list_files(below: Path, top: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder that are no links out of it, and no deeper than people nest them."""
    if not below.is_dir() or not below.resolve().is_relative_to(top):
        return
    listed = 0
    for folder, folders, names in os.walk(below):
        where = Path(folder)
        folders[:] = sorted(folders) if len(where.relative_to(below).parts) < 4 else []
        for name in sorted(names):
            listed += 1
            if listed > _MOST_LISTED:
                return
            path = where / name
            if not path.is_symlink() and path.is_file():
                yield path.relative_to(below).as_posix(), path


def make_fact(name: str, digest: str, context: str, profile: str) -> Fact:
    """Give a set of data that a run used: its digest is all that MLflow keeps of the content.

    Source: https://mlflow.org/docs/latest/ml/dataset/

    Example:
        >>> make_fact("iris", "d1d9ee4f", "test", '{"num_rows": 50}')
        Fact(name='iris (test)', value='recorded:d1d9ee4f', detail='50 rows', of=None)
    """
    called = f"{name} ({context})" if context else name
    return Fact(name=tidy(called), value=f"recorded:{shorten(digest, 100)}", detail=_rows_of(profile))


def _rows_of(profile: str) -> str:
    try:
        known = json.loads(profile[:100_000]) if profile else {}
    except (ValueError, RecursionError):
        return ""
    rows = known.get("num_rows") if isinstance(known, dict) else None
    return plural(rows, "row") if isinstance(rows, int) and not isinstance(rows, bool) and 0 <= rows < 10**15 else ""
