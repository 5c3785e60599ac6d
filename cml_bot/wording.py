"""What a report says, in what order: one home for the words of all its forms.

Everything here is plain text. The names among it are foreign: each form escapes them for the place they stand in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.escape import clean
from cml_bot.filters import PASSED, format_number, format_pair, list_some, plural
from cml_bot.goals import is_of_training
from cml_bot.model import Goal, Method, Outcome, Role, Trend
from cml_bot.names import name_of, shared_names
from cml_bot.wording_noise import tell_noise, tell_sure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cml_bot.filters import Pair
    from cml_bot.model import Check, Delta, FigurePair, Key, Report

NAMED = 3
"""Metrics that a sentence names before it counts them."""
HEADLINE_ROWS = 12
"""The first table is for ten seconds; what does not fit is folded below it."""

ARROWS = {Goal.HIGHER: "↑", Goal.LOWER: "↓", Goal.NONE: ""}
SYMBOLS = {
    Trend.WORSE: "🔻",
    Trend.BETTER: "✅",
    Trend.UNCLEAR: "❔",
    Trend.CHANGED: "🔸",
    Trend.NEW: "🆕",
    Trend.GONE: "➖",
    Trend.SAME: "",
}
TOLD = (Trend.WORSE, Trend.BETTER, Trend.CHANGED, Trend.GONE)
"""What adds something to the word that a gate failed."""
OUTCOMES = {Outcome.FAIL: ("❌", "failed"), Outcome.WARN: ("⚠️", "warned"), Outcome.PASS: ("✅", "passed")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table."""

    delta: Delta
    name: str
    """Foreign text: the metric's name, with its group where the name alone is ambiguous."""
    check: Check | None
    """The gate that said the worst of it, if one failed or warned."""
    pair: Pair

    @property
    def outcome(self) -> Outcome:
        """The worst that a gate said of it."""
        return self.check.outcome if self.check else Outcome.PASS

    @property
    def is_waived(self) -> bool:
        """Whether somebody accepted what that gate says."""
        return bool(self.check and self.check.waiver)

    @property
    def symbol(self) -> str:
        """One sign, with the space behind it; never the only carrier of the meaning."""
        sign = OUTCOMES[self.outcome][0] if self.outcome else SYMBOLS[self.delta.trend]
        return f"{sign} " if sign else ""

    @property
    def status(self) -> str:
        """What happened, in words."""
        trend = self.delta.trend.value
        if self.check is None:
            return trend
        word = "waived" if self.is_waived else f"gate {OUTCOMES[self.outcome][1]}"
        return f"{word}, {trend}" if self.delta.trend in TOLD else word

    @property
    def arrow(self) -> str:
        """Which way is good; that passing is, needs no sign."""
        return "" if self.delta.unit == PASSED else ARROWS[self.delta.goal]

    @property
    def change(self) -> str:
        """The change with its percentage where that means something."""
        percent = f" ({self.pair.relative})" if self.pair.relative else ""
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
    """What changed too, and did not fit."""
    same: tuple[Row, ...] = ()
    bookkeeping: tuple[Row, ...] = ()
    """Counts, steps, timings and what describes the data; empty where there is nothing else to look at."""

    @property
    def quality(self) -> tuple[Row, ...]:
        """All but the bookkeeping."""
        return self.first + self.more + self.same


def sort_rows(report: Report) -> Rows:
    """Put the deltas of a report where they belong.

    Order: failed, warned, worse, better, unclear, changed, new, gone, same; within each as declared, but what says less
    of the model last.
    """
    shared = shared_names(delta.key for delta in report.deltas)
    worst = _worst_of_each(report.verdict.checks)
    rows = [_row(delta, shared, worst.get(delta.key)) for delta in report.deltas]
    rows.sort(key=lambda row: (-row.outcome, row.is_waived, list(Trend).index(row.delta.trend), _place(row.delta)))
    # A job may write nothing but counts, such as the size of a model: then those are what the report is about.
    quality = [row for row in rows if row.delta.role is not Role.BOOKKEEPING]
    bookkeeping = [row for row in rows if row.delta.role is Role.BOOKKEEPING]
    quality, bookkeeping = (quality, bookkeeping) if quality else (bookkeeping, [])
    wanted = [row for row in quality if _is_wanted(row, report)]
    same = [row for row in quality if not _is_wanted(row, report)]
    return Rows(
        first=tuple(wanted[:HEADLINE_ROWS]),
        more=tuple(wanted[HEADLINE_ROWS:]),
        same=tuple(same),
        bookkeeping=tuple(bookkeeping),
    )


