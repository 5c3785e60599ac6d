"""A Report to one HTML file with everything in it, to be opened from an artifact or a disk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cml_bot.draw import shorten_middle
from cml_bot.model import Outcome, Trend
from cml_bot.page_curves import LABEL_LENGTH, lay_out_curves
from cml_bot.page_parts import write_page
from cml_bot.views import Limits, view_report
from cml_bot.wording_counts import count_word, list_counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cml_bot.model import Report
    from cml_bot.render import Drawn
    from cml_bot.wording_rows import Row

LIMITS = Limits(folded=20_000, checks=5_000, unread=1_000, notes=1_000, sources=1_000)
MANY = 12
"""Rows from which on a filter is of use: fewer are seen at a glance."""
MANY_FIGURES = 6
"""Curves, charts and pictures from which on a page is long enough to have contents."""
DRAWN = {"curves": "curves", "charts": "charts-part", "figures": "figures"}
_TRENDS = tuple(Trend)


def render_html(report: Report, drawn: Drawn) -> str:
    """Write a report as one HTML file: no other file, no address outside.

    Args:
        report: what is told.
        drawn: pictures of its charts and those of the job; curves are drawn by the page itself.
    """
    view = view_report(report, {}, drawn.pairs, drawn.charts)
    curves = lay_out_curves(report)
    more = ("pictures.js",) if drawn.pairs else ()
    parts, is_filtered = _list_parts(view), _count_rows(view) >= MANY
    is_long = is_filtered or len(curves) + len(view["charts"]) + len(view["figures"]) >= MANY_FIGURES
    view |= {"limits": LIMITS, "page_curves": curves, "parts": parts if is_long else [], "is_filtered": is_filtered}
    view |= {"base_short": shorten_middle(view["base_label"], LABEL_LENGTH)}
    view |= {"rank": rank_row, "exact": write_exact}
    view |= {"counted": list_counted(view["rows"]), "count_word": count_word}
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


def _count_rows(view: Mapping[str, Any]) -> int:
    rows = view["rows"]
    return len(rows.first) + len(rows.more) + len(rows.same) + len(rows.bookkeeping)


def _list_parts(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name the parts that are there. Rows are counted elsewhere: the first line counts those of several parts."""
    rows, titles = view["rows"], view["titles"]
    drawn = {part: titles.get(name, "") for name, part in DRAWN.items() if view[name]}
    parts = {
        "metrics": "Metrics" if rows.first else "",
        **drawn,
        "more": "More metrics" if rows.more else "",
        "same": "The same" if rows.same else "",
        "bookkeeping": titles.get("bookkeeping", ""),
        "params": titles.get("params", ""),
        "gates": view["quiet_title"],
        "how": "How compared",
    }
    return [(part, title.removesuffix(" changed")) for part, title in parts.items() if title]
