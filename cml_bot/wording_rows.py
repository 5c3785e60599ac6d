"""The rows of a report: what each says, and in what order they stand.

Everything here is plain text. The names among it are foreign: each form escapes them for the place they stand in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.escape import clean
from cml_bot.filters import NO_BREAK, PASSED, format_pair
from cml_bot.goals import is_bookkeeping, is_count, is_of_training
from cml_bot.model import Goal, Method, Outcome, Role, Trend
from cml_bot.names import name_of, shared_names
from cml_bot.wording_noise import tell_noise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.filters import Pair
    from cml_bot.model import Check, Delta, Key, Report

HEADLINE_ROWS = 12
"""The first table is for ten seconds; what does not fit is folded below it."""
SAME_ROWS = 5
"""What stayed the same, where nothing else is to be shown."""

UNCLEAR = "🔍"
"""Look closer: white question marks cannot be seen on light pages, and red ones look like a failure."""
ARROWS = {Goal.HIGHER: "↑", Goal.LOWER: "↓", Goal.NONE: ""}
SYMBOLS = {
    Trend.WORSE: "🔻",
    Trend.BETTER: "✅",
    Trend.UNCLEAR: UNCLEAR,
    Trend.CHANGED: "🔸",
    Trend.NEW: "🆕",
    Trend.GONE: "➖",
    Trend.SAME: "",
}
TOLD = (Trend.WORSE, Trend.BETTER, Trend.CHANGED, Trend.GONE)
"""What adds something to the word that a gate failed."""
OUTCOMES = {Outcome.FAIL: ("❌", "failed"), Outcome.WARN: ("⚠️", "warned"), Outcome.PASS: ("✅", "passed")}
NO_NUMBER = "not a number"
"""What a metric is that is NaN or infinite on both sides: no change, and nothing to be told from noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table."""

    delta: Delta
    name: str
    """Foreign text: the metric's name, with its group where the name alone is ambiguous."""
    check: Check | None
    """The gate that said the worst of it, if one failed or warned."""
    pair: Pair
    is_detail: bool = False
    """Whether others say more of the model: it is of one class, or of the training data, and nobody asked for it."""

    @property
    def outcome(self) -> Outcome:
        """The worst that a gate said of it."""
        return self.check.outcome if self.check else Outcome.PASS

    @property
    def is_waived(self) -> bool:
        """Whether somebody accepted what that gate says."""
        return bool(self.check and self.check.waiver)

    @property
    def is_no_number(self) -> bool:
        """Whether neither side is a number."""
        delta = self.delta
        return delta.trend is Trend.UNCLEAR and delta.evidence.method is Method.NOT_FINITE

    @property
    def symbol(self) -> str:
        """One sign, with the space behind it; never the only carrier of the meaning."""
        sign = OUTCOMES[self.outcome][0] if self.outcome else SYMBOLS[self.delta.trend]
        return f"{sign} " if sign else ""

    @property
    def status(self) -> str:
        """What happened, in words."""
        trend = NO_NUMBER if self.is_no_number else self.delta.trend.value
        if self.check is None:
            return trend
        word = "waived" if self.is_waived else f"gate {OUTCOMES[self.outcome][1]}"
        return f"{word}, {trend}" if self.delta.trend in TOLD else word

    @property
    def word(self) -> str:
        """What happened, in one word where that can be: what else a gate says stands below the table."""
        if self.check is None:
            return self.status
        return "waived" if self.is_waived else OUTCOMES[self.outcome][1]

    @property
    def titled(self) -> str:
        """The name as a sentence begins: the metric before the file, which would be read as a part of it."""
        key = self.delta.key
        return f"{key.name} in {key.group}" if key.group and self.name != key.name else self.name

    @property
    def is_of_training(self) -> bool:
        """Whether it is measured on what the model was trained with."""
        return is_of_training(self.delta.key.name)

    @property
    def arrow(self) -> str:
        """Which way is good; that passing is, needs no sign."""
        return "" if self.delta.unit == PASSED else ARROWS[self.delta.goal]

    @property
    def change(self) -> str:
        """The change with its percentage where that means something."""
        if self.is_no_number and self.pair.head == self.pair.base:
            return "as before"
        percent = f"{NO_BREAK}({self.pair.relative})" if self.pair.relative else ""
        return f"{self.pair.change}{percent}"

    @property
    def noise(self) -> str:
        """What is known of its noise, for a cell of the table: empty where that is nothing."""
        return tell_noise(self.delta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Every row of a report, sorted by how much attention it deserves."""

    first: tuple[Row, ...] = ()
    """The table a reviewer decides by."""
    more: tuple[Row, ...] = ()
    """What changed too, and did not fit, then the details that changed."""
    same: tuple[Row, ...] = ()
    bookkeeping: tuple[Row, ...] = ()
    """Counts, steps, timings and what describes the data; empty where there is nothing else to look at."""

    @property
    def quality(self) -> tuple[Row, ...]:
        """All but the bookkeeping."""
        return self.first + self.more + self.same

    def split(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        """Part rows into the metrics and the details; where there are details alone, they are the metrics."""
        if all(row.is_detail for row in self.quality):
            return list(rows), []
        return [row for row in rows if not row.is_detail], [row for row in rows if row.is_detail]


def sort_rows(report: Report) -> Rows:
    """Put the deltas of a report where they belong.

    Order: failed, warned, worse, better, unclear, changed, new, gone, same; within each as declared, but what says less
    of the model last, and where the first table has no room for all, of what is unclear the largest change first.
    """
    shared = shared_names(delta.key for delta in report.deltas)
    worst = _worst_of_each(report.verdict.checks)
    rows = [_row(delta, shared, worst.get(delta.key)) for delta in report.deltas]
    rows.sort(key=lambda row: (-row.outcome, row.is_waived, list(Trend).index(row.delta.trend), _place(row)))
    # A job may write nothing but counts, such as the size of a model: then those are what the report is about.
    quality = [row for row in rows if row.delta.role is not Role.BOOKKEEPING]
    bookkeeping = [row for row in rows if row.delta.role is Role.BOOKKEEPING]
    quality, bookkeeping = (quality, bookkeeping) if quality else (bookkeeping, [])
    wanted = [row for row in quality if _is_wanted(row, report)]
    first, more = _choose_first(wanted, quality)
    shown = {row.delta.key for row in (*first, *more)}
    return Rows(
        first=tuple(first),
        more=tuple(more),
        same=tuple(row for row in quality if row.delta.key not in shown),
        bookkeeping=tuple(row for row in bookkeeping if not _is_param(row, report)),
    )


def _choose_first(wanted: Sequence[Row], quality: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Choose the rows of the first table, and those that are folded below it.

    Details stand in the first table where there is nothing else, or where they alone changed beyond noise.
    """
    main = [row for row in wanted if not row.is_detail]
    details = [row for row in wanted if row.is_detail]
    if not main:
        is_all = all(row.is_detail for row in quality)
        main = [row for row in details if is_all or row.delta.trend is not Trend.UNCLEAR]
        details = [] if is_all else [row for row in details if row.delta.trend is Trend.UNCLEAR]
    if not any(not row.is_detail for row in main):
        main += _choose_same(quality, wanted)
    if len(main) > HEADLINE_ROWS:
        main = _put_largest_first(main)
    return main[:HEADLINE_ROWS], main[HEADLINE_ROWS:] + details


def _choose_same(quality: Sequence[Row], wanted: Sequence[Row]) -> list[Row]:
    """Choose what stands there although it stayed the same: a reviewer wants to see the accuracy."""
    known = {row.delta.key for row in wanted}
    same = [row for row in quality if row.delta.key not in known and not row.is_detail]
    return sorted(same, key=lambda row: row.delta.goal is Goal.NONE)[:SAME_ROWS]


def _place(row: Row) -> int:
    """Put last what says less than others of the same trend: details, without a goal, no number."""
    delta = row.delta
    if delta.role is Role.HEADLINE or delta.trend not in (Trend.WORSE, Trend.BETTER, Trend.UNCLEAR):
        return 0
    if row.is_no_number:
        return 3
    return 2 if delta.goal is Goal.NONE else int(row.is_detail)


def _put_largest_first(rows: Sequence[Row]) -> list[Row]:
    """Sort by relative change what is unclear, for the order of their names says nothing of which twelve to show."""

    def size(row: Row) -> float:
        relative = row.delta.relative
        return -abs(relative) if relative is not None and math.isfinite(relative) else 0.0

    is_open = [row.delta.trend is Trend.UNCLEAR and not row.check and not row.is_no_number for row in rows]
    largest = iter(sorted((row for row, its in zip(rows, is_open, strict=True) if its), key=size))
    return [next(largest) if its else row for row, its in zip(rows, is_open, strict=True)]


def _is_wanted(row: Row, report: Report) -> bool:
    """Whether it belongs into the first table: gated, configured so, changed; without a base everything is news."""
    is_headline = row.delta.role is Role.HEADLINE
    return is_headline or bool(row.outcome) or not report.has_base or row.delta.trend is not Trend.SAME


def _is_param(row: Row, report: Report) -> bool:
    """Whether the table of parameters tells it as well: a learning rate that the trainer wrote down too."""
    name = row.delta.key.name
    return is_bookkeeping(name) and not is_count(name) and any(param.key.name == name for param in report.params)


def _worst_of_each(checks: Iterable[Check]) -> dict[Key | None, Check]:
    """Give the first of the worst checks of every metric that did not pass."""
    worst: dict[Key | None, Check] = {}
    for check in checks:
        if check.outcome and (check.key not in worst or check.outcome > worst[check.key].outcome):
            worst[check.key] = check
    return worst


def _row(delta: Delta, shared: frozenset[str], check: Check | None) -> Row:
    base, head = delta.shown_base, delta.head.value if delta.head else None
    name = name_of(delta.key, shared)
    unit = clean(delta.unit, 20) if delta.unit else ""
    pair = format_pair(base, head, unit)
    return Row(delta=delta, name=name, check=check, pair=pair, is_detail=_is_detail(delta))


def _is_detail(delta: Delta) -> bool:
    if delta.role is Role.HEADLINE or _has_become_no_number(delta):
        return False
    is_told = any(side is not None and side.is_detail for side in (delta.head, delta.base))
    return is_told or is_of_training(delta.key.name)


def _has_become_no_number(delta: Delta) -> bool:
    """Whether it is NaN or infinite here, and was not: nobody wants to find that in a fold."""
    return (
        delta.head is not None
        and not math.isfinite(delta.head.value)
        and (delta.base is None or math.isfinite(delta.base.value))
    )
