"""What was true and what was predicted, one row an example, as DVCLive logs a confusion matrix.

Source: https://dvc.org/doc/dvclive/live/log_sklearn_plot
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from cml_bot.filters import format_number, plural
from cml_bot.model import Note
from cml_bot.readers._matrix import build_matrix
from cml_bot.readers._names import shorten
from cml_bot.readers._numbers import as_number
from cml_bot.readers._points import find_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

MOST_CLASSES = 200
_MISSING = (None, "")
_LONGEST = 100
"""Characters of a label."""


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield the counts of all pairs of labels as a matrix."""
    true, predicted = (columns.index(name) for name in find_columns(columns, "actual", "predicted"))
    pairs: Counter[tuple[str, str]] = Counter()
    n_lost = 0
    for row in rows:
        # "none" is a label like any other.
        if row[true] in _MISSING or row[predicted] in _MISSING:
            n_lost += 1
            continue
        pairs[_label(row[true]), _label(row[predicted])] += 1
        if len(pairs) > MOST_CLASSES * MOST_CLASSES:
            break
    labels = sorted({label for pair in pairs for label in pair}, key=_by_number)
    if len(labels) > MOST_CLASSES or any(_is_measured(label) for label in labels):
        most = format_number(MOST_CLASSES)
        yield Note(text=f"what was predicted are measured numbers, or more than {most} classes: no confusion matrix.")
        return
    matrix = build_matrix(labels, labels, [[pairs[row, column] for column in labels] for row in labels])
    yield matrix or Note(text="holds no whole row. Look whether the job was stopped before it wrote one.")
    if n_lost:
        yield Note(text=f"{plural(n_lost, 'row')} without a label left out. Write both labels in every row.")


def _by_number(label: str) -> tuple[float, str]:
    number = as_number(label)
    return number if number is not None and not math.isnan(number) else 0.0, label


def _label(value: object) -> str:
    """Give a label as text; 1.0 is 1, as pandas writes whole numbers where some are missing."""
    text = shorten(str(value), _LONGEST)
    number = as_number(text)
    return str(int(number)) if isinstance(number, float) and number.is_integer() else text


def _is_measured(label: str) -> bool:
    number = as_number(label)
    return isinstance(number, float) and math.isfinite(number) and not number.is_integer()