def _place(delta: Delta) -> int:
    """Put last what says less than others of the same trend: of the training data, without a goal, no number."""
    if delta.role is Role.HEADLINE or delta.trend not in (Trend.WORSE, Trend.BETTER, Trend.UNCLEAR):
        return 0
    if delta.trend is Trend.UNCLEAR and delta.evidence.method is Method.NOT_FINITE:
        return 3
    is_detail = any(side is not None and side.is_detail for side in (delta.head, delta.base))
    return 2 if delta.goal is Goal.NONE else int(is_detail or is_of_training(delta.key.name))


def _is_wanted(row: Row, report: Report) -> bool:
    """Whether it belongs into the first table: gated, configured so, changed; without a base everything is news."""
    is_headline = row.delta.role is Role.HEADLINE
    return is_headline or bool(row.outcome) or not report.has_base or row.delta.trend is not Trend.SAME


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
    return Row(delta=delta, name=name, check=check, pair=format_pair(base, head, unit))


def first_line(report: Report, rows: Rows) -> tuple[str, str]:
    """Give the symbol and the words of the first line: enough to decide whether to read on."""
    symbol, words = tell_outcome(report, rows)
    return symbol, f"{report.title}: {words}"


def tell_outcome(report: Report, rows: Rows) -> tuple[str, str]:
    """Give the symbol and the words for what all gates and metrics came to: ``1 gate failed · 2 better``."""
    symbol, said = _outcome(report)
    if not rows.quality:
        counts = ["no metrics found"]
    elif not report.has_base:
        counts = ["first report", plural(len(rows.quality), "metric")]
    else:
        # What a gate failed or warned of is told by that, where its trend says less.
        found = Counter(row.delta.trend for row in rows.quality if not row.check or row.delta.trend in TOLD)
        counts = [f"{found[trend]} {trend.value}" for trend in Trend if found[trend]]
    return symbol, " · ".join([*said, *counts])


