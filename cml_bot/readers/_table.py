"""Rows of named cells, collected column by column, whatever file they came from."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from cml_bot.readers._course import Course
from cml_bot.readers._names import LeftOut
from cml_bot.readers._numbers import as_double, is_for_people, is_missing
from cml_bot.steps import find_axis, is_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_COLUMNS = 5_000
_FEW_ROWS, _MANY_CELLS = 1_000, 1 << 18
"""How much may wait at least: few rows do not tell which columns there are."""
_LABELS = {"split", "phase", "mode", "stage", "subset", "partition", "dataset", "metric", "tag"}
_CLOCKS = {"wall time", "wall_time", "timestamp", "_timestamp", "_runtime", "datetime", "date", "created_at"}


class Kind(Enum):
    """What a column is for, by its name."""

    STEP = auto()
    """It counts the training: one is drawn over, the others are not drawn."""
    LABEL = auto()
    """Its text tells the rows of one table apart: `split` train and val give ``train/loss`` and ``val/loss``."""
    CLOCK = auto()
    VALUE = auto()


@lru_cache(maxsize=1 << 16)
def kind_of(name: str) -> Kind:
    """Tell what a column is for.

    Example:
        >>> kind_of("Step").name, kind_of("split").name, kind_of("Wall time").name, kind_of("loss").name
        ('STEP', 'LABEL', 'CLOCK', 'VALUE')
    """
    if is_step(name):
        return Kind.STEP
    name = name.strip().lower()
    return Kind.LABEL if name in _LABELS else Kind.CLOCK if name in _CLOCKS else Kind.VALUE


def find_step(names: Iterable[str], x: str | None) -> str | None:
    """Choose the column to draw over: the one that was asked for, else the best of those that count.

    Example:
        >>> find_step(["epoch", "Step", "loss"], None), find_step(["fpr", "tpr"], "fpr"), find_step(["fpr"], None)
        ('Step', 'fpr', None)
    """
    names = tuple(names)
    return x if x is not None and x in names else find_axis(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A piece of a column."""

    values: array[float]
    """Its numbers."""
    rows: Sequence[int] | None = None
    """Their rows, counted from the first of the piece; None where every row has one."""
    n_texts: int = 0
    """Cells that are neither a number nor missing."""
    texts: frozenset[str] = frozenset()
    """What stands in those."""


class Column:
    """The numbers of a column that wait to be given to a course, and their rows where it has gaps."""

    __slots__ = ("rows", "values")

    def __init__(self) -> None:
        self.values = array("d")
        self.rows: array[int] | None = None
        """None while it has a number in every row from the first that waits."""

    def append(self, row: int, value: float) -> None:
        """Add the number of a row."""
        if self.rows is None and row != len(self.values):
            self.rows = array("q", range(len(self.values)))
        if self.rows is not None:
            self.rows.append(row)
        self.values.append(value)

    def extend(self, row: int, values: array[float], rows: Sequence[int] | None = None) -> None:
        """Add the numbers of consecutive rows from `row` on; where it has gaps, of these `rows` alone."""
        if self.rows is None and (rows is not None or row != len(self.values)):
            self.rows = array("q", range(len(self.values)))
        if self.rows is not None:
            self.rows.extend(range(row, row + len(values)) if rows is None else [row + one for one in rows])
        self.values.extend(values)

    def find_steps(self, axis: array[float]) -> array[float]:
        """Give the step of each number, of the steps of all rows."""
        if self.rows is None:
            return axis[: len(self.values)]
        return array("d", map(axis.__getitem__, self.rows))

    def clear(self) -> None:
        """Forget the numbers."""
        self.values = array("d")
        self.rows = None


