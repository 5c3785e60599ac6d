"""scikit-learn's cross_validate: one number a fold, of every metric and of both times.

Source: https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.cross_validate.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.model import Metric, Repeats, Role
from cml_bot.readers._names import Names
from cml_bot.readers._numbers import as_double
from cml_bot.readers._tree import Leaves, flatten, observe_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cml_bot.model import Observation
    from cml_bot.readers._tree import Leaf

MOST_FOLDS = 10_000
TIMES = frozenset(("fit_time", "score_time"))


def observe(document: object, where: str) -> Iterator[Observation]:  # noqa: ARG001 - every mapping is one
    """Yield a metric for each list, with its folds as values."""
    flat = flatten(document if isinstance(document, dict) else {})
    names, others = Names(), []
    for leaf in flat.leaves:
        values = _folds(leaf)
        if values:
            yield metric_of(names.take(leaf.name), values, is_time=leaf.path[-1] in TIMES)
        else:
            others.append(leaf)
    if others or flat.notes:
        yield from observe_tree(Leaves(leaves=tuple(others), notes=flat.notes))


def metric_of(name: str, values: tuple[float, ...], *, is_time: bool = False) -> Metric:
    """Build the metric of one number a fold."""
    return Metric(
        name=name,
        values=values,
        labels=tuple(str(number) for number in range(len(values))) if len(values) > 1 else (),
        repeats=Repeats.FOLDS,
        role=Role.BOOKKEEPING if is_time else None,
        unit="s" if is_time else "",
    )


def _folds(leaf: Leaf) -> tuple[float, ...]:
    if not isinstance(leaf.value, list) or len(leaf.value) > MOST_FOLDS:
        return ()
    numbers = [as_double(value) for value in leaf.value]
    kept = tuple(number for number in numbers if number is not None)
    return kept if len(kept) == len(numbers) else ()
