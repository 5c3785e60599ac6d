"""What was true and what was predicted, one row an example: charts of where a model is right, and where it is not.

Classes give a confusion matrix, and with scores of two of them ROC, precision over recall, a calibration and
histograms; numbers give residuals, and predictions over the truth. It yields no metrics: the job's own are the truth.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from itertools import compress, islice
from typing import TYPE_CHECKING

from cml_bot.charts import bound_chart
from cml_bot.filters import format_number, plural
from cml_bot.model import Bars, Note, Points
from cml_bot.readers._cells import MOST_LABELS, Cells, by_number
from cml_bot.readers._matrix import build_matrix
from cml_bot.readers._names import tidy
from cml_bot.readers._prediction_columns import find_roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation
    from cml_bot.readers._examples import Flags, Numbers
    from cml_bot.readers._prediction_columns import Roles

MOST_HELD = 1 << 20
"""Rows that are held at once; of more one of two, four and so on counts."""
_BLOCK = 1 << 12
_GOLDEN, _MASK = 2_654_435_769, (1 << 32) - 1
"""The golden section of all whole numbers of 32 bits, and the largest."""
_TWO = 2
_POSITIVE = ("1", "true", "yes", "positive", "pos")
"""What the class that is looked for is often called; else it is the last of two."""

_ONE_CLASS = Note(text="scores of one class alone: no ROC. Write the score of every example, of both classes.")


@dataclass(slots=True)
class _Examples:
    """The columns that count, row by row alike."""

    cells: dict[str, Cells]
    places: array[int] = field(default_factory=lambda: array("q"))
    """Which rows of the file are held."""
    every: int = 1
    """How many rows there are for each that is held."""
    n_rows: int = 0


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield what the examples show together."""
    roles = find_roles(columns)
    if roles is None:
        return
    examples = _read(columns, rows, [roles.truth, roles.prediction, roles.score, roles.part, *roles.scores.values()])
    truth, said = examples.cells[roles.truth], examples.cells.get(roles.prediction)
    if not examples.n_rows or (truth.has_many and truth.has_words):
        yield from _tell_empty(examples)
    elif said and _are_numbers(truth, said):
        yield from _observe_numbers(examples, roles, truth, said)
    elif truth.is_classes:
        yield from _observe_classes(examples, roles, truth, said)
    else:
        yield _no_matrix()
    if examples.every > 1:
        text = f"{format_number(examples.n_rows)} rows: about one of {examples.every} counts in what is drawn"
        yield Note(text=f"{text}. Write fewer examples to see all.")


def _read(columns: Sequence[str], rows: Iterable[Sequence[object]], wanted: Sequence[str]) -> _Examples:
    """Read the columns that are wanted; their names are there, or empty."""
    places = {name: columns.index(name) for name in wanted if name}
    examples = _Examples(cells={name: Cells() for name in places})
    rows = iter(rows)
    while block := list(islice(rows, _BLOCK)):
        kept = _choose(range(examples.n_rows, examples.n_rows + len(block)), examples.every)
        for name, place in places.items():
            examples.cells[name].extend([row[place] if place < len(row) else None for row in compress(block, kept)])
        examples.places.extend(compress(range(examples.n_rows, examples.n_rows + len(block)), kept))
        examples.n_rows += len(block)
        if len(examples.places) > MOST_HELD:
            _thin(examples)
    return examples


def _thin(examples: _Examples) -> None:
    """Leave out about half of the rows that are held."""
    examples.every *= 2
    kept = _choose(examples.places, examples.every)
    examples.places = array("q", compress(examples.places, kept))
    for cells in examples.cells.values():
        cells.keep(kept)


def _choose(places: Sequence[int], every: int) -> Sequence[bool]:
    """Tell which rows count, as good as drawn by lot, since classes may take turns.

    What counts for a larger `every` counts for all smaller ones.

    Source: Knuth, The Art of Computer Programming 3, 6.4, multiplicative hashing
    """
    if every == 1:
        return [True] * len(places)
    return [(place * _GOLDEN & _MASK) * every <= _MASK for place in places]


def _are_numbers(truth: Cells, said: Cells) -> bool:
    """Whether numbers were predicted: then some are measured. Those beside two classes are scores of one of them."""
    if truth.has_words or said.has_words:
        return False
    return truth.is_measured or (said.is_measured and len(truth.labels) > _TWO)


def _observe_numbers(examples: _Examples, roles: Roles, truth: Cells, said: Cells) -> Iterator[Observation]:
    from cml_bot.readers._examples import are_there, as_numbers, draw_bins

    true, predicted = as_numbers(truth), as_numbers(said)
    kept = are_there(true, predicted)
    residuals = predicted - true
    if kept.any():
        yield draw_bins(residuals[kept], "residuals", "prediction - truth", is_share=False)
        xs, ys = (tuple(side[kept].tolist()) for side in (true, predicted))
        yield bound_chart(Points(name="prediction over truth", x=xs, y=ys, x_label="true", y_label="predicted"))
        yield from _observe_parts(examples, roles, kept, abs(residuals), "mean absolute error")
    yield from _tell_lost(int((~kept).sum()), "a number")


