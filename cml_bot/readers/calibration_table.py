"""Calibration curves as tables: how often what was predicted with a probability came true.

Source: https://scikit-learn.org/stable/modules/generated/sklearn.calibration.calibration_curve.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cml_bot.charts import thin_line
from cml_bot.model import Goal, Metric, Note, Points
from cml_bot.readers._points import find_columns, read_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

NAMES = (
    ("prob_pred", "prob_true"),
    ("mean_predicted", "fraction_of_positives"),
    ("mean_predicted_value", "fraction_of_positives"),
    ("mean_predicted_probability", "fraction_of_positives"),
)
"""What was predicted and what came true."""
_COUNTS = ("count", "counts", "n", "n_samples", "bin_count", "bin_counts", "support", "size")


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the curve, and the expected calibration error where the table says how many examples a bin has."""
    pair = next((found for names in NAMES if (found := find_columns(columns, *names))), ())
    counts = next((found for name in _COUNTS if (found := find_columns(columns, name))), ())
    cells = read_cells(columns, rows, (*pair, *counts))
    predicted, true = cells.columns[:2]
    if not predicted:
        yield Note(text="holds no whole row. Look whether the job was stopped before it wrote one.")
        return
    x, y = thin_line(predicted, true)
    labels = "mean predicted", "fraction of positives"
    yield Points(name="calibration", x=x, y=y, x_label=labels[0], y_label=labels[1], is_line=True)
    if counts and (n := math.fsum(cells.columns[2])) > 0 and min(cells.columns[2]) >= 0:
        bins = zip(*cells.columns, strict=True)
        error = math.fsum(count / n * abs(came - said) for said, came, count in bins)
        yield Metric(name="ECE", values=(error,), goal=Goal.LOWER, n_items=round(n))
    yield from cells.notes()