def _outcome(report: Report) -> tuple[str, list[str]]:
    """Count gates, not what their globs mean: that is how their author counts."""
    worst: dict[str, Check] = {}
    for check in report.verdict.checks:
        if check.gate.text not in worst or check.outcome > worst[check.gate.text].outcome:
            worst[check.gate.text] = check
    words = Counter("waived" if check.waiver else OUTCOMES[check.outcome][1] for check in worst.values())
    said = [f"{plural(words[word], 'gate')} {word}" for word in ("failed", "warned", "waived") if words[word]]
    if report.verdict.outcome is Outcome.PASS and (report.broken or report.unread):
        return OUTCOMES[Outcome.WARN][0], [plural(len(report.broken + report.unread), "file") + " could not be read"]
    if not worst:
        return "📊", []
    return OUTCOMES[report.verdict.outcome][0], said or [f"{plural(len(worst), 'gate')} passed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The one sentence that matters most: foreign text apart from our own."""

    name: str
    """Foreign: the metric it speaks of; empty when of none."""
    text: str


def second_line(report: Report, rows: Rows) -> Sentence:
    """Say the one thing that matters most, with its numbers and how sure it is."""
    worst = [check for check in report.verdict.checks if check.outcome and check.outcome is report.verdict.outcome]
    if worst and all(check.key is None for check in worst):
        return Sentence(name="", text=_sentence(worst[0].reason))
    if not rows.quality:
        found = "" if report.curves or report.charts or report.figures else NOTHING_FOUND
        return Sentence(name="", text=found or "No metrics were found, only curves, charts or pictures.")
    row = _most_important(rows)
    if not report.has_base and not (row and row.check):
        return Sentence(name="", text=f"There is nothing to compare with yet: {report.base.source}.")
    if row is None:
        count = plural(len(rows.quality), "metric is", "metrics are")
        beyond = " beyond noise" if any(row.delta.evidence.p is not None for row in rows.quality) else ""
        return Sentence(
            name="", text=f"Nothing changed{beyond}: {count} the same as on {report.base.label or 'the other side'}."
        )
    return Sentence(name=row.name, text=_tell(row))


NEXT = (
    "Comparing starts once mlbot report has recorded a run of main, or main's files are committed; until then, "
    "--against compares with any other revision, folder or run.json."
)
NOTHING_FOUND = (
    "No metrics were found. Write a metrics.json, or name the files under sources in mlbot.toml; "
    "the command mlbot doctor shows where mlbot looks."
)


def _most_important(rows: Rows) -> Row | None:
    """The first row of the worst kind: what is gated or configured so, else what the job writes first."""
    changed = [row for row in rows.first if row.delta.trend is not Trend.SAME or row.check]
    alike = [row for row in changed if row.status == changed[0].status]
    return next((row for row in alike if row.delta.role is Role.HEADLINE), next(iter(alike), None))


def _tell(row: Row) -> str:
    """Finish a sentence that begins with the metric's name."""
    pair, delta = row.pair, row.delta
    percent = f" ({pair.relative})" if pair.relative else ""
    gate = f": {row.check.reason}" if row.check else ""
    match delta.trend:
        case Trend.NEW:
            return f"is {pair.head}{gate}." if gate else f"is new: {pair.head}."
        case Trend.GONE:
            return f"is gone; it was {pair.base}."
        case Trend.SAME if pair.head == pair.base:
            return f"is {pair.head}, as before{gate}."
        case Trend.SAME:
            sure = "" if gate or delta.evidence.p is None else ", which noise explains"
            return f"went from {pair.base} to {pair.head}{percent}{sure}{gate}."
        case Trend.UNCLEAR if pair.head == pair.base and delta.evidence.method is Method.NOT_FINITE:
            return f"is {pair.head}, as before{gate}."
        case Trend.UNCLEAR:
            sure = "" if gate or delta.evidence.method == Method.NOT_FINITE else ", which could be noise"
            return f"went from {pair.base} to {pair.head}{percent}{gate}{sure}."
        case _:
            low, high = delta.shown_base or 0.0, delta.head.value if delta.head else 0.0
            is_number = delta.unit != PASSED
            verb = "rose" if is_number and high > low else "fell" if is_number and high < low else "went"
            return f"{verb} from {pair.base} to {pair.head}{percent}{gate or tell_sure(delta)}."


def tell_next(report: Report, rows: Iterable[Row]) -> list[str]:
    """What would decide the unclear ones, each reason once; without a base, what gives one."""
    rows = list(rows)
    if not report.has_base:
        why = f"There is nothing to compare with yet: {report.base.source}."
        is_said = not any(row.check for row in rows)
        return [*([] if is_said else [why]), NEXT] if report.deltas else []
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.delta.trend is Trend.UNCLEAR and row.delta.evidence.decide and not row.check:
            reasons.setdefault(row.delta.evidence.decide, []).append(clean(row.name))
    said = [f"{list_some(names, NAMED)} could be noise: {reason}." for reason, names in reasons.items()]
    return [*said, *(_tell_odd(row) for row in rows if row.delta.is_base_odd)]


def _tell_odd(row: Row) -> str:
    """Say what the run that is compared with gave, where main's level stands for it."""
    own, level = format_number(row.delta.base.value if row.delta.base else None, row.delta.unit), row.pair.base
    return f"{clean(row.name)}: main's own run gave {own}, outside of its noise; main's level {level} stands for it."


def fold_titles(report: Report, rows: Rows) -> dict[str, str]:
    """Head the parts that are folded, by their name in `Rows` and `Report`; what is empty has none."""
    changed = " changed" if report.has_base else ""
    titles = {
        "more": (len(rows.more), plural(len(rows.more), "more metric") + changed),
        "same": (len(rows.same), plural(len(rows.same), "metric") + " stayed the same"),
        "bookkeeping": (len(rows.bookkeeping), plural(len(rows.bookkeeping), "other number")),
        "params": (len(report.params), plural(len(report.params), "parameter") + changed),
        "curves": (len(report.curves), plural(len(report.curves), "curve") + changed),
        "charts": (len(report.charts), plural(len(report.charts), "chart") + changed),
        "figures": (len(report.figures), _title_figures(report)),
    }
    return {name: title for name, (count, title) in titles.items() if count}


def tell_pictures(pair: FigurePair, base_label: str) -> str:
    """Say what there is to say of a picture, without a full stop; empty where it speaks for itself."""
    return f"the picture of {base_label} is not kept" if pair.is_base_lost else pair.told


def _title_figures(report: Report) -> str:
    """Count the pictures, and those that are known to have changed where main kept only some."""
    title = plural(len(report.figures), "picture")
    known = sum(not pair.is_base_lost for pair in report.figures)
    if not report.has_base or not known:
        return title
    return f"{title} changed" if known == len(report.figures) else f"{title}, {known} changed"


def rank(check: Check) -> tuple[int, bool]:
    """Sort what failed before what warned, and that before what is waived."""
    return -check.outcome, check.waiver is not None


def tell_check(check: Check) -> str:
    """Finish a sentence that begins with the gate's text."""
    if check.waiver:
        return f"is waived until {check.waiver.until} ({check.waiver.reason}): {check.reason}."
    return f"{OUTCOMES[check.outcome][1]}: {check.reason}."


def _sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
