"""The history of main as one page: what its template and its script are given.

The page reads without its script: courses are drawn and told in words here. The script adds what needs a reader's
choice: any two runs held against each other, differences to a chosen run, sorting and filtering.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from cml_bot import __version__
from cml_bot.escape import clean
from cml_bot.filters import format_beside, format_number, format_pair, plural
from cml_bot.history_drawing import ROOM, SIDE, draw_course, list_means, place_levels
from cml_bot.history_forms import describe, tell_special, tell_title, write_csv, write_numbers
from cml_bot.history_links import safe_link
from cml_bot.like_for_like import tell_differences
from cml_bot.model import Goal, Role
from cml_bot.names import name_of, shared_names
from cml_bot.own_page import MARK
from cml_bot.page_parts import dump_data, write_page
from cml_bot.pairs import pair_params
from cml_bot.stats.band import LARGEST
from cml_bot.units import scale_of
from cml_bot.wording import ARROWS, SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from cml_bot.history_drawing import Drawing
    from cml_bot.history_table import History, HistoryRow
    from cml_bot.model import Key, Run

COLUMNS = 8
"""Metrics in the table of runs at first: more make no table that anybody reads."""
CHANGES = 12
"""What is told of a run that differs from the run before it; the rest is counted."""
STYLES, SCRIPTS = ("history.css",), ("numbers.js", "history.js")
DOCTYPE = "<!doctype html>"
_COMMIT = re.compile(r"\b[0-9a-f]{7}\b")


def render_history_page(history: History, commits: str, title: str, created: datetime) -> str:
    """Write the history of main as one HTML file: no other file, no address that anything is asked from.

    Args:
        history: with all metrics, bookkeeping too.
        commits: how the addresses of commits begin; empty where no forge shows them.
        title: what the page is headed by. Foreign text.
        created: the time of the page.
    """
    view = view_history(history, commits, title)
    view |= {"created": created.strftime("%Y-%m-%d %H:%M UTC"), "version": __version__}
    view["history_data"] = dump_data(gather_data(history, commits)) if history.runs else ""
    text = write_page("history.html.j2", view, styles=STYLES, more=SCRIPTS)
    return text.replace(DOCTYPE, f"{DOCTYPE}\n{MARK}", 1)


class Piece(NamedTuple):
    """A part of a sentence, with the address it leads to; empty where it leads nowhere."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One metric of the page."""

    place: int
    """Which row of the history it is."""
    name: str
    """Foreign text."""
    last: str
    state: str
    """Where it stands, in two or three words."""
    tone: str
    """``good``, ``bad`` or empty: green and red are for what is really better or worse."""
    words: tuple[Piece, ...]
    drawing: Drawing
    ends: tuple[str, ...]
    """What stands at the upper and the lower end of its scale."""
    caption: str
    """What a reader of the drawing would see. Foreign text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run of the page."""

    place: int
    short: str
    day: str
    commit: str
    """The address of its commit; empty where nobody shows it."""
    build: str
    changes: tuple[str, ...]
    """What differs from the run before it. Foreign text."""


def view_history(history: History, commits: str, title: str) -> dict[str, Any]:
    """Gather what the template of the page is given.

    Args:
        history: with all metrics, bookkeeping too.
        commits: how the addresses of commits begin; empty where no forge shows them.
        title: what the page is headed by. Foreign text.
    """
    runs = _view_runs(history, commits)
    links = {run.short: run.commit for run in runs}
    told = describe(history)
    slid = frozenset(drift.key for drift in history.drifts)
    shared = shared_names(row.key for row in history.rows)
    rows = sorted(enumerate(history.rows), key=lambda item: (item[1].role is not Role.HEADLINE))
    cards = [(row.role, _make_card(place, row, history, shared, slid, links)) for place, row in rows]
    judged = [card for role, card in cards if role is not Role.BOOKKEEPING]
    return {
        "title": clean(title, 200) or history.name,
        "which": link_words(tell_title(history), links),
        "lead": _tell_lead(history),
        "drifts": [link_words(f"{line[:1].upper()}{line[1:]}.", links) for line in told.drifts],
        "cards": judged,
        "folded": [card for role, card in cards if role is Role.BOOKKEEPING],
        "runs": runs[::-1],
        "columns": [card.place for card in judged[:COLUMNS]],
        "texts": [_write_values(row) for row in history.rows],
        "names": [_title(row, shared) for row in history.rows],
        "notes": [link_words(note, links) for note in history.notes],
        "days": (runs[0].day, runs[-1].day) if runs else ("", ""),
        "parts": _list_parts(len(judged), len(cards) - len(judged), len(runs)),
    }


def link_words(text: str, links: Mapping[str, str]) -> tuple[Piece, ...]:
    """Take a sentence apart where it names a commit, so that the name can lead there."""
    text = clean(text, 600) if text else ""
    pieces, end = [], 0
    for found in _COMMIT.finditer(text):
        if links.get(found[0]):
            pieces += [Piece(text[end : found.start()], ""), Piece(found[0], links[found[0]])]
            end = found.end()
    pieces.append(Piece(text[end:], ""))
    return tuple(piece for piece in pieces if piece.text)


def _view_runs(history: History, commits: str) -> list[RunView]:
    before: list[Run | None] = [None, *history.runs[:-1]]
    return [
        RunView(
            place=place,
            short=run.sha[:7],
            day=clean(run.created[:10], 10) if run.created else "",
            commit=f"{commits}{run.sha}" if commits else "",
            build=safe_link(run.build_url),
            changes=tuple(_tell_changes(run, earlier)) if earlier else (),
        )
        for place, (run, earlier) in enumerate(zip(history.runs, before, strict=True))
    ]


