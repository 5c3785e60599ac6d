"""Confusion matrices as a document: their labels, and rows of what was true over columns of what was predicted.

Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.confusion_matrix.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.model import Note
from cml_bot.readers._matrix import MOST_LABELS, build_matrix
from cml_bot.readers._tree import flatten, observe_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation

KEYS = ("matrix", "confusion_matrix")


def observe(document: object, where: str) -> Iterator[Observation]:  # noqa: ARG001 - every mapping is one
    """Yield the matrix, and the numbers beside it."""
    known = document if isinstance(document, dict) else {}
    key = next((key for key in KEYS if key in known), "")
    labels, values = known.get("labels"), known.get(key)
    matrix = None
    if isinstance(labels, list) and isinstance(values, list) and all(isinstance(row, list) for row in values):
        names = [str(label) for label in labels[: MOST_LABELS + 1]]
        matrix = build_matrix(names, names, values[: MOST_LABELS + 1])
    if matrix:
        yield matrix
    else:
        yield Note(text=f"{key} is no square of counts, one row and column a label; left out. Write both alike.")
    rest = {name: value for name, value in known.items() if name not in {"labels", key}}
    if rest:
        yield from observe_tree(flatten(rest))
