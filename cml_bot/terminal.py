"""The report on a terminal: the same rows and words as everywhere, drawn by rich. Plain text when piped."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from cml_bot.chart_words import describe_chart
from cml_bot.console import finish, open_console, say
from cml_bot.curve_views import titled_curves
from cml_bot.draw import describe_curve
from cml_bot.escape import clean
from cml_bot.filters import list_some, plural, sparkline
from cml_bot.goals import is_of_training
from cml_bot.history_forms import describe
from cml_bot.model import Outcome
from cml_bot.names import name_of, shared_names
from cml_bot.terminal_history import say_history
from cml_bot.terminal_rows import say_rows
from cml_bot.views import labels_of, titled_charts
from cml_bot.wording import rank, second_line, tell_check, tell_next
from cml_bot.wording_counts import first_line, fold_titles
from cml_bot.wording_noise import UNTRUSTED, tell_drift
from cml_bot.wording_rows import OUTCOMES, UNCLEAR, sort_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from cml_bot.history_table import History
    from cml_bot.model import Curve, ParamDelta, Report, Series
    from cml_bot.wording import Sentence
    from cml_bot.wording_rows import Rows

NOTHING_SET: Mapping[str, str] = MappingProxyType({})
WARNING = OUTCOMES[Outcome.WARN][0]
LOUD = "magenta"
"""Of what makes the whole report doubtful; it can be read on light and on dark ground, as yellow cannot."""
SHOWN_CHECKS = 20
SHOWN_LINES = 20
"""Files that could not be read, and the like."""
SHOWN_NOTES = 10
SHOWN_CHARTS = 3
SHOWN_CURVES = 4
"""Loss and accuracy of training and validation."""
SHOWN_PARAMS = 5
LINE = 30
"""Cells of a curve."""


def render_terminal(report: Report, file: TextIO, env: Mapping[str, str] = NOTHING_SET) -> str:
    """Give, for a terminal or a pipe, what a reviewer decides by, and count what is folded elsewhere.

    Args:
        report: what is told.
        file: where it will be written: how wide that is, and which signs it knows.
        env: says whether colours are wanted.
    """
    console = open_console(file, env)
    with console.capture() as text:
        _say_all(console, report)
    return finish(text.get(), console)


def _say_all(console: Console, report: Report) -> None:
    rows = sort_rows(report)
    symbol, line = first_line(report, rows)
    sentence = second_line(report, rows)
    console.print()
    say(console, clean(line, 300), mark=symbol, style="bold")
    name = f"{clean(sentence.name)} " if sentence.name else ""
    say(console, f"{name}{clean(sentence.text, 600)}")
    _say_doubts(console, report, sentence)
    has_commits = False
    if rows.first:
        console.print()
        has_commits = say_rows(console, rows.first, report)
        console.print()
    _say_checks(console, report, sentence)
    for text in tell_next(report, rows.first, sentence):
        say(console, clean(text, 400), mark=UNCLEAR if report.has_base else "")
    if report.deltas and not report.has_base and report.base.source not in sentence.text:
        say(console, f"Compared with nothing: {clean(report.base.source, 400)}", style="dim")
    if report.curves or report.charts:
        console.print()
    _say_curves(console, report)
    _say_charts(console, report)
    _say_params(console, report)
    say(console, _count_rest(report, rows, has_commits=has_commits), style="dim")
    _say_some(console, report.notes, SHOWN_NOTES, "note", mark="·", style="dim")


def _say_doubts(console: Console, report: Report, sentence: Sentence) -> None:
    """Say what a reader should know before any number."""
    if not report.is_trusted:
        say(console, f"Note: {UNTRUSTED}", style=LOUD)
    shared = shared_names(delta.key for delta in report.deltas)
    told = sentence.text.lower()
    drifts = [text for drift in report.drifts if (text := tell_drift(drift, shared)).lower() not in told]
    lines = (*report.like_for_like, *drifts, *report.lost)
    _say_some(console, lines, SHOWN_LINES, "warning", mark=WARNING, style=LOUD)


def _say_some(console: Console, lines: Sequence[str], most: int, noun: str, *, mark: str, style: str) -> None:
    """Print the first lines, and count the others."""
    for line in lines[:most]:
        say(console, clean(line, 600), mark=mark, style=style)
    if len(lines) > most:
        say(console, f"… and {plural(len(lines) - most, f'more {noun}')}", mark=mark, style=style)


def _say_checks(console: Console, report: Report, sentence: Sentence) -> None:
    loud = [check for check in sorted(report.verdict.checks, key=rank) if check.outcome is not Outcome.PASS]
    for check in loud[:SHOWN_CHECKS]:
        is_named = check.key is None or check.gate.pattern in (check.key.name, str(check.key))
        on = "" if is_named else f" on {check.key}"
        said = f"Gate {clean(check.gate.text + on, 300)} {clean(tell_check(check, sentence), 600)}"
        say(console, said, mark=OUTCOMES[check.outcome][0])
    if len(loud) > SHOWN_CHECKS:
        said = f"… and {plural(len(loud) - SHOWN_CHECKS, 'more gate')} that did not pass"
        say(console, said, mark=OUTCOMES[loud[SHOWN_CHECKS].outcome][0])


def _say_curves(console: Console, report: Report) -> None:
    """Tell the first curves in words, with a small line for each side below them, on one scale."""
    labels = labels_of(report)
    # What was held out says more of the model.
    titled = sorted(titled_curves(report).items(), key=lambda curve: is_of_training(curve[0].name))
    for _, curve in titled[:SHOWN_CURVES]:
        say(console, clean(describe_curve(curve, **labels), 400))
        sides = {"here": curve.head, clean(labels["base_label"] or "before", 12): curve.base}
        width = max(map(len, sides))
        for (label, side), style in zip(sides.items(), ("bold", ""), strict=True):
            say(console, f"{label:<{width}} {_draw(side, curve)}" if side else "", indent=2, style=style)


def _draw(side: Series, curve: Curve) -> str:
    """Draw a side as wide as its share of the longer one, so that what lies below each other is of one time."""
    both = [one for one in (curve.head, curve.base) if one]
    first, last = min(one.x[0] for one in both), max(one.x[-1] for one in both)
    share = (side.x[-1] - first) / (last - first) if last > first else 1.0
    longest = min(LINE, max(len(one.y) for one in both))
    others = [value for one in both if one is not side for value in one.y]
    return sparkline(side.y, max(1, round(longest * share)), beside=others)


def _say_charts(console: Console, report: Report) -> None:
    """Tell the first charts in words."""
    for pair in list(titled_charts(report).values())[:SHOWN_CHARTS]:
        say(console, clean(describe_chart(pair, **labels_of(report)), 400))


def _say_params(console: Console, report: Report) -> None:
    if not report.params:
        return
    shared = shared_names(param.key for param in report.params)
    told = [_tell_param(param, name_of(param.key, shared)) for param in report.params]
    changed = " changed" if report.has_base else ""
    say(console, f"{plural(len(told), 'parameter')}{changed}: {list_some(told, SHOWN_PARAMS)}")


def _tell_param(param: ParamDelta, name: str) -> str:
    head, base = (None if side is None else clean(side, 40) for side in (param.head, param.base))
    if base is None:
        return f"{clean(name, 60)} {head} (new)"
    return f"{clean(name, 60)} {base} (gone)" if head is None else f"{clean(name, 60)} {base} → {head}"


def _count_rest(report: Report, rows: Rows, *, has_commits: bool) -> str:
    """Say what the other forms hold beside all this, and what was compared with."""
    told = {"params"}
    told |= {"curves"} if len(report.curves) <= SHOWN_CURVES else set()
    told |= {"charts"} if len(report.charts) <= SHOWN_CHARTS else set()
    parts = [title for part, title in fold_titles(report, rows).items() if part not in told]
    if not report.has_base:
        return " · ".join(parts)
    commit = "" if has_commits else f" {report.base.short_sha}".rstrip()
    return " · ".join([*parts, clean(f"compared with {report.base.label}{commit} ({report.base.source})", 300)])


def render_history_terminal(history: History, file: TextIO, env: Mapping[str, str] = NOTHING_SET) -> str:
    """Give the history of main for a terminal or a pipe."""
    console, told = open_console(file, env), describe(history)
    with console.capture() as text:
        say(console, clean(told.title, 300) if told.title else "", style="bold")
        if told.rows:
            say_history(console, told.rows)
        say(console, told.legend, style="dim")
        for line in told.drifts:
            say(console, clean(line, 600), mark=WARNING, style=LOUD)
        for line in history.notes:
            say(console, clean(line, 600), mark="·", style="dim")
    return finish(text.get(), console)


def wrap_lines(lines: Sequence[str], width: int, file: TextIO, env: Mapping[str, str] = NOTHING_SET) -> str:
    """Break lines that begin with a word for what they tell, so that what is told stays one column.

    Args:
        lines: with the word and spaces behind it in the first `width` characters.
        width: of the column of words.
        file: where they will be written.
        env: may say how wide that is.
    """
    console = open_console(file, env)
    with console.capture() as text:
        for line in lines:
            head = line[:width].rstrip()
            is_row = len(line) > width and line[width - 1] == " " and line[:1] != " "
            if is_row:
                say(console, line[width:], mark=head.ljust(width - 1))
            else:
                indent = len(line) - len(line.lstrip())
                say(console, line.lstrip(), indent=indent)
    return finish(text.get(), console)
