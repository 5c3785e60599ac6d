"""Rows of cells as CSV and TSV have them, one by one: the first, the others, and which of them are whole."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.errors import InputError
from cml_bot.model import Note
from cml_bot.readers._dialect import sniff
from cml_bot.readers._names import is_broken
from cml_bot.readers._text import not_utf8

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from cml_bot.readers._dialect import Dialect
    from cml_bot.readers._header import Header

_SAMPLE = 64 * 1024
_LONGEST_LINE = 1 << 23
"""Characters of a line."""
_SWAP = str.maketrans(",.", ".,")


class Beginning(NamedTuple):
    """The first row of a file, and all that comes after it."""

    first: list[str]
    rows: Iterator[list[str]]
    lines: Iterator[str]
    """Those that no row was made of yet."""
    dialect: Dialect


def begin_rows(file: TextIO, name: str, broken: list[Note]) -> Beginning:
    """Read the first row of a file.

    Args:
        file: at its start.
        name: the file's name.
        broken: takes a note where a row cannot be told from the next; no more rows come then.

    Raises:
        InputError: it is no text in UTF-8, or one line has no end, whichever it is.
    """
    dialect = sniff(file.read(_SAMPLE))
    file.seek(0)
    lines = iter(partial(_read_line, file, name), "")
    # Names hold points and commas of their own.
    plain = replace(dialect, has_decimal_comma=False)
    rows = chain(read_rows(lines, plain, broken, 1), read_rows(lines, dialect, broken))
    first = next(rows, [])
    if any(map(is_broken, first)):
        raise not_utf8(name)
    return Beginning(first, rows, lines, dialect)


def _read_line(file: TextIO, where: str) -> str:
    line = file.readline(_LONGEST_LINE)
    if len(line) == _LONGEST_LINE:
        what = f"has a line of more than {_LONGEST_LINE >> 20} million characters"
        raise InputError(where, what, "Write one row a line, with the results alone.")
    return line


def read_rows(
    lines: Iterable[str], dialect: Dialect, broken: list[Note], most: int | None = None
) -> Iterator[list[str]]:
    """Yield the rows up to the first that cannot be told from the next; that is noted in `broken`."""
    try:
        for row in islice(filter(None, csv.reader(lines, delimiter=dialect.delimiter)), most):
            # What was a point becomes a comma: 1.234 means 1234 there, and must not be read as 1.234.
            yield [cell.translate(_SWAP) for cell in row] if dialect.has_decimal_comma else row
    except csv.Error as error:
        broken.append(Note(text=f"cannot be read to its end ({error}); later rows left out. Check its quotes."))


def whole_rows(rows: Iterable[list[str]], header: Header, cut: Counter[str]) -> Iterator[list[str]]:
    """Yield the rows with all their cells; one that is cut, the last of a stopped job, is counted in `cut`."""
    width = len(header.names)
    for row in rows:
        if len(row) < width:
            cut["rows"] += 1
        elif row[0].strip() != header.cells[0] or tuple(map(str.strip, row)) != header.cells:
            yield row[:width]
