"""The sentences of a report, for all its forms; what they count is in `wording_counts`, the rows in `wording_rows`.

Everything here is plain text. The names among it are foreign: each form escapes them for the place they stand in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.escape import clean
from cml_bot.filters import PASSED, format_number, list_some, plural
from cml_bot.judge import NO_BASE
from cml_bot.model import Form, Method, Outcome, Role, Trend
from cml_bot.names import shared_names
from cml_bot.wording_counts import tell_details, tell_missing
from cml_bot.wording_noise import find_widest, tell_drift, tell_share, tell_sure
from cml_bot.wording_rows import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.model import Check, FigurePair, Report
    from cml_bot.wording_rows import Row, Rows

NAMED = 3
"""Metrics that a sentence names before it counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The one sentence that matters most: foreign text apart from our own."""

    name: str
    """Foreign: the metric it speaks of; empty when of none."""
    text: str
    check: Check | None = None
    """The gate whose reason it tells, so that nothing else has to."""
    rest: str = ""
    """What of that reason it leaves out."""
    reason: str = ""
    """A reason that it gives for every gate at once."""


def second_line(report: Report, rows: Rows) -> Sentence:
    """Say the one thing that matters most, with its numbers and how sure it is."""
    if report.broken:
        return Sentence(name="", text=_sentence(tell_missing(report)) or _tell_broken(report))
    if report.build.on_main and report.drifts and report.verdict.outcome is not Outcome.FAIL:
        shared = shared_names(delta.key for delta in report.deltas)
        return Sentence(name="", text=_sentence(tell_drift(report.drifts[0], shared)))
    worst = [check for check in report.verdict.checks if check.outcome and check.outcome is report.verdict.outcome]
    if worst and all(check.key is None for check in worst):
        return Sentence(name="", text=_sentence(worst[0].reason), check=worst[0])
    if not rows.quality:
        found = "" if report.curves or report.charts or report.figures else NOTHING_FOUND
        return Sentence(name="", text=found or "No metrics were found, only curves, charts or pictures.")
    row = _most_important(rows)
    if not report.has_base and not (row and row.check and row.check.reason != NO_BASE):
        return Sentence(name="", text=_tell_first(report), reason=NO_BASE)
    if row is None:
        return Sentence(name="", text=_tell_nothing(report, rows))
    # That it stayed the same gives no reason for what a gate says.
    is_reason = row.check and not (row.delta.trend is Trend.SAME and _is_told(row))
    rest = row.check.reason.partition("; ")[2] if row.check and _is_told(row) else ""
    text = _tell(row)
    return Sentence(
        name=row.titled, text=text, check=row.check if is_reason else None, rest="" if rest in text else rest
    )


def _tell_broken(report: Report) -> str:
    """Say why what is expected is not there; which files these are stands below, being foreign text."""
    count = len(report.broken)
    whose = "its" if count == 1 else "their"
    if report.unread:
        said = f"{plural(len(report.lost), 'file')} could not be read, {count} of which this report needs"
        return f"{said}: {whose} numbers are missing here."
    return f"{plural(count, 'file')} that this report needs could not be read: {whose} numbers are missing here."


def _tell_first(report: Report) -> str:
    """Say when comparing starts; why it has not yet is folded, unless that is a problem that somebody can mend."""
    if report.build.on_main:
        return "This is the first run on main that is known: later ones are compared with it."
    if not report.head.sha or "could not" in report.base.source:
        return f"There is nothing to compare with: {report.base.source}."
    return "There is nothing to compare with yet: comparing starts with the first run on main."


def _tell_nothing(report: Report, rows: Rows) -> str:
    """Say that nothing changed, as far as that can be seen."""
    main, details = rows.split(rows.quality)
    label = report.base.label or "the other side"
    others = tell_details(details)
    subject = f"Apart from {others}, nothing changed" if others else "Nothing changed"
    said = f"{plural(len(main), 'metric is', 'metrics are')} the same as on {label}"
    within = [row for row in main if row.delta.evidence.p is not None]
    if not within:
        return f"{subject}: {said}."
    return f"{subject} beyond noise: {said}{_tell_unseen(within)}."


def _tell_unseen(rows: Sequence[Row]) -> str:
    """Say which metric may have changed most without anybody seeing it; empty where none much."""
    names = {row.delta.key: row.name for row in rows}
    widest = find_widest(row.delta for row in rows)
    if widest is None:
        return ""
    share = tell_share(widest)
    if len(names) == 1:
        return f". It could have changed by up to {share} unseen"
    return f". The noisiest is {clean(names[widest.key])}: it could have changed by up to {share} unseen"


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
            gate = f", and a gate {OUTCOMES[row.outcome][1]}" if _is_told(row) else gate
            return f"went from {pair.base} to {pair.head}{percent}{gate}."
        case _ if delta.head is not None and not math.isfinite(delta.head.value) and pair.head != pair.base:
            return f"is {pair.head}; it was {pair.base}."
        case Trend.UNCLEAR if pair.head == pair.base and delta.evidence.method is Method.NOT_FINITE:
            return f"is {pair.head}, as before{gate}."
        case Trend.UNCLEAR:
            sure = "" if gate or delta.evidence.method == Method.NOT_FINITE else ", which could be noise"
            return f"went from {pair.base} to {pair.head}{percent}{gate}{sure}."
        case _:
            low, high = delta.shown_base or 0.0, delta.head.value if delta.head else 0.0
            is_number = delta.unit != PASSED
            verb = "rose" if is_number and high > low else "fell" if is_number and high < low else "went"
            return f"{verb} from {pair.base} to {pair.head}{percent}{_tell_why(row)}."


def _tell_why(row: Row) -> str:
    """Say by what it is known that it changed; the gate's reason follows below the table, where it says no more."""
    return f": {row.check.reason}" if row.check and not _is_told(row) else tell_sure(row.delta)


def _is_told(row: Row) -> bool:
    """Whether its gate says no more than the numbers and their noise do, at more length."""
    if row.check is None:
        return False
    by_noise = row.delta.evidence.p is not None and row.check.gate.form is Form.REGRESSED
    return by_noise or row.check.reason.endswith(f" {row.pair.base}")


def tell_next(report: Report, rows: Iterable[Row], sentence: Sentence) -> list[str]:
    """What would decide the unclear ones, each reason once; without a base, when comparing starts."""
    rows = list(rows)
    if not report.has_base:
        first = _tell_first(report)
        return [first] if any(row.check for row in rows) and first != sentence.text else []
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


def tell_pictures(pair: FigurePair, base_label: str) -> str:
    """Say what there is to say of a picture, without a full stop; empty where it speaks for itself."""
    return f"the picture of {base_label} is not kept" if pair.is_base_lost else pair.told


def rank(check: Check) -> tuple[int, bool]:
    """Sort what failed before what warned, and that before what is waived."""
    return -check.outcome, check.waiver is not None


def tell_check(check: Check, sentence: Sentence) -> str:
    """Finish a sentence that begins with the gate's text, with what the report's second line does not say."""
    is_told = check == sentence.check or check.reason == sentence.reason
    reason = sentence.rest if is_told else check.reason
    why = f": {reason}" if reason else ""
    if check.waiver:
        return f"is waived until {check.waiver.until} ({check.waiver.reason}){why}."
    return f"{OUTCOMES[check.outcome][1]}{why}."


def _sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
