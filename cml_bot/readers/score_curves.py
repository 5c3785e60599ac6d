"""ROC and precision-recall curves as tables, as scikit-learn computes them and DVCLive writes them.

The areas are those of all rows; of the points as many are kept as can be drawn.
Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_curve.html
    https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html
"""

from __future__ import annotations

import math
from array import array
from itertools import chain, islice, pairwise
from operator import ge, le
from typing import TYPE_CHECKING

from cml_bot.charts import thin_line
from cml_bot.model import Goal, Metric, Note, Points
from cml_bot.readers._points import find_columns, read_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

_PARTS = {"threshold", "thresholds", "precision", "recall", "(no name)", "unnamed: 0"}
_NEARLY = 1e-9


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the curve and the area below it."""
    is_roc = bool(find_columns(columns, "fpr", "tpr"))
    wanted = find_columns(columns, "fpr", "tpr") or find_columns(columns, "recall", "precision")
    cells = read_cells(columns, rows, wanted)
    x, y = cells.columns
    if not x:
        yield Note(text="holds no whole row. Look whether the job was stopped before it wrote one.")
    elif is_roc:
        yield from _observe_roc(*_sorted(x, y))
    else:
        x, y = _sorted(x, y, falling=True)
        xs, ys = thin_line(x, y)
        yield Points(name="precision-recall", x=xs, y=ys, is_line=True, x_label="recall", y_label="precision")
        # Beside other columns they are a table of a few settings, whose area is none.
        if {name.lower() for name in columns} <= _PARTS:
            yield Metric(name="average_precision", values=(_step_area(x, y),), goal=Goal.HIGHER)
    yield from cells.notes()


def _observe_roc(x: array[float], y: array[float]) -> Iterator[Observation]:
    xs, ys = thin_line(x, y)
    yield Points(name="ROC", x=xs, y=ys, is_line=True, x_label="false positive rate", y_label="true positive rate")
    if math.isclose(x[0], 0.0, abs_tol=_NEARLY) and math.isclose(x[-1], 1.0, abs_tol=_NEARLY):
        steps = zip(pairwise(x), pairwise(y), strict=True)
        area = math.fsum((x_1 - x_0) * (y_0 + y_1) / 2 for (x_0, x_1), (y_0, y_1) in steps)
        yield Metric(name="roc_auc", values=(area,), goal=Goal.HIGHER)
    else:
        yield Note(text="the curve does not reach from 0 to 1, so it has no area. Write all of its points.")


def _step_area(recall: array[float], precision: array[float]) -> float:
    """Give the average precision: steps and no trapezoids. DVCLive leaves out the last point, at recall 0."""
    steps = zip(recall, chain(islice(recall, 1, None), (0.0,)), precision, strict=True)
    return math.fsum((here - after) * height for here, after, height in steps)


def _sorted(x: array[float], y: array[float], *, falling: bool = False) -> tuple[array[float], array[float]]:
    """Order the points along the curve; equal x stay in the order they have, seen from where it begins."""
    wanted, other = (ge, le) if falling else (le, ge)
    if all(map(wanted, x, islice(x, 1, None))):
        return x, y
    if all(map(other, x, islice(x, 1, None))):
        return x[::-1], y[::-1]
    # Where x is equal, y rises: the higher the threshold, the more precise.
    places = sorted(range(len(x)), key=lambda place: (-x[place] if falling else x[place], y[place]))
    return array("d", (x[place] for place in places)), array("d", (y[place] for place in places))
