"""What dvc.yaml draws by a template that is no line: confusion matrices, bars and scatter plots.

Rows come from CSV, TSV, JSON or YAML; which columns count says dvc.yaml.

Source: https://dvc.org/doc/user-guide/experiment-management/visualizing-plots#plot-templates-data-series-only
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING

from cml_bot.charts import MOST_POINTS, bound_chart
from cml_bot.errors import InputError
from cml_bot.filters import format_number, plural
from cml_bot.model import Bars, Matrix, Note, Points
from cml_bot.readers._course import Course
from cml_bot.readers._document import find_rows
from cml_bot.readers._header import parse_header
from cml_bot.readers._names import some, tidy
from cml_bot.readers._numbers import as_double, as_number, is_missing
from cml_bot.readers._rows import begin_rows, whole_rows
from cml_bot.readers._table import MOST_COLUMNS
from cml_bot.readers._text import open_text, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cml_bot.model import Observation

    Row = Mapping[str, object]

CONFUSION = ("confusion", "confusion_normalized")
BARS = ("bar_horizontal", "bar_horizontal_sorted")
SCATTER = ("scatter", "scatter_jitter")
TEMPLATES = (*CONFUSION, *BARS, *SCATTER)
"""DVC's names of the templates that are drawn here."""
_MOST_LABELS = 1_000
_MOST_BARS = 10_000
_MOST_HELD = 40 * MOST_POINTS
"""Points that are held at once."""
_USUAL = ("actual", "predicted")
"""The columns that DVCLive writes for a confusion matrix."""


def read_plot(path: Path, template: str, x: str | None = None, y: Sequence[str] = ()) -> Iterator[Observation]:
    """Yield the chart that a template makes of a file's rows, and a note of what was left out.

    Args:
        path: the file.
        template: one of TEMPLATES.
        x: the column of what is true, of the length of bars, or of a point's place.
        y: the columns of what was predicted, of the names of bars, or of the points' heights.

    Raises:
        InputError: the file as a whole cannot be read, or holds no rows.
    """
    notes: list[Note] = []
    rows = _read_rows(path, notes)
    first = next(rows, None)
    if first is None:
        yield from notes or [Note(text="holds no rows to draw. Write a list of rows with named columns.")]
        return
    ours, theirs, lost = _choose_columns(template, x, y, tuple(first))
    if lost:
        cure = "Correct x and y in dvc.yaml."
        yield Note(text=f"columns that are not there, to be drawn as {template}: {some(lost)}. {cure}")
        return
    name = tidy(path.stem)
    columns = [(other, name if len(first) < 3 and len(theirs) == 1 else f"{name}/{other}") for other in theirs]
    rows = chain([first], rows)
    if template in CONFUSION:
        is_shares = template != CONFUSION[0]
        # The same file may be drawn by both templates.
        yield from _confusion(rows, ours, theirs[0], f"{name}, normalized" if is_shares else name, is_shares=is_shares)
    elif template in BARS:
        own = name if len(first) < 3 else f"{name}/{ours}"
        yield from _bars(rows, ours, theirs[0], own, is_ordered=template == BARS[0])
    else:
        yield from _points(rows, ours, columns, is_jittered=template != SCATTER[0])
    yield from notes


def read_lines(path: Path, y: Sequence[str] = ()) -> Iterator[Observation]:
    """Yield columns over the number of the row, as DVC draws them where nobody names an x.

    Args:
        path: the file.
        y: the columns; the last one when there are none.

    Raises:
        InputError: the file as a whole cannot be read, or holds no rows.
    """
    notes: list[Note] = []
    courses: dict[str, Course] = {}
    for place, row in enumerate(_read_rows(path, notes)):
        for name in y or tuple(row)[-1:]:
            value = as_double(row.get(name))
            if value is not None and (name in courses or len(courses) < MOST_COLUMNS):
                courses.setdefault(name, Course()).add(place, value)
    yield from (course.series(tidy(name), "step") for name, course in courses.items())
    if not courses:
        yield Note(text="holds no numbers to draw. Correct y in dvc.yaml.")
    yield from notes


def _choose_columns(
    template: str, x: str | None, y: Sequence[str], there: Sequence[str]
) -> tuple[str, tuple[str, ...], list[str]]:
    """Choose both axes, and name the columns that are wanted and not there."""
    if template in CONFUSION and (x is None or not y):
        x, y = x or _USUAL[0], y or _USUAL[1:]
    elif x is None or not y:
        # A file of two columns leaves no doubt, except which of them is text.
        others = [name for name in there if name != x and name not in y]
        x, y = x or next(iter(others), None), y or others[-1:]
    wanted = [x or "x", *y] if y else [x or "x", "y"]
    return x or "", tuple(y), [name for name in wanted if name not in there]


def _read_rows(path: Path, notes: list[Note]) -> Iterator[Row]:
    """Yield the rows of a file by the names of its columns; what is not whole is noted."""
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        yield from _read_table(path, notes)
        return
    if suffix == ".json":
        from cml_bot.readers.json_file import parse_json

        document, _ = parse_json(read_text(path), path.name)
    elif suffix in (".yaml", ".yml"):
        from cml_bot.readers._yaml import LARGEST, parse_yaml

        document, _ = parse_yaml(read_text(path, LARGEST), path.name)
    else:
        raise InputError(path.name, "holds no rows that can be drawn", "Write CSV, TSV, JSON or YAML.")
    yield from _find_list(document)


