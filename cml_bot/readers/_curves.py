"""What a table shows: series over its step column, or metrics where every column holds one value."""

from __future__ import annotations

from bisect import bisect
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.filters import format_number, plural
from cml_bot.model import Metric, Note, Series
from cml_bot.readers._names import Names, some, tidy
from cml_bot.readers._table import MOST_COLUMNS, Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cml_bot.model import Observation
    from cml_bot.readers._table import Table

_NO_STEP = "Add a column named step or epoch, or name the column to draw over as x in dvc.yaml."
_PREDICTED = frozenset({"y_true", "y_pred", "y_score", "y_prob", "prediction", "predictions", "predicted"})


def observe_table(table: Table) -> Iterator[Observation]:
    """Yield the series or metrics of a table, and what was left out."""
    step = table.step
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
        yield tell_no_step((*table.columns, *table.texts), plural(table.n_rows, "row"))
    yield from _notes(table)


def mark_best(
    found: Iterable[Observation], best: float | None, values: Mapping[str, float], begins: str | tuple[str, ...]
) -> Iterator[Observation]:
    """Yield the observations, with the step that the training kept on the series whose names begin so.

    Args:
        found: the observations.
        best: that step; None where it is not known.
        values: what each series was at it: a long one may have lost that point.
        begins: the beginnings of the names of what was evaluated there.
    """
    for one in found:
        if best is None or not isinstance(one, Series) or not one.name.startswith(begins):
            yield one
        elif best in one.x:
            yield replace(one, best=best)
        elif one.name in values:
            at = bisect(one.x, best)
            x, y = (*one.x[:at], best, *one.x[at:]), (*one.y[:at], values[one.name], *one.y[at:])
            yield replace(one, x=x, y=y, best=best)
        else:
            yield one


def tell_no_step(columns: Iterable[str], rows: str = "rows") -> Note:
    """Say why a table is not drawn, and what to do; `rows` are its rows in words."""
    if _PREDICTED.isdisjoint(columns):
        return Note(text=f"{rows} without a step column: nothing to draw over. {_NO_STEP}")
    cure = "Compute them in the job, and write them to metrics.json."
    return Note(text=f"{rows} of predictions: mlbot computes no metrics. {cure}")


def _metrics(table: Table) -> Iterator[Metric]:
    names = Names()
    for name, column in table.columns.items():
        yield Metric(name=names.take(name), values=tuple(column.values))


def _series(table: Table, step: str | None) -> Iterator[Observation]:
    table.draw()
    names, label = Names(), "step" if step is None else tidy(step)
    courses = [(name, table.courses[name]) for name in table.columns if name in table.courses]
    for name, course in courses:
        if course.n:
            yield course.series(names.take(name), label)
    replaced = max((course.n_replaced for _, course in courses), default=0)
    lost = max((course.n_lost for _, course in courses), default=0)
    if replaced and kind_of(label) is Kind.STEP:
        cure = "If these are several trainings, write each to a file of its own."
        yield Note(text=f"{label} comes again: the last row of each counts, {plural(replaced, 'row')} left out. {cure}")
    if lost:
        yield Note(text=f"{plural(lost, 'row')} without a {label} left out. Write it in every row.")


def _notes(table: Table) -> Iterator[Note]:
    texts = [
        f"{name} ({plural(number, 'cell')})"
        for name, number in table.texts.items()
        if name in table.columns or name in table.for_people
    ]
    if texts:
        yield Note(text=f"text, not numbers: {some(texts)}; left out. Write plain numbers.")
    if table.refused:
        most, left = format_number(MOST_COLUMNS), table.refused.tell("column")
        yield Note(text=f"has more than {most} columns; {left} left out. Write only the results.")
