"""The summary of a profile of whylogs as a table, a row a column of the data: `profile.view().to_pandas()`.

Source: https://docs.whylabs.ai/docs/whylogs-metrics/
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Note
from cml_bot.readers._checks import label, number_twins, statistic, word
from cml_bot.readers._numbers import as_double

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

MOST_COLUMNS = 1_000
_NAMES = ("column", "", "index", "Unnamed: 0")
"""What the column with the names is called, by the way it was written."""
_DISTINCT, _MEAN = "cardinality/est", "distribution/mean"


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield how many values each column has, which share of them is missing, how many differ, and their mean.

    Units:
        Shares are fractions of the values.
    """
    yield from number_twins(_observe(columns, iter(rows)))


def _observe(columns: Sequence[str], rows: Iterator[Sequence[object]]) -> Iterator[Observation]:
    named = next((name for name in _NAMES if name in columns), None)
    if named is None:
        yield Note(text='has no column with names: written without its index. Write it with orient="columns".')
        return
    for row in islice(rows, MOST_COLUMNS):
        cells = dict(zip(columns, row, strict=False))
        name = word(cells[named])
        if name is not None:
            yield from _column(name, cells)
    left = sum(1 for _ in rows)
    if left:
        yield Note(text=f"{plural(left, 'more column')} left out. Profile fewer columns.")


def _column(name: str, cells: dict[str, object]) -> Iterator[Observation]:
    n, n_missing = as_double(cells.get("counts/n")), as_double(cells.get("counts/null"))
    yield from statistic(label("n", name), n)
    if n and n_missing is not None:
        yield from statistic(label("null share", name), n_missing / n)
    distinct = as_double(cells.get(_DISTINCT))
    if distinct is not None and abs(distinct) < 2**53:
        # A sketch: 200.0000988 of it are 200.
        yield from statistic(label("distinct", name), round(distinct))
    if as_double(cells.get("distribution/n")):
        yield from statistic(label("mean", name), cells.get(_MEAN))
