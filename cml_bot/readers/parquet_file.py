"""Parquet: the same tables as CSV, read batch by batch. Needs pyarrow, which comes with the extra `parquet`.

Source: https://arrow.apache.org/docs/python/parquet.html
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.filters import format_number, plural
from cml_bot.model import Note
from cml_bot.readers._curves import observe_table, tell_no_step
from cml_bot.readers._document import cells_of
from cml_bot.readers._shapes import find_table_shape, load_table_shape
from cml_bot.readers._table import MOST_COLUMNS, Table, find_step
from cml_bot.readers._text import unreadable
from cml_bot.readers._tree import flatten, observe_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pyarrow.parquet import ParquetFile

    from cml_bot.model import Observation

_BATCH = 16 * 1024
"""Rows that are in memory at once."""
_LARGEST_FOOTER = 32 * 1024 * 1024
_END = "LLLLPAR1"
"""Length of the footer, and the mark that ends the file."""
_INDEX = "__index_level_0__"
"""The index that pandas keeps as a column."""


def read(path: Path, x: str | None = None) -> Iterator[Observation]:
    """Yield the series of a table over its step column; a table of one row without one gives metrics.

    Raises:
        InputError: pyarrow is missing, or it is no Parquet file, or cut.
    """
    try:
        import pyarrow.parquet as parquet
        from pyarrow import ArrowException
    except ImportError as error:
        cure = "Install it beside mlbot: pip install pyarrow."
        raise InputError(path.name, "is Parquet, and pyarrow is not installed", cure) from error
    _refuse_footer(path)
    try:
        # Without memory maps: a file that is being written would end the process.
        with parquet.ParquetFile(path, memory_map=False) as file:
            yield from _observe(file, x, path.name)
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else "damaged"
        raise InputError(path.name, f"cannot be read as Parquet ({reason})", "Look whether it is whole.") from error


def _refuse_footer(path: Path) -> None:
    """Refuse what describes itself at a length that takes many times as much memory.

    Source: https://parquet.apache.org/docs/file-format/
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(_END)))
            length = int.from_bytes(file.read(4), "little")
    except OSError as error:
        raise unreadable(path.name, error) from error
    if _LARGEST_FOOTER < length <= size:
        what = f"describes its columns and row groups in more than {_LARGEST_FOOTER >> 20} MB"
        raise InputError(path.name, what, "Write fewer columns and larger row groups, without metadata of your own.")


def _observe(file: ParquetFile, x: str | None, where: str) -> Iterator[Observation]:
    from pyarrow.types import is_temporal

    # Times show nothing, and Python holds none of nanoseconds or of the year 10000.
    every = tuple(field.name for field in file.schema_arrow if field.name != _INDEX and not is_temporal(field.type))
    columns = every[:MOST_COLUMNS]
    if len(every) > MOST_COLUMNS:
        left = plural(len(every) - MOST_COLUMNS, "column")
        yield Note(
            text=f"has more than {format_number(MOST_COLUMNS)} columns; {left} left out. Write only the results."
        )
    shape = find_table_shape(columns, x, where)
    n_rows = file.metadata.num_rows
    if shape:
        yield from load_table_shape(shape).observe(columns, _rows(file, columns))
    elif n_rows > 1 and find_step(columns, x) is None:
        yield tell_no_step(columns)
    elif n_rows == 1 and find_step(columns, x) is None:
        row = next(iter(_rows(file, columns)), ())
        yield from observe_tree(flatten(dict(cells_of(dict(zip(columns, row, strict=False))))))
    else:
        table = Table(x)
        for row in _rows(file, columns):
            table.add_row(cells_of(dict(zip(columns, row, strict=True))))
        yield from observe_table(table)


def _rows(file: ParquetFile, columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
    from pyarrow import ArrowInvalid

    for batch in file.iter_batches(_BATCH, columns=list(columns)):
        try:
            cells = [column.to_pylist() for column in batch.columns]
        except (ValueError, OverflowError, LookupError) as error:
            # Times within lists or structures.
            raise ArrowInvalid(str(error)) from error
        yield from zip(*cells, strict=True)
