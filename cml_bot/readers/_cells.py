"""A column of many cells: its numbers, and its labels while there are few different ones."""

from __future__ import annotations

import math
from array import array
from itertools import compress
from typing import TYPE_CHECKING

from cml_bot.readers._names import shorten
from cml_bot.readers._numbers import as_double, as_number, is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LABELS = 200
_LONGEST = 100
"""Characters of a label."""
NOTHING = -1
"""The code of a cell without a label."""


class Cells:
    """What was added, cell by cell; memory does not depend on how long the texts are."""

    def __init__(self) -> None:
        self.codes = array("i")
        """Shape (n,): which of `labels` each cell is; empty where there are too many different ones."""
        self.numbers = array("d")
        """Shape (n,): NaN where there is none; empty where some are words."""
        self.labels: dict[str, int] = {}
        self.has_many = False
        self.has_words = False
        self._known: dict[object, int] = {}

    def extend(self, cells: Sequence[object]) -> None:
        """Add more cells."""
        cells = [None if isinstance(cell, list | dict) else cell for cell in cells]
        if not self.has_many:
            self._add_labels(cells)
        if not self.has_words:
            self._add_numbers(cells)

    def keep(self, chosen: Sequence[bool]) -> None:
        """Keep these of the cells that were added."""
        self.codes = array("i", compress(self.codes, chosen))
        self.numbers = array("d", compress(self.numbers, chosen))

    @property
    def is_classes(self) -> bool:
        """Whether these are names of classes: few words or whole numbers."""
        return not self.has_many and not any(map(_is_measured, self.labels))

    @property
    def is_measured(self) -> bool:
        """Whether these are numbers, and some of them no whole ones."""
        return not self.has_words and (self.has_many or any(map(_is_measured, self.labels))) and self._has_fractions()

    def _has_fractions(self) -> bool:
        return any(math.isfinite(number) and not number.is_integer() for number in self.numbers)

    def _add_labels(self, cells: Sequence[object]) -> None:
        codes = list(map(self._known.get, cells))
        for place, code in enumerate(codes):
            if code is None:
                codes[place] = self._known.setdefault(cells[place], self._code(cells[place]))
        self.has_many = len(self.labels) > MOST_LABELS
        if self.has_many:
            self.codes = array("i")
            self._known = {}
        else:
            self.codes.extend(code for code in codes if code is not None)

    def _code(self, cell: object) -> int:
        # "none" is a label like any other.
        if cell in (None, "") or cell != cell:
            return NOTHING
        label = _label(cell)
        return self.labels.setdefault(label, len(self.labels)) if len(self.labels) <= MOST_LABELS else NOTHING

    def _add_numbers(self, cells: Sequence[object]) -> None:
        numbers = _read_fast(cells)
        if numbers is None:
            found = [as_double(cell) for cell in cells]
            pairs = zip(found, cells, strict=True)
            self.has_words = any(number is None and not is_missing(cell) for number, cell in pairs)
            numbers = array("d", (math.nan if number is None else number for number in found))
        if self.has_words:
            self.numbers = array("d")
        else:
            self.numbers.extend(numbers)


def _read_fast(cells: Sequence[object]) -> array[float] | None:
    """Read cells that are all plain numbers; None where one is none."""
    if {*map(type, cells)} <= {float}:
        return array("d", cells)  # type: ignore[arg-type]
    try:
        text = "".join(cells)  # type: ignore[arg-type] # what is no text ends it
        numbers = array("d", map(float, cells))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    # float() takes more than a number: 1_000, and the digits of every script.
    return numbers if text.isascii() and "_" not in text else None


def _label(value: object) -> str:
    """Give a label as text; 1.0 is 1, as pandas writes whole numbers where some are missing."""
    text = shorten(str(value), _LONGEST)
    number = as_number(text)
    return str(int(number)) if isinstance(number, float) and number.is_integer() else text


def _is_measured(label: str) -> bool:
    number = as_number(label)
    return isinstance(number, float) and math.isfinite(number) and not number.is_integer()


def by_number(label: str) -> tuple[float, str]:
    """Sort numbers by their size, and words by themselves."""
    number = as_number(label)
    return number if number is not None and not math.isnan(number) else 0.0, label
