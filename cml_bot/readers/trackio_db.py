"""Runs that Trackio logged into its database, where that lies in the workspace (`TRACKIO_DIR=trackio`).

Source: https://huggingface.co/docs/trackio/storage_schema
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import format_number, plural
from cml_bot.model import Note, Param
from cml_bot.readers._courses import Courses, as_observation
from cml_bot.readers._names import Names, join_path, shorten
from cml_bot.readers._numbers import as_double
from cml_bot.readers._parts import parse_value
from cml_bot.readers._sqlite import open_database, plain_tables
from cml_bot.readers._tree import MOST_METRICS, flatten
from cml_bot.readers.params_file import LONGEST, as_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cml_bot.model import Observation

_NEEDED = frozenset(("metrics", "configs"))
_MOST_ROWS = 10_000_000


def read_store(files: Mapping[str, Path], sha: str) -> Iterator[Observation]:  # noqa: ARG001 - it knows no commits
    """Yield what the newest run of each project holds.

    Raises:
        InputError: it is no database of Trackio, is damaged, or takes too long.
    """
    for path in files.values():
        with open_database(path) as connection:
            yield from _observe(connection, path)


def _observe(connection: sqlite3.Connection, path: Path) -> Iterator[Observation]:
    if not plain_tables(connection) >= _NEEDED:
        raise InputError(path.name, "is no database of Trackio", "Take it out of the sources.")
    newest = connection.execute("SELECT run_id FROM metrics ORDER BY id DESC LIMIT 1").fetchone()
    if newest is None:
        yield Note(text="holds no run with metrics. Look whether the job was stopped before it logged one.")
        return
    yield from _metrics(connection, newest[0])
    yield from _params(connection, newest[0])
    [count] = connection.execute("SELECT count(DISTINCT run_id) FROM metrics").fetchone()
    if count > 1:
        earlier = plural(count - 1, "earlier run")
        yield Note(text=f"{earlier} in the same project; the newest counts. Give each run a project of its own.")


def _metrics(connection: sqlite3.Connection, run: object) -> Iterator[Observation]:
    courses, n_broken, n_rows = Courses(), 0, 0
    query = "SELECT step, metrics FROM metrics WHERE run_id = ? ORDER BY id LIMIT ?"
    for step, text in connection.execute(query, (run, _MOST_ROWS + 1)):
        n_rows += 1
        if n_rows > _MOST_ROWS:
            break
        at, row = as_double(step), parse_value(text)
        if at is None or not isinstance(row, dict):
            n_broken += 1
            continue
        for leaf in flatten(row).leaves:
            value = as_double(leaf.value)
            if value is not None:
                courses.add(leaf.path, at, value)
    yield from map(as_observation, courses.series().values())
    yield from courses.notes()
    if n_rows > _MOST_ROWS:
        yield Note(text=f"has more than {format_number(_MOST_ROWS)} rows; later ones left out. Log less often.")
    if n_broken:
        yield Note(text=f"{plural(n_broken, 'row')} not understood; left out. Look whether the job was stopped.")


def _params(connection: sqlite3.Connection, run: object) -> Iterator[Param]:
    found = connection.execute("SELECT config FROM configs WHERE run_id = ?", (run,)).fetchone()
    config = parse_value(found[0]) if found else None
    names = Names()
    for leaf in flatten(config if isinstance(config, dict) else {}).leaves[:MOST_METRICS]:
        # What begins so is Trackio's own: who ran it, and when.
        if not leaf.path[0].startswith("_"):
            yield Param(name=names.take(join_path(leaf.path)), value=shorten(as_text(leaf.value), LONGEST))