def _tell_changes(run: Run, before: Run) -> Iterator[str]:
    params = pair_params(run, before)
    shared = shared_names(param.key for param in params)
    for param in params[:CHANGES]:
        values = (clean(value, 60) if value is not None else "–" for value in (param.base, param.head))
        yield f"{clean(name_of(param.key, shared), 80)} {' → '.join(values)}"
    if len(params) > CHANGES:
        yield plural(len(params) - CHANGES, "more parameter")
    yield from (clean(line, 200) for line in tell_differences(run, before))


def _title(row: HistoryRow, shared: frozenset[str]) -> str:
    return f"{clean(name_of(row.key, shared))} {ARROWS[row.goal]}".strip()


def _make_card(
    place: int,
    row: HistoryRow,
    history: History,
    shared: frozenset[str],
    slid: frozenset[Key],
    links: Mapping[str, str],
) -> Card:
    last, band = write_numbers(row)
    state, tone = _tell_state(row, history, is_slid=row.key in slid)
    drawing = draw_course(row, place_levels(row, history))
    said = "; ".join([*([f"{band} over {plural(row.n, 'run')}"] if band else []), *tell_special(row)])
    lower, upper = drawing.ends or (None, None)
    ends = format_pair(lower, upper, row.unit) if drawing.ends else None
    return Card(
        place=place,
        name=_title(row, shared),
        last=last,
        state=state,
        tone=tone,
        words=link_words(said, links),
        drawing=drawing,
        ends=(ends.head, ends.base) if ends else (),
        caption=f"{plural(len(row.values), 'run')}: {last} at the last, {state}{'. ' if said else ''}{said}",
    )


def _tell_state(row: HistoryRow, history: History, *, is_slid: bool) -> tuple[str, str]:
    """Say where a metric stands now, and whether that is good or bad."""
    if is_slid:
        return "has slid", "bad"
    if row.values[-1] is None:
        return "not in the last run", ""
    if history.runs[-1].sha in row.outliers:
        return "last run is an outlier", ""
    if row.level is None:
        return "no band yet", ""
    if not row.shifts:
        return "steady", ""
    shift = row.shifts[-1]
    if row.goal is Goal.NONE:
        return f"shifted at {shift.sha[:7]}", ""
    is_better = (shift.after > shift.before) == (row.goal is Goal.HIGHER)
    return f"{'better' if is_better else 'worse'} since {shift.sha[:7]}", "good" if is_better else "bad"


def _tell_lead(history: History) -> str:
    """Say in one sentence how main is doing."""
    judged = [row for row in history.rows if row.role is not Role.BOOKKEEPING]
    if not judged:
        return ""
    slid = {drift.key for drift in history.drifts}
    states = [_tell_state(row, history, is_slid=row.key in slid) for row in judged]
    counts = {
        "slid": sum(state == "has slid" for state, _ in states),
        "worse since a shift of their level": sum(state.startswith("worse") for state, _ in states),
        "better since a shift of their level": sum(tone == "good" for _, tone in states),
        "steady": sum(state == "steady" for state, _ in states),
        "with too few runs for a band": sum(state == "no band yet" for state, _ in states),
    }
    said = ", ".join(f"{format_number(count)} {words}" for words, count in counts.items() if count)
    return f"{plural(len(judged), 'metric')}: {said}" if said else plural(len(judged), "metric")


def _write_values(row: HistoryRow) -> tuple[str, ...]:
    """Write the values of all runs with the decimals that their scatter has."""
    reach = _find_reach(row)
    return tuple(format_beside(value, reach, row.unit) for value in row.values)


def _find_reach(row: HistoryRow) -> float | None:
    usual = [float(value) for value in row.values if value is not None and abs(value) < LARGEST]
    return row.noise or ((max(usual) - min(usual)) / 2 if usual else None) or None


def _list_parts(judged: int, folded: int, runs: int) -> list[tuple[str, str]]:
    counts = {("metrics", "Metrics"): judged, ("bookkeeping", "Bookkeeping"): folded}
    found = [(part, f"{title} {format_number(count)}") for (part, title), count in counts.items() if count]
    if runs > 1 and found:
        found.append(("compare", "Compare"))
    return [*found, ("runs", f"Runs {format_number(runs)}")]


def gather_data(history: History, commits: str) -> dict[str, object]:
    """Gather what the script of the page is given; the values themselves stand in the text of the CSV, once."""
    shared = shared_names(row.key for row in history.rows)
    return {
        "file": f"{re.sub(r'[^A-Za-z0-9_-]+', '-', history.name)[:60].strip('-') or 'report'}-history.csv",
        "side": SIDE,
        "room": ROOM,
        "symbols": SYMBOLS,
        "runs": [{"short": run.short, "day": run.day} for run in _view_runs(history, commits)],
        "metrics": [_metric_table(row, history, _title(row, shared)) for row in history.rows],
        "csv": write_csv(history),
    }


def _metric_table(row: HistoryRow, history: History, name: str) -> dict[str, object]:
    largest = max((abs(value) for value in row.values if value is not None and abs(value) < LARGEST), default=0)
    point, unit = scale_of(Decimal(repr(float(largest))), row.unit)
    levels = place_levels(row, history)
    pairs = [(shift, format_pair(shift.before, shift.after, row.unit)) for shift in row.shifts]
    return {
        "name": name,
        "goal": row.goal,
        "unit": "pp" if unit.strip() == "%" else clean(unit, 40) if unit else "",
        "factor": 10.0**point,
        "texts": _write_values(row),
        "levels": levels,
        "means": list_means(row),
        "noise": row.noise,
        "shifts": [f"{shift.sha[:7]} ({pair.base} → {pair.head})" for shift, pair in pairs],
        "missing": row.missing,
        "ends": draw_course(row, levels).ends,
    }
