"""A Report to one HTML file with everything in it, to be opened from an artifact or a disk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cml_bot.filters import format_number
from cml_bot.model import Outcome, Trend
from cml_bot.page_curves import view_curves
from cml_bot.page_parts import write_page
from cml_bot.views import Limits, view_report

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cml_bot.model import Report
    from cml_bot.render import Drawn
    from cml_bot.wording_rows import Row

LIMITS = Limits(folded=20_000, checks=5_000, unread=1_000, notes=1_000, sources=1_000)
_TRENDS = tuple(Trend)


def render_html(report: Report, drawn: Drawn) -> str:
    """Write a report as one HTML file: no other file, no address outside.

    Args:
        report: what is told.
        drawn: pictures of its charts and those of the job; curves are drawn by the page itself.
    """
    view = view_report(report, {}, drawn.pairs, drawn.charts)
    curves = view_curves(report)
    more = ("pictures.js",) if drawn.pairs else ()
    view |= {"limits": LIMITS, "page_curves": curves, "parts": _list_parts(view, len(curves))}
    view |= {"rank": rank_row, "exact": write_exact}
    return write_page("page.html.j2", view, [curve.data for curve in curves], more)


def rank_row(row: Row) -> int:
    """Give the place of a row's status among all there are, the worst first."""
    return (Outcome.FAIL - row.outcome) * len(_TRENDS) + _TRENDS.index(row.delta.trend)


def write_exact(value: float | None) -> str:
    """Write a number for a script to sort by; nothing where there is none.

    Example:
        >>> write_exact(0.1), write_exact(None), write_exact(float("nan")), write_exact(float("-inf"))
        ('0.1', '', '', '-Infinity')
    """
    if value is None or value != value:
        return ""
    if value in (math.inf, -math.inf):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _list_parts(view: Mapping[str, Any], curves: int) -> list[tuple[str, str]]:
    """Name the parts that are there, with how much is in each."""
    rows = view["rows"]
    counts = {
        ("metrics", "Metrics"): len(rows.first),
        ("curves", "Curves"): curves,
        ("charts-part", "Charts"): len(view["charts"]),
        ("figures", "Pictures"): len(view["figures"]) + view["hidden_figures"],
        ("more", "More"): len(rows.more),
        ("same", "Same"): len(rows.same),
        ("bookkeeping", "Other"): len(rows.bookkeeping),
        ("params", "Parameters"): len(view["params"]),
        ("gates", "Passed"): len(view["quiet_checks"]),
    }
    found = [(part, f"{title} {format_number(count)}") for (part, title), count in counts.items() if count]
    return [*found, ("how", "How compared")]
