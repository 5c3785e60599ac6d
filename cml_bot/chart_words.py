"""A chart of both sides in one line of words: what a reader would see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cml_bot.bins import count_all, find_quantile
from cml_bot.charts import choose_bars, is_drawable, make_grid, size_of
from cml_bot.draw import NAME_LENGTH, shorten_middle, tell_side
from cml_bot.filters import MISSING, format_number, format_pair, plural
from cml_bot.known_curves import Known, find_known, find_score, have_same_ends, name_axis
from cml_bot.model import Bars, Histogram, Matrix, Points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cml_bot.charts import Cells, Grid
    from cml_bot.model import ChartPair

LABEL_LENGTH = 30
MOST_COUNTED = 1e15
QUARTERS = (0.25, 0.5, 0.75)
KINDS = ("confusion matrix", "matrix", "histogram")
"""Of charts, as their names say it too."""

Kind = TypeVar("Kind", Matrix, Bars, Points, Histogram)


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
        case Histogram():
            said = _tell_histogram(pair, labels)
        case _:
            said = _tell_points(pair, labels)
    missing = labels.head if pair.head is None else labels.base if pair.base is None and base_label else ""
    name = shorten_middle(pair.key.name, NAME_LENGTH)
    said = _drop_kind(said, name)
    verb = "was" if missing == "before" else "is"
    return f"{name}, {said}{f'; it {verb} not there {missing}' if missing else ''}"


def _drop_kind(said: str, name: str) -> str:
    """Leave out what kind of chart it is where its name says so.

    Example:
        >>> _drop_kind("confusion matrix of 2 classes: all right", "test/confusion_matrix")
        '2 classes: all right'
    """
    words = re.sub(r"[\W_]+", " ", name.lower())
    kind = next((kind for kind in KINDS if said.startswith(f"{kind} of ") and kind.split()[0] in words), "")
    return said.removeprefix(f"{kind} of ") if kind else said


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


def rank_changes(grid: Grid) -> list[tuple[int, int]]:
    """Give the places of the cells that differ between the sides, the largest change first."""
    head, base = grid.head, grid.base
    if head is None or base is None:
        return []
    changes = {
        (row, column): abs(ours - theirs)
        for row, lines in enumerate(zip(head, base, strict=True))
        for column, (ours, theirs) in enumerate(zip(*lines, strict=True))
        if is_drawable(ours) and is_drawable(theirs) and ours != theirs
    }
    return sorted(changes, key=lambda place: (-changes[place], place))


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
        row, column = names_at(grid, places[0])
        what = f"most confused: {row} as {column}" if grid.is_square else f"largest: {row}, {column}"
        said.append(f"{what} ({tell_both(*values_at(grid, places[0]), labels)})")
        said += _tell_changed(grid, places[0], labels)
    return ": ".join([said[0], ", ".join(said[1:])]) if said[1:] else said[0]


def _tell_changed(grid: Grid, first: tuple[int, int], labels: Labels) -> list[str]:
    """Name what is confused much more or less often than on main, where both sides hold as much in all."""
    totals = {sum(size_of(value) for line in side for value in line) for side in grid.sides}
    places = [place for place in rank_changes(grid) if not (grid.is_square and place[0] == place[1])]
    if len(totals) > 1 or not places or places[0] == first:
        return []
    row, column = names_at(grid, places[0])
    what = f"{row} as {column}" if grid.is_square else f"{row}, {column}"
    return [f"most changed: {what} ({tell_both(*values_at(grid, places[0]), labels)})"]


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
    bars = list(list_bars(pair, count + len(base.labels) if base else count))
    largest = max(bars, key=lambda bar: size_of(bar[1] if bar[1] is not None else 0.0 if head else bar[2] or 0.0))
    said = f"{plural(count, 'bar')}{others}: largest {_tell_bar(largest, pair, labels)}"
    # What is on one side alone may be there on the other, among the many that are not kept.
    changed = max((bar for bar in bars if None not in bar[1:]), key=_change_of, default=largest)
    if not (head and base) or not _change_of(changed) or changed is largest:
        return said
    return f"{said}, most changed {_tell_bar(changed, pair, labels)}"


def list_bars(pair: ChartPair, most: int) -> Iterator[tuple[str, float | None, float | None]]:
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
    return f"{shorten_middle(label, LABEL_LENGTH)} ({tell_both(*values, labels, unit_of(pair))})"


def _tell_points(pair: ChartPair, labels: Labels) -> str:
    sides = [side for side in sides_of(pair, Points) if side]
    one = sides[0]
    x, y = (shorten_middle(name_axis(label), LABEL_LENGTH) for label in (one.x_label, one.y_label))
    # How many points a curve is kept by says nothing of it.
    known = find_known(one)
    return f"{y} over {x}{'' if known else f', {_tell_counts(pair, labels)}'}: {_tell_course(pair, labels, y)}"


def _tell_counts(pair: ChartPair, labels: Labels) -> str:
    counts = [(len(side.x), label) for side, label in zip(sides_of(pair, Points), labels, strict=True) if side]
    others = f" ({format_number(counts[1][0])} {counts[1][1]})" if len({count for count, _ in counts}) > 1 else ""
    return f"{plural(counts[0][0], 'point')}{others}"


def _tell_course(pair: ChartPair, labels: Labels, y: str) -> str:
    """Say what the curve comes to where that can be compared, else from where to where it goes."""
    head, base = sides_of(pair, Points)
    sides = [side for side in (head, base) if side]
    scores = [find_score(side) if side else None for side in (head, base)]
    is_told = sum(score is not None for score in scores) == len(sides)
    if is_told and (all(side.score is not None for side in sides) or have_same_ends(sides)):
        known = find_known(sides[0])
        what = "area under it" if known in (None, Known.ROC) else known
        return f"{what} {tell_both(scores[0], scores[1], labels)}"
    ranges = [f"{_tell_range(side.y)} {label}" for side, label in zip((head, base), labels, strict=True) if side]
    return f"{y} from {' and '.join(ranges)}"


def _tell_histogram(pair: ChartPair, labels: Labels) -> str:
    """Say how many there are, and where half of them lie."""
    head, base = sides_of(pair, Histogram)
    quarters = [format_pair(_find_quantile(base, share), _find_quantile(head, share)) for share in QUARTERS]
    told = [
        f"from {low} to {high}, the middle at {middle}, {label}"
        for side, label, (low, middle, high) in (
            (head, labels.head, [quarter.head for quarter in quarters]),
            (base, labels.base, [quarter.base for quarter in quarters]),
        )
        if side and low != MISSING
    ]
    counts = [_tell_size(side) for side in (head, base) if side]
    others = f" ({counts[1]} {labels.base})" if len(set(counts)) > 1 else ""
    return (
        f"histogram of {counts[0]} numbers{others}: {'half of them ' if told else 'nothing in it'}{' and '.join(told)}"
    )


def _find_quantile(side: Histogram | None, share: float) -> float | None:
    return find_quantile(side, share) if side else None


def _tell_size(side: Histogram) -> str:
    count = count_all(side)
    return format_number(int(count) if count < MOST_COUNTED and count == count // 1 else count)


def _tell_range(values: Sequence[float]) -> str:
    numbers = [value for value in values if is_drawable(value)]
    if not numbers:
        return "no number"
    pair = format_pair(min(numbers), max(numbers))
    return f"{pair.base} to {pair.head}"


def tell_both(head: float | None, base: float | None, labels: Labels, unit: str = "") -> str:
    """Say a number of each side, as far as it is there, in digits that tell them apart."""
    pair = format_pair(base, head, unit)
    said = [f"{text} {label}" for text, label in ((pair.head, labels.head), (pair.base, labels.base)) if text != "–"]
    return " and ".join(said)


def names_at(grid: Grid, place: tuple[int, int]) -> tuple[str, str]:
    """Name the row and the column of a cell."""
    row, column = place
    return shorten_middle(grid.rows[row], LABEL_LENGTH), shorten_middle(grid.columns[column], LABEL_LENGTH)


def values_at(grid: Grid, place: tuple[int, int]) -> tuple[float | None, float | None]:
    """Give what a cell holds here and on main."""
    row, column = place
    return grid.head[row][column] if grid.head else None, grid.base[row][column] if grid.base else None


def unit_of(pair: ChartPair) -> str:
    """Give the unit of bars, short enough to stand beside a number."""
    one = pair.head or pair.base
    return shorten_middle(one.unit, 20) if isinstance(one, Bars) and one.unit.strip() else ""
