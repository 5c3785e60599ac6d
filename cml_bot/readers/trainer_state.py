"""The state of Hugging Face's Trainer: the course of the training, and the checkpoint that was best.

Source: https://huggingface.co/docs/transformers/main_classes/callback#transformers.TrainerState
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.model import Note, Param, Series
from cml_bot.readers._curves import observe_table
from cml_bot.readers._document import cells_of
from cml_bot.readers._numbers import as_double
from cml_bot.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation

_SETTINGS = ("num_train_epochs", "max_steps", "train_batch_size", "save_steps", "eval_steps", "logging_steps")
_EVAL = "eval_"


def observe(document: object, where: str) -> Iterator[Observation]:  # noqa: ARG001 - every mapping is one
    """Yield the logged series over the step, those of the evaluation with the step of the best checkpoint."""
    known = document if isinstance(document, dict) else {}
    rows = known.get("log_history")
    table, n_lost = Table(), 0
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            table.add_row(cells_of(row))
        else:
            n_lost += 1
    found = list(observe_table(table))
    series = [one for one in found if isinstance(one, Series)]
    best = _best_step(series, as_double(known.get("best_metric")), as_double(known.get("best_global_step")))
    for one in found:
        is_kept = isinstance(one, Series) and one.name.startswith(_EVAL) and best in one.x
        yield replace(one, best=best) if isinstance(one, Series) and is_kept else one
    for name in _SETTINGS:
        value = known.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Param(name=name, value=str(value))
    if n_lost:
        yield Note(text=f"{n_lost} entries of log_history are no mappings; left out. Look what wrote them.")


def _best_step(series: list[Series], metric: float | None, step: float | None) -> float | None:
    """Find the step of the best checkpoint; None where no evaluation has this value there.

    Which metric chose it is told nowhere. Earlier releases do not tell the step either: then it is the only one with
    that value.
    """
    if metric is None or not math.isfinite(metric):
        return None
    evaluated = [one for one in series if one.name.startswith(_EVAL)]
    places = {x for one in evaluated for x, y in zip(one.x, one.y, strict=True) if y == metric}
    if step is not None:
        return step if step in places else None
    return places.pop() if len(places) == 1 else None
