"""The first table of a report on a terminal: as much of it beside each other as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from cml_bot.console import NO_SYMBOL, fit, say, shorten
from cml_bot.escape import clean
from cml_bot.filters import MISSING, format_spread
from cml_bot.model import Outcome, Trend
from cml_bot.wording_noise import head_noise
from cml_bot.wording_rows import OUTCOMES, TOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from cml_bot.model import Report
    from cml_bot.wording_rows import Row

COLOURS = {Trend.WORSE: "red", Trend.BETTER: "green"}
"""Of what is sure alone. Both can be read on light and on dark ground, as yellow cannot."""
EASY_NAME = 28
"""Cells of a name before something else gives way to it."""
SHORTEST_NAME = 12
"""Cells that a name is cut down to before the table becomes blocks."""
GAP = 2


class Form(NamedTuple):
    """What a row says beside the name and both numbers."""

    has_commits: bool = False
    says_gate: bool = False
    has_runs: bool = False
    """The small line of main's runs; else the width of the noise alone."""
    has_noise: bool = False
    has_percent: bool = True
    """The change in percent beside the change."""


FORMS = (
    Form(has_commits=True, says_gate=True, has_runs=True, has_noise=True),
    Form(says_gate=True, has_runs=True, has_noise=True),
    Form(says_gate=True, has_noise=True),
    Form(has_noise=True),
    Form(),
    Form(has_percent=False),
)
"""Widest first. What a gate says, and which commits are compared, stands below the table as well."""


def say_rows(console: Console, rows: Sequence[Row], report: Report) -> bool:
    """Print the rows; say whether the commits of both sides stand above them."""
    for form in FORMS:
        name = _widest_name(rows, console)
        room = console.width - _measure(_others(rows, report, form, console))
        wanted = min(name, SHORTEST_NAME if form is FORMS[-1] else EASY_NAME)
        if room >= wanted:
            console.print(_table(rows, report, form, console, room))
            return form.has_commits
    _say_blocks(console, rows, report)
    return False


def _widest_name(rows: Sequence[Row], console: Console) -> int:
    return max(cell_len(fit(_name(row), console)) for row in rows)


def _name(row: Row) -> str:
    return f"{clean(row.name)} {row.arrow}".strip()


def _others(rows: Sequence[Row], report: Report, form: Form, console: Console) -> list[list[str]]:
    """Give all columns but the names, each with its head."""
    base, head = (_head(report, side, form) for side in ("base", "head"))
    columns = [["", *(f"{row.symbol or NO_SYMBOL}{_status(row, form)}" for row in rows)]]
    if report.has_base:
        columns.append([base, *(row.pair.base for row in rows)])
    columns.append([head, *(row.pair.head for row in rows)])
    if report.has_base:
        columns.append(["change", *(row.change if form.has_percent else row.pair.change for row in rows)])
        noise = [_noise(row, form) for row in rows]
        head = head_noise(row.delta for row in rows) if form.has_runs else "noise"
        columns += [[head, *noise]] if any(noise) else []
    return [[fit(cell, console) for cell in column] for column in columns]


def _head(report: Report, side: str, form: Form) -> str:
    label, sha = ("here", report.head.short_sha)
    if side == "base":
        label, sha = clean(report.base.label or "before", 40 if form.has_commits else 12), report.base.short_sha
    return f"{label} {sha}".strip() if form.has_commits else label


def _status(row: Row, form: Form) -> str:
    """What happened; where there is little room, what a gate says stands below the table alone."""
    if form.says_gate or row.check is None:
        return row.status
    if row.delta.trend in TOLD:
        return row.delta.trend.value
    return "waived" if row.is_waived else OUTCOMES[row.outcome][1]


def _noise(row: Row, form: Form) -> str:
    if form.has_runs:
        return clean(row.noise) if row.noise else ""
    return format_spread(row.delta.evidence.noise, row.delta.unit) if form.has_noise else ""


def _measure(columns: Sequence[Sequence[str]]) -> int:
    """Count the cells of all columns and the gaps between them and a name."""
    return sum(max(map(cell_len, column)) + GAP for column in columns)


def _table(rows: Sequence[Row], report: Report, form: Form, console: Console, room: int) -> Table:
    columns = _others(rows, report, form, console)
    columns.insert(1, ["metric", *_shorten_names(rows, console, room)])
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    numbers = range(2, 2 + (3 if report.has_base else 1))
    for place, (head, *_) in enumerate(columns):
        is_name = place == 1
        table.add_column(
            Text(head), justify="right" if place in numbers else "left", overflow="fold", no_wrap=not is_name
        )
    for row, cells in zip(rows, zip(*(cells for _, *cells in columns), strict=True), strict=True):
        table.add_row(*map(Text, cells, _styles(row, report)))
    return table


def _shorten_names(rows: Sequence[Row], console: Console, room: int) -> list[str]:
    """Cut names in the middle, unless two of them would then be one: those go over several lines."""
    names = [fit(_name(row), console) for row in rows]
    short = []
    for row, name in zip(rows, names, strict=True):
        arrow = f" {row.arrow}" if row.arrow else ""
        kept = fit(clean(row.name), console)
        short.append(name if cell_len(name) <= room else shorten(kept, room - cell_len(arrow)) + fit(arrow, console))
    return short if len(set(short)) == len(set(names)) else names


def _styles(row: Row, report: Report) -> list[str]:
    """Give the look of each cell; a change that could be noise has no colour."""
    trend = COLOURS.get(row.delta.trend, "")
    status = "red" if row.outcome is Outcome.FAIL else "magenta" if row.outcome and not row.is_waived else trend
    return [status, "", "", "bold", trend, "dim"] if report.has_base else [status, "", "bold"]


def _say_blocks(console: Console, rows: Sequence[Row], report: Report) -> None:
    """Print each name with what happened to it, and below it both numbers."""
    indent = cell_len(fit(NO_SYMBOL, console))
    if report.has_base:
        say(console, f"{_head(report, 'base', FORMS[-1])} → here (change)", indent=indent, style="dim")
    for row, name in zip(rows, _shorten_names(rows, console, console.width - indent), strict=True):
        status, *_, change = _styles(row, report)[:5]
        say(console, f"{name} · {row.status}", mark=(row.symbol or NO_SYMBOL)[:-1], style=status)
        say(console, _tell_sides(row, report), indent=indent, style=change)


def _tell_sides(row: Row, report: Report) -> str:
    if not report.has_base:
        return row.pair.head
    change = ", ".join(part for part in (row.pair.change, row.pair.relative) if part not in ("", MISSING))
    return f"{row.pair.base} → {row.pair.head}{f' ({change})' if change else ''}"
