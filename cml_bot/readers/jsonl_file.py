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
    broken: list[int] = []
    number = 0
    with open_text(path) as file:
        for number, row in _rows(file):
            if row is None:
                broken.append(number)
                continue
            first = first or row
            table.add_row(cells_of(row))
    if not table.n_rows:
        cure = "Write one JSON object a line; name a document of many lines .json."
        raise InputError(path.name, f"no line of {format_number(number)} is a JSON object", cure)
    is_single = table.n_rows == 1 and find_step(first, x) is None
    yield from observe_tree(flatten(first)) if is_single else observe_table(table)
    yield from _notes(broken, number)


def _rows(file: Iterator[str]) -> Iterator[tuple[int, dict[str, object] | None]]:
    """Yield the rows with their line numbers, None for one that cannot be read; blank lines are no rows."""
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield number, _parse(line)


def _parse(line: str) -> dict[str, object] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _notes(broken: list[int], last: int) -> Iterator[Note]:
    if broken and broken[-1] == last:
        broken.pop()
        yield Note(text=f"line {last} is cut; left out. Look whether the job was stopped.")
    if broken:
        lines = plural(len(broken), "line")
        yield Note(text=f"{lines} not a JSON object, the first is line {broken[0]}; left out. Write one object a line.")
