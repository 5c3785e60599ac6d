"""How much each feature counts, as a table of names and numbers: scikit-learn, XGBoost, LightGBM and CatBoost."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Bars, Note
from cml_bot.readers._names import Names
from cml_bot.readers._numbers import as_double
from cml_bot.readers._shapes import IMPORTANCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

MOST_BARS = 30


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the features that count most, the largest first."""
    label, value = next(map(columns.index, names) for names in IMPORTANCES if not {*names} - {*columns})
    n_rows = n_lost = 0
    largest: list[tuple[float, int, str, float]] = []
    for row in rows:
        number = as_double(row[value])
        if number is None or not math.isfinite(number):
            n_lost += 1
            continue
        # Of equal ones the first count.
        heapq.heappush(largest, (abs(number), -n_rows, str(row[label]), number))
        n_rows += 1
        if len(largest) > MOST_BARS:
            heapq.heappop(largest)
    names = Names()
    shown = [(names.take(name), number) for _, _, name, number in sorted(largest, reverse=True)]
    if shown:
        labels, values = tuple(name for name, _ in shown), tuple(number for _, number in shown)
        yield Bars(name="feature importance", labels=labels, values=values)
    else:
        yield Note(text="holds no whole row. Look whether the job was stopped before it wrote one.")
    if n_rows > MOST_BARS:
        left = plural(n_rows - MOST_BARS, "feature")
        yield Note(text=f"shows the {MOST_BARS} features that count most; {left} left out. Write fewer to see them.")
    if n_lost:
        yield Note(text=f"{plural(n_lost, 'feature')} without a number left out. Write plain numbers.")
