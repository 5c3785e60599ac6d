"""JSON Lines: one row of a table a line, as training loops log them."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import format_number, plural
from cml_bot.model import Note
from cml_bot.readers._curves import observe_table
from cml_bot.readers._document import cells_of
from cml_bot.readers._shapes import PREDICTIONS, find_table_shape, load_table_shape
from cml_bot.readers._table import Cells, Table, find_step
from cml_bot.readers._text import open_text
from cml_bot.readers._tree import flatten, observe_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cml_bot.model import Observation

_PIECE = 1 << 17
"""Characters that are read at once."""


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield the series of a log over its step column; a single line without one gives metrics.

    Raises:
        InputError: no line holds a JSON object.
    """
    table, broken = Table(x), _Broken()
    n_lines, first = 0, None
    with open_text(path) as file:
        for line in file:
            n_lines += 1
            # Only the first may stand alone: then it is shown as it is, and integers stay exact.
            first = _add_line(table, line, n_lines, broken)
            if first is not None:
                break
        shape = find_table_shape(tuple(first), x, path.name) if first else None
        if first and shape and shape.module == PREDICTIONS.module:
            columns, rows = tuple(first), chain([first], _rows(file, n_lines, broken))
            yield from load_table_shape(shape).observe(columns, ([row.get(name) for name in columns] for row in rows))
            yield from broken.notes(broken.n_lines)
            return
        while lines := file.readlines(_PIECE):
            if not _add_together(table, lines):
                for number, line in enumerate(lines, start=n_lines + 1):
                    _add_line(table, line, number, broken)
            n_lines += len(lines)
    if first is None:
        cure = "Write one JSON object a line; name a document of many lines .json."
        raise InputError(path.name, f"no line of {format_number(n_lines)} is a JSON object", cure)
    is_single = table.n_rows == 1 and find_step(first, x) is None
    yield from observe_tree(flatten(first)) if is_single else observe_table(table)
    yield from broken.notes(n_lines)


@dataclass(slots=True)
class _Broken:
    """The lines that are no JSON objects."""

    n: int = 0
    first: int = 0
    last: int = 0
    n_lines: int = 0
    """Lines of the file, as far as it was read row by row."""

    def add(self, number: int) -> None:
        self.n, self.first, self.last = self.n + 1, self.first or number, number

    def notes(self, n_lines: int) -> Iterator[Note]:
        is_cut = 0 < self.last == n_lines
        if is_cut:
            yield Note(text=f"line {n_lines} is cut; left out. Look whether the job was stopped.")
        if self.n > is_cut:
            what = f"{plural(self.n - is_cut, 'line')} not a JSON object, the first is line {self.first}"
            yield Note(text=f"{what}; left out. Write one object a line.")


def _rows(file: Iterable[str], n_lines: int, broken: _Broken) -> Iterator[dict[str, object]]:
    """Yield the other rows one by one, each whatever it holds."""
    broken.n_lines = n_lines
    for line in file:
        broken.n_lines += 1
        row = _parse(line)
        if isinstance(row, dict):
            yield row
        elif not line.isspace():
            broken.add(broken.n_lines)


def _parse(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _add_line(table: Table, line: str, number: int, broken: _Broken) -> dict[str, object] | None:
    """Add the row of a line, if it is one; blank lines are not, and nothing is wrong with them."""
    if line.isspace():
        return None
    row = _parse(line)
    if not isinstance(row, dict):
        broken.add(number)
        return None
    table.add_row(cells_of(row))
    return row


def _add_together(table: Table, lines: Sequence[str]) -> bool:
    """Add lines that hold the same numbers; False, and nothing added, where they need a more careful look."""
    from orjson import JSONDecodeError, loads

    try:
        rows = loads(f"[{','.join(lines)}]")
    except JSONDecodeError:
        # It may hold what Python writes beyond the standard, such as NaN.
        return False
    # An object a line, and not one in two lines and two in another.
    if len(rows) != len(lines) or not all(line.startswith("{") for line in lines):
        return False
    columns = _find_columns(rows)
    if columns is None:
        return False
    table.add_block(columns, len(rows))
    return True


def _find_columns(rows: Sequence[dict[str, float]]) -> list[tuple[str, Cells]] | None:
    """Turn rows of equal names into columns; None where they differ, or hold more than numbers."""
    names = tuple(rows[0])
    if any(len(row) != len(names) for row in rows):
        return None
    columns = []
    for name in names:
        try:
            values = [row[name] for row in rows]
        except KeyError:
            return None
        if not {*map(type, values)} <= {float, int}:
            return None
        columns.append((name, Cells(values=array("d", values))))
    return columns
