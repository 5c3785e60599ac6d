"""MLflow's file store, the folder ``mlruns``: a folder a run, a file a metric.

MLflow itself writes such a folder by default up to version 3.6, and later where MLFLOW_ALLOW_FILE_STORE is set.
Artifacts without runs are no store: their runs are in a database, or on a server.

Source: https://github.com/mlflow/mlflow/blob/master/mlflow/store/tracking/file_store.py
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import format_number, plural
from cml_bot.readers._mlflow import observe_runs
from cml_bot.readers._mlflow_artifacts import choose_pictures, find_beside, make_fact
from cml_bot.readers._mlflow_runs import COMMIT, NAME, PARENT, Logged
from cml_bot.readers._mlflow_values import MOST_METRICS, MOST_POINTS, course_of, whole
from cml_bot.readers._names import shorten, some
from cml_bot.readers._numbers import as_double
from cml_bot.readers._text import read_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Fact, Observation
    from cml_bot.readers._course import Course
    from cml_bot.readers._mlflow_values import Point

_STATES = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
"""Source: https://github.com/mlflow/mlflow/blob/master/mlflow/entities/run_status.py"""
_TOP = re.compile(r"(?:.*?/)?(?:mlruns|mlartifacts)/")
_LARGEST = 32 * 1024 * 1024
"""Bytes of a metric's file."""
_SHORT = 64 * 1024
"""Bytes of a parameter, a tag, or what is told of a run."""


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:
    """Yield what the runs of a commit hold, or the newest where none is of it; each experiment is a group.

    Args:
        files: those of the folder, by their path in the tree.
        sha: the commit that is wanted; empty outside a repository.
    """
    place = FilePlace(files)
    yield from observe_runs(place, place.list_runs(sha), sha, place.list_experiments())


