"""The history of main as one page: what its template and its script are given.

The page reads without its script: courses are drawn and told in words here. The script adds what needs a reader's
choice: any two runs held against each other, differences to a chosen run, sorting and filtering.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cml_bot import __version__
from cml_bot.escape import clean, safe_link
from cml_bot.filters import format_number, format_pair
from cml_bot.history_cards import link_words, list_names, make_cards, tell_lead, tell_slides, write_values
from cml_bot.history_drawing import ROOM, SIDE, draw_course, list_means, place_levels
from cml_bot.history_forms import describe, write_csv
from cml_bot.history_settings import gather_settings, tell_changes
from cml_bot.own_page import MARK
from cml_bot.page_parts import dump_data, write_page
from cml_bot.stats.band import LARGEST
from cml_bot.units import scale_of
from cml_bot.wording_rows import SYMBOLS

if TYPE_CHECKING:
    from datetime import datetime

    from cml_bot.history_table import History, HistoryRow
    from cml_bot.model import Run

COLUMNS = 8
"""Metrics in the table of runs at first: more make no table that anybody reads."""
STYLES = ("history.css",)
SCRIPTS = ("numbers.js", "history_courses.js", "history_pairs.js", "history_runs.js")
DOCTYPE = "<!doctype html>"


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
    view["history_data"] = dump_data(gather_data(history)) if history.runs else ""
    text = write_page("history.html.j2", view, styles=STYLES, more=SCRIPTS)
    return text.replace(DOCTYPE, f"{DOCTYPE}\n{MARK}", 1)


def view_history(history: History, commits: str, title: str) -> dict[str, Any]:
    """Gather what the template of the page is given.

    Args:
        history: with all metrics, bookkeeping too.
        commits: how the addresses of commits begin; empty where no forge shows them.
        title: what the page is headed by. Foreign text.
    """
    runs = [_view_run(place, history, commits) for place in range(len(history.runs))]
    links = {run.short: run.commit for run in runs}
    told = describe(history)
    cards = make_cards(history, links)
    judged = [card for card in cards if card.is_judged]
    return {
        "title": clean(title, 200),
        "which": link_words(told.title, links),
        "lead": tell_lead(cards),
        "slides": link_words(tell_slides(history), links),
        "cards": judged,
        "folded": [card for card in cards if not card.is_judged],
        "runs": runs[::-1],
        "days": (runs[0].day, runs[-1].day) if runs else ("", ""),
        "columns": [card.place for card in judged[:COLUMNS]],
        "names": list_names(history),
        "texts": {card.place: write_values(history.rows[card.place]) for card in judged[:COLUMNS]},
        "notes": [link_words(note, links) for note in (*told.drifts, *history.notes)],
        "parts": _list_parts(len(judged), len(cards) - len(judged), len(runs)),
    }


def gather_data(history: History) -> dict[str, object]:
    """Gather what the script of the page is given; the values themselves stand in the text of the CSV, once."""
    names = list_names(history)
    return {
        "file": f"{re.sub(r'[^A-Za-z0-9_-]+', '-', history.name)[:60].strip('-') or 'report'}-history.csv",
        "side": SIDE,
        "room": ROOM,
        "symbols": SYMBOLS,
        "runs": [{"short": run.sha[:7], "day": _day_of(run)} for run in history.runs],
        "metrics": [_metric_table(row, history, name) for row, name in zip(history.rows, names, strict=True)],
        "settings": [{"name": name, "values": values} for name, values in gather_settings(history.runs)],
        "csv": write_csv(history),
    }


def _view_run(place: int, history: History, commits: str) -> RunView:
    run = history.runs[place]
    return RunView(
        place=place,
        short=run.sha[:7],
        day=_day_of(run),
        commit=f"{commits}{run.sha}" if commits else "",
        build=safe_link(run.build_url),
        changes=tuple(tell_changes(run, history.runs[place - 1])) if place else (),
    )


def _day_of(run: Run) -> str:
    return clean(run.created[:10], 10) if run.created else ""


def _list_parts(judged: int, folded: int, runs: int) -> list[tuple[str, str]]:
    counts = {("metrics", "Metrics"): judged, ("bookkeeping", "Bookkeeping"): folded}
    found = [(part, f"{title} {format_number(count)}") for (part, title), count in counts.items() if count]
    if runs > 1 and found:
        found.append(("compare", "Compare"))
    return [*found, ("runs", f"Runs {format_number(runs)}")]


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
        "texts": write_values(row),
        "levels": levels,
        "means": list_means(row),
        "noise": row.noise,
        "shifts": [f"{shift.sha[:7]} ({pair.base} → {pair.head})" for shift, pair in pairs],
        "missing": row.missing,
        "ends": draw_course(row, levels).ends,
    }
