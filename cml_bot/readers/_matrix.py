"""Confusion matrices: as pairs of labels, as lists, and as tables of counts with and without labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cml_bot.model import Matrix
from cml_bot.readers._names import Names
from cml_bot.readers._numbers import as_number

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "confusion matrix"
MOST_LABELS = 500
LARGEST = 1e15
"""No count is larger."""
_FILE = re.compile(r"(?:.*[^a-z])?(?:confusion|conf_?mat|cm)(?:[^a-z].*)?", re.IGNORECASE)
_MARGIN = "All"
"""What pandas.crosstab calls its sums."""


def build_matrix(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[object]]) -> Matrix | None:
    """Build a matrix of numbers from 0 up; None where a cell is none, or the shape is not that of the labels."""
    numbers = [[as_number(cell) for cell in row] for row in values]
    fits = len(numbers) == len(rows) and all(len(row) == len(columns) for row in numbers)
    if not (rows and columns and fits) or max(len(rows), len(columns)) > MOST_LABELS:
        return None
    kept = tuple(tuple(cell for cell in row if cell is not None and 0 <= cell < LARGEST) for row in numbers)
    if any(len(row) != len(columns) for row in kept):
        return None
    return Matrix(name=NAME, rows=_named(rows), columns=_named(columns), values=kept)


def _named(labels: Sequence[str]) -> tuple[str, ...]:
    names = Names()
    return tuple(names.take(label) for label in labels)


def may_be_matrix(first: Sequence[str], second: Sequence[str], stem: str) -> bool:
    """Whether a table may be a matrix of counts, by its first two rows and the name of its file."""
    if len(first) != len(second) or not 2 <= len(first) <= MOST_LABELS + 1:
        return False
    return _is_bare(first, stem) or (len(first) > 2 and second[0].strip() in {cell.strip() for cell in first[1:]})


def parse_matrix(table: Sequence[Sequence[str]], stem: str) -> Matrix | None:
    """Read a table of counts; None where it is another one.

    With labels: those of the rows are those of the columns, as far as both are there, and the numbers are whole or
    the file is named after a confusion matrix. Without labels it has to be square, and named so.
    """
    cells = [[cell.strip() for cell in row] for row in table]
    if _is_bare(cells[0], stem):
        # The numbers of classes that pandas writes as names of the columns.
        if len(cells) == len(cells[0]) + 1 and cells[0] == [str(number) for number in range(len(cells[0]))]:
            cells = cells[1:]
        labels = [str(number) for number in range(len(cells))]
        return build_matrix(labels, labels, cells)
    columns, rows, values = cells[0][1:], [row[0] for row in cells[1:]], [row[1:] for row in cells[1:]]
    if _MARGIN in columns[-1:] and _MARGIN in rows[-1:]:
        columns, rows, values = columns[:-1], rows[:-1], [row[:-1] for row in values[:-1]]
    if min(len(rows), len(columns)) < 2 or not (set(rows) <= set(columns) or set(columns) <= set(rows)):
        return None
    matrix = build_matrix(rows, columns, values)
    is_counted = matrix is not None and all(float(cell).is_integer() for row in matrix.values for cell in row)
    return matrix if is_counted or _FILE.fullmatch(stem) else None


def _is_bare(row: Sequence[str], stem: str) -> bool:
    return bool(_FILE.fullmatch(stem)) and all(as_number(cell) is not None for cell in row)
