"""Curves of both sides as one picture, and in one line of words.

What is drawn is chosen here; the drawing itself is in `draw_axes`, which is imported on use: matplotlib costs a third
of a second that a report without curves does not pay.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cml_bot.bands import read_band, tell_band
from cml_bot.charts import is_drawable
from cml_bot.curve_ends import find_ends, short_ends, tell_best, tell_end, unit_of
from cml_bot.curve_rules import style_lines
from cml_bot.escape import clean
from cml_bot.filters import format_number, format_pair, plural
from cml_bot.model import Figure, Goal, Key
from cml_bot.steps import find_unit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cml_bot.curve_groups import CurveGroup
    from cml_bot.draw_axes import Area, Line
    from cml_bot.model import Curve, Series

NAME_LENGTH, TITLE_LENGTH = 60, 44
LABEL_LENGTH, DRAWN_LABEL, PART_LENGTH = 22, 16, 12
"""Characters; of those in a picture so many as can be read."""
LONGEST = 300
"""Characters of a name that its end is looked for in."""


def describe_curve(curve: Curve, *, head_label: str, base_label: str) -> str:
    """Say in one line what a reader would see of one curve, with its name."""
    said = tell_curve(curve, head_label=head_label, base_label=base_label)
    return f"{shorten_middle(curve.key.name, NAME_LENGTH)}, {said}"


def tell_curve(curve: Curve, *, head_label: str, base_label: str) -> str:
    """Say in one line what a reader would see of one curve, without its name."""
    said = _tell_course(curve, head_label=head_label, base_label=base_label)
    return f"{_tell_lengths(curve, base_label)}: {said}"


def has_numbers(group: CurveGroup) -> bool:
    """Whether there is anything to draw."""
    return any(is_drawable(y) for member in group.members for side in _sides(member.curve) for y in side.y)


def _tell_course(curve: Curve, *, head_label: str, base_label: str) -> str:
    head, base = find_ends(curve)
    head, base = (tell_end(side, end, " ({})") for side, end in ((curve.head, head), (curve.base, base)))
    if curve.head is None or curve.base is None:
        only, label, missing = (base, base_label, head_label) if curve.head is None else (head, head_label, base_label)
        gone = f", and is not there {tell_side(missing)}" if missing else ""
        said = f"ends at {only} {tell_side(label)}{gone}"
    else:
        said = f"ends at {head} {tell_side(head_label)} and {base} {tell_side(base_label)}"
    return f"{said}{_tell_runs(curve, base_label)}{_tell_kept(curve.head)}"


def _tell_runs(curve: Curve, base_label: str) -> str:
    """Say between what main's last runs lie where both sides end: whether that is noise, the table says."""
    band = curve.base_band
    if band is None or not band.is_history or curve.head is None or curve.base is None:
        return ""
    edges = read_band(band, curve.head.x[-1]) if curve.head.x[-1] == curve.base.x[-1] else None
    if edges is None:
        return ""
    pair = format_pair(*edges, unit_of(curve.base))
    return (
        f", where the {tell_band(band, shorten_middle(base_label, NAME_LENGTH))} goes from {pair.base} to {pair.head}"
    )


def _tell_kept(series: Series | None) -> str:
    """Say what the training kept, where that is not its end: the table shows that value."""
    if series is None or series.best is None or series.best not in series.x or series.best == series.x[-1]:
        return ""
    value = series.y[series.x.index(series.best)]
    label = shorten_middle(series.x_label, LABEL_LENGTH) or "x"
    return f"; what was kept is {format_pair(series.y[-1], value, unit_of(series)).head} at {label} {series.best:g}"


def describe_group(group: CurveGroup, *, head_label: str, base_label: str) -> str:
    """Say in one line what a reader would see: the picture's alternative text."""
    first, *others = group.members
    labels = {"head_label": head_label, "base_label": base_label}
    # A band is drawn for the first alone.
    plain = (replace(member.curve, head_band=None, base_band=None) for member in others)
    courses = [_tell_course(one, **labels) for one in (first.curve, *plain)]
    parts = [f"{shorten_middle(member.part, LABEL_LENGTH)} " if member.part else "" for member in group.members]
    said = "; ".join(f"{part}{course}" for part, course in zip(parts, courses, strict=True))
    return f"{shorten_middle(group.name, NAME_LENGTH)}, {_tell_lengths(first.curve, base_label)}: {said}"


