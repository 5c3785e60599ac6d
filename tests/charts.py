"""Charts as readers give them, made by a die that always falls alike."""

from __future__ import annotations

import random
from collections.abc import Sequence

from cml_bot.model import Bars, Chart, ChartPair, Histogram, Matrix, Points

HEAD, BASE = "this branch", "main"


def confusion(classes: int, seed: int, *, each: int = 20, wrong: float = 0.2, name: str = "cm") -> Matrix:
    """A confusion matrix with so many examples of each class, of which some are taken for a neighbour."""
    die = random.Random(seed)
    labels = tuple(f"c{number}" for number in range(classes))
    counts = [[0.0] * classes for _ in labels]
    for true in range(classes):
        for _ in range(each):
            counts[true][(true + 1) % classes if die.random() < wrong else true] += 1
    return Matrix(name=name, rows=labels, columns=labels, values=tuple(map(tuple, counts)), group="cm.json")


def matrix(*rows: Sequence[float], labels: Sequence[str] = "abcdef") -> Matrix:
    """A square matrix by its numbers."""
    return Matrix(
        name="cm", rows=tuple(labels[: len(rows)]), columns=tuple(labels[: len(rows)]), values=tuple(map(tuple, rows))
    )


def bars(**values: float) -> Bars:
    return Bars(name="importance", labels=tuple(values), values=tuple(values.values()), group="importance.json")


def line(*ys: float, x: Sequence[float] | None = None) -> Points:
    xs = tuple(x) if x else tuple(number / (len(ys) - 1) for number in range(len(ys)))
    return Points(name="roc", x=xs, y=ys, x_label="fpr", y_label="tpr", is_line=True, group="roc.json")


def cloud(count: int, seed: int, *, is_jittered: bool = False) -> Points:
    die = random.Random(seed)
    xs = tuple(die.uniform(0, 10) for _ in range(count))
    return Points(
        name="fit",
        x=xs,
        y=tuple(x + die.gauss(0, 1) for x in xs),
        x_label="actual",
        y_label="predicted",
        is_jittered=is_jittered,
    )


def histogram(*counts: float, edges: Sequence[float] = ()) -> Histogram:
    return Histogram(
        name="scores", edges=tuple(edges) or tuple(map(float, range(len(counts) + 1))), counts=counts, x_label="score"
    )


def pair(head: Chart | None, base: Chart | None) -> ChartPair:
    one = head or base
    assert one is not None
    return ChartPair(key=one.key, head=head, base=base)
