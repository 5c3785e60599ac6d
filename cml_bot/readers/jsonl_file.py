"""JSON Lines: one row of a table a line, as training loops log them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import format_number, plural
from cml_bot.model import Note
from cml_bot.readers._curves import observe_table
from cml_bot.readers._document import cells_of
from cml_bot.readers._table import Table, find_step
from cml_bot.readers._text import open_text
from cml_bot.readers._tree import flatten, observe_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cml_bot.model import Observation


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield the series of a log over its step column; a single line without one gives metrics.

    Raises:
        InputError: no line holds a JSON object.
    """
    table = Table(x)
    first: dict[str, object] = {}
    first_broken = last_broken = n_broken = number = 0
    with open_text(path) as file:
        for number, line in _lines(file):
            # Only the first may stand alone, and then integers stay exact.
            row = _parse_fast(line) if first else _parse(line)
            if row is None:
                first_broken, last_broken, n_broken = first_broken or number, number, n_broken + 1
                continue
            first = first or row
            table.add_row(cells_of(row))
    if not table.n_rows:
        cure = "Write one JSON object a line; name a document of many lines .json."
        raise InputError(path.name, f"no line of {format_number(number)} is a JSON object", cure)
    is_single = table.n_rows == 1 and find_step(first, x) is None
    yield from observe_tree(flatten(first)) if is_single else observe_table(table)
    is_cut = 0 < last_broken == number
    if is_cut:
        yield Note(text=f"line {number} is cut; left out. Look whether the job was stopped.")
    if n_broken > is_cut:
        lines = plural(n_broken - is_cut, "line")
        yield Note(
            text=f"{lines} not a JSON object, the first is line {first_broken}; left out. Write one object a line."
        )


def _lines(file: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers; blank lines are no rows."""
    return ((number, line) for number, line in enumerate(file, start=1) if not line.isspace())


def _parse_fast(line: str) -> dict[str, object] | None:
    """Read a line at several times the speed; integers of more than 64 bits become floats."""
    from orjson import JSONDecodeError, loads

    try:
        row = loads(line)
    except JSONDecodeError:
        # It may hold what Python writes beyond the standard, such as NaN.
        return _parse(line)
    return row if isinstance(row, dict) else None


def _parse(line: str) -> dict[str, object] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
