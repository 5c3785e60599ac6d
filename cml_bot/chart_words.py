"""A chart of both sides in one line of words, and as a small table where no picture can be shown."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cml_bot.charts import choose_bars, is_drawable, make_grid, size_of
from cml_bot.draw import NAME_LENGTH, shorten_middle, tell_side
from cml_bot.filters import format_number, format_pair, plural
from cml_bot.model import Bars, Matrix, Points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cml_bot.charts import Cells, Grid
    from cml_bot.model import ChartPair

LABEL_LENGTH = 30
ALIKE = 1e-6
"""Share of its length by which the ends of two lines may differ where what lies under them is compared."""
MOST_COUNTED = 1e15
_NO_AREA = "precision"
"""The area under precision over recall is too good by straight lines; average precision, a metric, is without them."""

Kind = TypeVar("Kind", Matrix, Bars, Points)


class Told(NamedTuple):
    """A table in words; every cell is foreign text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Labels(NamedTuple):
    """What the sides are called in a sentence."""

    head: str
    base: str


def describe_chart(pair: ChartPair, *, head_label: str, base_label: str) -> str:
    """Say in one line what a reader would see: the picture's alternative text.

    Without a base, whose label is empty, it is no news that a chart was not there.
    """
    labels = Labels(tell_side(head_label), tell_side(base_label))
    match pair.head or pair.base:
        case Matrix():
            said = _tell_matrix(grid_of(pair), labels)
        case Bars():
            said = _tell_bars(pair, labels)
        case _:
            said = _tell_points(pair, labels)
    missing = labels.head if pair.head is None else labels.base if pair.base is None and base_label else ""
    name = shorten_middle(pair.key.name, NAME_LENGTH)
    verb = "was" if missing == "before" else "is"
    return f"{name}, {said}{f'; it {verb} not there {missing}' if missing else ''}"


def tabulate_chart(pair: ChartPair, *, base_label: str, most: int) -> Told | None:
    """Give the most confused classes, or the largest bars; None for points, which say nothing one by one."""
    rows: list[tuple[tuple[str, ...], float | None, float | None]]
    heads: tuple[str, ...]
    match pair.head or pair.base:
        case Matrix():
            grid = grid_of(pair)
            heads = ("true", "taken for") if grid.is_square else ("row", "column")
            rows = [(_names_at(grid, place), *_values_at(grid, place)) for place in rank_cells(grid)[:most]]
        case Bars():
            heads = ("bar",)
            rows = [((shorten_middle(label, LABEL_LENGTH),), ours, theirs) for label, ours, theirs in _bars(pair, most)]
        case _:
            return None
    heads = (*heads, *([base_label] if pair.base else []), *(["here"] if pair.head else []))
    return (
        Told(heads, tuple((*names, *_write_sides(pair, ours, theirs)) for names, ours, theirs in rows))
        if rows
        else None
    )


def sides_of(pair: ChartPair, kind: type[Kind]) -> tuple[Kind | None, Kind | None]:
    """Give the head and the base of a pair that is of a kind; None for a side that is not there."""
    head, base = (side if isinstance(side, kind) else None for side in (pair.head, pair.base))
    return head, base


def grid_of(pair: ChartPair) -> Grid:
    """Put the matrices of a pair over the same labels."""
    return make_grid(*sides_of(pair, Matrix))


def rank_cells(grid: Grid) -> list[tuple[int, int]]:
    """Give the places of the cells of a matrix that are not 0, the largest first; in a square what is wrong alone."""
    sizes: dict[tuple[int, int], float] = {}
    for side in grid.sides:
        for row, line in enumerate(side):
            for column, value in enumerate(line):
                if size_of(value) and not (grid.is_square and row == column):
                    sizes[row, column] = max(size_of(value), sizes.get((row, column), 0.0))
    head = grid.head
    ours = {place: size_of(head[place[0]][place[1]]) if head else 0.0 for place in sizes}
    return sorted(sizes, key=lambda place: (-ours[place], -sizes[place], place))


