"""What the page of main's history says of each metric: where it stands, in words and as a drawing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.escape import clean
from cml_bot.filters import format_beside, format_number, format_pair, list_some, plural
from cml_bot.history_drawing import draw_course, place_levels
from cml_bot.history_forms import tell_special, write_numbers
from cml_bot.model import Goal, Role
from cml_bot.names import name_of, shared_names
from cml_bot.stats.band import LARGEST
from cml_bot.wording_rows import ARROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cml_bot.history_drawing import Drawing
    from cml_bot.history_table import History, HistoryRow

_COMMIT = re.compile(r"\b[0-9a-f]{7}\b")
SLID, WORSE, BETTER, STEADY, NEW = "has slid", "worse", "better", "steady", "no band yet"
GONE, ODD, MOVED = "not in the last run", "last run is an outlier", "at another level than before"
"""Where a metric of main stands."""
LEAD = {
    SLID: "slid",
    GONE: GONE,
    ODD: "with an outlier as the last run",
    WORSE: "worse than before",
    BETTER: "better than before",
    MOVED: MOVED,
    STEADY: "steady",
    NEW: "without a band yet",
}
"""How many stand so, in the sentence above all."""
NAMED = 5
"""Metrics that have slid and are named; the others are counted."""


class Piece(NamedTuple):
    """A part of a sentence, with the address it leads to; empty where it leads nowhere."""

    text: str
    url: str


class State(NamedTuple):
    """Where a metric stands now."""

    kind: str
    words: str
    tone: str = ""
    """``good``, ``bad`` or empty: green and red are for what is really better or worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One metric of the page."""

    place: int
    """Which row of the history it is."""
    name: str
    """Foreign text."""
    last: str
    state: State
    words: tuple[Piece, ...]
    caption: str
    """What a reader of the drawing would see. Foreign text."""
    drawing: Drawing
    ends: tuple[str, ...]
    """What stands at the upper and the lower end of its scale."""
    is_judged: bool
    """Whether a training is judged by it; the rest is bookkeeping."""


def make_cards(history: History, links: Mapping[str, str]) -> list[Card]:
    """Make a card of each metric, those of the gates and of the first table first.

    Args:
        history: the runs of main.
        links: the addresses of commits, by the first seven digits of their ids.
    """
    names, states = list_names(history), list_states(history)
    cards = [
        _make_card(place, row, history, (name, state), links)
        for place, (row, name, state) in enumerate(zip(history.rows, names, states, strict=True))
    ]
    return sorted(cards, key=lambda card: history.rows[card.place].role is not Role.HEADLINE)


def list_names(history: History) -> list[str]:
    """Name every metric, with an arrow for the way that is good."""
    shared = shared_names(row.key for row in history.rows)
    return [f"{clean(name_of(row.key, shared))} {ARROWS[row.goal]}".strip() for row in history.rows]


def list_states(history: History) -> list[State]:
    """Say of every metric where it stands."""
    slid = {drift.key for drift in history.drifts}
    return [_tell_state(row, history.runs[-1].sha, is_slid=row.key in slid) for row in history.rows]


def tell_lead(cards: Iterable[Card]) -> str:
    """Say in one line how main is doing; empty where there is nothing that it is judged by."""
    kinds = [card.state.kind for card in cards if card.is_judged]
    said = [f"{format_number(kinds.count(kind))} {words}" for kind, words in LEAD.items() if kind in kinds]
    return f"{plural(len(kinds), 'metric')}: {', '.join(said)}" if said else ""


def tell_slides(history: History) -> str:
    """Name what main has lost, and since when; empty where that is nothing."""
    shared = shared_names(row.key for row in history.rows)
    units = {row.key: row.unit for row in history.rows}
    said = []
    for drift in history.drifts:
        pair = format_pair(drift.best, drift.level, units.get(drift.key, ""))
        said.append(f"{name_of(drift.key, shared)} {pair.base} → {pair.head} since {drift.first_bad[:7]}")
    return f"Main has slid: {list_some(said, NAMED)}" if said else ""


def link_words(text: str, links: Mapping[str, str]) -> tuple[Piece, ...]:
    """Take a sentence apart where it names a commit, so that the name can lead there.

    Example:
        >>> link_words("shifted at abc1234", {"abc1234": "https://x.example"})[-1]
        Piece(text='abc1234', url='https://x.example')
    """
    text = clean(text, 600) if text else ""
    pieces, end = [], 0
    for found in _COMMIT.finditer(text):
        if links.get(found[0]):
            pieces += [Piece(text[end : found.start()], ""), Piece(found[0], links[found[0]])]
            end = found.end()
    pieces.append(Piece(text[end:], ""))
    return tuple(piece for piece in pieces if piece.text)


def write_values(row: HistoryRow) -> tuple[str, ...]:
    """Write the values of all runs with the decimals that their scatter has."""
    usual = [float(value) for value in row.values if value is not None and abs(value) < LARGEST]
    reach = row.noise or ((max(usual) - min(usual)) / 2 if usual else None)
    return tuple(format_beside(value, reach, row.unit) for value in row.values)


def _make_card(
    place: int, row: HistoryRow, history: History, told: tuple[str, State], links: Mapping[str, str]
) -> Card:
    last, band = write_numbers(row)
    name, state = told
    drawing = draw_course(row, place_levels(row, history))
    said = "; ".join([*([f"{band} over {plural(row.n, 'run')}"] if band else []), *_drop_told(row, state)])
    return Card(
        place=place,
        name=name,
        last=last,
        state=state,
        words=link_words(said, links),
        caption=f"{plural(len(row.values), 'run')}: {last} at the last, {state.words}{'. ' if said else ''}{said}",
        drawing=drawing,
        ends=_write_ends(drawing, row.unit),
        is_judged=row.role is not Role.BOOKKEEPING,
    )


def _drop_told(row: HistoryRow, state: State) -> Sequence[str]:
    return [words for words in tell_special(row) if words != state.words]


def _write_ends(drawing: Drawing, unit: str) -> tuple[str, ...]:
    if drawing.ends is None:
        return ()
    low, high = drawing.ends
    pair = format_pair(low, high, unit)
    return pair.head, pair.base


def _tell_state(row: HistoryRow, last: str, *, is_slid: bool) -> State:
    if is_slid:
        return State(SLID, SLID, "bad")
    if row.values[-1] is None:
        return State(GONE, GONE)
    if last in row.outliers:
        return State(ODD, ODD)
    if row.level is None:
        return State(NEW, NEW)
    if not row.shifts:
        return State(STEADY, STEADY)
    shift = row.shifts[-1]
    if row.goal is Goal.NONE:
        return State(MOVED, MOVED)
    if (shift.after > shift.before) == (row.goal is Goal.HIGHER):
        return State(BETTER, LEAD[BETTER], "good")
    return State(WORSE, LEAD[WORSE], "bad")
