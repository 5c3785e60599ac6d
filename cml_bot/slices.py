"""Metrics of many classes as bars, one chart a metric: which class lost, and which gained."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.charts import is_drawable
from cml_bot.goals import find_goal
from cml_bot.model import Bars, ChartPair, Goal, Key, Role, Trend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cml_bot.model import Delta

MOST_CHARTS = 3
MOST_LABELS = 20
"""More cannot be read; those that changed most stay."""
FEWEST_LABELS = 3
SEPARATORS = "./"
"""What stands between a class and its metric: ``cat.recall`` or ``recall/cat``."""
_AVERAGE = " avg"
"""Ends what scikit-learn calls the mean of all classes, which is no class."""
_FIRST = ("f1", "f1-score", "f1_score", "recall", "precision", "accuracy")
"""Of as many changes these say most."""


class _Part(NamedTuple):
    """One metric of one class, on both sides."""

    metric: str
    label: str
    delta: Delta
    head: float
    base: float

    @property
    def gain(self) -> float:
        """How much better it got; worse is below 0."""
        return (self.head - self.base) * (-1 if self.delta.goal is Goal.LOWER else 1)


def chart_slices(deltas: Iterable[Delta]) -> tuple[ChartPair, ...]:
    """Give a chart of each metric that many classes have and some of them changed, the largest loss first.

    At most three: gated metrics before others, then F1, recall and precision, then what changed most.
    """
    parts = sorted(_find_parts(deltas), key=lambda part: (part.delta.key.group, part.metric))
    families = [list(family) for _, family in groupby(parts, key=lambda part: (part.delta.key.group, part.metric))]
    changed = [family for family in families if len(family) >= FEWEST_LABELS and any(map(_is_changed, family))]
    return tuple(map(_chart, sorted(changed, key=_rank)[:MOST_CHARTS]))


def _find_parts(deltas: Iterable[Delta]) -> Iterator[_Part]:
    """Yield what is told of single classes on both sides."""
    for delta in deltas:
        head, base = delta.head, delta.base
        if head and base and head.is_detail and delta.role is not Role.BOOKKEEPING:
            found = _split(delta.key.name)
            if found and not found[1].endswith(_AVERAGE) and is_drawable(head.value) and is_drawable(base.value):
                yield _Part(*found, delta, float(head.value), float(base.value))


def _split(name: str) -> tuple[str, str] | None:
    """Tell the metric from the class; None where neither end of the name is a metric that is known.

    Example:
        >>> _split("cat.recall"), _split("recall/cat"), _split("no. 5.f1-score"), _split("size")
        (('recall', 'cat'), ('recall', 'cat'), ('f1-score', 'no. 5'), None)
    """
    for separator in SEPARATORS:
        label, _, last = name.rpartition(separator)
        if label and find_goal(last) is not Goal.NONE:
            return last, label
    for separator in SEPARATORS:
        first, _, label = name.partition(separator)
        if label and find_goal(first) is not Goal.NONE:
            return first, label
    return None


def _is_changed(part: _Part) -> bool:
    return part.delta.trend is not Trend.SAME


def _rank(family: list[_Part]) -> tuple[bool, int, float, str]:
    metric = family[0].metric
    is_gated = any(part.delta.role is Role.HEADLINE for part in family)
    place = _FIRST.index(metric.lower()) if metric.lower() in _FIRST else len(_FIRST)
    return not is_gated, place, -max(abs(part.gain) for part in family), str(family[0].delta.key)


def _chart(family: list[_Part]) -> ChartPair:
    kept = sorted(family, key=lambda part: (-abs(part.gain), part.label))[:MOST_LABELS]
    kept.sort(key=lambda part: (part.gain, part.label))
    one = kept[0]
    cut = f", the {len(kept)} most changed of {len(family)}" if len(family) > len(kept) else ""
    key = Key(one.delta.key.group, f"{one.metric} by class{cut}")
    labels = tuple(part.label for part in kept)

    def side(values: tuple[float, ...]) -> Bars:
        unit = one.delta.unit
        return Bars(name=key.name, group=key.group, labels=labels, values=values, unit=unit, is_ordered=True)

    return ChartPair(
        key=key, head=side(tuple(part.head for part in kept)), base=side(tuple(part.base for part in kept))
    )
