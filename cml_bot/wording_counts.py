"""What a report counts: the first line, and the titles of what is folded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.judge import is_unchecked
from cml_bot.model import NOTHING_HERE, Outcome, Trend
from cml_bot.wording_noise import find_widest, tell_share
from cml_bot.wording_rows import NO_NUMBER, OUTCOMES, TOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.model import Check, Report
    from cml_bot.wording_rows import Row, Rows

REPORT = "📊"
"""Nothing failed, and nothing is known to be good."""
WORDS = (*Trend, NO_NUMBER)
"""What rows are counted by, in the order of the first line."""


def first_line(report: Report, rows: Rows) -> tuple[str, str]:
    """Give the symbol and the words of the first line: enough to decide whether to read on."""
    symbol, words = tell_outcome(report, rows)
    return symbol, f"{report.title}: {words}"


def tell_outcome(report: Report, rows: Rows) -> tuple[str, str]:
    """Give the symbol and the words for what all gates and metrics came to: ``1 gate failed · 2 better``."""
    symbol, said = _outcome(report, rows)
    main, details = rows.split(rows.quality)
    if not main:
        counts = ["no metrics found"]
    elif not report.has_base:
        counts = ["first report", plural(len(main), "metric")]
    else:
        # What a gate failed or warned of is told by that, where its trend says less.
        found = Counter(_word(row) for row in main if not row.check or row.delta.trend in TOLD)
        nothing = ["no metrics found"] if tell_missing(report) else []
        counts = [*nothing, *(f"{found[word]} {word}" for word in WORDS if found[word])]
    changed = tell_details(details) if report.has_base else ""
    return symbol, ", ".join(filter(None, (" · ".join([*said, *counts]), changed)))


def _word(row: Row) -> str:
    return NO_NUMBER if row.is_no_number else row.delta.trend


def tell_details(details: Iterable[Row]) -> str:
    """Say what became of numbers of single classes and of training; what is unclear is counted on its fold alone."""
    changed = [row for row in details if _word(row) not in (Trend.SAME, Trend.UNCLEAR, NO_NUMBER)]
    kinds = (False, "number of a single class", "numbers of single classes"), (True, "training metric", "")
    said = []
    for is_of_training, noun, nouns in kinds:
        found = Counter(_word(row) for row in changed if row.is_of_training is is_of_training)
        words = [f"{found[word]} {word}" for word in WORDS if found[word]]
        what = f"changed ({', '.join(words)})" if len(words) > 1 else next(iter(found), "")
        said += [f"{plural(found.total(), noun, nouns)} {what}"] if found else []
    return " and ".join(said)


def _count_details(details: Sequence[Row]) -> str:
    """Count what says less of the model by what it is of: ``29 numbers of single classes and 2 of training``."""
    training = sum(row.is_of_training for row in details)
    counts = (len(details) - training, "single classes"), (training, "training")
    said = [f"{plural(count, 'number')} of {kind}" for count, kind in counts if count]
    return " and ".join(said)


def count_rows(rows: Rows, part: Sequence[Row], *, noun: str = "metric") -> str:
    """Count a part of a report's rows, by what they are of: ``5 metrics and 9 numbers of single classes``."""
    main, details = rows.split(part)
    said = [plural(len(main), noun)] if main or not details else []
    return " and ".join([*said, *([_count_details(details)] if details else [])])


def _outcome(report: Report, rows: Rows) -> tuple[str, list[str]]:
    """Count gates, not what their globs mean: that is how their author counts. Metrics are counted beside them."""
    worst: dict[str, list[Check]] = {}
    for check in report.verdict.checks:
        same = worst.setdefault(check.gate.text, [check])
        if check.outcome > same[0].outcome:
            worst[check.gate.text] = [check]
        elif check.outcome is same[0].outcome and check is not same[0]:
            same.append(check)
    lost = report.lost
    said = [f"{plural(len(lost), 'file')} could not be read"] if lost else []
    if report.verdict.outcome is Outcome.PASS and (lost or report.broken or not _has_anything(report)):
        return OUTCOMES[Outcome.FAIL if report.broken else Outcome.WARN][0], said
    said = [*(said if report.broken else []), *_count_gates(list(worst.values()))]
    passed = [title_passed([same[0] for same in worst.values()])] if worst else []
    is_open = all(is_unchecked(same[0]) for same in worst.values())
    if report.verdict.outcome is Outcome.PASS and (is_open or not _is_good(rows, report)):
        return REPORT, passed
    return OUTCOMES[report.verdict.outcome][0], said or passed


