"""The state of Hugging Face's Trainer: the course of the training, and the checkpoint that was best.

Source: https://huggingface.co/docs/transformers/main_classes/callback#transformers.TrainerState
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cml_bot.model import Note, Param
from cml_bot.readers._curves import mark_best, observe_table
from cml_bot.readers._document import cells_of
from cml_bot.readers._numbers import as_double
from cml_bot.readers._table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cml_bot.model import Observation

    Evaluated = dict[float, dict[str, float]]

_SETTINGS = ("num_train_epochs", "max_steps", "train_batch_size", "save_steps", "eval_steps", "logging_steps")
_EVAL = "eval_"


def observe(document: object, where: str) -> Iterator[Observation]:  # noqa: ARG001 - every mapping is one
    """Yield the logged series over the step, those of the evaluation with the step of the best checkpoint."""
    known = document if isinstance(document, dict) else {}
    rows = known.get("log_history")
    table, n_lost = Table(), 0
    evaluated: Evaluated = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            cells = list(cells_of(row))
            table.add_row(cells)
            _keep(evaluated, cells)
        else:
            n_lost += 1
    best = _best_step(evaluated, as_double(known.get("best_metric")), as_double(known.get("best_global_step")))
    yield from mark_best(observe_table(table), best, evaluated.get(best, {}) if best is not None else {}, _EVAL)
    for name in _SETTINGS:
        value = known.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Param(name=name, value=str(value))
    if n_lost:
        yield Note(text=f"{n_lost} entries of log_history are no mappings; left out. Look what wrote them.")


def _keep(evaluated: Evaluated, cells: Iterable[tuple[str, object]]) -> None:
    """Remember the numbers of an evaluation; of a step that comes again the last count."""
    numbers = {name: number for name, cell in cells if (number := as_double(cell)) is not None}
    step = numbers.get("step")
    if step is not None and math.isfinite(step) and any(name.startswith(_EVAL) for name in numbers):
        evaluated.setdefault(step, {}).update(numbers)


def _best_step(evaluated: Evaluated, metric: float | None, step: float | None) -> float | None:
    """Find the step of the best checkpoint; None where no evaluation has this value there.

    Which metric chose it is told nowhere. Earlier releases do not tell the step either: then it is the only one with
    that value.
    """
    if metric is None or not math.isfinite(metric):
        return None
    places = [
        place
        for place, numbers in evaluated.items()
        if any(name.startswith(_EVAL) and number == metric for name, number in numbers.items())
    ]
    if step is not None:
        return step if step in places else None
    return places[0] if len(places) == 1 else None
