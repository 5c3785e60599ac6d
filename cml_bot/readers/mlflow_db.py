"""MLflow's database, ``mlflow.db``: where it keeps runs by default since version 3.7.

Nothing of the file is believed but rows of plain tables: views and virtual tables are refused, functions of the schema
not called, and what takes too long is ended.

Source: https://github.com/mlflow/mlflow/blob/master/mlflow/store/tracking/dbmodels/models.py and
https://sqlite.org/security.html
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cml_bot.errors import InputError
from cml_bot.filters import format_number
from cml_bot.readers._mlflow import observe_runs
from cml_bot.readers._mlflow_artifacts import find_among, find_beside, make_fact
from cml_bot.readers._mlflow_runs import COMMIT, NAME, PARENT, Logged
from cml_bot.readers._mlflow_values import MOST_METRICS, MOST_POINTS, course_of, unfold, whole
from cml_bot.readers._numbers import as_double
from cml_bot.readers._sqlite import open_database, plain_tables

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Fact, Observation
    from cml_bot.readers._course import Course
    from cml_bot.readers._mlflow_values import Point

_NEEDED = frozenset(("experiments", "runs", "metrics", "latest_metrics", "params", "tags"))
_DATA = frozenset(("inputs", "datasets", "input_tags"))
"""Since MLflow 2.4."""
_MOST_RUNS = 100_000
_LARGEST_ANSWER = 256 * 1024 * 1024
"""Characters of all rows of one question."""

_RUNS = """
SELECT r.run_uuid, r.experiment_id, e.name, coalesce(n.value, r.name), r.status, r.start_time, c.value, p.value
FROM (SELECT rowid AS id FROM runs WHERE lifecycle_stage = 'active'
      ORDER BY CAST(start_time AS INTEGER) DESC LIMIT ?) o
