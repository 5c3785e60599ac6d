"""Rows of cells as CSV has them, put into a table: fast where all cells are numbers, careful where not."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Note
from cml_bot.readers._block import parse_block
from cml_bot.readers._table import Cells, Kind, Table, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.readers._header import Header

_BLOCK = 1 << 16
"""Cells that are kept row by row before they go to their columns."""


class Sheet:
    """A table under a header; mends what a killed or twice started job leaves in it."""

    def __init__(self, header: Header, x: str | None = None) -> None:
        self.table = Table(x)
        self.only: tuple[str, ...] = ()
        """The cells of the first row."""
        self._header = header
        self._names = tuple(name for name in header.names if self._is_kept(name))
        self._places = [index for index, name in enumerate(header.names) if self._is_kept(name)]
        self._block = array("d")
        self._is_plain = not any(kind_of(name) is Kind.LABEL for name in header.names)
        self._waiting: Sequence[str] = ()
        self._width = len(header.names)
        """Cells of the last row that was added."""
        self._n_uneven = 0
        self._is_cut = False

    def add_rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Add rows. The last is held back until it is known to be whole."""
        for row in rows:
            if row[0].strip() == self._header.cells[0] and tuple(map(str.strip, row)) == self._header.cells:
                continue
            self._let_in()
            self._waiting = row

    def add_block(self, text: str, delimiter: str) -> bool:
        """Add a piece of text at once; False, and nothing added, where its rows need a more careful look."""
        width = len(self._header.names)
        block = parse_block(text, delimiter, width, self._places) if self._is_plain else None
        # A text of the header may be all of the header, once more.
        if block is None or any(cells.texts & set(self._header.cells) for cells in block[1]):
            return False
        self._let_in()
        self._flush()
        n_rows, columns = block
        self.table.add_block(zip(self._names, columns, strict=True), n_rows)
        self._width = width
        return True

    def end(self) -> None:
        """Say that there are no more rows."""
        # A short row at the very end is the one that was being written; short rows before it are the file's habit.
        self._is_cut = 0 < len(self._waiting) < min(self._width, len(self._header.names))
        if not self._is_cut:
            self._let_in()
        self._flush()
        # In the order of the header, however late a column got its first number.
        self.table.columns = {name: self.table.columns[name] for name in self._in_order()}

    def notes(self) -> Iterator[Note]:
        """Yield what was mended or left out."""
        yield from self._header.notes
        if self._n_uneven:
            rows = plural(self._n_uneven, "row")
            yield Note(text=f"{rows} of more or fewer cells than the header; matched from the left. Write whole rows.")
        if self._is_cut:
            yield Note(text="the last row is cut; left out. Look whether the job was stopped.")

    def _let_in(self) -> None:
        """Add the row that was held back."""
        if self._waiting:
            self._width = len(self._waiting)
            self._add(self._waiting)
            self._waiting = ()

    def _in_order(self) -> list[str]:
        place = {name: index for index, name in enumerate(self._header.names)}
        return sorted(self.table.columns, key=lambda name: place.get(name, len(place)))

    def _is_kept(self, name: str) -> bool:
        return name == self.table.x or (name not in self._header.dropped and kind_of(name) is not Kind.CLOCK)

    def _add(self, row: Sequence[str]) -> None:
        if not self.only:
            self.only = tuple(row)
        width = len(self._header.names)
        if len(row) != width:
            self._n_uneven += 1
            row = [*row[:width], *[""] * (width - len(row))]
        cells = [row[place] for place in self._places]
        if not cells or not self._is_plain or not self._add_fast(cells):
            self._flush()
            self.table.add_row((name, cell) for name, cell in zip(self._names, cells, strict=True) if cell)

    def _add_fast(self, cells: Sequence[str]) -> bool:
        """Add a row of nothing but numbers; False, and nothing added, when it is not such a row."""
        start = len(self._block)
        try:
            self._block.extend(map(float, cells))
        except ValueError:
            del self._block[start:]
            return False
        text = "".join(cells)
        # float() takes more than a number: 1_000, and the digits of every script.
        if "_" in text or not text.isascii():
            del self._block[start:]
            return False
        if start > _BLOCK:
            self._flush()
        return True

    def _flush(self) -> None:
        if self._block:
            count = len(self._names)
            columns = [(name, Cells(values=self._block[at::count])) for at, name in enumerate(self._names)]
            self.table.add_block(columns, len(self._block) // count)
            self._block = array("d")
