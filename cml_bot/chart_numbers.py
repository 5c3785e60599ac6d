"""The numbers of a chart as a table: the few that matter most, or all that a reader can take in."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.bins import count_all, find_quantile, merge_bins, share_edges
from cml_bot.chart_words import (
    LABEL_LENGTH,
    grid_of,
    list_bars,
    names_at,
    rank_cells,
    rank_changes,
    sides_of,
    unit_of,
    values_at,
)
from cml_bot.charts import is_drawable
from cml_bot.draw import shorten_middle
from cml_bot.filters import format_number, format_pair, format_ticks
from cml_bot.known_curves import find_known, find_score, name_axis
from cml_bot.model import Bars, Histogram, Matrix, Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.charts import Grid
    from cml_bot.model import ChartPair

WHOLE_MATRIX, MOST_CELLS = 12, 20
"""Classes of a matrix that is written as it stands; of a larger one the cells that changed most are listed."""
MOST_BARS, MOST_BINS = 30, 25
MOST_CHARACTERS = 12
"""Of a label at the head of a column."""
PLACES = 10
"""Parts of the width of a curve whose ends are told."""
QUARTERS = (
    ("smallest", 0.0),
    ("a quarter below", 0.25),
    ("half below", 0.5),
    ("three quarters below", 0.75),
    ("largest", 1.0),
)


class Told(NamedTuple):
    """A table in words; every cell is foreign text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Row(NamedTuple):
    """A line of a table before its numbers are written."""

    names: tuple[str, ...]
    head: float | None
    base: float | None


def tabulate_chart(pair: ChartPair, *, base_label: str, most: int) -> Told | None:
    """Give the most confused classes, or the largest bars; None for what says nothing in so few numbers."""
    match pair.head or pair.base:
        case Matrix():
            grid = grid_of(pair)
            return _write(pair, _cell_heads(grid), _cells(grid, rank_cells(grid)[:most]), base_label)
        case Bars():
            return _write(pair, ("bar",), _bars(pair, most), base_label)
        case _:
            return None


def number_chart(pair: ChartPair, *, base_label: str) -> Told | None:
    """Give the numbers of a chart, for those who cannot see it and for those who want them; None where there are none.

    A matrix of few classes stands as it is, and a larger one by the cells that changed most; of curves it is their
    heights at even places, of scattered points how they are spread.
    """
    match pair.head or pair.base:
        case Matrix():
            return _number_matrix(pair, base_label)
        case Bars():
            return _write(pair, ("bar",), _bars(pair, MOST_BARS), base_label, with_change=True)
        case Histogram():
            return _number_histogram(pair, base_label)
        case Points(is_line=True):
            return _number_line(pair, base_label)
        case _:
            return _number_cloud(pair, base_label)


def _number_matrix(pair: ChartPair, base_label: str) -> Told | None:
    grid = grid_of(pair)
    if max(len(grid.rows), len(grid.columns)) > WHOLE_MATRIX:
        places = rank_changes(grid) or rank_cells(grid)
        return _write(pair, _cell_heads(grid), _cells(grid, places[:MOST_CELLS]), base_label, with_change=True)
    what = "true, by what it was taken for" if grid.is_square else "row, by column"
    both = f" ({base_label} → here where they differ)" if len(grid.sides) > 1 else ""
    rows = tuple(
        (shorten_middle(label, LABEL_LENGTH), *(_write_cell(grid, (row, at)) for at in range(len(grid.columns))))
        for row, label in enumerate(grid.rows)
    )
    return Told((f"{what}{both}", *(shorten_middle(label, MOST_CHARACTERS) for label in grid.columns)), rows)


def _write_cell(grid: Grid, place: tuple[int, int]) -> str:
    head, base = values_at(grid, place)
    if head is None or base is None or head == base:
        return format_number(base if head is None else head)
    numbers = format_pair(base, head)
    return f"{numbers.base} → {numbers.head}"


def _cell_heads(grid: Grid) -> tuple[str, str]:
    return ("true", "taken for") if grid.is_square else ("row", "column")


def _cells(grid: Grid, places: Sequence[tuple[int, int]]) -> list[Row]:
    return [Row(names_at(grid, place), *values_at(grid, place)) for place in places]


def _bars(pair: ChartPair, most: int) -> list[Row]:
    return [Row((shorten_middle(label, LABEL_LENGTH),), ours, theirs) for label, ours, theirs in list_bars(pair, most)]


