"""scikit-learn's GridSearchCV and its kin: of the table of all candidates the best one.

Source: https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.GridSearchCV.html (``cv_results_``)
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Metric, Note, Param, Role
from cml_bot.readers._names import shorten, some, tidy
from cml_bot.readers._numbers import as_double, is_missing
from cml_bot.readers.cross_validate import metric_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_RANK = "rank_test_"
_SPLIT = re.compile(r"split(\d+)_((?:test|train)_.+)", re.DOTALL)
_TIMES = ("mean_fit_time", "mean_score_time")
_LONGEST = 1_000


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the scores of the best candidate with their folds, its parameters, and how many candidates there were."""
    ranks = [name for name in columns if name.startswith(_RANK)]
    best: Mapping[str, object] = {}
    least, n_rows = (math.inf, math.inf), 0
    for row in rows:
        n_rows += 1
        cells = dict(zip(columns, row, strict=False))
        # A search by halving ranks the candidates of its last round alone as its best.
        place = (-_number(cells.get("iter"), 0.0), _number(cells.get(ranks[0]) if ranks else None, math.inf))
        if place < least or not best:
            best, least = cells, place
    if not best:
        yield Note(text="holds no whole row. Look whether the job was stopped before it wrote one.")
        return
    yield from _scores(best)
    yield from (_time(name, best.get(name)) for name in _TIMES if as_double(best.get(name)) is not None)
    yield Metric(name="candidates", values=(n_rows,), role=Role.BOOKKEEPING)
    yield from _params(best)
    if len(ranks) > 1:
        first = ranks[0].removeprefix(_RANK)
        others = some([name.removeprefix(_RANK) for name in ranks[1:]])
        yield Note(text=f"ranked by several metrics ({first}, {others}); the candidate that is best by {first} counts.")
    if not ranks:
        yield Note(text=f"{plural(n_rows, 'candidate')} without a rank; the first one counts. Write all columns.")


def _scores(best: Mapping[str, object]) -> Iterator[Metric]:
    folds: dict[str, dict[int, float]] = {}
    for name, cell in best.items():
        found = _SPLIT.fullmatch(name)
        number = as_double(cell)
        if found and len(found[1]) < 10 and number is not None:
            folds.setdefault(found[2], {})[int(found[1])] = number
    for name, cell in best.items():
        measure = name.removeprefix("mean_")
        if measure == name or not measure.startswith(("test_", "train_")):
            continue
        values = tuple(value for _, value in sorted(folds.get(measure, {}).items()))
        number = as_double(cell)
        # A fold that failed is an empty cell, and then so is the mean: it must not vanish.
        failed = number is None or math.isnan(number)
        yield metric_of(tidy(name), (math.nan,) if failed else values or (number or 0.0,))


def _time(name: str, cell: object) -> Metric:
    return Metric(name=name, values=(as_double(cell) or 0.0,), role=Role.BOOKKEEPING, unit="s")


def _params(best: Mapping[str, object]) -> Iterator[Param]:
    for name, cell in best.items():
        if name.startswith("param_") and not is_missing(cell):
            yield Param(name=tidy(name.removeprefix("param_")), value=shorten(str(cell), _LONGEST))


def _number(cell: object, otherwise: float) -> float:
    number = as_double(cell)
    return otherwise if number is None or math.isnan(number) else number
