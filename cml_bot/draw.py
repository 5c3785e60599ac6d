"""A series of both sides as one picture, and in one line of words.

The drawing itself is in `draw_axes`, which is imported on use: matplotlib costs half a second that a report without
curves does not pay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cml_bot.escape import clean
from cml_bot.filters import format_number, format_pair, plural
from cml_bot.model import Figure, Goal
from cml_bot.steps import find_unit

if TYPE_CHECKING:
    from cml_bot.model import Curve, Key, Series

NAME_LENGTH = 60
LABEL_LENGTH = 22
LONGEST = 300
"""Characters of a name that its end is looked for in."""


def describe_curve(curve: Curve, *, head_label: str, base_label: str) -> str:
    """Say in one line what a reader would see: the picture's alternative text."""
    head, base = _ends(curve)
    if curve.head is None or curve.base is None:
        only, label, missing = (base, base_label, head_label) if curve.head is None else (head, head_label, base_label)
        gone = f", and is not there {tell_side(missing)}" if missing else ""
        said = f"ends at {only} {tell_side(label)}{gone}"
    else:
        said = f"ends at {head} {tell_side(head_label)} and {base} {tell_side(base_label)}"
    kept = _tell_kept(curve.head)
    return f"{shorten_middle(curve.key.name, NAME_LENGTH)}, {_tell_lengths(curve, base_label)}: {said}{kept}"


def _tell_kept(series: Series | None) -> str:
    """Say what the training kept, where that is not its end: the table shows that value."""
    if series is None or series.best is None or series.best not in series.x or series.best == series.x[-1]:
        return ""
    value = series.y[series.x.index(series.best)]
    label = shorten_middle(series.x_label, LABEL_LENGTH) or "x"
    return f"; what was kept is {format_pair(series.y[-1], value, _unit(series)).head} at {label} {series.best:g}"


def draw_curve(curve: Curve, *, head_label: str, base_label: str, goal: Goal) -> Figure:
    """Draw both sides of a series over each other, as a PNG of 640 by 360 pixels.

    The best value of the head is marked where the goal is known. The same input gives the same bytes.
    """
    from cml_bot.draw_axes import Line, Picture, find_best, paint
    from cml_bot.draw_sheet import BASE, HEAD

    series = curve.head or curve.base
    ends = _ends(curve)
    sides = ((curve.head, head_label, ends[0], HEAD), (curve.base, base_label, ends[1], BASE))
    lines = tuple(
        Line(
            x=side.x,
            y=side.y,
            label=f"{shorten_middle(label, LABEL_LENGTH)}  {end}",
            pen=pen,
            is_smoothed=side.is_smoothed,
        )
        for side, label, end, pen in sides
        if side
    )
    is_marked = curve.head is not None and goal is not Goal.NONE
    best = find_best(lines[0], is_higher_better=goal is Goal.HIGHER) if is_marked else None
    unit = f" ({_unit(series)})" if _unit(series) else ""
    picture = Picture(
        title=shorten_middle(curve.key.name, NAME_LENGTH) + unit,
        x_label=shorten_middle(series.x_label, LABEL_LENGTH) if series and series.x_label else "",
        lines=lines,
        best=best,
        best_text=_tell_best(best, curve, ends[0]) if best else "",
        is_thinned=any(side is not None and _is_thinned(side) for side in (curve.head, curve.base)),
    )
    caption = describe_curve(curve, head_label=head_label, base_label=base_label)
    source = series.source if series else ""
    return Figure(name=name_file(curve.key), media="image/png", data=paint(picture), caption=caption, source=source)


def _tell_best(best: tuple[float, float], curve: Curve, end: str) -> str:
    """Say where the best is, in as many digits as tell it from the last value."""
    last = curve.head.y[-1] if curve.head else None
    unit = _unit(curve.head)
    said = end if best[1] == last else format_pair(last, best[1], unit).head
    return f"best {said} at {format_number(best[0])}"


def _ends(curve: Curve) -> tuple[str, str]:
    """The last values of head and base in digits that tell them apart, with the unit; empty for a missing side."""
    unit = _unit(curve.head or curve.base)
    head, base = (side.y[-1] if side else None for side in (curve.head, curve.base))
    pair = format_pair(base, head, unit)
    return pair.head if curve.head else "", pair.base if curve.base else ""


def _unit(series: Series | None) -> str:
    return clean(series.unit, LABEL_LENGTH) if series and series.unit.strip() else ""


def tell_side(label: str) -> str:
    """Say on which side something is.

    Example:
        >>> tell_side("main"), tell_side("before")
        ('on main', 'before')
    """
    return label if label == "before" else f"on {shorten_middle(label, NAME_LENGTH)}"


def _tell_lengths(curve: Curve, base_label: str) -> str:
    head, base = curve.head or curve.base, curve.base
    if head is None:
        return "no values"
    if base is None or base is head or _is_thinned(head) != _is_thinned(base) or _length(head) == _length(base):
        return _tell_length(head)
    return f"{_tell_length(head)} ({format_number(_length(base))} {tell_side(base_label)})"


def _tell_length(series: Series) -> str:
    """Say ``50 epochs`` where each one is there, else ``50 points``; where points were left out, how far it goes."""
    if _is_thinned(series):
        return f"up to {shorten_middle(series.x_label, LABEL_LENGTH) or 'x'} {format_number(_length(series))}"
    count = len(series.x)
    if count == 1:
        return "1 point"
    is_whole = series.x[-1] - series.x[0] == count - 1
    one, many = (find_unit(series.x_label) if is_whole else None) or ("point", "points")
    return plural(count, one, many)


def _is_thinned(series: Series) -> bool:
    """Whether points were left out: their number then says nothing."""
    return series.mean is not None


def _length(series: Series) -> float:
    return series.x[-1] if _is_thinned(series) else len(series.x)


def shorten_middle(text: str, length: int) -> str:
    """Make it one line, and cut its middle: names begin and end with what tells them apart.

    Example:
        >>> shorten_middle("abcdefghij", 5)
        'ab…ij'
    """
    line, half = clean(text, LONGEST), (length - 1) // 2
    return line if len(line) <= length else f"{line[: length - 1 - half]}…{line[-half:]}"


def name_file(key: Key) -> str:
    """Make a file name of the key that is safe everywhere; two keys may come to the same."""
    slug = re.sub(r"[^a-z0-9]+", "-", str(key).lower()).strip("-")
    return (slug[-NAME_LENGTH:].strip("-") or "picture") + ".png"
