"""What the templates are given: the rows, checks, curves and pictures of a report, in words and in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cml_bot.chart_numbers import number_chart, tabulate_chart
from cml_bot.chart_text import draw_text
from cml_bot.chart_words import describe_chart
from cml_bot.curve_views import chart_curves, view_curves
from cml_bot.draw import can_write
from cml_bot.escape import clean, find_commits
from cml_bot.model import Key, Matrix, Outcome
from cml_bot.names import name_of, shared_names
from cml_bot.wording import rank, second_line, tell_check, tell_next, tell_pictures
from cml_bot.wording_counts import first_line, fold_titles, title_passed
from cml_bot.wording_noise import UNTRUSTED, head_noise, tell_drift, tell_methods, tell_proofs
from cml_bot.wording_rows import OUTCOMES, UNCLEAR, sort_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cml_bot.chart_numbers import Told
    from cml_bot.curve_views import CurveView
    from cml_bot.mermaid import Chart
    from cml_bot.model import ChartPair, Check, Figure, FigurePair, ParamDelta, Report
    from cml_bot.wording import Sentence

SHOWN_PAIRS = 20
"""Pictures of the job, each with both sides; a folder of thousands would make a page that nobody can open."""

TOLD_CHARTS = 20
"""Charts that are told in words and a small table, each of several lines."""
NARROW = 3
"""Columns of a matrix that can be read at half of the page's width."""
OPEN_CURVES = 6
"""Pictures of curves that stand open: three rows on a desk. The others are a click away."""
TOLD_ROWS = 5
"""Rows of such a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many of each a form shows; what is left out is counted."""

    folded: int
    """Rows of one folded part."""
    checks: int
    unread: int
    """Files that could not be read, and what makes the sides hard to compare."""
    notes: int
    sources: int
    curves: int = 0
    """Those that are told in words and small lines; charts in words and a small table too, but fewer."""
    charts: int = 0
    """Those that are charts in text."""
    pictures: int = 0
    """Curves, charts and pairs of the job's pictures together."""
    numbers: int = 0
    """Charts whose numbers are folded in below all of them, drawn or told."""
    is_folding: bool = True
    """Whether a part can be folded in."""
    words: int = 600
    """Characters of one foreign sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartView:
    """A chart as the templates see it: a picture, a chart in text, or words and a small table."""

    name: str
    caption: str
    figure: Figure | None
    table: Told | None
    chart: Chart | None = None
    heading: str = ""
    """Its name where the letters of its picture do not have it, so that it stands above."""
    is_wide: bool = False
    """Whether its picture needs a row of its own."""
    numbers: Told | None = None
    """All of its numbers that a reader can take in, for a folded table."""

    @property
    def has_few_numbers(self) -> bool:
        """Whether they may stand open where there is no picture."""
        return self.numbers is not None and len(self.numbers.rows) <= TOLD_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A check as the templates see it."""

    symbol: str
    text: str
    name: str
    """Empty where the gate's text says it."""
    said: str
    reason: str


