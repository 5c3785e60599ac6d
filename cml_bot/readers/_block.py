"""A piece of a table's text without quotes, read column by column: most of a long table."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from cml_bot.readers._numbers import as_double, is_missing
from cml_bot.readers._table import Cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EVERY_BYTE = bytes(range(256))
_OF_NUMBERS = b"0123456789+-.eE \n"


def parse_block(text: str, delimiter: str, width: int, places: Iterable[int]) -> tuple[int, list[Cells]] | None:
    r"""Read whole rows at once; None where they need a more careful look, whatever the reason.

    The grammar is that of `_numbers.py`: what float() takes beyond it is refused here.

    Args:
        text: rows with their line ends.
        delimiter: what stands between cells.
        width: cells of a row.
        places: the columns that are wanted, by their position.

    Returns:
        How many rows there are, and the cells of each wanted column.

    Example:
        >>> parse_block("0,0.5\n1,\n2,nan\n3,x\n", ",", 2, [1])
        (4, [Cells(values=array('d', [0.5, nan]), rows=array('q', [0, 2]), n_texts=1, texts=frozenset({'x'}))])
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
        return n_rows, [Cells(values=array("d", values[place::width])) for place in places]
    cells = text.replace("\n", delimiter).split(delimiter)
    # What follows the end of the last row.
    del cells[-1]
    return n_rows, [_parse_column(cells[place::width]) for place in places]


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


def _parse_column(cells: Sequence[str]) -> Cells:
    """Read the cells of a column as carefully as they need."""
    try:
        # A list first: an array that grows is slower.
        return Cells(values=array("d", list(map(float, cells))))
    except ValueError:
        pass
    # Texts mostly come again and again.
    known = {cell: as_double(cell) for cell in dict.fromkeys(cells)}
    texts = frozenset(cell for cell, number in known.items() if number is None and not is_missing(cell))
    numbers = [(row, number) for row, cell in enumerate(cells) if (number := known[cell]) is not None]
    return Cells(
        values=array("d", [number for _, number in numbers]),
        rows=array("q", [row for row, _ in numbers]),
        n_texts=sum(map(texts.__contains__, cells)),
        texts=texts,
    )
