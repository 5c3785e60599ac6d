"""Many p values at once: of twenty at 0.05 one is below by chance."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """P values of a family, adjusted and in the order given: below alpha, none is a false alarm but with chance alpha.

    Source: Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = _order(ps)
    n = len(ps)
    return _in_place(order, accumulate((min(1.0, (n - rank) * ps[at]) for rank, at in enumerate(order)), max))


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """P values adjusted and in the order given: of those below alpha, a share of alpha is expected to be false.

    Source: Benjamini & Hochberg 1995, Controlling the False Discovery Rate

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.03])
        [0.03, 0.04, 0.04]
    """
    order = _order(ps)[::-1]
    n = len(ps)
    return _in_place(order, accumulate((ps[at] * n / (n - back) for back, at in enumerate(order)), min))


def _order(ps: Sequence[float]) -> list[int]:
    """Where the p values lie, the smallest first."""
    if not all(0 <= p <= 1 for p in ps):
        raise ValueError("a p value lies from 0 to 1")
    return sorted(range(len(ps)), key=ps.__getitem__)


def _in_place(order: list[int], adjusted: Iterable[float]) -> list[float]:
    return [p for _, p in sorted(zip(order, adjusted, strict=True))]
