"""A piece of a table's text that holds nothing but numbers and gaps, read column by column: most of a long table."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EVERY_BYTE = bytes(range(256))
_OF_NUMBERS = b"0123456789+-.eE \n"


def parse_block(
    text: str, delimiter: str, width: int, places: Iterable[int]
) -> tuple[int, list[tuple[array[float], Sequence[int] | None]]] | None:
    r"""Read whole rows at once; None where they need a more careful look, whatever the reason.

    The grammar is that of `_numbers.py`: what float() takes beyond it is refused here.

    Args:
        text: rows with their line ends.
        delimiter: what stands between cells.
        width: cells of a row.
        places: the columns that are wanted, by their position.

    Returns:
        How many rows there are, and for each wanted column its numbers, with their rows where it has gaps.

    Example:
        >>> parse_block("0,0.5\n1,\n2,nan\n", ",", 2, [1])
        (3, [(array('d', [0.5, nan]), array('q', [0, 2]))])
        >>> parse_block("0,1_000\n", ",", 2, [1]), parse_block("0\n1,2,3\n", ",", 2, [1])
        (None, None)
    """
    if '"' in text or "_" in text or not text.isascii():
        return None
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        return None
    if not text.endswith("\n"):
        text += "\n"
    n_rows = _count_rows(text.encode("ascii"), delimiter.encode(), width)
    if n_rows is None:
        return None
    values = _parse_plain(text.encode("ascii"), delimiter.encode())
    if values is not None:
        return n_rows, [(array("d", values[place::width]), None) for place in places]
    cells = text.replace("\n", delimiter).split(delimiter)
    # What follows the end of the last row.
    del cells[-1]
    columns = []
    for place in places:
        column = _parse_column(cells[place::width])
        if column is None:
            return None
        columns.append(column)
    return n_rows, columns


def _count_rows(text: bytes, delimiter: bytes, width: int) -> int | None:
    """Count the rows; None where not all are of one width."""
    marks = text.translate(None, _EVERY_BYTE.translate(None, delimiter + b"\n"))
    n_rows, rest = divmod(len(marks), width)
    is_even = not rest and marks == (delimiter * (width - 1) + b"\n") * n_rows
    return n_rows if is_even else None


def _parse_plain(text: bytes, delimiter: bytes) -> Sequence[float] | None:
    """Read cells that are numbers as JSON has them, one after the other; None where one is not."""
    if text.translate(None, _OF_NUMBERS + delimiter):
        return None
    # Three times as fast as float(), and as exact.
    from orjson import JSONDecodeError, loads

    try:
        values: list[float] = loads(b"[" + text[:-1].replace(b"\n", b",").replace(delimiter, b",") + b"]")
    except JSONDecodeError:
        return None
    return values


def _parse_column(cells: Sequence[str]) -> tuple[array[float], Sequence[int] | None] | None:
    """Read the cells of a column; None where one is neither a number nor empty."""
    try:
        # A list first: an array that grows is slower.
        return array("d", list(map(float, cells))), None
    except ValueError:
        rows = array("q", [row for row, cell in enumerate(cells) if cell])
    if len(rows) == len(cells):
        return None
    try:
        return array("d", [float(cell) for cell in cells if cell]), rows
    except ValueError:
        return None