def _has_anything(report: Report) -> bool:
    return bool(report.deltas or report.curves or report.charts or report.figures)


def tell_missing(report: Report) -> str:
    """Give the sentence that nothing was found of what the base has; empty where something was."""
    return next((line for line in report.broken if line.startswith(NOTHING_HERE)), "")


def title_passed(checks: Sequence[Check]) -> str:
    """Count what passed, and apart what has nothing to compare with: ``2 gates passed · 1 not checked yet``."""
    later = sum(map(is_unchecked, checks))
    if later == len(checks):
        return f"{plural(later, 'gate')} not checked yet"
    return f"{plural(len(checks) - later, 'gate')} passed{f' · {later} not checked yet' if later else ''}"


def _is_good(rows: Rows, report: Report) -> bool:
    """Whether anything is known to be as good as it was, and nothing to be worse: a gate that passed says neither."""
    trends = {row.delta.trend for row in rows.split(rows.quality)[0]}
    return not report.has_base or (Trend.WORSE not in trends and bool(trends & {Trend.SAME, Trend.BETTER}))


def _count_gates(gates: Sequence[Sequence[Check]]) -> list[str]:
    """Say how many gates failed, warned and are waived, and of how many metrics if those are more."""
    said = []
    for word in ("failed", "warned", "waived"):
        meant = [checks for checks in gates if _came_to(checks[0]) == word]
        metrics = sum(check.key is not None for checks in meant for check in checks)
        of = f" ({plural(metrics, 'metric')})" if metrics > len(meant) else ""
        said += [f"{plural(len(meant), 'gate')} {word}{of}"] if meant else []
    return said


def _came_to(check: Check) -> str:
    return "waived" if check.waiver else OUTCOMES[check.outcome][1]


def fold_titles(report: Report, rows: Rows) -> dict[str, str]:
    """Head the parts that are folded, by their name in `Rows` and `Report`; what is empty has none."""
    changed = " changed" if report.has_base else ""
    more = f" {_tell_change(rows.more)}" if report.has_base else ""
    titles = {
        "more": (len(rows.more), count_rows(rows, rows.more, noun="more metric") + more),
        "same": (len(rows.same), f"{count_rows(rows, rows.same, noun=_noun_of_same(rows))} {_tell_same(rows.same)}"),
        "bookkeeping": (len(rows.bookkeeping), plural(len(rows.bookkeeping), "other number")),
        "params": (len(report.params), plural(len(report.params), "parameter") + changed),
        "curves": (len(report.curves), plural(len(report.curves), "curve") + changed),
        "charts": (len(report.charts), plural(len(report.charts), "chart") + changed),
        "figures": (len(report.figures), _title_figures(report)),
    }
    return {name: title for name, (count, title) in titles.items() if count}


def _noun_of_same(rows: Rows) -> str:
    return "more metric" if any(row.delta.trend is Trend.SAME for row in rows.first) else "metric"


def _title_figures(report: Report) -> str:
    """Count the pictures, and those that are known to have changed where main kept only some."""
    title = plural(len(report.figures), "picture")
    known = sum(not pair.is_base_lost for pair in report.figures)
    if not report.has_base or not known:
        return title
    return f"{title} changed" if known == len(report.figures) else f"{title}, {known} changed"


def _tell_change(rows: Sequence[Row]) -> str:
    """Say what folded rows of a comparison have in common."""
    unclear = sum(row.delta.trend is Trend.UNCLEAR for row in rows)
    return "changed" if not unclear else "unclear" if unclear == len(rows) else "changed or unclear"


def _tell_same(rows: Sequence[Row]) -> str:
    """Say what "same" means: the sides are equal, or differ by no more than noise; and how large that is, if large.

    "The same" alone would read as a proof that nothing changed.
    """
    within = [row.delta for row in rows if row.delta.evidence.p is not None]
    if not within:
        return "stayed the same"
    widest = find_widest(within)
    word = "within noise" if len(within) == len(rows) else "the same or within noise"
    return f"stayed {word}{f' of up to {tell_share(widest)}' if widest else ''}"