JOIN runs r ON r.rowid = o.id
JOIN experiments e ON e.experiment_id = r.experiment_id
LEFT JOIN tags n ON n.run_uuid = r.run_uuid AND n.key = ?
LEFT JOIN tags c ON c.run_uuid = r.run_uuid AND c.key = ?
LEFT JOIN tags p ON p.run_uuid = r.run_uuid AND p.key = ?
WHERE e.lifecycle_stage = 'active'
"""
"""Only numbers are sorted: a made-up file can hold one long text in a million rows."""
_INPUTS = """
SELECT d.name, d.digest, t.value, d.dataset_profile
FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = 'mlflow.data.context'
WHERE i.destination_type = 'RUN' AND i.destination_id = ? AND i.source_type = 'DATASET' LIMIT 1000
"""


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:
    """Yield what the runs of a commit hold, or the newest where none is of it; each experiment is a group.

    Args:
        files: the one file, by its path in the tree, and the pictures beside it.
        sha: the commit that is wanted; empty outside a repository.

    Raises:
        InputError: it is no database of MLflow, is damaged, or takes too long.
    """
    database = next(path for path in files if "/artifacts/" not in path)
    with open_place(files[database], files) as place:
        yield from observe_runs(place, place.list_runs(), sha)


@contextmanager
def open_place(path: Path, files: Mapping[str, Path] | None = None) -> Iterator[DbPlace]:
    """Open a database for reading; the file and what lies beside it stay as they are.

    Args:
        path: the database.
        files: the pictures beside it, where they are not simply there, by their paths in the tree.

    Raises:
        InputError: it is no database of MLflow, is damaged, or takes too long.
    """
    with open_database(path) as connection:
        yield DbPlace(connection, path, files or {})


class DbPlace:
    """A database as a place of runs."""

    def __init__(self, connection: sqlite3.Connection, path: Path, files: Mapping[str, Path]) -> None:
        """Look whether its tables are MLflow's.

        Raises:
            InputError: they are not.
        """
        self._connection = connection
        self._path = path
        self._files = files
        self._params: dict[str, Mapping[str, str]] = {}
        self._notes: list[str] = []
        tables = plain_tables(connection)
        if not tables >= _NEEDED:
            cure = "Name MLflow's own database in sources, or take this file out."
            raise InputError(path.name, "holds no runs of MLflow", cure)
        self._has_data = tables >= _DATA

    def list_runs(self) -> list[Logged]:
        """List all runs that were not deleted."""
        rows = self._ask(_RUNS, _MOST_RUNS, NAME, COMMIT, PARENT)
        if len(rows) >= _MOST_RUNS:
            self._notes.append(f"holds more than {format_number(_MOST_RUNS)} runs; the oldest were not looked at.")
        return [
            Logged(
                key=_text(key),
                experiment=_text(experiment) or _text(place),
                name=_text(name),
                status=_text(status),
                started=whole(started),
                commit=_text(commit),
                parent=_text(parent),
                place=_text(place),
            )
            for key, place, experiment, name, status, started, commit, parent in rows
        ]

    def params(self, run: Logged) -> Mapping[str, str]:
        """Return its parameters."""
        if run.key not in self._params:
            rows = self._ask("SELECT key, value FROM params WHERE run_uuid = ? LIMIT ?", run.key, MOST_METRICS)
            self._params[run.key] = dict(sorted((_text(name), _text(value)) for name, value in rows))
        return self._params[run.key]

    def names(self, run: Logged) -> Collection[str]:
        """Name its metrics."""
        rows = self._ask("SELECT key FROM latest_metrics WHERE run_uuid = ? LIMIT ?", run.key, MOST_METRICS + 1)
        return sorted(_text(name) for (name,) in rows)

    def courses(self, run: Logged) -> Mapping[str, Course]:
        """Return what was logged of each metric; where that is too much, the last value alone."""
        rows = self._ask(_points_of("metrics"), run.key, MOST_POINTS + 1)
        if len(rows) > MOST_POINTS:
            most = format_number(MOST_POINTS)
            self._notes.append(f"a run has more than {most} points; only last values are shown. Log less often.")
            rows = self._ask(_points_of("latest_metrics"), run.key, MOST_METRICS + 1)
        found: dict[str, list[Point]] = {name: [] for name in self.names(run)}
        for name, value, moment, step, is_nan in rows:
            number = as_double(value)
            if number is not None and isinstance(name, str):
                point = whole(step), whole(moment), float("nan") if is_nan == 1 else unfold(number)
                found.setdefault(name, []).append(point)
        return {name: course_of(points) for name, points in found.items()}

    def data(self, run: Logged) -> Sequence[Fact]:
        """Return the data it says it used."""
        rows = self._ask(_INPUTS, run.key) if self._has_data else []
        return [make_fact(*map(_text, row)) for row in rows]

    def pictures(self, run: Logged) -> Mapping[str, Path]:
        """Return its artifacts that are pictures, from the folders beside the database."""
        try:
            among = find_among(self._files, run.place, run.key)
        except InputError as error:
            # One that Git LFS keeps, or a link: that costs the pictures, and not the numbers.
            self._notes.append(
                f"pictures of {run.name or run.key[:7]} left out: {error.where} {error.what}. {error.cure}"
            )
            among = {}
        return among or find_beside(self._path.parent, run.place, run.key)

    def tell(self) -> Sequence[str]:
        """Say what had to be left out so far."""
        return self._notes

    def _ask(self, query: str, *values: str | int) -> list[Any]:
        rows: list[Any] = []
        size = 0
        for row in self._connection.execute(query, values):
            rows.append(row)
            size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
            if size > _LARGEST_ANSWER:
                what = f"holds more than {_LARGEST_ANSWER >> 20} MB of texts where MLflow keeps names and numbers"
                raise InputError(self._path.name, what, "Log shorter names and parameters.")
        return rows


def _points_of(table: str) -> str:
    return f"SELECT key, value, timestamp, step, is_nan FROM {table} WHERE run_uuid = ? LIMIT ?"  # noqa: S608 - ours


def _text(value: object) -> str:
    """Give a cell as text: SQLite takes any kind in any column."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
