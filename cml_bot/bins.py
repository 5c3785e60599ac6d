"""Histograms of both sides over the same edges, and what a reader wants to know of one: where most of it lies."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cml_bot.model import Histogram

MOST_BINS = 100
"""More are no picture of the whole; neighbours are put together."""
MOST_SHARED = 4 * MOST_BINS
"""Bins over both sides: of two that lie far apart most would be empty."""
NEARLY = 0.02
"""Share of a bin by which edges may differ and still be the same."""
LARGEST = 1e150
"""Beyond it, axes, widths, areas and sums overflow."""

Side = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Two histograms over the same edges."""

    edges: Side
    """Shape (n + 1,)."""
    head: Side
    base: Side
    """Shape of both (n,)."""


def is_rising(edges: Side) -> bool:
    """Whether edges are numbers, each larger than the one before.

    Example:
        >>> is_rising((0, 1, 3)), is_rising((0, 0)), is_rising((0, float("nan"))), is_rising((0, float("inf")))
        (True, False, False, False)
    """
    return all(abs(edge) < LARGEST for edge in edges) and all(left < right for left, right in pairwise(edges))


def merge_bins(side: Histogram, most: int = MOST_BINS) -> Histogram:
    """Put neighbours together until there are no more than so many."""
    total = len(side.counts)
    if total <= most:
        return side
    every = math.ceil(total / most)
    starts = range(0, total, every)
    edges = (*(side.edges[at] for at in starts), side.edges[-1])
    return replace(side, edges=edges, counts=tuple(_sum(side.counts[at : at + every]) for at in starts))


def share_edges(head: Histogram, base: Histogram) -> Bins | None:
    """Put both sides over the same edges; None where that would tear bins apart.

    Edges that differ by little are the same; even bins may begin elsewhere, or be several times as wide as the others.
    """
    if len(head.edges) == len(base.edges):
        widths = [right - left for left, right in pairwise(head.edges)]
        near = zip(head.edges, base.edges, strict=True)
        if all(abs(ours - theirs) <= NEARLY * min(widths) for ours, theirs in near):
            return Bins(edges=head.edges, head=head.counts, base=base.counts)
    return _share_even(head, base)


def find_shares(side: Histogram) -> Side:
    """Give the share of each bin per unit of width, so that bins of other widths can be held against it. Shape (n,)."""
    total = count_all(side) or 1.0
    widths = (right - left for left, right in pairwise(side.edges))
    return tuple(_plain(count) / total / width for count, width in zip(side.counts, widths, strict=True))


def count_all(side: Histogram) -> float:
    """Count all that it holds; what is no number counts nothing."""
    return _sum(side.counts)


def find_quantile(side: Histogram, share: float) -> float | None:
    """Tell below which value so large a share of all lies, evenly spread within each bin; None where nothing is.

    Example:
        >>> from cml_bot.model import Histogram
        >>> find_quantile(Histogram(name="h", edges=(0, 10, 20), counts=(1, 3)), 0.5)
        13.333333333333334
    """
    counts = [_plain(count) for count in side.counts]
    wanted = share * sum(counts)
    if not sum(counts):
        return None
    for bounds, count, below in zip(pairwise(side.edges), counts, accumulate(counts, initial=0.0), strict=False):
        if count and below + count >= wanted:
            return bounds[0] + (bounds[1] - bounds[0]) * (wanted - below) / count
    return side.edges[-1]


def _share_even(head: Histogram, base: Histogram) -> Bins | None:
    ours, theirs = _width(head), _width(base)
    if not (ours and theirs):
        return None
    coarse, width = (head, ours) if ours >= theirs else (base, theirs)
    finer = min(ours, theirs)
    offset = (head.edges[0] - base.edges[0]) / finer
    if not (_is_whole(width / finer) and _is_whole(offset)):
        return None
    origin = coarse.edges[0]
    first = math.floor((min(head.edges[0], base.edges[0]) - origin) / width + NEARLY)
    last = math.ceil((max(head.edges[-1], base.edges[-1]) - origin) / width - NEARLY)
    if last - first > MOST_SHARED:
        return None
    edges = tuple(origin + width * place for place in range(first, last + 1))
    sides = [_put(side, edges, width) for side in (head, base)]
    return Bins(edges=edges, head=sides[0], base=sides[1])


def _put(side: Histogram, edges: Side, width: float) -> Side:
    """Add every bin to the one that its middle lies in."""
    counts = [0.0] * (len(edges) - 1)
    for (left, right), count in zip(pairwise(side.edges), side.counts, strict=True):
        place = math.floor(((left + right) / 2 - edges[0]) / width)
        counts[min(max(place, 0), len(counts) - 1)] += count
    return tuple(counts)


def _width(side: Histogram) -> float:
    """Give the width of its bins; 0 where they are not alike."""
    width = (side.edges[-1] - side.edges[0]) / len(side.counts)
    is_even = all(abs(right - left - width) <= NEARLY * width for left, right in pairwise(side.edges))
    return width if is_even else 0.0


def _is_whole(number: float) -> bool:
    return abs(number) < LARGEST and abs(number - round(number)) <= NEARLY


def _plain(count: float) -> float:
    return float(count) if 0 < count < LARGEST else 0.0


def _sum(counts: Side) -> float:
    return math.fsum(map(_plain, counts))
