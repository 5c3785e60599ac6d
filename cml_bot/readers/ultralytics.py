"""Ultralytics' results.csv: the course of a YOLO training, and the epoch that best.pt is of.

Source: https://docs.ultralytics.com/reference/utils/metrics/#ultralytics.utils.metrics.Metric (``fitness``)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cml_bot.filters import format_number
from cml_bot.model import Note
from cml_bot.readers._curves import mark_best, observe_table
from cml_bot.readers._numbers import as_double
from cml_bot.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.model import Observation

_FITNESS = "metrics/mAP50-95("
"""Boxes, and masks or poses beside them. Earlier releases weighed a tenth of mAP50 in."""
_MOST_EPOCHS = 20_000
"""Epochs that are remembered to find the one that was kept."""
_EVALUATED = ("metrics/", "val/")


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the series over the epoch, those of the evaluation with the epoch whose weights were kept as the best."""
    table = Table()
    epochs: dict[float, dict[str, float]] = {}
    for row in rows:
        cells = [(name, cell) for name, cell in zip(columns, row, strict=False) if cell != ""]
        table.add_row(cells)
        numbers = {name: number for name, cell in cells if (number := as_double(cell)) is not None}
        epoch = numbers.get("epoch", math.nan)
        if math.isfinite(epoch) and (epoch in epochs or len(epochs) < _MOST_EPOCHS):
            epochs.setdefault(epoch, {}).update(numbers)
    is_known = len(epochs) < _MOST_EPOCHS
    best = max(epochs, key=lambda epoch: (_fitness(epochs[epoch]), epoch), default=None) if is_known else None
    yield from mark_best(observe_table(table), best, epochs[best] if best is not None else {}, _EVALUATED)
    if not is_known:
        cure = "Their last values count."
        yield Note(text=f"has {format_number(_MOST_EPOCHS)} epochs or more: which one was kept is not known. {cure}")


def _fitness(numbers: Mapping[str, float]) -> float:
    """Add up what chooses the epoch; of equal ones the last counts, whose weights were written over the others'."""
    found = (number for name, number in numbers.items() if name.startswith(_FITNESS))
    return sum(0.0 if math.isnan(number) else number for number in found)