def _find_list(document: object) -> list[dict[str, object]]:
    """Return the first list of rows, as DVC finds it: the document itself, or under one of its keys."""
    rows = find_rows(document)
    if not rows and isinstance(document, dict):
        rows = next((found for value in document.values() if (found := find_rows(value))), [])
    return rows


def _read_table(path: Path, notes: list[Note]) -> Iterator[Row]:
    broken: list[Note] = []
    cut: Counter[str] = Counter()
    with open_text(path) as file:
        first, rows, _, _ = begin_rows(file, path.name, broken)
        header = parse_header(first)
        if header is not None:
            yield from (dict(zip(header.names, row, strict=True)) for row in whole_rows(rows, header, cut))
        elif not broken:
            notes.append(Note(text="the first row holds numbers, so the columns have no names. Write their names."))
    if cut:
        notes.append(Note(text=f"{plural(cut.total(), 'row')} cut; left out. Look whether the job was stopped."))
    notes += broken


def _confusion(rows: Iterable[Row], x: str, y: str, name: str, *, is_shares: bool) -> Iterator[Observation]:
    counts: Counter[tuple[str, str]] = Counter()
    labels: set[str] = set()
    empty = beyond = 0
    for row in rows:
        true, predicted = _label(row.get(x)), _label(row.get(y))
        if not true or not predicted:
            empty += 1
        elif len(labels) + len({true, predicted} - labels) > _MOST_LABELS:
            beyond += 1
        else:
            labels |= {true, predicted}
            counts[true, predicted] += 1
    order = tuple(sorted(labels, key=_natural))
    if order:
        values = tuple(tuple(float(counts[true, predicted]) for predicted in order) for true in order)
        yield Matrix(name=name, rows=order, columns=order, values=values, is_shares=is_shares)
    if empty:
        yield Note(text=f"{plural(empty, 'row')} without {some([x, y])} left out. Write both in every row.")
    if beyond:
        most = format_number(_MOST_LABELS)
        yield Note(text=f"has more than {most} classes; {plural(beyond, 'row')} left out. Are these classes?")


def _bars(rows: Iterable[Row], x: str, y: str, name: str, *, is_ordered: bool) -> Iterator[Observation]:
    bars: dict[str, float] = {}
    twice: list[str] = []
    empty = beyond = 0
    for row in rows:
        label, value = _label(row.get(y)), as_double(row.get(x))
        if not label or value is None:
            empty += 1
        elif len(bars) >= _MOST_BARS and label not in bars:
            beyond += 1
        else:
            twice += [label] if label in bars and len(twice) < _MOST_LABELS else []
            bars[label] = value
    if bars:
        yield Bars(name=name, labels=tuple(bars), values=tuple(bars.values()), is_ordered=is_ordered)
    if empty:
        yield Note(text=f"{plural(empty, 'row')} without a name or a number left out. Write {some([y, x])} in each.")
    if twice:
        yield Note(text=f"bars that stand twice: {some(twice)}; the last one counts. Write each once.")
    if beyond:
        yield Note(
            text=f"has more than {format_number(_MOST_BARS)} bars; {plural(beyond, 'row')} left out. Write fewer."
        )


def _points(
    rows: Iterable[Row], x: str, columns: Sequence[tuple[str, str]], *, is_jittered: bool
) -> Iterator[Observation]:
    held: dict[str, list[tuple[float, float]]] = {y: [] for y, _ in columns}
    lost: Counter[str] = Counter()
    total, every = 0, 1
    for row in rows:
        total += 1
        if (total - 1) % every:
            continue
        place = as_double(row.get(x))
        for y, points in held.items():
            height = as_double(row.get(y))
            if place is None or height is None:
                lost[y] += 1
            else:
                points.append((place, height))
        if max(map(len, held.values()), default=0) >= _MOST_HELD:
            # From here on half as many: what is held stays spread over all rows.
            held, every = {y: list(islice(points, 0, None, 2)) for y, points in held.items()}, every * 2
    for y, name in columns:
        if held[y]:
            xs, ys = zip(*held[y], strict=True)
            yield bound_chart(Points(name=name, x=xs, y=ys, x_label=tidy(x), y_label=tidy(y), is_jittered=is_jittered))
    if total > MOST_POINTS:
        yield Note(text=f"{MOST_POINTS} of {format_number(total)} points are drawn. Write fewer to see each.")
    if lost:
        yield Note(text=f"rows without a number in {some([x, *lost])} left out. Write plain numbers.")


def _label(value: object) -> str:
    """Write the name of a class or bar; empty where there is none."""
    if is_missing(value) or isinstance(value, dict | list):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return tidy(str(value))


def _natural(label: str) -> tuple[bool, float, str]:
    """Sort numbers by their size, and before words."""
    number = as_number(label)
    is_finite = number is not None and abs(number) < _HUGE
    return not is_finite, number if number is not None and is_finite else 0.0, label


_HUGE = 1e300