def draw_group(group: CurveGroup, *, head_label: str, base_label: str) -> Figure:
    """Draw both sides of one or several curves over each other, as a PNG that is shown 400 pixels wide.

    The best value of the head is marked where the goal is known. The same input gives the same bytes.
    """
    from cml_bot.draw_axes import Picture, paint

    first = group.members[0].curve
    series = first.head or first.base
    lines = _make_lines(group, head_label, base_label)
    is_thinned = any(_is_thinned(side) for member in group.members for side in _sides(member.curve))
    best = _find_best(first, lines, is_thinned=is_thinned)
    unit = f" ({unit_of(series)})" if unit_of(series) else ""
    picture = Picture(
        title=shorten_middle(group.name, max(LABEL_LENGTH, TITLE_LENGTH - len(unit))) + unit
        if can_write(group.name)
        else "",
        x_label=shorten_middle(series.x_label, LABEL_LENGTH) if series and series.x_label else "",
        lines=lines,
        areas=_make_areas(first, base_label),
        said=_tell_styles(group),
        best=best,
        best_text=tell_best(best, first) if best else "",
        is_thinned=is_thinned,
    )
    caption = describe_group(group, head_label=head_label, base_label=base_label)
    name, source = name_file(Key("", group.name)), series.source if series else ""
    return as_figure(paint(picture), name=name, caption=caption, source=source)


def as_figure(png: bytes, *, name: str, caption: str, source: str) -> Figure:
    """Give a drawing of ours as a figure: how wide it is to be shown, and for dark pages too."""
    from cml_bot.draw_png import darken, shown_width

    return Figure(
        name=name,
        media="image/png",
        data=png,
        caption=caption,
        source=source,
        width=shown_width(png),
        dark=darken(png),
    )


def _make_lines(group: CurveGroup, head_label: str, base_label: str) -> tuple[Line, ...]:
    """Make the lines of a group, what was held out before what was trained on, of each the head before the base."""
    from cml_bot.draw_axes import Line
    from cml_bot.draw_sheet import BASE, HEAD

    lines: list[Line] = []
    named: set[str] = set()
    for member, style in zip(group.members, style_lines(group), strict=True):
        ends = short_ends(member.curve)
        sides = ((member.curve.head, head_label, ends[0], HEAD), (member.curve.base, base_label, ends[1], BASE))
        for side, label, end, pen in sides:
            if side is None:
                continue
            text = "" if label in named else f"{shorten_middle(label, DRAWN_LABEL)}  {tell_end(side, end, ' {}')}"
            named.add(label)
            lines.append(Line(x=side.x, y=side.y, label=text, pen=pen, style=style, is_smoothed=side.is_smoothed))
    return tuple(lines)


def _tell_styles(group: CurveGroup) -> tuple[str, ...]:
    """Name what the lines of several curves are; a single one has a picture to itself."""
    if len(group.members) == 1:
        return ()
    parts = [shorten_middle(member.part, PART_LENGTH) or "other" for member in group.members]
    return (", ".join(f"{style}: {part}" for style, part in zip(style_lines(group), parts, strict=True)),)


def _make_areas(curve: Curve, base_label: str) -> tuple[Area, ...]:
    from cml_bot.draw_axes import Area
    from cml_bot.draw_sheet import BASE, HEAD

    areas: list[Area] = []
    for band, pen in ((curve.base_band, BASE), (curve.head_band, HEAD)):
        if band:
            label = tell_band(band, shorten_middle(base_label, DRAWN_LABEL) if band.is_history else "")
            areas.append(Area(x=band.x, low=band.low, high=band.high, pen=pen, label=label))
    return tuple(areas)


def _find_best(curve: Curve, lines: Sequence[Line], *, is_thinned: bool) -> tuple[float, float] | None:
    from cml_bot.draw_axes import find_best

    if curve.head is None or curve.goal is Goal.NONE:
        return None
    return find_best(lines, is_higher_better=curve.goal is Goal.HIGHER, is_thinned=is_thinned)


def can_write(text: str) -> bool:
    """Whether the letters of our pictures have all of a text: there are no others on many machines."""
    if text.isascii():
        return True
    from cml_bot.draw_sheet import drawable

    return drawable(clean(text, LONGEST)) == clean(text, LONGEST)


def _sides(curve: Curve) -> Iterator[Series]:
    return (side for side in (curve.head, curve.base) if side)


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
