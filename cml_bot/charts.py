"""Charts made fit to be kept and compared: whole, of a bounded size, and the same labels on both sides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from cml_bot.bins import LARGEST, is_rising, merge_bins
from cml_bot.model import Bars, ChartPair, Histogram, Matrix, Points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cml_bot.model import Chart

MOST_CHARTS = 200
"""Of one run, in a record or bundle."""
MOST_CLASSES = 100
"""Rows, and columns, of a matrix."""
MOST_BARS = 500
MOST_POINTS = 500

Side = tuple[float, ...]
Cells = tuple[Side, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A matrix of both sides over the same labels."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    head: Cells | None
    """Shape (rows, columns); what a side has no label for is 0 there."""
    base: Cells | None

    @property
    def is_square(self) -> bool:
        """Whether rows and columns are the same classes, so that the diagonal is what is right."""
        return self.rows == self.columns

    @property
    def sides(self) -> tuple[Cells, ...]:
        """Those that are there, the head first."""
        return tuple(side for side in (self.head, self.base) if side is not None)


def is_whole(chart: Chart) -> bool:
    """Whether a chart holds something, and as many numbers as its labels or its other axis."""
    match chart:
        case Matrix():
            is_even = all(len(row) == len(chart.columns) for row in chart.values)
            return bool(chart.rows and chart.columns) and len(chart.values) == len(chart.rows) and is_even
        case Bars():
            return 0 < len(chart.labels) == len(chart.values)
        case Points():
            return 0 < len(chart.x) == len(chart.y)
        case Histogram():
            return 0 < len(chart.counts) == len(chart.edges) - 1 and is_rising(chart.edges)


def bound_chart(chart: Chart) -> Chart:
    """Give a chart of a size that can be kept for good: the most confused classes, the largest bars, fewer points.

    One that is small enough stays as it is.
    """
    match chart:
        case Matrix():
            if max(len(chart.rows), len(chart.columns)) <= MOST_CLASSES:
                return chart
            grid = choose_labels(make_grid(chart, None), MOST_CLASSES)
            return replace(chart, rows=grid.rows, columns=grid.columns, values=grid.head or ())
        case Bars():
            kept = choose_bars(chart, None, MOST_BARS)
            values = dict(zip(chart.labels, chart.values, strict=True))
            return chart if len(chart.labels) <= MOST_BARS else _with_bars(chart, {key: values[key] for key in kept})
        case Points():
            return _bound_points(chart)
        case Histogram():
            return merge_bins(chart)


def thin_line(x: Sequence[float], y: Sequence[float], most: int = MOST_POINTS) -> tuple[Side, Side]:
    """Keep points at even distances along the curve, measured in parts of its width and height; the ends are kept.

    Where it bends, it keeps as many as where it runs straight: no stretch is much longer than a part of the whole.

    Example:
        >>> thin_line([0.0, 0.1, 0.2, 0.9, 1.0], [0.0, 0.1, 0.2, 0.9, 1.0], most=3)
        ((0.0, 0.9, 1.0), (0.0, 0.9, 1.0))
    """
    if len(x) <= most:
        return tuple(x), tuple(y)
    width, height = _span(x), _span(y)
    part = sum(_lengths(x, y, width, height)) / (most - 1)
    kept, gone = [0], 0.0
    for place, length in enumerate(_lengths(x, y, width, height), start=1):
        gone += length
        if gone >= part * len(kept) and len(kept) < most - 1 and place < len(x) - 1:
            kept.append(place)
    kept.append(len(x) - 1)
    return tuple(x[place] for place in kept), tuple(y[place] for place in kept)


def bound_pair(pair: ChartPair) -> ChartPair:
    """Bound both sides to the same labels: a record of main may hold a part of what is here."""
    head, base = pair.head, pair.base
    if isinstance(head, Matrix) and isinstance(base, Matrix) and _is_large(head, base):
        rows = [row for row in head.rows if row in set(base.rows)]
        columns = [column for column in head.columns if column in set(base.columns)]
        grid = _choose_common(make_grid(head, base), rows, columns)
        return replace(pair, head=_with_cells(head, grid, grid.head), base=_with_cells(base, grid, grid.base))
    return replace(pair, head=head and bound_chart(head), base=base and bound_chart(base))


def count_numbers(chart: Chart) -> int:
    """Count what a chart holds."""
    match chart:
        case Matrix():
            return sum(map(len, chart.values))
        case Bars():
            return len(chart.values)
        case Points():
            return len(chart.y)
        case Histogram():
            return len(chart.counts)


def make_grid(head: Matrix | None, base: Matrix | None) -> Grid:
    """Put both sides of a matrix over the same labels; over the same classes where rows and columns have any alike."""
    sides = [side for side in (head, base) if side is not None]
    rows = list(dict.fromkeys(label for side in sides for label in side.rows))
    columns = list(dict.fromkeys(label for side in sides for label in side.columns))
    if not set(rows).isdisjoint(columns):
        rows = columns = list(dict.fromkeys([*rows, *columns]))
    cells = [None if side is None else _cells_of(side, rows, columns) for side in (head, base)]
    return Grid(rows=tuple(rows), columns=tuple(columns), head=cells[0], base=cells[1])


def choose_labels(grid: Grid, most: int) -> Grid:
    """Keep so many classes, those that are confused most; of what is no square the largest rows and columns."""
    of_rows, of_columns = _sums(grid)
    if grid.is_square:
        kept = _largest([row + column for row, column in zip(of_rows, of_columns, strict=True)], most)
        return _pick(grid, kept, kept)
    return _pick(grid, _largest(of_rows, most), _largest(of_columns, most))


def choose_bars(head: Bars | None, base: Bars | None, most: int) -> tuple[str, ...]:
    """Name the labels of the largest bars of both sides: the largest first, or as they stand where order counts."""
    sizes: dict[str, float] = {}
    for side in (head, base):
        for label, value in zip(side.labels, side.values, strict=True) if side else ():
            sizes[label] = max(sizes.get(label, 0.0), size_of(value))
    labels = list(sizes)
    # What the head says of a label counts before what the base did.
    ours = {label: size_of(value) for label, value in zip(head.labels, head.values, strict=True)} if head else sizes
    kept = set(sorted(labels, key=sizes.__getitem__, reverse=True)[:most])
    shown = [label for label in labels if label in kept]
    one = head or base
    if one is None or one.is_ordered:
        return tuple(shown)
    return tuple(sorted(shown, key=lambda label: (ours.get(label, 0.0), sizes[label]), reverse=True))


def size_of(value: float) -> float:
    """Give how far a number is from 0; what cannot be drawn has no size."""
    return abs(value) if is_drawable(value) else 0.0


def is_drawable(value: float) -> bool:
    """Whether a number is finite, and small enough to be added to and multiplied with others.

    Example:
        >>> is_drawable(-1.5), is_drawable(float("nan")), is_drawable(10**400)
        (True, False, False)
    """
    return abs(value) < LARGEST


def _bound_points(chart: Points) -> Points:
    """Leave points along the line, or of a cloud every so many in their order, both ends among them."""
    total = len(chart.x)
    if total <= MOST_POINTS:
        return chart
    # Where one is no number, there is no length.
    if chart.is_line and all(map(is_drawable, (*chart.x, *chart.y))):
        x, y = thin_line(chart.x, chart.y)
        return replace(chart, x=x, y=y)
    kept = [place * (total - 1) // (MOST_POINTS - 1) for place in range(MOST_POINTS)]
    return replace(chart, x=tuple(chart.x[at] for at in kept), y=tuple(chart.y[at] for at in kept))


def _span(values: Sequence[float]) -> float:
    span = max(values) - min(values)
    return span or 1.0


def _lengths(x: Sequence[float], y: Sequence[float], width: float, height: float) -> Iterator[float]:
    """Yield how far it is from each point to the next."""
    for (x_0, x_1), (y_0, y_1) in zip(pairwise(x), pairwise(y), strict=True):
        yield abs(x_1 - x_0) / width + abs(y_1 - y_0) / height


def _is_large(head: Matrix, base: Matrix) -> bool:
    return max(len(labels) for side in (head, base) for labels in (side.rows, side.columns)) > MOST_CLASSES


def _choose_common(grid: Grid, rows: Sequence[str], columns: Sequence[str]) -> Grid:
    row_at = {label: at for at, label in enumerate(grid.rows)}
    column_at = {label: at for at, label in enumerate(grid.columns)}
    if grid.is_square:
        columns = rows = [label for label in rows if label in set(columns)]
    return choose_labels(
        _pick(grid, [row_at[label] for label in rows], [column_at[label] for label in columns]), MOST_CLASSES
    )


def _with_cells(chart: Matrix, grid: Grid, cells: Cells | None) -> Matrix:
    return replace(chart, rows=grid.rows, columns=grid.columns, values=cells or ())


def _with_bars(chart: Bars, bars: dict[str, float]) -> Bars:
    return replace(chart, labels=tuple(bars), values=tuple(bars.values()))


def _cells_of(side: Matrix, rows: Sequence[str], columns: Sequence[str]) -> Cells:
    """Shape (rows, columns)."""
    known = {
        label: dict(zip(side.columns, row, strict=True)) for label, row in zip(side.rows, side.values, strict=True)
    }
    return tuple(tuple(known.get(row, {}).get(column, 0.0) for column in columns) for row in rows)


def _sums(grid: Grid) -> tuple[list[float], list[float]]:
    """Sum every row and every column, on both sides; in a square the diagonal does not count, which is right."""
    of_rows, of_columns = [0.0] * len(grid.rows), [0.0] * len(grid.columns)
    for side in grid.sides:
        for row, line in enumerate(side):
            for column, value in enumerate(line):
                if value and not (grid.is_square and row == column):
                    of_rows[row] += size_of(value)
                    of_columns[column] += size_of(value)
    return of_rows, of_columns


def _largest(sums: Sequence[float], most: int) -> list[int]:
    """Give the places of the largest sums, in their order; of equal ones the first."""
    return sorted(sorted(range(len(sums)), key=lambda at: -sums[at])[:most])


def _pick(grid: Grid, rows: Sequence[int], columns: Sequence[int]) -> Grid:
    picked = [
        None if side is None else tuple(tuple(side[row][column] for column in columns) for row in rows)
        for side in (grid.head, grid.base)
    ]
    return Grid(
        rows=tuple(grid.rows[row] for row in rows),
        columns=tuple(grid.columns[column] for column in columns),
        head=picked[0],
        base=picked[1],
    )