def _number_histogram(pair: ChartPair, base_label: str) -> Told | None:
    """Give the bins; where those of the sides do not fit on each other, how the numbers are spread."""
    head, base = (merge_bins(side, MOST_BINS) if side else None for side in sides_of(pair, Histogram))
    one = head or base
    if one is None:
        return None
    shared = share_edges(head, base) if head and base else None
    if head and base and not shared:
        return _number_spread(pair, head, base, base_label)
    edges = shared.edges if shared else one.edges
    ours = shared.head if shared else head.counts if head else [None] * (len(edges) - 1)
    theirs = shared.base if shared else base.counts if base else [None] * (len(edges) - 1)
    rows = [
        Row((f"{left} to {right}",), here, there)
        for (left, right), here, there in zip(pairwise(format_ticks(edges)), ours, theirs, strict=True)
    ]
    return _write(pair, (shorten_middle(one.x_label, LABEL_LENGTH),), rows, base_label, with_change=True)


def _number_spread(pair: ChartPair, head: Histogram, base: Histogram, base_label: str) -> Told | None:
    rows = [Row((name,), find_quantile(head, share), find_quantile(base, share)) for name, share in QUARTERS]
    rows = [Row(("how many",), count_all(head), count_all(base)), *rows]
    return _write(pair, (shorten_middle(head.x_label, LABEL_LENGTH),), rows, base_label)


def _number_line(pair: ChartPair, base_label: str) -> Told | None:
    """Give the height of both sides at even places between the ends, and what the curve comes to."""
    head, base = sides_of(pair, Points)
    sides = [side for side in (head, base) if side]
    known = [[place for place in zip(side.x, side.y, strict=True) if all(map(is_drawable, place))] for side in sides]
    xs = [x for points in known for x, _ in points]
    if not xs:
        return None
    low, high = min(xs), max(xs)
    places = [low + (high - low) * part / PLACES for part in range(PLACES + 1)] if low < high else [low]
    heights = zip(places, read_heights(head, places), read_heights(base, places), strict=True)
    rows = [Row((format_number(place),), ours, theirs) for place, ours, theirs in heights]
    one = sides[0]
    scores = [find_score(side) if side else None for side in (head, base)]
    if any(score is not None for score in scores):
        rows.append(Row((str(find_known(one) or "area"),), scores[0], scores[1]))
    x, y = (shorten_middle(name_axis(label), LABEL_LENGTH) for label in (one.x_label, one.y_label))
    return _write(pair, (f"{y} at {x}",), rows, base_label, with_change=True)


def read_heights(side: Points | None, places: Sequence[float]) -> list[float | None]:
    """Read a line at places: between its neighbours, the highest where it rises straight up; None outside of it.

    Shapes: (n,) to (n,).
    """
    sides = zip(side.x, side.y, strict=True) if side else ()
    points = sorted(point for point in sides if all(map(is_drawable, point)))
    return [_height_at(points, place) for place in places]


def _height_at(points: Sequence[tuple[float, float]], x: float) -> float | None:
    """Read rising points at a place."""
    if not points or not points[0][0] <= x <= points[-1][0]:
        return None
    at = bisect_left(points, (x,))
    same = [y for place, y in points[at:] if place == x]
    if same:
        return max(same)
    (left, low), (right, high) = points[at - 1 : at + 1]
    return low + (high - low) * ((x - left) / (right - left))


def _number_cloud(pair: ChartPair, base_label: str) -> Told | None:
    """Give how many points there are, and how their numbers are spread on both axes."""
    head, base = sides_of(pair, Points)
    one = head or base
    if one is None:
        return None
    rows = [Row(("points", "how many"), len(head.x) if head else None, len(base.x) if base else None)]
    for axis, label in (("x", one.x_label), ("y", one.y_label)):
        sorts = [_sorted(getattr(side, axis)) if side else [] for side in (head, base)]
        rows += [
            Row((shorten_middle(label, LABEL_LENGTH), name), _at(sorts[0], share), _at(sorts[1], share))
            for name, share in QUARTERS
        ]
    return _write(pair, ("of", "what"), rows, base_label)


def _sorted(values: Sequence[float]) -> list[float]:
    return sorted(filter(is_drawable, values))


def _at(values: Sequence[float], share: float) -> float | None:
    return values[round(share * (len(values) - 1))] if values else None


def _write(
    pair: ChartPair, names: tuple[str, ...], rows: Sequence[Row], base_label: str, *, with_change: bool = False
) -> Told | None:
    """Write the base, the head and the change, as far as they are there, in digits that tell them apart."""
    if not rows:
        return None
    kept = (bool(pair.base), bool(pair.head), with_change and bool(pair.base and pair.head))
    heads = [head for head, is_kept in zip((base_label, "here", "change"), kept, strict=True) if is_kept]
    written = []
    for row in rows:
        numbers = format_pair(row.base, row.head, unit_of(pair))
        cells = (numbers.base, numbers.head, numbers.change)
        written.append((*row.names, *(cell for cell, is_kept in zip(cells, kept, strict=True) if is_kept)))
    return Told((*names, *heads), tuple(written))
