"""Curves that are no course of a training, such as ROC: their columns read, and thinned without losing their shape."""

from __future__ import annotations

from array import array
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.filters import format_number, plural
from cml_bot.model import Note
from cml_bot.readers._numbers import as_double

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_POINTS = 500
"""Points of a chart that are kept."""
LARGEST = 1e100
"""So that no product or sum of numbers overflows."""
_BLOCK = 1 << 12
"""Rows that are read at a time."""
MOST_ROWS = 10_000_000
"""Rows that are read: 80 MB a column."""


Side = tuple[float, ...]


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


def thin(x: Sequence[float], y: Sequence[float], most: int = MOST_POINTS) -> tuple[Side, Side]:
    """Keep points at even distances along the curve, measured in parts of its width and height; the ends are kept.

    Where it bends, it keeps as many as where it runs straight: no stretch is much longer than a part of the whole.

    Example:
        >>> thin([0.0, 0.1, 0.2, 0.9, 1.0], [0.0, 0.1, 0.2, 0.9, 1.0], most=3)
        ((0.0, 0.9, 1.0), (0.0, 0.9, 1.0))
    """
    if len(x) <= most:
        return tuple(x), tuple(y)
    width, height = _span(x), _span(y)
    part = sum(_lengths(x, y, width, height)) / (most - 1)
    kept, gone = [0], 0.0
    for place, length in enumerate(_lengths(x, y, width, height), start=1):
        gone += length
        if gone >= part * len(kept) and len(kept) < most - 1 and place < len(x) - 1:
            kept.append(place)
    kept.append(len(x) - 1)
    return tuple(x[place] for place in kept), tuple(y[place] for place in kept)


def _span(values: Sequence[float]) -> float:
    span = max(values) - min(values)
    return span or 1.0


def _lengths(x: Sequence[float], y: Sequence[float], width: float, height: float) -> Iterator[float]:
    """Yield how far it is from each point to the next."""
    for (x_0, x_1), (y_0, y_1) in zip(pairwise(x), pairwise(y), strict=True):
        yield abs(x_1 - x_0) / width + abs(y_1 - y_0) / height
