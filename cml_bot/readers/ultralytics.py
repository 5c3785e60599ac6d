"""Ultralytics' results.csv: the course of a YOLO training, and the epoch that best.pt is of.

Source: https://docs.ultralytics.com/reference/utils/metrics/#ultralytics.utils.metrics.Metric (``fitness``)
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.model import Series
from cml_bot.readers._curves import observe_table
from cml_bot.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

_FITNESS = "metrics/mAP50-95("
"""Boxes, and masks or poses beside them. Earlier releases weighed a tenth of mAP50 in."""
_EVALUATED = ("metrics/", "val/")


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the series over the epoch, those of the evaluation with the epoch whose weights were kept as the best."""
    table = Table()
    for row in rows:
        table.add_row((name, cell) for name, cell in zip(columns, row, strict=False) if cell != "")
    found = list(observe_table(table))
    best = _best_epoch([one for one in found if isinstance(one, Series) and one.name.startswith(_FITNESS)])
    for one in found:
        is_kept = isinstance(one, Series) and one.name.startswith(_EVALUATED) and best in one.x
        yield replace(one, best=best) if isinstance(one, Series) and is_kept else one


def _best_epoch(series: Sequence[Series]) -> float | None:
    """Find the epoch of the highest fitness; of equal ones the last, whose weights were written over the others'."""
    fitness: dict[float, float] = {}
    for one in series:
        for x, y in zip(one.x, one.y, strict=True):
            fitness[x] = fitness.get(x, 0.0) + (0.0 if math.isnan(y) else y)
    return max(fitness, key=lambda epoch: (fitness[epoch], epoch), default=None)
