"""The report on a terminal: the same rows and words as everywhere, drawn by rich. Plain text when piped."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cml_bot.chart_words import describe_chart
from cml_bot.escape import clean
from cml_bot.filters import plural
from cml_bot.history_forms import HEADS, describe
from cml_bot.model import Outcome, Trend
from cml_bot.names import shared_names
from cml_bot.views import labels_of, titled_charts
from cml_bot.wording import rank, second_line, tell_check, tell_next
from cml_bot.wording_counts import first_line, fold_titles
from cml_bot.wording_noise import UNTRUSTED, tell_drift
from cml_bot.wording_rows import OUTCOMES, sort_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.history_forms import Cells
    from cml_bot.history_table import History
    from cml_bot.model import Report
    from cml_bot.wording_rows import Row, Rows

PIPED_WIDTH = 160
"""Wide enough that no row of a pipe or a log breaks."""
COLOURS = {Trend.WORSE: "red", Trend.BETTER: "green", Trend.UNCLEAR: "yellow"}
SHOWN_NOTES = 10
SHOWN_CHARTS = 3
WORDS = 40
"""Columns that what is special of a metric needs beside the numbers."""
BARS = 20
"""Of a metric's history, where there is no room for more."""


def render_terminal(report: Report, file: TextIO) -> str:
    """Give, for a terminal or a pipe, what a reviewer decides by, and count what is folded elsewhere."""
    console = open_console(file)
    with console.capture() as text:
        _say_all(console, report)
    return text.get()


def _say_all(console: Console, report: Report) -> None:
    rows = sort_rows(report)
    symbol, line = first_line(report, rows)
    sentence = second_line(report, rows)
    _say(console, f"\n{symbol} {clean(line, 300)}", style="bold")
    name = f"{clean(sentence.name)} " if sentence.name else ""
    _say(console, f"{name}{clean(sentence.text, 600)}")
    shared = shared_names(delta.key for delta in report.deltas)
    drifts = [tell_drift(drift, shared) for drift in report.drifts]
    if not report.is_trusted:
        _say(console, f"Note: {UNTRUSTED}", style="yellow")
    for text in (*report.like_for_like, *drifts, *report.broken, *report.unread):
        _say(console, f"⚠️ {clean(text, 400)}", style="yellow")
    if rows.first:
        console.print(_table(rows.first, report))
    _say_checks(console, report)
    for text in tell_next(report, rows.first):
        _say(console, f"{'❔ ' if report.has_base else ''}{clean(text, 400)}", style="dim")
    if report.deltas and not report.has_base and report.base.source not in sentence.text:
        _say(console, f"Compared with nothing: {clean(report.base.source, 400)}", style="dim")
    _say_charts(console, report)
    _say(console, _count_rest(report, rows), style="dim")
    for note in report.notes[:SHOWN_NOTES]:
        _say(console, f"· {clean(note, 400)}", style="dim")
    if len(report.notes) > SHOWN_NOTES:
        _say(console, f"· … and {plural(len(report.notes) - SHOWN_NOTES, 'more note')}", style="dim")


def open_console(file: TextIO) -> Console:
    """Make a console that wraps only on a real terminal. ``NO_COLOR`` is honoured by rich."""
    return Console(file=file, width=None if file.isatty() else PIPED_WIDTH, highlight=False, soft_wrap=False)


def _say(console: Console, text: str, style: str = "") -> None:
    """Print foreign text: as Text, so that brackets in it are no markup."""
    if text:
        console.print(Text(text, style=style))


def _table(rows: Sequence[Row], report: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("metric", overflow="fold")
    if report.has_base:
        base = f"{report.base.label or 'before'} {report.base.short_sha}".strip()
        table.add_column(Text(clean(base, 40)), justify="right")
    table.add_column(f"here {report.head.short_sha}".strip(), justify="right")
    if report.has_base:
        table.add_column("change", justify="right")
    has_noise = report.has_base and any(row.noise for row in rows)
    if has_noise:
        table.add_column("noise")
    for row in rows:
        noise = [Text(clean(row.noise) if row.noise else "", style="dim")] if has_noise else []
        table.add_row(*_cells(row, has_base=report.has_base), *noise)
    return table


def _cells(row: Row, *, has_base: bool) -> list[Text]:
    style = "red" if row.outcome is Outcome.FAIL else COLOURS.get(row.delta.trend, "")
    status = Text(f"{row.symbol}{row.status}", style=style)
    name = Text(f"{clean(row.name)} {row.arrow}".strip())
    head = Text(row.pair.head, style="bold")
    return (
        [status, name, Text(row.pair.base), head, Text(row.change, style=style)] if has_base else [status, name, head]
    )


def _say_checks(console: Console, report: Report) -> None:
    for check in sorted(report.verdict.checks, key=rank):
        if check.outcome is not Outcome.PASS:
            is_named = check.key is None or check.gate.pattern in (check.key.name, str(check.key))
            on = "" if is_named else f" on {check.key}"
            _say(
                console,
                f"{OUTCOMES[check.outcome][0]} Gate {clean(check.gate.text + on, 300)} {clean(tell_check(check), 600)}",
            )


def _say_charts(console: Console, report: Report) -> None:
    """Tell the first charts in words."""
    for pair in list(titled_charts(report).values())[:SHOWN_CHARTS]:
        _say(console, clean(describe_chart(pair, **labels_of(report)), 400), style="dim")


def _count_rest(report: Report, rows: Rows) -> str:
    """Say what the folded parts of the other forms hold."""
    parts = list(fold_titles(report, rows).values())
    compared = f"compared with {report.base.label} ({report.base.source})" if report.has_base else ""
    return " · ".join([*parts, clean(compared, 300)] if compared else parts)


def render_history_terminal(history: History, file: TextIO) -> str:
    """Give the history of main for a terminal or a pipe."""
    console, told = open_console(file), describe(history)
    with console.capture() as text:
        _say(console, clean(told.title, 300) if told.title else "", style="bold")
        if told.rows:
            _say_rows(console, told.rows)
        _say(console, told.legend, style="dim")
        for line in told.drifts:
            _say(console, f"⚠️ {clean(line, 600)}", style="yellow")
        for line in history.notes:
            _say(console, f"· {clean(line, 600)}", style="dim")
    return text.get()


def _say_rows(console: Console, rows: Sequence[Cells]) -> None:
    """Print the table; where there is little room the words stand below it, and of the bars there are the last."""
    free = console.options.update(width=10_000)
    if console.measure(_history_table(rows, HEADS[:-1]), options=free).maximum + WORDS <= console.width:
        console.print(_history_table(rows, HEADS))
        return
    short = [
        row._replace(course=f"…{row.course[1 - BARS :]}" if len(row.course) > BARS else row.course) for row in rows
    ]
    console.print(_history_table(short, HEADS[:-1]))
    for row in rows:
        _say(console, f"{clean(row.name)}: {clean(row.words, 600)}" if row.words else "")


def _history_table(rows: Sequence[Cells], heads: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, head in enumerate(heads):
        # Numbers and small lines are of no use in pieces: names and words may break.
        no_wrap = 0 < place < len(HEADS) - 1
        table.add_column(head, justify="right" if 0 < place < 4 else "left", overflow="fold", no_wrap=no_wrap)
    for row in rows:
        table.add_row(*(Text(clean(cell, 600) if cell else "") for cell in row[: len(heads)]))
    return table