class Table:
    """Collects rows; numbers are kept as courses over the step column, of text only how much there was.

    The rows wait until they are many, or all: only then is it known which column to draw over.
    """

    def __init__(self, x: str | None = None) -> None:
        self.x = x
        """The column to draw over, where somebody named one."""
        self.n_rows = 0
        self.columns: dict[str, Column] = {}
        self.courses: dict[str, Course] = {}
        """What was drawn over the step column so far, by column."""
        self.is_course = False
        """Whether the position of a row is its step, for want of a better one."""
        self.texts: Counter[str] = Counter()
        """Cells that are neither a number nor missing, by column."""
        self.for_people: set[str] = set()
        """Columns with numbers that were written for people."""
        self.refused = LeftOut(MOST_COLUMNS)
        """Columns beyond the most that are kept."""
        self._n_drawn = 0
        self._step: str | None = None

    @property
    def step(self) -> str | None:
        """The column to draw over. One that has its first number after very many rows comes too late."""
        return self._step if self._n_drawn else find_step(self.columns, self.x)

    def add_row(self, cells: Iterable[tuple[str, object]]) -> None:
        """Add a row of named cells; what is missing in it leaves a gap."""
        numbers: list[tuple[str, float]] = []
        label = ""
        for name, value in cells:
            number = as_double(value)
            if number is not None:
                numbers.append((name, number))
            elif not is_missing(value):
                label = self._take_text(name, value, label)
        for name, number in numbers:
            column = self._column(self._labelled(label, name) if label else name)
            if column is not None:
                column.append(self.n_rows - self._n_drawn, number)
        self._count(1)

    def add_block(self, columns: Iterable[tuple[str, Cells]], n_rows: int) -> None:
        """Add rows column by column."""
        for name, cells in columns:
            column = self._column(name) if cells.values else None
            if column is not None:
                column.extend(self.n_rows - self._n_drawn, cells.values, cells.rows)
            if cells.texts:
                self._count_texts(name, cells.n_texts, cells.texts)
        self._count(n_rows)

    def add_column(self, name: str, values: Sequence[object]) -> None:
        """Add a whole column of a training's course."""
        self.is_course = True
        self.n_rows = max(self.n_rows, len(values))
        column = self._column(name)
        for row, value in enumerate(values):
            number = as_double(value)
            if column is not None and number is not None:
                column.append(row, number)

    def draw(self) -> None:
        """Give the rows that wait to the courses; they are gone where there is nothing to draw over."""
        self._step = self.step
        axis = self._axis()
        for name, column in self.columns.items():
            if axis is not None and column.values and name != self._step and kind_of(name) is not Kind.STEP:
                course = self.courses.get(name)
                if course is None:
                    course = self.courses[name] = Course()
                course.extend(column.find_steps(axis), column.values)
            column.clear()
        self._n_drawn = self.n_rows

    def _count(self, n_rows: int) -> None:
        self.n_rows += n_rows
        n_waiting = self.n_rows - self._n_drawn
        if n_waiting >= _FEW_ROWS and n_waiting * len(self.columns) >= _MANY_CELLS:
            self.draw()

    def _axis(self) -> array[float] | None:
        """Give the step of every row that waits, NaN where it has none; None where there is no axis."""
        n_waiting = self.n_rows - self._n_drawn
        if self._step is None:
            return array("d", range(self._n_drawn, self.n_rows)) if self.is_course else None
        column = self.columns[self._step]
        if column.rows is None and len(column.values) == n_waiting:
            return column.values
        axis = array("d", [math.nan]) * n_waiting
        for row, value in zip(column.rows or range(n_waiting), column.values, strict=False):
            axis[row] = value
        return axis

    def _column(self, name: str) -> Column | None:
        column = self.columns.get(name)
        if column is None and (name == self.x or kind_of(name) is not Kind.CLOCK):
            if len(self.columns) >= MOST_COLUMNS:
                self.refused.add(name)
            else:
                column = self.columns[name] = Column()
        return column

    def _labelled(self, label: str, name: str) -> str:
        if name == self.x or kind_of(name) is not Kind.VALUE:
            return name
        return label if name == "value" else f"{label}/{name}"

    def _take_text(self, name: str, value: object, label: str) -> str:
        """Count a text cell; one that tells rows apart is added to the row's label."""
        kind = kind_of(name)
        if kind is Kind.LABEL and isinstance(value, str):
            return f"{label}/{value}" if label else value
        self._count_texts(name, 1, (value,))
        return label

    def _count_texts(self, name: str, number: int, texts: Iterable[object]) -> None:
        if kind_of(name) is Kind.VALUE or name == self.x:
            self.texts[name] += number
            if name not in self.for_people and any(map(is_for_people, texts)):
                self.for_people.add(name)