def is_counts(cells: Cells) -> bool:
    """Whether all cells are whole numbers, so that they can be counted together."""
    return all(0 <= value < MOST_COUNTED and value == value // 1 for line in cells for value in line)


def _tell_matrix(grid: Grid, labels: Labels) -> str:
    size = plural(len(grid.rows), "class", "classes") if grid.is_square else f"{len(grid.rows)} × {len(grid.columns)}"
    is_counted = grid.is_square and all(map(is_counts, grid.sides))
    said = [f"confusion matrix of {size}" if grid.is_square else f"matrix of {size}"]
    said += [_tell_right(grid, labels)] if is_counted else []
    places = rank_cells(grid)
    if places:
        row, column = _names_at(grid, places[0])
        what = f"most confused: {row} as {column}" if grid.is_square else f"largest: {row}, {column}"
        said.append(f"{what} ({_tell_both(*_values_at(grid, places[0]), labels)})")
    return ": ".join([said[0], ", ".join(said[1:])]) if said[1:] else said[0]


def _tell_right(grid: Grid, labels: Labels) -> str:
    """Say how many are right, and how many more or fewer than on main where both have as many in all."""
    rights = [sum(side[at][at] for at in range(len(side))) for side in grid.sides]
    totals = [sum(map(sum, side)) for side in grid.sides]
    said = [f"{_count(right)} of {_count(total)} right" for right, total in zip(rights, totals, strict=True)]
    if len(said) == 1:
        return f"{said[0]} {labels.head if grid.head else labels.base}"
    if totals[0] != totals[1]:
        return f"{said[0]} {labels.head} and {said[1].removesuffix(' right')} {labels.base}"
    more = rights[0] - rights[1]
    changed = f"{_count(abs(more))} {'more' if more > 0 else 'fewer'} than" if more else "as many as"
    return f"{said[0]} {labels.head}, {changed} {labels.base}"


def _count(value: float) -> str:
    return format_number(int(value))


def _tell_bars(pair: ChartPair, labels: Labels) -> str:
    head, base = sides_of(pair, Bars)
    one = head or base
    count = len(one.labels) if one else 0
    others = f" ({format_number(len(base.labels))} {labels.base})" if base and len(base.labels) != count else ""
    bars = list(_bars(pair, count + len(base.labels) if base else count))
    largest = max(bars, key=lambda bar: size_of(bar[1] if bar[1] is not None else 0.0 if head else bar[2] or 0.0))
    said = f"{plural(count, 'bar')}{others}: largest {_tell_bar(largest, pair, labels)}"
    # What is on one side alone may be there on the other, among the many that are not kept.
    changed = max((bar for bar in bars if None not in bar[1:]), key=_change_of, default=largest)
    if not (head and base) or not _change_of(changed) or changed is largest:
        return said
    return f"{said}, most changed {_tell_bar(changed, pair, labels)}"


def _bars(pair: ChartPair, most: int) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield the largest bars with their values here and on main."""
    head, base = sides_of(pair, Bars)
    ours, theirs = (dict(zip(side.labels, side.values, strict=True)) if side else {} for side in (head, base))
    yield from ((label, ours.get(label), theirs.get(label)) for label in choose_bars(head, base, most))


def _change_of(bar: tuple[str, float | None, float | None]) -> float:
    head, base = (value if value is not None and is_drawable(value) else 0.0 for value in bar[1:])
    return abs(head - base)


def _tell_bar(bar: tuple[str, float | None, float | None], pair: ChartPair, labels: Labels) -> str:
    label, head, base = bar
    values = head if pair.head else None, base if pair.base else None
    return f"{shorten_middle(label, LABEL_LENGTH)} ({_tell_both(*values, labels, _unit(pair))})"


def _tell_points(pair: ChartPair, labels: Labels) -> str:
    head, base = sides_of(pair, Points)
    one = head or base
    if one is None:
        return "nothing"
    count = plural(len(one.x), "point")
    others = f" ({format_number(len(base.x))} {labels.base})" if base and len(base.x) != len(one.x) else ""
    x, y = (shorten_middle(label, LABEL_LENGTH) for label in (one.x_label, one.y_label))
    areas = [_find_area(side) if side else None for side in (head, base)]
    if all(area is not None for area, side in zip(areas, (head, base), strict=True) if side) and _have_same_ends(
        head, base
    ):
        said = f"area under it {_tell_both(areas[0], areas[1], labels)}"
    else:
        ranges = [f"{_tell_range(side.y)} {label}" for side, label in zip((head, base), labels, strict=True) if side]
        said = f"{y} from {' and '.join(ranges)}"
    return f"{y} over {x}, {count}{others}: {said}"


def _find_area(side: Points) -> float | None:
    """Give the area under a line that goes one way and does not leave numbers; None for everything else."""
    xs = side.x if side.x[0] <= side.x[-1] else side.x[::-1]
    if side.y_label == _NO_AREA or not side.is_line or len(xs) < 2 or not all(map(is_drawable, (*side.x, *side.y))):
        return None
    if any(right < left for left, right in pairwise(xs)) or xs[0] == xs[-1]:
        return None
    steps = zip(pairwise(side.x), pairwise(side.y), strict=True)
    return abs(math.fsum((right - left) * (low / 2 + high / 2) for (left, right), (low, high) in steps))


def _have_same_ends(head: Points | None, base: Points | None) -> bool:
    if head is None or base is None:
        return True
    ends = [(min(side.x), max(side.x)) for side in (head, base)]
    return all(math.isclose(ours, theirs, abs_tol=ALIKE) for ours, theirs in zip(*ends, strict=True))


def _tell_range(values: Sequence[float]) -> str:
    numbers = [value for value in values if is_drawable(value)]
    if not numbers:
        return "no number"
    pair = format_pair(min(numbers), max(numbers))
    return f"{pair.base} to {pair.head}"


def _tell_both(head: float | None, base: float | None, labels: Labels, unit: str = "") -> str:
    pair = format_pair(base, head, unit)
    said = [f"{text} {label}" for text, label in ((pair.head, labels.head), (pair.base, labels.base)) if text != "–"]
    return " and ".join(said)


def _names_at(grid: Grid, place: tuple[int, int]) -> tuple[str, str]:
    row, column = place
    return shorten_middle(grid.rows[row], LABEL_LENGTH), shorten_middle(grid.columns[column], LABEL_LENGTH)


def _values_at(grid: Grid, place: tuple[int, int]) -> tuple[float | None, float | None]:
    row, column = place
    return grid.head[row][column] if grid.head else None, grid.base[row][column] if grid.base else None


def _unit(pair: ChartPair) -> str:
    one = pair.head or pair.base
    return shorten_middle(one.unit, 20) if isinstance(one, Bars) and one.unit.strip() else ""


def _write_sides(pair: ChartPair, head: float | None, base: float | None) -> tuple[str, ...]:
    """Write the base and the head, as far as they are there, in digits that tell them apart."""
    numbers = format_pair(base, head, _unit(pair))
    return (*([numbers.base] if pair.base else []), *([numbers.head] if pair.head else []))
