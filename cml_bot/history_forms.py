"""The history of main in words and in its forms; the one for the terminal is in `terminal.py`.

What `describe` gives is plain text with foreign names in it: each form escapes it for the place it stands in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.as_json import SCHEMA, drift_table, lay_out
from cml_bot.escape import clean, escape
from cml_bot.filters import format_beside, format_number, format_pair, format_spread, plural
from cml_bot.names import name_of, shared_names
from cml_bot.stats.band import LARGEST
from cml_bot.wording_noise import OUTLIER, draw_runs, tell_drift
from cml_bot.wording_rows import ARROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cml_bot.history_table import History, HistoryRow, LevelShift
    from cml_bot.model import Run

SHIFT, GAP = "|", "·"
LEGEND = {OUTLIER: "an outlier, left out of the band", SHIFT: "a shift of the level", GAP: "no number that counts"}
NAMED = 3
"""Commits of a kind that a cell names; the others are counted."""
HEADS = ("metric", "runs", "last", "band", "oldest to last", "")
WIDEST_NAME = 1000
"""Characters of a name in CSV, where another program is to know it again."""
FORMULA = re.compile(r"""(?:^|(?<=[,;\t]))(?=[\s"]*[=+\-@＝＋－＠])""")
"""Where a spreadsheet would see a formula begin, in any width: also behind what separates cells in other countries.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""


class Cells(NamedTuple):
    """One row of the table."""

    name: str
    runs: str
    last: str
    band: str
    course: str
    words: str


class Described(NamedTuple):
    """A history in words: what stands above the table, in it, and below it."""

    title: str
    rows: tuple[Cells, ...]
    legend: str
    """What the signs in the small lines mean; empty where there are none."""
    drifts: tuple[str, ...]


def describe(history: History) -> Described:
    """Put a history into words."""
    shared = shared_names(row.key for row in history.rows)
    rows = tuple(_fill(row, shared) for row in history.rows)
    signs = [f"{sign} is {means}" for sign, means in LEGEND.items() if any(sign in row.course for row in rows)]
    return Described(
        title=tell_title(history),
        rows=rows,
        legend="; ".join(signs),
        drifts=tuple(tell_drift(drift, shared) for drift in history.drifts),
    )


def tell_title(history: History) -> str:
    """Say which runs these are; empty where there are none."""
    if not history.runs:
        return ""
    first, last = _name_run(history.runs[0]), _name_run(history.runs[-1])
    if len(history.runs) == 1:
        return f"{history.name}: 1 run of main, {last}"
    return f"{history.name}: the last {plural(len(history.runs), 'run')} of main, {first} to {last}"


def _name_run(run: Run) -> str:
    return f"{run.sha[:7]} of {run.created[:10]}" if run.created else run.sha[:7]


def _fill(row: HistoryRow, shared: frozenset[str]) -> Cells:
    last, band = write_numbers(row)
    return Cells(
        name=f"{clean(name_of(row.key, shared))} {ARROWS[row.goal]}".strip(),
        runs=format_number(row.n),
        last=last,
        band=band,
        course=_draw(row),
        words="; ".join(tell_special(row)),
    )


def write_numbers(row: HistoryRow) -> tuple[str, str]:
    """Give the last value and the band, with the decimals that the noise has."""
    last = row.values[-1]
    if row.level is None or not row.noise:
        pair = format_pair(row.level, last, row.unit)
        return pair.head, "" if row.level is None else pair.base
    # The unit stands once; noise of a percentage is in points, so there both need theirs.
    unit = row.unit if row.unit.strip() == "%" else ""
    level = format_beside(row.level, row.noise, unit)
    return format_beside(last, row.noise, row.unit), f"{level} {format_spread(row.noise, row.unit)}"


def _draw(row: HistoryRow) -> str:
    shifts = {shift.sha for shift in row.shifts}
    values = [float(point.value) if point.counts and point.value is not None else float("nan") for point in row.course]
    signs = draw_runs(values, [point.sha in row.outliers for point in row.course])
    return "".join(
        f"{SHIFT if point.sha in shifts else ''}{sign}" for point, sign in zip(row.course, signs, strict=True)
    )


def tell_special(row: HistoryRow) -> Iterator[str]:
    """Say what is out of the ordinary in the course of a metric, one part of a sentence each."""
    if row.values[-1] is None:
        yield "not in the last run"
    if row.noise == 0:
        yield "deterministic"
    if row.missing:
        yield f"{plural(row.missing, 'more run')} until there is a band"
    if row.outliers:
        yield f"{'outlier' if len(row.outliers) == 1 else 'outliers'} at {_list_commits(row.outliers)}"
    yield from map(_tell_shift, row.shifts[-NAMED:])
    if len(row.shifts) > NAMED:
        yield f"{plural(len(row.shifts) - NAMED, 'shift')} before that"
    left_out = [(point.sha, point.value) for point in row.course if point.value is not None and not point.counts]
    odd = [f"{format_number(value)} at {sha[:7]}" for sha, value in left_out if not abs(value) < LARGEST]
    if odd:
        yield f"left out: {_join(odd)}"
    if len(left_out) > len(odd):
        yield f"left out: {plural(len(left_out) - len(odd), 'run')} of another number of trainings"


def _tell_shift(shift: LevelShift) -> str:
    pair = format_pair(shift.before, shift.after)
    return f"level shifted at {shift.sha[:7]} ({pair.base} → {pair.head})"


def _list_commits(commits: Sequence[str]) -> str:
    return _join([sha[:7] for sha in commits])


def _join(parts: Sequence[str]) -> str:
    more = [f"{len(parts) - NAMED} more"] if len(parts) > NAMED else []
    return ", ".join([*parts[:NAMED], *more])


def render_history(history: History) -> str:
    """Write a history as Markdown."""
    told = describe(history)
    blocks = [f"**{escape(told.title, 300)}**"] if told.title else []
    if told.rows:
        table = [HEADS, (":--", "--:", "--:", "--:", ":--", ":--"), *map(_escape_cells, told.rows)]
        blocks.append("\n".join(f"| {' | '.join(cells)} |" for cells in table))
    if told.legend:
        blocks.append(escape(told.legend, 300))
    lines = [*(f"⚠️ {escape(line, 600)}" for line in told.drifts), *(escape(line, 600) for line in history.notes)]
    if lines:
        blocks.append("\n".join(f"- {line}" for line in lines))
    return "\n\n".join(blocks) + "\n"


def _escape_cells(cells: Cells) -> tuple[str, ...]:
    return tuple(escape(cell, 600) if cell else "" for cell in cells)


def dump_history(history: History) -> str:
    """Write a history as JSON: a form that other programs may rely on."""
    return lay_out(
        {
            "schema": SCHEMA,
            "name": history.name,
            "runs": [{"sha": run.sha, "created": run.created, "build_url": run.build_url} for run in history.runs],
            "metrics": [_row_table(row) for row in history.rows],
            "drifts": [drift_table(drift) for drift in history.drifts],
            "notes": list(history.notes),
        }
    )


def _row_table(row: HistoryRow) -> dict[str, object]:
    return {
        "group": row.key.group,
        "name": row.key.name,
        "unit": row.unit,
        "goal": row.goal,
        "values": row.values,
        "level": row.level,
        "noise": row.noise,
        "low": row.low,
        "high": row.high,
        "n": row.n,
        "outliers": row.outliers,
        "shifts": [shift.sha for shift in row.shifts],
    }


def write_csv(history: History) -> str:
    """Write one row a run and one column a metric, text in quotes; a cell is empty where the run lacks the metric."""
    shared = shared_names(row.key for row in history.rows)
    names = (name_of(row.key, shared) for row in history.rows)
    lines = [[_as_cell(text) for text in ("sha", "created", *names)]]
    for place, run in enumerate(history.runs):
        values = [row.values[place] for row in history.rows]
        numbers = ["" if value is None else repr(value) for value in values]
        lines.append([_as_cell(run.sha), _as_cell(run.created), *numbers])
    return "".join(f"{','.join(line)}\n" for line in lines)


def _as_cell(text: str) -> str:
    """Quote foreign text, so that it stays one cell; what spreadsheets take for a formula begins with an apostrophe."""
    line = clean(text, WIDEST_NAME) if text else ""
    quoted = FORMULA.sub("'", line).replace('"', '""')
    return f'"{quoted}"'
