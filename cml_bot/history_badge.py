"""One metric of main as a badge: a small SVG for a README, which asks nobody for anything.

Its letters are the reader's own; `textLength` keeps them in their place, whichever those are.
"""

from __future__ import annotations

import difflib
import unicodedata
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from cml_bot.errors import ConfigError
from cml_bot.escape import clean
from cml_bot.filters import list_some
from cml_bot.history_forms import write_numbers
from cml_bot.names import name_of, shared_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.history_table import History, HistoryRow

LONGEST = 60
"""Characters of either half."""
GREY, BLUE, RED = "#59636e", "#0a4c9b", "#b42318"
"""Behind white letters, all at a contrast of six or more; the words say what the colours do."""
_NARROW, _WIDE = frozenset(" !'()*,-./:;I[]`fijlrt|\u00a0\u202f"), frozenset("%@MWm±w–−")
SIZE, MARGIN, HEIGHT = 11, 6, 20
OPTION = "--badge"


class Badge(NamedTuple):
    """What a badge says."""

    label: str
    value: str
    colour: str


def draw_badge(history: History, wanted: str) -> str:
    """Draw the badge of one metric: its last value, and whether main has slid.

    Raises:
        ConfigError: no metric is called so, or several are.
    """
    return _write(_tell(history, wanted))


def _tell(history: History, wanted: str) -> Badge:
    if not history.runs:
        return Badge(clean(wanted, LONGEST), "no run yet", GREY)
    row = _find_row(history, wanted)
    label = clean(name_of(row.key, shared_names(one.key for one in history.rows)), LONGEST)
    if row.values[-1] is None:
        return Badge(label, "not in the last run", GREY)
    value = clean(write_numbers(row)[0], LONGEST)
    has_slid = any(drift.key == row.key for drift in history.drifts)
    return Badge(label, f"{value}, has slid" if has_slid else value, RED if has_slid else BLUE)


def _find_row(history: History, wanted: str) -> HistoryRow:
    exact = [row for row in history.rows if wanted in (row.key.name, str(row.key))]
    found = exact or [row for row in history.rows if row.key.matches(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        names = list_some([repr(str(row.key)) for row in found], 5)
        raise ConfigError(OPTION, f"{wanted!r} is more than one metric", f"Name one of {names}.")
    close = _find_close(wanted, [row.key.name for row in history.rows])
    cure = f"Did you mean {close!r}?" if close else "`mlbot history '*'` names all that there are."
    raise ConfigError(OPTION, f"no metric of main's last runs is called {wanted!r}", cure)


def _find_close(wanted: str, names: Sequence[str]) -> str:
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(wanted.lower(), lower, n=1)
    return clean(lower[close[0]], LONGEST) if close else ""


def _write(badge: Badge) -> str:
    label, value = _measure(badge.label), _measure(badge.value)
    left, right = label + 2 * MARGIN, value + 2 * MARGIN
    said = escape(f"{badge.label}: {badge.value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{said}"><title>{said}</title>'
        f'<clipPath id="round"><rect width="{left + right}" height="{HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#round)"><rect width="{left}" height="{HEIGHT}" fill="#3d444d"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{badge.colour}"/></g>'
        f'<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="{SIZE}">'
        f"{_write_text(badge.label, MARGIN, label)}{_write_text(badge.value, left + MARGIN, value)}</g></svg>\n"
    )


def _write_text(text: str, x: int, width: int) -> str:
    return f'<text x="{x}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'


def _measure(text: str) -> int:
    """Give about how many pixels a text is wide in Verdana at 11 px."""
    return max(1, round(sum(map(_measure_letter, text))))


def _measure_letter(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return SIZE
    return 4.4 if letter in _NARROW else 10 if letter in _WIDE else 8 if letter.isupper() else 6.9
