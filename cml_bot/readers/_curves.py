"""What a table shows: series over its step column, or metrics where every column holds one value."""

from __future__ import annotations

import math
from array import array
from itertools import islice
from operator import lt
from typing import TYPE_CHECKING

from cml_bot.filters import format_number, plural
from cml_bot.model import Metric, Note, Series
from cml_bot.readers._names import Names, some, tidy
from cml_bot.readers._table import MOST_COLUMNS, Kind, find_step, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation
    from cml_bot.readers._table import Column, Table

NO_STEP = "Add a column named step or epoch, or name the column to draw over as x in dvc.yaml."


def observe_table(table: Table) -> Iterator[Observation]:
    """Yield the series or metrics of a table, and what was left out."""
    step = find_step(table.columns, table.x)
    if table.x is not None and step != table.x:
        kind = "holds no numbers" if table.x in table.texts else "is not there"
        yield Note(text=f"column {some([table.x])}, to be drawn over, {kind}. Correct x in dvc.yaml.")
    if step is not None or table.is_course:
        yield from _series(table, step)
    elif not table.columns:
        yield Note(text="the table holds no numbers. Write plain numbers under named columns.")
    elif all(len(column.values) == 1 for column in table.columns.values()):
        yield from _metrics(table)
    else:
        yield Note(text=f"{plural(table.n_rows, 'row')} without a step column: nothing to draw over. {NO_STEP}")
    yield from _notes(table)


def _metrics(table: Table) -> Iterator[Metric]:
    names = Names()
    for name, column in table.columns.items():
        yield Metric(name=names.take(name), values=tuple(column.values))


def _series(table: Table, step: str | None) -> Iterator[Observation]:
    axis = _axis(table, step)
    # One tuple for all columns without gaps: a million rows are 32 MB a column.
    whole = tuple(axis) if _is_rising(axis) else ()
    names, label = Names(), "step" if step is None else tidy(step)
    replaced = lost = 0
    for name, column in table.columns.items():
        if name == step or kind_of(name) is Kind.STEP:
            continue
        if whole and column.rows is None and len(column.values) == len(whole):
            yield Series(name=names.take(name), x=whole, y=tuple(column.values), x_label=label)
            continue
        points, on_axis = _last_of_each(axis, column)
        replaced, lost = max(replaced, on_axis - len(points)), max(lost, len(column.values) - on_axis)
        if points:
            yield Series(name=names.take(name), x=tuple(points), y=tuple(points.values()), x_label=label)
    if replaced and kind_of(label) is Kind.STEP:
        cure = "If these are several trainings, write each to a file of its own."
        yield Note(text=f"{label} comes again: the last row of each counts, {plural(replaced, 'row')} left out. {cure}")
    if lost:
        yield Note(text=f"{plural(lost, 'row')} without a {label} left out. Write it in every row.")


def _axis(table: Table, step: str | None) -> array[float]:
    """Return the step of every row, NaN where it has none."""
    if step is None:
        return array("d", range(table.n_rows))
    column = table.columns[step]
    if column.rows is None and len(column.values) == table.n_rows:
        return column.values
    axis = array("d", [math.nan]) * table.n_rows
    for row, value in zip(column.rows or range(table.n_rows), column.values, strict=False):
        axis[row] = value
    return axis


def _is_rising(axis: array[float]) -> bool:
    """Whether it rises strictly and is finite; a NaN is below nothing, so only the ends need a look."""
    return (
        len(axis) > 0
        and math.isfinite(axis[0])
        and math.isfinite(axis[-1])
        and all(map(lt, axis, islice(axis, 1, None)))
    )


def _last_of_each(axis: array[float], column: Column) -> tuple[dict[float, float], int]:
    """Return the last value at each step in rising order, and how many values have a step."""
    rows = range(len(column.values)) if column.rows is None else column.rows
    pairs = [(axis[row], y) for row, y in zip(rows, column.values, strict=True) if math.isfinite(axis[row])]
    points = dict(pairs)
    return (points if _is_rising(array("d", points)) else dict(sorted(points.items(), key=_step))), len(pairs)


def _step(pair: tuple[float, float]) -> float:
    return pair[0]


def _notes(table: Table) -> Iterator[Note]:
    texts = [
        f"{name} ({plural(number, 'cell')})"
        for name, number in table.texts.items()
        if name in table.columns or name in table.for_people
    ]
    if texts:
        yield Note(text=f"text, not numbers: {some(texts)}; left out. Write plain numbers.")
    if table.refused:
        most, left = format_number(MOST_COLUMNS), plural(len(table.refused), "column")
        yield Note(text=f"has more than {most} columns; {left} left out. Write only the results.")
