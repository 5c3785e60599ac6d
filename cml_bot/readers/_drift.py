"""Drift of columns, as tools measure it: which way of a method is drift, and what its verdict is worth.

Every number here that says how often a method is wrong was measured on samples of one distribution.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cml_bot.filters import format_number, plural
from cml_bot.model import Goal, Metric, Note, Role
from cml_bot.readers._names import some
from cml_bot.stats.families import benjamini_hochberg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_P_VALUES = re.compile(
    r"p[_ -]?value|^(?:ks|z|t_test|es|mannw|anderson|fisher_exact|chisquare)$|chi|g_test|mmd|tvd|total.variation"
    r"|cramer.von|epps|fisher|mann.whitney|anderson",
    re.IGNORECASE,
)
"""Methods whose number is small where data drift."""
_DISTANCES = re.compile(
    r"distance|divergence|wasserstein|jensen|hellinger|kl_div|kullback|\bpsi\b|cramer'?s|emd|content.drift|^ed$",
    re.IGNORECASE,
)
"""Methods whose number is large where data drift."""
_ONE_SAMPLE = re.compile(r"chi|^g_test", re.IGNORECASE)
"""Tests that take the shares of the reference for exact, though they come from a sample too."""
_FAR_LARGER = 10
"""How many times larger a reference has to be for that to do no harm: 6 to 7 false alarms in 100 instead of 5."""
_BY_CHANCE = ((100, "74 to 86"), (200, "20 to 70"), (500, "up to 23"))
"""Of 100 columns that do not drift, those beyond a distance of 0.1 with so many current rows: PSI, Jensen-Shannon
and normed Wasserstein, with references of 5000 and as many rows."""
_USUAL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far one column has drifted, and what the tool says of it."""

    column: str
    method: str
    score: float
    limit: float | None = None
    """Where drift begins, as far as the file says."""
    said: bool | None = None
    """The tool's own verdict."""

    @property
    def goal(self) -> Goal:
        """Which way is less drift."""
        return goal_of_method(self.method)

    @property
    def is_drifted(self) -> bool | None:
        """The tool's verdict, or what its limit comes to; None where nobody can tell."""
        if self.said is not None or self.limit is None or math.isnan(self.score):
            return self.said
        return {Goal.HIGHER: self.score < self.limit, Goal.LOWER: self.score >= self.limit}.get(self.goal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """How many rows were compared, where the file says so."""

    current: float | None = None
    reference: float | None = None


def goal_of_method(method: str) -> Goal:
    """Tell which way of a method's number is less drift; none where the method is not known.

    Example:
        >>> [goal_of_method(name).value for name in ("K-S p_value", "PSI", "Total-Variation-Distance", "mine")]
        ['higher', 'lower', 'higher', 'none']
    """
    if _P_VALUES.search(method):
        return Goal.HIGHER
    return Goal.LOWER if _DISTANCES.search(method) else Goal.NONE


def drift_rows(drifts: Sequence[Drift], goal: Goal | None = None) -> Iterator[Metric]:
    """Yield a number a column, under a name that holds its method: numbers of two methods say nothing of each other.

    Args:
        drifts: one a column.
        goal: which way is less drift; by the method's name if None.
    """
    for drift in drifts:
        method = f" ({drift.method})" if drift.method else ""
        name = f"drift/{drift.column}{method}"
        yield Metric(name=name, values=(drift.score,), goal=goal or drift.goal, role=Role.BOOKKEEPING)


def tell_worth(drifts: Sequence[Drift], rows: Rows) -> Iterator[Note]:
    """Yield where verdicts of drift are known to be wrong more often than their limit says."""
    yield from _tell_many(drifts)
    yield from _tell_one_sample([one for one in drifts if one.is_drifted and _ONE_SAMPLE.search(one.method)], rows)
    yield from _tell_few_rows([one for one in drifts if one.is_drifted and one.goal is Goal.LOWER], rows)


def _tell_many(drifts: Sequence[Drift]) -> Iterator[Note]:
    """Correct p values for their number, which no tool that is read here does."""
    tested = [one for one in drifts if one.goal is Goal.HIGHER and one.limit is not None and 0 <= one.score <= 1]
    flagged = sum(bool(one.is_drifted) for one in tested)
    adjusted = benjamini_hochberg([one.score for one in tested])
    left = sum(p < (one.limit or 0) for one, p in zip(tested, adjusted, strict=True))
    if left < flagged:
        verb = "is" if flagged == 1 else "are"
        yield Note(
            text=f"{flagged} of {plural(len(tested), 'column')} {verb} said to drift, each held against its limit as "
            f"if it were the only one; after correction for {plural(len(tested), 'test')} (Benjamini-Hochberg) "
            f"{left or 'none'} {'is' if left == 1 else 'are'} left. Take the others for chance."
        )


def _tell_one_sample(flagged: Sequence[Drift], rows: Rows) -> Iterator[Note]:
    is_far_larger = rows.reference and rows.current and rows.reference >= _FAR_LARGER * rows.current
    if flagged and not is_far_larger:
        sizes = ""
        if rows.reference and rows.current:
            sizes = f" (here {format_number(rows.reference)} and {format_number(rows.current)})"
        names = some(one.column for one in flagged)
        yield Note(
            text=f"drift of {names} is told by a chi-square or G test that takes the reference's shares for exact: of "
            f"100 columns of 3 to 10 categories that do not drift it flags 22 to 51 where both sides have as many "
            f"rows{sizes}, not 5. Use a test of two samples, such as TVD at 0.05 (slower)."
        )


def _tell_few_rows(flagged: Sequence[Drift], rows: Rows) -> Iterator[Note]:
    usual = [one for one in flagged if one.limit is not None and one.limit <= _USUAL]
    found = next((pair for pair in _BY_CHANCE if rows.current and rows.current <= pair[0]), None)
    if usual and found:
        names = some(one.column for one in usual)
        more = "" if rows.current == found[0] else ", and more with fewer"
        yield Note(
            text=f"drift of {names} is told by a distance on {plural(int(rows.current or 0), 'current row')}: of "
            f"100 columns that do not drift {found[1]} lie beyond {_USUAL} with {found[0]} rows{more}. "
            "Use a test that gives a p value, or compare more rows."
        )
