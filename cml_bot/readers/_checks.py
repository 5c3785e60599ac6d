"""What tools that check data and models have in common: checks that passed or did not, and numbers of the data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cml_bot.filters import PASSED, format_number, plural
from cml_bot.model import Goal, Metric, Note, Outcome, Role
from cml_bot.readers._names import Names, shorten, some
from cml_bot.readers._numbers import as_double, is_missing
from cml_bot.readers._tree import MOST_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cml_bot.model import Observation

MOST_CHECKS = 200
"""Checks that passed, and as many that did not, each with a row of its own."""
_LONGEST = 120
"""Characters of a check's name: some tools put a whole sentence there."""
_VALUES = {Outcome.PASS: 1, Outcome.WARN: 0.5, Outcome.FAIL: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One check, and what it came to."""

    name: str
    """Alike in every run: without bounds that were taken from data."""
    outcome: Outcome


def observe_checks(
    checks: Sequence[Checked], *, unseen: Mapping[Outcome, int] | None = None, are_all: bool = True
) -> Iterator[Metric | Note]:
    """Yield how many checks passed, warned and failed, and a row for each.

    Args:
        checks: in the order of the file.
        unseen: how many more the file counts without listing them.
        are_all: whether it tells of those that passed at all; some tools name failures alone.
    """
    listed = Counter(check.outcome for check in checks)
    counts = {outcome: listed[outcome] + (unseen or {}).get(outcome, 0) for outcome in Outcome}
    total = sum(counts.values())
    if are_all:
        yield count("checks passed", counts[Outcome.PASS], Goal.HIGHER, role=Role.BOOKKEEPING)
    # What fails on both sides is no change, and has to be seen all the same.
    failed_role = Role.HEADLINE if counts[Outcome.FAIL] else Role.QUALITY
    yield count("checks failed", counts[Outcome.FAIL], Goal.LOWER, role=failed_role)
    if counts[Outcome.WARN] or are_all:
        yield count("checks warned", counts[Outcome.WARN], Goal.LOWER, role=Role.QUALITY)
    passed = [check for check in checks if check.outcome is Outcome.PASS]
    others = [check for check in checks if check.outcome is not Outcome.PASS]
    yield from (check_row(check) for check in [*others[:MOST_CHECKS], *passed[:MOST_CHECKS]])
    left = total - min(len(passed), MOST_CHECKS) - min(len(others), MOST_CHECKS)
    if left:
        cure = "Look for them in the tool's own report."
        yield Note(text=f"{format_number(left)} of {plural(total, 'check')} without a row of their own. {cure}")
    if others:
        said = f"{len(others)} of {plural(total, 'check')}" if are_all else plural(len(others), "check")
        yield Note(text=f"{said} did not pass: {some(check.name for check in others)}. Look at the tool's own report.")


def check_row(check: Checked) -> Metric:
    """Give a check as a number without noise: 1 passed, 0.5 warned, 0 failed."""
    return Metric(
        name=shorten(check.name, _LONGEST),
        values=(_VALUES[check.outcome],),
        unit=PASSED,
        goal=Goal.HIGHER,
        role=Role.QUALITY,
        is_exact=True,
    )


def count(name: str, value: float, goal: Goal = Goal.NONE, *, role: Role = Role.BOOKKEEPING) -> Metric:
    """Give a count: a whole number where it is one, and without noise."""
    whole = int(value) if float(value).is_integer() else value
    return Metric(name=name, values=(whole,), goal=goal, role=role, is_exact=True)


def statistic(name: str, value: object, goal: Goal = Goal.NONE, unit: str = "") -> Iterator[Metric]:
    """Yield a number that describes data: folded away unless it is gated; nothing where it is no number."""
    number = as_double(value)
    if number is not None:
        yield replace(count(name, number, goal), unit=unit)


def tell_not_run(names: Sequence[str]) -> Iterator[Metric | Note]:
    """Yield how many checks did not run, and which."""
    yield count("checks not run", len(names))
    if names:
        said = plural(len(names), "check")
        yield Note(text=f"{said} did not run: {some(names)}. Leave out of the tool's suite what does not apply.")


def label(name: str, *parts: object) -> str:
    """Name a check or statistic with what it is of.

    Example:
        >>> label("expect_column_values_to_be_unique", "id"), label("RowCount"), label("MissingValueCount", None)
        ('expect_column_values_to_be_unique(id)', 'RowCount', 'MissingValueCount')
    """
    inner = ", ".join(shorten(str(part), _LONGEST) for part in parts if part is not None and part != "")
    return f"{name}({inner})" if inner else name


def number_twins(found: Iterable[Observation]) -> Iterator[Observation]:
    """Tell metrics of one name apart by a number, and leave out what is beyond the most that a file may have."""
    names = Names()
    n_kept = n_left = 0
    for one in found:
        if not isinstance(one, Metric):
            yield one
        elif n_kept < MOST_METRICS:
            n_kept += 1
            yield replace(one, name=names.take(one.name))
        else:
            n_left += 1
    if n_left:
        most = plural(MOST_METRICS, "metric")
        yield Note(text=f"has more than {most}; {format_number(n_left)} were left out. Check fewer columns a file.")


def word(node: object) -> str | None:
    """Return a name or number as text; None for anything else."""
    return str(node) if isinstance(node, str | int | float) and not is_missing(node) and node == node else None


def text(node: object) -> str:
    """Return a text on one line; an empty one for anything else."""
    return " ".join(node.split()) if isinstance(node, str) else ""
