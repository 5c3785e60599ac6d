"""What a terminal or a pipe can show: its width, its colours, its signs.

Text goes in by `say` and `fit`, and what was drawn comes out by `finish`.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.console import Console, detect_legacy_windows
from rich.table import Table
from rich.text import Text

from cml_bot.draw import shorten_middle
from cml_bot.filters import NO_BREAK, THIN

if TYPE_CHECKING:
    from collections.abc import Mapping

PIPED_WIDTH = 100_000
"""No line of a pipe breaks: whoever reads it may search it line by line."""
USUAL_WIDTH = 80
NARROWEST = 20
"""Below that nothing can be laid out; the terminal itself then breaks the lines."""

TWO_CELLS = {"⚠️": "❗"}
"""Whether such a sign takes one cell or two is another matter in every terminal, and with it all that stands behind."""
_HELD = {NO_BREAK: "\ufdd0", THIN: "\ufdd1"}
"""rich breaks lines at every space, so these stand in while it does. `clean` leaves none of them in foreign text."""
_HELD_SPACE = "\ufdd2"
"""In front of a dot or an arrow between two parts, so that it ends a line and never begins one."""
NO_SYMBOL = "\u3000 "
"""Stands in the place of a symbol and the space behind it, as wide as those."""
_BARS, _PLAIN_BARS = "▁▂▃▄▅▆▇█", "_:-=+*#@"
_PLAIN_SIGNS = {
    "❌": "x", "❗": "!", "✅": "+", "🔻": "-", "🔍": "?", "🔸": "~", "🆕": "*", "➖": "-", "📊": "=",
    "→": "->", "↑": "^", "↓": "v", "−": "-", "–": "-", "±": "+/-", "…": "...", "×": "x", "∞": "inf", "·": ".",
    "\u3000": " ",
}  # fmt: skip
"""Beside each of them stands a word, or a number."""
_TRAILING = re.compile(r"(?: |\x1b\[[0-9;]*m)+$", re.MULTILINE)


def open_console(file: TextIO, env: Mapping[str, str]) -> Console:
    """Make a console that breaks lines only on a real terminal, and has colours only where they are wanted.

    Source: https://no-color.org, https://force-color.org, https://bixense.com/clicolors
    """
    has_colour = _has_colour(file, env)
    return Console(
        file=file,
        width=_find_width(file, env) if file.isatty() else PIPED_WIDTH,
        height=25,
        force_terminal=has_colour,
        color_system="standard" if has_colour else None,
        no_color=bool(env.get("NO_COLOR")),
        legacy_windows=False,
        highlight=False,
        emoji=False,
    )


def _has_colour(file: TextIO, env: Mapping[str, str]) -> bool:
    """The log of a job is plain, for who reads it later may see the codes."""
    forced = [env.get(name, "").lower() for name in ("FORCE_COLOR", "CLICOLOR_FORCE")]
    if forced[0] in ("0", "false"):
        return False
    if any(value not in ("", "0", "false") for value in forced):
        return True
    return file.isatty() and not env.get("CI") and env.get("TERM") not in ("dumb", "unknown") and _has_codes()


def _has_codes() -> bool:
    return not detect_legacy_windows()


def _find_width(file: TextIO, env: Mapping[str, str]) -> int:
    columns = env.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return max(int(columns), NARROWEST)
    try:
        return max(os.get_terminal_size(file.fileno()).columns or USUAL_WIDTH, NARROWEST)
    except (OSError, ValueError):
        return USUAL_WIDTH


def fit(text: str, console: Console) -> str:
    """Write a text in signs that the console's file can hold, and that take the room they seem to take."""
    for sign, other in TWO_CELLS.items():
        text = text.replace(sign, other)
    if not _can_hold(text, console.encoding):
        text = _plain(text, console.encoding)
    for space, other in _HELD.items():
        text = text.replace(space, other)
    return re.sub(" (?=[·→] )", _HELD_SPACE, text)


def finish(drawn: str, console: Console) -> str:
    """Give what was drawn as it is written: without spaces at the ends of lines."""
    for space, other in _HELD.items():
        known = next(one for one in (space, NO_BREAK, " ") if _can_hold(one, console.encoding))
        drawn = drawn.replace(other, known)
    return _TRAILING.sub(
        lambda end: end[0].replace(" ", ""), drawn.replace(_HELD_SPACE, " ").replace(NO_SYMBOL[0], "  ")
    )


def _plain(text: str, encoding: str) -> str:
    if not _can_hold(_BARS, encoding):
        text = text.translate(str.maketrans(_BARS, _PLAIN_BARS))
    if not _can_hold("·", encoding):
        text = text.replace(" · ", ", ")
    # What is left of foreign text becomes what the stream itself would make of it, but is measured as such.
    return "".join(sign if sign in _HELD or _can_hold(sign, encoding) else _PLAIN_SIGNS.get(sign, "?") for sign in text)


@cache
def _can_hold(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(console: Console, text: str, *, mark: str = "", style: str = "", indent: int = 0) -> None:
    """Print foreign text as such, so that brackets in it are no markup; lines after the first begin below it.

    Args:
        console: where.
        text: nothing is printed where it is empty.
        mark: what stands before the first line.
        style: of the text.
        indent: spaces before the mark.
    """
    if not text:
        return
    grid = Table.grid(padding=0)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    before = " " * indent + (f"{mark} " if mark else "")
    grid.add_row(fit(before, console), Text(fit(text, console), style=style))
    console.print(grid if before else Text(fit(text, console), style=style, overflow="fold"))


def shorten(text: str, room: int) -> str:
    """Cut the middle of a name that takes more cells than there are."""
    length = min(len(text), room)
    while cell_len(text) > room and length > 1:
        text, length = shorten_middle(text, length), length - 1
    return text
