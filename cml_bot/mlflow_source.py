"""An experiment of MLflow as a source of its own: ``mlflow:NAME``.

Where MLflow keeps it the environment says alone, never a file that a pull request can write.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cml_bot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from cml_bot.model import Observation
    from cml_bot.readers._mlflow_runs import Logged, Place

MARK = "mlflow:"
URI = "MLFLOW_TRACKING_URI"
_MOST_FILES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """An experiment that can be read."""

    place: Place
    glance: Callable[[], Place]
    """Gives the place of runs of which the last value of each metric is enough."""
    find_runs: Callable[[str], Sequence[Logged]]
    """Gives the runs of a commit, with those within them."""
    list_newest: Callable[[], Sequence[Logged]]
    """Gives the newest runs, whatever commit they are of."""


def is_experiment(text: str) -> bool:
    """Whether a source or baseline is an experiment of MLflow.

    Example:
        >>> is_experiment("mlflow:churn"), is_experiment("metrics.json")
        (True, False)
    """
    return text.startswith(MARK)


def read_experiment(text: str, env: Mapping[str, str], root: Path, shas: Collection[str]) -> Iterator[Observation]:
    """Yield what an experiment holds of a commit; a run of another commit never stands for it.

    Args:
        text: ``mlflow:NAME``.
        env: the environment of the job.
        root: the top of the workspace, for a place on this machine.
        shas: the commit, and others that stand for it, as a pull request's head does for its merge.

    Raises:
        InputError: nobody knows where it is, it cannot be read, or it has no run of the commit.
    """
    wanted = [sha for sha in shas if sha]
    if not wanted:
        raise InputError(text, "is looked up by commit, and there is none here", "Run mlbot in the repository.")
    with open_experiment(text, env, root) as experiment:
        for sha in wanted:
            runs = experiment.find_runs(sha)
            if any(run.commit == sha for run in runs):
                yield from observe_commit(experiment.place, runs, sha)
                return
    cure = "See that the training logs to it before mlbot runs, in the checkout, so that MLflow notes the commit."
    raise InputError(text, f"has no run of {' or '.join(sha[:7] for sha in wanted)}", cure)


def observe_commit(place: Place, runs: Sequence[Logged], sha: str) -> Iterator[Observation]:
    """Yield what the runs of one commit and experiment hold."""
    # Pays for it only where an experiment is asked for.
    from cml_bot.model import Note
    from cml_bot.readers._mlflow import observe_experiment
    from cml_bot.readers._mlflow_runs import tops_of

    tops = [run for run in tops_of(runs) if run.commit == sha]
    yield from observe_experiment(place, tops, runs, sha, is_of_commit=True)
    yield from (Note(text=text) for text in place.tell())


@contextmanager
def open_experiment(text: str, env: Mapping[str, str], root: Path) -> Iterator[Experiment]:
    """Open an experiment where the environment says that MLflow keeps it.

    Raises:
        InputError: nobody knows where it is, or it cannot be read.
    """
    name = text.removeprefix(MARK).strip()
    uri = env.get(URI, "").strip()
    if not name:
        raise InputError(text, "names no experiment", f"Write {MARK}NAME.")
    if not uri:
        raise InputError(text, f"{URI} is not set", "Set it in the job, as the training has it.")
    scheme, path = _split(uri)
    if scheme in ("http", "https"):
        yield _open_server(text, name, uri, env)
    elif scheme == "sqlite":
        from cml_bot.readers.mlflow_db import open_place

        with open_place(root / path) as place:
            yield _here(place, place.list_runs(), name)
    elif scheme == "file":
        from cml_bot.readers.mlflow_files import FilePlace

        files = FilePlace(_list_files(root / path, text))
        yield _here(files, files.list_runs(""), name)
    else:
        cure = "Name a server (https://…), a database (sqlite:///…) or a folder."
        raise InputError(text, f"{URI} begins with {scheme[:30]!r}, which mlbot does not read", cure)


def _split(uri: str) -> tuple[str, str]:
    """Take an address of MLflow apart: the kind of place, and its path where it is on this machine.

    Example:
        >>> _split("mlruns"), _split("file:///srv/ml%20runs"), _split("sqlite:///mlflow.db"), _split("databricks")
        (('file', 'mlruns'), ('file', '/srv/ml runs'), ('sqlite', 'mlflow.db'), ('databricks', ''))
    """
    scheme, _, rest = uri.partition(":")
    if uri.startswith("databricks"):
        return "databricks", ""
    if not rest or os.path.isabs(uri) or len(scheme) == 1:  # noqa: PTH117 - text, and C: on Windows
        return "file", uri
    if scheme == "sqlite":
        return scheme, rest.removeprefix("///").partition("?")[0]
    return scheme.lower(), unquote(urlsplit(uri).path) if scheme == "file" else ""


def _open_server(text: str, name: str, uri: str, env: Mapping[str, str]) -> Experiment:
    # Pays for `requests` only where there is a server.
    from cml_bot.mlflow_server import ServerPlace
    from cml_bot.mlflow_wire import Server, read_address

    place = ServerPlace(Server(read_address(uri, env, text)), name)
    return Experiment(place=place, glance=place.glance, find_runs=place.find_runs, list_newest=place.list_newest)


def _here(place: Place, runs: Sequence[Logged], name: str) -> Experiment:
    """Give an experiment of which all runs are known."""
    from cml_bot.readers._mlflow_runs import runs_of_commit

    own = [run for run in runs if run.experiment == name]
    find_runs = partial(runs_of_commit, own)
    return Experiment(place=place, glance=lambda: place, find_runs=find_runs, list_newest=lambda: own)


def _list_files(folder: Path, text: str) -> Mapping[str, Path]:
    if not folder.is_dir():
        raise InputError(text, f"{URI} names {folder.name}, and there is no such folder", "Check the path.")
    found: dict[str, Path] = {}
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(here, name) for name in sorted(names))
        found.update({f"mlruns/{path.relative_to(folder).as_posix()}": path for path in paths})
        if len(found) > _MOST_FILES:
            raise InputError(text, f"{folder.name} holds more than a million files", "Let MLflow use a database.")
    return found
