"""scikit-learn's classification report as a document: precision, recall and F1 a label, and how many examples it has.

Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.classification_report.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.model import Metric
from cml_bot.readers._numbers import as_double
from cml_bot.readers._tree import Leaves, flatten, observe_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation

SUPPORT = "support"
_ALL = ("macro avg", "weighted avg", "micro avg")
"""Averages over all examples, whose number is that of the accuracy."""
_AVERAGES = (*_ALL, "samples avg")


def observe(document: object, where: str) -> Iterator[Observation]:  # noqa: ARG001 - every mapping is one
    """Yield the numbers by label; the examples of a label are no metric but the size of what was measured on."""
    flat = flatten(document if isinstance(document, dict) else {})
    counts = {leaf.path[:-1]: _count(leaf.value) for leaf in flat.leaves if leaf.path[-1] == SUPPORT}
    leaves = tuple(leaf for leaf in flat.leaves if leaf.path[-1] != SUPPORT)
    every = next((counts[name,] for name in _ALL if counts.get((name,))), None)
    items = {leaf.name: counts.get(leaf.path[:-1], every if leaf.path == ("accuracy",) else None) for leaf in leaves}
    details = {leaf.name for leaf in leaves if len(leaf.path) > 1 and not _sums_up(leaf.path)}
    for one in observe_tree(Leaves(leaves=leaves, notes=flat.notes)):
        if isinstance(one, Metric):
            yield replace(one, n_items=one.n_items or items.get(one.name), is_detail=one.name in details)
        else:
            yield one


def _sums_up(path: tuple[str, ...]) -> bool:
    """Whether it is one of the few numbers that stand for all labels: precision and recall are told by F1 together."""
    return path[0] in _AVERAGES and path[-1].startswith("f1")


def _count(value: object) -> int | None:
    number = as_double(value)
    return int(number) if number is not None and 0 < number < 2**53 else None