def view_report(
    report: Report, figures: Mapping[Key, Figure], pairs: Sequence[FigurePair], charts: Mapping[Key, Figure]
) -> dict[str, Any]:
    """Gather what the templates of all forms are given.

    Args:
        report: what is told.
        figures: its curves, as far as they are drawn.
        pairs: the job's pictures, as far as they are shown or named.
        charts: the report's charts, as far as they are drawn.
    """
    rows = sort_rows(report)
    symbol, line = first_line(report, rows)
    shared = shared_names(delta.key for delta in report.deltas)
    sentence = second_line(report, rows)
    checks = [(check, _check_view(check, shared, sentence)) for check in sorted(report.verdict.checks, key=rank)]
    quiet = [(check, view) for check, view in checks if check.outcome is Outcome.PASS]
    curves = view_curves(report, figures, labels_of(report))
    base_label = clean(report.base.label, 60) if report.base.label else "before"
    drifts = [f"{text[:1].upper()}{text[1:]}" for text in (tell_drift(drift, shared) for drift in report.drifts)]
    return {
        "report": report,
        "commits": _commits_of(report),
        "rows": rows,
        "symbol": symbol,
        "line": line,
        "sentence": sentence,
        "unclear": UNCLEAR,
        "head_noise": head_noise,
        "untrusted": "" if report.is_trusted else UNTRUSTED,
        "base_label": base_label,
        "params": _param_views(report),
        "unread": report.lost,
        "titles": fold_titles(report, rows),
        "next": tell_next(report, rows.first, sentence),
        "loud_checks": [view for check, view in checks if check.outcome is not Outcome.PASS],
        "quiet_checks": [view for _, view in quiet],
        "quiet_title": title_passed([check for check, _ in quiet]) if quiet else "",
        "curves": curves,
        "textual_curves": [curve for curve in curves if curve.figure is None],
        "charts": _chart_views(report, charts),
        "figures": pairs,
        "pair_words": {pair.name: tell_pictures(pair, base_label) for pair in pairs},
        "hidden_figures": max(0, len(report.figures) - SHOWN_PAIRS),
        "methods": tell_methods(report),
        "proofs": tell_proofs(report),
        "drifts": [text for text in drifts if text not in sentence.text],
    }


def add_charts(view: Mapping[str, Any], report: Report, most: int) -> dict[str, Any]:
    """Give the first curves and charts that have no picture a chart in text each, as far as there is a form for it."""
    labels = labels_of(report)
    curves = chart_curves(view["curves"], report, labels, most)
    charts: list[ChartView] = []
    for pair, told in zip(titled_charts(report).values(), view["charts"], strict=True):
        count = sum(one.chart is not None for one in charts)
        chart = draw_text(pair, **labels) if told.figure is None and count < most else None
        charts.append(replace(told, chart=chart))
    return {**view, "curves": curves, "charts": charts}


def view_form(view: Mapping[str, Any], addresses: Mapping[str, str], limits: Limits) -> dict[str, Any]:
    """Choose which curves and pictures a form shows as pictures and charts, and which it tells or counts."""
    curves: list[CurveView] = view["curves"]
    pictured = [curve for curve in curves if curve.figure and curve.figure.name in addresses][: limits.pictures]
    others = [line for curve in curves if curve not in pictured for line in curve.lines]
    told = others[: limits.curves]
    shown_charts = [one for one in view["charts"] if one.figure and one.figure.name in addresses]
    shown_charts = shown_charts[: limits.pictures - len(pictured)]
    told_charts = [one for one in view["charts"] if one not in shown_charts]
    charted = sorted((line for line in told if line.chart), key=lambda line: line.is_on_training)[: limits.charts]
    told_here = _keep_charts(told_charts[: min(limits.curves, TOLD_CHARTS)], limits.charts - len(charted))
    room = limits.pictures - len(pictured) - len(shown_charts)
    hosted = [
        pair for pair in view["figures"] if any(side and side.name in addresses for side in (pair.base, pair.head))
    ]
    shown = hosted[:room]
    named = [pair for pair in view["figures"] if pair not in hosted]
    most_named = max(limits.curves, limits.pictures)
    left = len(hosted) - len(shown) + view["hidden_figures"]
    most_open = OPEN_CURVES if limits.is_folding else limits.pictures
    folded = pictured[most_open:]
    is_folded = pictured and limits.is_folding and (folded or len(others) > OPEN_CURVES)
    return {
        "limits": limits,
        "addresses": addresses,
        "pictured": pictured[:most_open],
        "folded_curves": folded,
        "more_curves": sum(len(curve.lines) for curve in folded) + len(others) if is_folded else 0,
        "told_curves": told,
        "hidden_curves": len(others) - len(told),
        "charted": charted,
        "pictured_charts": shown_charts,
        "chart_rows": _lay_out(shown_charts),
        "told_charts": told_here,
        "numbered_charts": [
            *(one for one in shown_charts if one.numbers),
            *(one for one in told_here if one.numbers and (one.chart or not one.has_few_numbers)),
        ][: limits.numbers],
        "hidden_charts": max(0, len(told_charts) - min(limits.curves, TOLD_CHARTS)),
        "shown_pairs": shown,
        "named_pairs": named[:most_named],
        "hidden_pairs": left + max(0, len(named) - most_named),
    }