class FilePlace:
    """A folder of files as a place of runs. Nothing is read before it is asked for."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        """Sort the files, which are given by paths that have ``mlruns/`` in front."""
        self._files = files
        self._experiments: dict[str, str] = {}
        self._runs: dict[tuple[str, str], dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        self._data: dict[tuple[str, str], str] = {}
        self._told: dict[str, Mapping[str, object]] = {}
        self._params: dict[str, Mapping[str, str]] = {}
        self._broken: list[str] = []
        self._cut: list[str] = []
        self._notes: list[str] = []
        for path in files:
            self._sort(path, _TOP.sub("", path, count=1).split("/"))

    def _sort(self, path: str, parts: Sequence[str]) -> None:
        match parts:
            case [experiment, "meta.yaml"]:
                self._experiments[experiment] = path
            case [experiment, "datasets", digest, "meta.yaml"]:
                self._data[experiment, digest] = path
            case [_, "models" | "datasets" | "traces", *_]:
                pass
            case [experiment, run, "meta.yaml"]:
                self._runs[experiment, run]["meta"][""] = path
            case [experiment, run, ("metrics" | "params" | "tags" | "inputs" | "artifacts") as kind, *rest]:
                self._runs[experiment, run][kind]["/".join(rest)] = path

    def list_runs(self, sha: str) -> list[Logged]:
        """List the runs of a commit with those within them; where there are none, all that were not deleted."""
        tags = {
            key: (self._tag(key, COMMIT), self._tag(key, PARENT)) for key, files in self._runs.items() if files["meta"]
        }
        here = {key for key, (commit, _) in tags.items() if sha and commit == sha}
        within = {run for _, run in here}
        # Of other runs no more is read than these two tags.
        runs = self._read_runs({key: one for key, one in tags.items() if key in here or one[1] in within})
        return runs if any(not run.parent for run in runs) else self._read_runs(tags)

    def list_experiments(self) -> list[str]:
        """Name the experiments that have runs."""
        keys = sorted({experiment for (experiment, _), files in self._runs.items() if files["meta"]})
        told = {key: self._experiment(key) for key in keys}
        return [str(one.get("name") or key) for key, one in told.items() if one.get("lifecycle_stage") != "deleted"]

    def _read_runs(self, tags: Mapping[tuple[str, str], tuple[str, str]]) -> list[Logged]:
        found = (self._logged(key, commit, parent) for key, (commit, parent) in tags.items())
        return [run for run in found if run is not None]

    def _logged(self, key: tuple[str, str], commit: str, parent: str) -> Logged | None:
        """Read what is told of a run; None of one that was deleted."""
        experiment, run = key
        told = self._read_yaml(self._runs[key]["meta"][""])
        about = self._experiment(experiment)
        if "deleted" in (told.get("lifecycle_stage"), about.get("lifecycle_stage")):
            return None
        return Logged(
            key=run,
            experiment=str(about.get("name") or experiment),
            name=self._tag(key, NAME) or str(told.get("run_name") or ""),
            status=_STATES.get(str(told.get("status")), ""),
            started=whole(told.get("start_time")),
            commit=commit,
            parent=parent,
            place=experiment,
        )

    def params(self, run: Logged) -> Mapping[str, str]:
        """Return its parameters."""
        if run.key not in self._params:
            paths = list(self._of(run, "params").items())[:MOST_METRICS]
            self._params[run.key] = {name: self._read_text(path) for name, path in paths}
        return self._params[run.key]

    def names(self, run: Logged) -> Collection[str]:
        """Name its metrics."""
        return self._of(run, "metrics")

    def courses(self, run: Logged) -> Mapping[str, Course]:
        """Return what was logged of each metric: a line a point."""
        found: dict[str, Course] = {}
        n_points = 0
        paths = list(self._of(run, "metrics").items())[: MOST_METRICS + 1]
        for place, (name, path) in enumerate(paths):
            data = self._read(path, _LARGEST)
            if len(data) > _LARGEST:
                self._notes.append(
                    f"{shorten(path, 200)} is larger than {_LARGEST >> 20} MB; left out. Log less often."
                )
                continue
            points, is_whole = parse_points(data)
            found[name] = course_of(points)
            n_points += len(points)
            self._cut += [] if is_whole else [name]
            if n_points > MOST_POINTS:
                left = plural(len(paths) - place - 1, "metric")
                most = format_number(MOST_POINTS)
                self._notes.append(f"a run has more than {most} points; {left} left out. Log less often.")
                break
        return found

    def data(self, run: Logged) -> Sequence[Fact]:
        """Return the data it says it used."""
        facts = []
        for path in self._of(run, "inputs").values():
            told = self._read_yaml(path)
            about = self._data.get((run.place, str(told.get("source_id"))))
            if told.get("source_type") == "DATASET" and about:
                known, tags = self._read_yaml(about), told.get("tags")
                context = tags.get("mlflow.data.context") if isinstance(tags, dict) else ""
                texts = (known.get("name"), known.get("digest"), context, known.get("profile"))
                facts.append(make_fact(*(text if isinstance(text, str) else "" for text in texts)))
        return facts

    def pictures(self, run: Logged) -> Mapping[str, Path]:
        """Return its artifacts that are pictures, also where a server kept them beside the folder."""
        own = self._of(run, "artifacts")
        wanted = {name: self._find(own[path]) for name, path in choose_pictures(own).items()}
        if own:
            return {name: path for name, path in wanted.items() if path}
        # mlruns/EXPERIMENT/RUN/meta.yaml
        meta = self._find(self._of(run, "meta")[""])
        return find_beside(meta.parents[3], run.place, run.key) if meta else {}

    def tell(self) -> Sequence[str]:
        """Say which files cannot be read, and which hold lines that are no points."""
        cure = "See whether the job was stopped while it wrote."
        broken = f"cannot be read: {some(self._broken)}; left out. {cure}"
        cut = f"lines that are not whole, in the files of {some(self._cut)}; left out. {cure}"
        return [*self._notes, *([broken] if self._broken else []), *([cut] if self._cut else [])]

    def _of(self, run: Logged, kind: str) -> Mapping[str, str]:
        return self._runs[run.place, run.key][kind]

    def _experiment(self, experiment: str) -> Mapping[str, object]:
        if experiment not in self._told:
            path = self._experiments.get(experiment)
            self._told[experiment] = self._read_yaml(path) if path else {}
        return self._told[experiment]

    def _tag(self, key: tuple[str, str], name: str) -> str:
        path = self._runs[key]["tags"].get(name)
        return self._read_text(path).strip() if path else ""

    def _find(self, path: str) -> Path | None:
        try:
            return self._files[path]
        except InputError:
            # Such as what Git LFS keeps elsewhere.
            self._broken.append(path)
            return None

    def _read_text(self, path: str) -> str:
        return self._read(path, _SHORT)[:_SHORT].decode("utf-8", "replace")

    def _read(self, path: str, largest: int) -> bytes:
        try:
            return read_bytes(self._files[path], largest)
        except InputError:
            # One file that may not be read, of thousands.
            self._broken.append(path)
            return b""

    def _read_yaml(self, path: str) -> Mapping[str, object]:
        # Pays for YAML only where there is a store.
        from cml_bot.readers._yaml import parse_yaml

        try:
            document = parse_yaml(self._read(path, _SHORT)[:_SHORT].decode("utf-8", "replace"), path)[0]
        except InputError:
            self._broken.append(path)
            return {}
        return document if isinstance(document, dict) else {}


def parse_points(data: bytes) -> tuple[list[Point], bool]:
    r"""Read the lines of a metric's file; and whether all of them are points.

    A line is ``milliseconds value step``. Where the metric is of a set of data, its name and digest follow: a name
    with spaces makes the whole experiment unreadable to MLflow itself, so nothing after the step is looked at. Early
    versions of MLflow wrote no step.

    Example:
        >>> parse_points(b"1700000000000 0.5 1\n1700000000009 nan 2 my data 1f2e\n17000")
        ([(1, 1700000000000, 0.5), (2, 1700000000009, nan)], False)
    """
    lines = data.decode("utf-8", "replace").split("\n")
    # MLflow ends every line, so a last one without an end was cut, and its numbers may be too short.
    is_whole = not lines.pop().strip()
    found: list[Point] = []
    for line in lines:
        moment, value, step, *_ = (*line.split(), "", "", "")
        number = as_double(value)
        if number is not None:
            found.append((whole(step), whole(moment), number))
        elif line.strip():
            is_whole = False
    return found, is_whole
