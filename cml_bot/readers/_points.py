"""The columns of curves that are no course of a training, such as ROC."""

from __future__ import annotations

from array import array
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.filters import format_number, plural
from cml_bot.model import Note
from cml_bot.readers._numbers import as_double

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LARGEST = 1e100
"""So that no product or sum of numbers overflows."""
_BLOCK = 1 << 12
"""Rows that are read at a time."""
MOST_ROWS = 10_000_000
"""Rows that are read: 80 MB a column."""


class Cells(NamedTuple):
    """Some columns of a table, in rows where all of them hold numbers that can be reckoned with."""

    columns: tuple[array[float], ...]
    n_lost: int
    """Rows where one of them does not."""
    is_whole: bool
    """Whether there were no more rows than are read."""

    def notes(self) -> Iterator[Note]:
        """Yield what was left out."""
        if self.n_lost:
            yield Note(text=f"{plural(self.n_lost, 'row')} without a number left out. Write plain numbers.")
        if not self.is_whole:
            yield Note(text=f"has more than {format_number(MOST_ROWS)} rows; the others were left out. Write fewer.")


def read_cells(columns: Sequence[str], rows: Iterable[Sequence[object]], wanted: Sequence[str]) -> Cells:
    """Read the columns that are wanted; the names have to be there."""
    places = [columns.index(name) for name in wanted]
    found = tuple(array("d") for _ in places)
    rows = iter(rows)
    n_rows = 0
    while n_rows < MOST_ROWS and (block := list(islice(rows, _BLOCK))):
        n_rows += len(block)
        numbers = _read_fast(block, places) or _read_carefully(block, places)
        for column, more in zip(found, numbers, strict=True):
            column.extend(more)
    return Cells(found, n_rows - len(found[0]), next(rows, None) is None)


def _read_fast(block: Sequence[Sequence[object]], places: Sequence[int]) -> list[array[float]]:
    """Read rows in which every cell is a number; nothing where one is none."""
    columns = [[row[place] for row in block] for place in places]
    try:
        text = "".join(cell for column in columns for cell in column)  # type: ignore[misc] # no text ends it
        numbers = [array("d", map(float, column)) for column in columns]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []
    # float() takes more than a number: 1_000, and the digits of every script.
    is_plain = text.isascii() and "_" not in text
    return numbers if is_plain and all(sum(map(abs, column)) < LARGEST for column in numbers) else []


def _read_carefully(block: Sequence[Sequence[object]], places: Sequence[int]) -> list[array[float]]:
    """Read the rows in which every cell is a number, and leave out the others."""
    rows = ([as_double(row[place]) for place in places] for row in block)
    whole = [row for row in rows if all(number is not None and abs(number) < LARGEST for number in row)]
    return [array("d", (row[place] or 0.0 for row in whole)) for place in range(len(places))]


def find_columns(columns: Sequence[str], *wanted: str) -> tuple[str, ...]:
    """Return the columns by other names for the same, whatever their case; empty where one is missing.

    Example:
        >>> find_columns(("Threshold", "FPR", "TPR"), "fpr", "tpr")
        ('FPR', 'TPR')
    """
    known = {name.strip().lower(): name for name in reversed(columns)}
    return tuple(known[name] for name in wanted) if all(name in known for name in wanted) else ()