def _lay_out(charts: Sequence[ChartView]) -> list[list[ChartView]]:
    """Put charts into rows that are a paragraph each: those beside each other that have room there."""
    rows: list[list[ChartView]] = []
    for one in charts:
        if rows and not one.is_wide and not rows[-1][-1].is_wide:
            rows[-1].append(one)
        else:
            rows.append([one])
    return rows


def _keep_charts(told: Sequence[ChartView], most: int) -> list[ChartView]:
    """Leave so many of them their chart in text."""
    kept = [one for one in told if one.chart][:most]
    return [one if one in kept else replace(one, chart=None) for one in told]


def without_numbers(limits: Limits) -> Limits:
    """Give what a form shows but for the numbers of its charts: they go first where it has to be shorter."""
    return replace(limits, numbers=0)


def count_parts(view: Mapping[str, Any], names: Sequence[str]) -> str:
    """Say what of a report's parts a form leaves out: the titles of those that are there."""
    titles: Mapping[str, str] = view["titles"]
    parts = [titles[name] for name in names if name in titles]
    if "gates" in names and view["quiet_checks"]:
        parts.append(view["quiet_title"])
    return ", ".join(parts)


def titled_charts(report: Report) -> dict[Key, ChartPair]:
    """Give every chart the name that its picture and its line of text are headed with."""
    shared = shared_names(pair.key for pair in report.charts)
    return {pair.key: replace(pair, key=Key("", name_of(pair.key, shared))) for pair in report.charts}


def labels_of(report: Report) -> dict[str, str]:
    """Name both sides, as curves are told; a run of main itself is no branch."""
    head = "this run" if report.build.on_main else "this branch"
    return {"head_label": head, "base_label": report.base.label or ("before" if report.has_base else "")}


def _commits_of(report: Report) -> frozenset[str]:
    """Give the commits that the report speaks of itself, as long as it writes them: what names hold is foreign."""
    known: tuple[str, ...] = (report.head.sha, report.base.sha, report.build.sha, report.build.base_sha)
    known = (*known, *(sha for drift in report.drifts for sha in (drift.last_good, drift.first_bad)))
    why = [] if report.has_base else [report.base.source]
    return find_commits(" ".join((*known, *(sha[:7] for sha in known), *report.band, *why)))


def _param_views(report: Report) -> list[tuple[str, ParamDelta]]:
    """Name every parameter that differs, with its file where two of them are called the same."""
    shared = shared_names(param.key for param in report.params)
    return [(name_of(param.key, shared), param) for param in report.params]


def _check_view(check: Check, shared: frozenset[str], sentence: Sentence) -> CheckView:
    return CheckView(
        symbol=OUTCOMES[check.outcome][0],
        text=check.gate.text,
        name=_name_beside(check.gate.pattern, check.key, shared) if check.key else "",
        said=tell_check(check, sentence),
        reason=check.reason,
    )


def _name_beside(pattern: str, key: Key, shared: frozenset[str]) -> str:
    """Name the metric that a gate was held against, where its pattern does not: a glob may mean many."""
    return "" if pattern in (key.name, str(key)) else name_of(key, shared)


def _chart_views(report: Report, figures: Mapping[Key, Figure]) -> list[ChartView]:
    labels = labels_of(report)
    return [
        ChartView(
            name=pair.key.name,
            caption=describe_chart(pair, **labels),
            figure=figures.get(key),
            heading=pair.key.name if key in figures and not can_write(pair.key.name) else "",
            table=tabulate_chart(pair, base_label=labels["base_label"], most=TOLD_ROWS),
            numbers=number_chart(pair, base_label=labels["base_label"]),
            is_wide=any(isinstance(side, Matrix) and len(side.columns) > NARROW for side in (pair.head, pair.base)),
        )
        for key, pair in titled_charts(report).items()
    ]
