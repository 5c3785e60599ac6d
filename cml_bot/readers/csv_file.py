"""CSV and TSV, in one pass and at any size: training histories, and tables of one row."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import plural
from cml_bot.model import Note, Series
from cml_bot.readers._curves import observe_table, tell_no_step
from cml_bot.readers._header import is_boosted, parse_header
from cml_bot.readers._matrix import MOST_LABELS, may_be_matrix, parse_matrix
from cml_bot.readers._names import find_metric_name, tidy
from cml_bot.readers._rows import begin_rows, read_rows, whole_rows
from cml_bot.readers._shapes import find_table_shape, load_table_shape
from cml_bot.readers._sheet import Sheet
from cml_bot.readers._table import Kind, find_step, kind_of
from cml_bot.readers._text import open_text
from cml_bot.readers._tree import flatten, observe_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from cml_bot.model import Matrix, Observation
    from cml_bot.readers._dialect import Dialect
    from cml_bot.readers._header import Header
    from cml_bot.readers._shapes import Shape

_PIECE = 1 << 17
"""Characters that are read at once: so many stay in the processor's cache."""
_NO_NAMES = "Write a first row with the names of the columns."


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield the series of a table over its step column; a table of one row without one gives metrics.

    Raises:
        InputError: it is no table of text, or one line has no end.
    """
    broken: list[Note] = []
    with open_text(path) as file:
        first, rows, lines, dialect = begin_rows(file, path.name, broken)
        if broken:
            raise InputError(path.name, "not a table, its first row has no end", _NO_NAMES)
        matrix, beginning = _find_matrix(first, rows, path.stem)
        header = None if matrix else parse_header(first)
        shape = find_table_shape(header.names, x, path.name) if header else None
        if matrix:
            yield matrix
        elif header is None:
            yield Note(text=f"the first row holds numbers, so the columns have no names. {_NO_NAMES}")
        elif shape:
            yield from _observe_shape(shape, header, chain(beginning, rows))
        else:
            beginning += islice(rows, max(0, 2 - len(beginning)))
            fill = partial(_fill, file=file, lines=lines, dialect=dialect, broken=broken)
            yield from _observe_any(header, beginning, fill, x, path)
    yield from broken


def _find_matrix(first: Sequence[str], rows: Iterator[list[str]], stem: str) -> tuple[Matrix | None, list[list[str]]]:
    """Look whether it is a matrix of counts; return it, and the rows that were taken for that."""
    beginning = list(islice(rows, 1))
    matrix = None
    if beginning and may_be_matrix(first, beginning[0], stem):
        beginning += islice(rows, MOST_LABELS)
        matrix = parse_matrix([first, *beginning], stem)
    return matrix, beginning


def _observe_shape(shape: Shape, header: Header, rows: Iterable[list[str]]) -> Iterator[Observation]:
    """Yield what the reader of a tool's table makes of it."""
    cut: Counter[str] = Counter()
    yield from load_table_shape(shape).observe(header.names, whole_rows(rows, header, cut))
    if cut:
        said = f"{plural(cut.total(), 'row')} of fewer cells than the header; left out."
        yield Note(text=f"{said} Look whether the job was stopped.")


def _observe_any(
    header: Header, beginning: Sequence[list[str]], fill: Callable[[Sheet], None], x: str | None, path: Path
) -> Iterator[Observation]:
    """Yield the series or metrics of a table of no tool that is known; `fill` adds the rows after its beginning."""
    if len(beginning) > 1 and not _can_draw(header, x):
        yield tell_no_step(header.names)
        return
    sheet = Sheet(header, x)
    sheet.table.is_course = is_boosted(header.names)
    sheet.add_rows(beginning)
    fill(sheet)
    sheet.end()
    found = _renamed(list(_observe(sheet, header, x)), path)
    is_counted = sheet.table.is_course and find_step(header.names, x) is None
    yield from (replace(one, x_label="iteration") if is_counted and isinstance(one, Series) else one for one in found)
    yield from sheet.notes()


def _fill(sheet: Sheet, file: TextIO, lines: Iterator[str], dialect: Dialect, broken: list[Note]) -> None:
    """Add the rest of a file, piece by piece where its rows allow that; `lines` are those of the file."""
    while not broken and (piece := file.read(_PIECE)):
        piece += next(lines, "")
        if not dialect.has_decimal_comma and sheet.add_block(piece, dialect.delimiter):
            continue
        # A quoted cell may go on in the next piece.
        rest = lines if '"' in piece else ()
        sheet.add_rows(read_rows(chain(io.StringIO(piece, newline=""), rest), dialect, broken))


def _can_draw(header: Header, x: str | None) -> bool:
    """Whether more than one row can show anything: a million rows need not be read to say that they cannot."""
    return (
        x is not None
        or find_step(header.names, x) is not None
        or is_boosted(header.names)
        or any(kind_of(name) is Kind.LABEL for name in header.names)
    )


def _renamed(found: list[Observation], path: Path) -> list[Observation]:
    """Give the one series of a file of DVCLive the name of its metric: its column has only the end of it."""
    series = [one for one in found if isinstance(one, Series)]
    name = find_metric_name(path)
    if name is None or [one.name for one in series] != [path.stem]:
        return found
    return [replace(one, name=tidy(name)) if isinstance(one, Series) else one for one in found]


def _observe(sheet: Sheet, header: Header, x: str | None) -> Iterator[Observation]:
    n_rows = sheet.table.n_rows
    if not n_rows:
        yield Note(text="holds a header and no whole row. Look whether the job was stopped before it wrote one.")
    elif n_rows == 1 and find_step(header.names, x) is None:
        row = {name: cell for name, cell in zip(header.names, sheet.only, strict=False) if name not in header.dropped}
        yield from observe_tree(flatten(row))
    else:
        yield from observe_table(sheet.table)