def _observe_classes(examples: _Examples, roles: Roles, truth: Cells, said: Cells | None) -> Iterator[Observation]:
    """Yield the matrix of pairs and what scores show; what is predicted may be the score itself."""
    score = examples.cells.get(roles.score)
    if said and said.is_measured and len(truth.labels) <= _TWO:
        score, said = score or said, None
    if said and said.is_classes:
        yield from _observe_pairs(examples, roles, truth, said)
    elif said:
        yield _no_matrix()
    labels = sorted(truth.labels, key=by_number)
    if len(labels) == _TWO:
        positive = next((label for label in labels if label.lower() in _POSITIVE), labels[-1])
        column = examples.cells.get(roles.scores.get(positive, ""))
        scores = score or column
        if scores:
            yield from _observe_scores(truth, scores, labels, positive)
        elif roles.scores:
            yield Note(
                text=f"no column of scores is named after {tidy(positive)}: no ROC. Call it prob_{tidy(positive)}."
            )
    elif score and len(labels) < _TWO:
        yield _ONE_CLASS


def _observe_pairs(examples: _Examples, roles: Roles, truth: Cells, said: Cells) -> Iterator[Observation]:
    from cml_bot.readers._examples import are_there, as_codes, count_pairs

    labels = sorted({*truth.labels, *said.labels}, key=by_number)
    if len(labels) > MOST_LABELS:
        yield _no_matrix()
        return
    true, predicted = as_codes(truth, labels), as_codes(said, labels)
    kept = are_there(true, predicted)
    counts = count_pairs(true[kept], predicted[kept], len(labels)) if kept.any() else []
    matrix = build_matrix(labels, labels, counts) if counts else None
    yield matrix or Note(text="holds no whole row. Look whether the job was stopped before it wrote one.")
    yield from _observe_parts(examples, roles, kept, (true == predicted) * 1.0, "accuracy")
    yield from _tell_lost(int((~kept).sum()), "a label")


def _observe_scores(truth: Cells, scores: Cells, labels: Sequence[str], positive: str) -> Iterator[Observation]:
    from cml_bot.readers._examples import are_there, as_codes, as_numbers, draw_bins, draw_scores

    if scores.has_words:
        yield Note(text="the scores are no plain numbers; left out. Write them as numbers.")
        return
    true, said = as_codes(truth, labels), as_numbers(scores)
    kept = are_there(true, said)
    own = [said[kept & (true == place)] for place in range(len(labels))]
    if not all(len(side) for side in own):
        yield _ONE_CLASS
        return
    yield from draw_scores(true[kept] == labels.index(positive), said[kept])
    is_share = all(side.min() >= 0 and side.max() <= 1 for side in own)
    for label, side in zip(labels, own, strict=True):
        yield draw_bins(side, tidy(f"scores where {label} is true"), "score", is_share=is_share)
    yield from _tell_lost(int((~kept).sum()), "a score")


def _observe_parts(examples: _Examples, roles: Roles, kept: Flags, values: Numbers, what: str) -> Iterator[Observation]:
    """Yield the mean of each part of the examples, where a column tells them apart."""
    from cml_bot.readers._examples import are_there, as_codes, mean_by

    parts = examples.cells.get(roles.part)
    if not parts:
        return
    if parts.has_many:
        most = format_number(MOST_LABELS)
        yield Note(text=f"{tidy(roles.part)} has more than {most} different values: no bars. Write fewer groups.")
        return
    labels = sorted(parts.labels, key=by_number)
    codes = as_codes(parts, labels)
    kept = kept & are_there(codes)
    means = mean_by(values[kept], codes[kept], len(labels))
    bars = {label: mean for label, mean in zip(labels, means, strict=True) if not math.isnan(mean)}
    if len(bars) >= _TWO:
        name = tidy(f"{what} by {tidy(roles.part)}")
        yield Bars(name=name, labels=tuple(bars), values=tuple(bars.values()), is_ordered=True)


def _tell_empty(examples: _Examples) -> Iterator[Note]:
    if examples.n_rows:
        yield _no_matrix()
    else:
        yield Note(text="holds no whole row. Look whether the job was stopped before it wrote one.")


def _no_matrix() -> Note:
    most = format_number(MOST_LABELS)
    return Note(text=f"what was predicted are texts, numbers or more than {most} classes: no confusion matrix.")


def _tell_lost(n_lost: int, what: str) -> Iterator[Note]:
    if n_lost:
        yield Note(text=f"{plural(n_lost, 'row')} without {what} left out. Write {what} in every row, on both columns.")
