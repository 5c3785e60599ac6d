"""A series of both sides as one picture, and in one line of words.

The drawing itself is in `draw_axes`, which is imported on use: matplotlib costs half a second that a report without
curves does not pay.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from cml_bot.model import Figure, Goal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.model import Curve, Series

NAME_LENGTH = 60
LABEL_LENGTH = 22
MOST_DIGITS = 15
UNITS_OF_X = {"step": "steps", "epoch": "epochs", "iteration": "iterations", "iter": "iterations", "round": "rounds"}


def describe_curve(curve: Curve, *, head_label: str, base_label: str) -> str:
    """Say in one line what a reader would see: the picture's alternative text."""
    head, base = _ends(curve)
    if curve.head is None or curve.base is None:
        only, label, missing = (base, base_label, head_label) if curve.head is None else (head, head_label, base_label)
        said = f"ends at {only} {_on(label)}, and is not there {_on(missing)}"
    else:
        said = f"ends at {head} {_on(head_label)} and {base} {_on(base_label)}"
    return f"{_shorten(curve.key.name, NAME_LENGTH)}, {_tell_lengths(curve, base_label)}: {said}"


def draw_curve(curve: Curve, *, head_label: str, base_label: str, goal: Goal) -> Figure:
    """Draw both sides of a series over each other, as a PNG of 640 by 360 pixels.

    The best value of the head is marked where the goal is known. The same input gives the same bytes.
    """
    from cml_bot.draw_axes import BASE, HEAD, Line, Picture, find_best, paint

    series = curve.head or curve.base
    ends = _ends(curve)
    sides = ((curve.head, head_label, ends[0], HEAD), (curve.base, base_label, ends[1], BASE))
    lines = tuple(
        Line(x=side.x, y=side.y, label=f"{_shorten(label, LABEL_LENGTH)}  {end}", pen=pen)
        for side, label, end, pen in sides
        if side
    )
    is_marked = curve.head is not None and goal is not Goal.NONE
    best = find_best(lines[0], is_higher_better=goal is Goal.HIGHER) if is_marked else None
    unit = f" ({_one_line(series.unit)})" if series and series.unit else ""
    picture = Picture(
        title=_shorten(curve.key.name, NAME_LENGTH) + unit,
        x_label=_shorten(series.x_label, LABEL_LENGTH) if series else "",
        lines=lines,
        best=best,
        best_text=_tell_best(best, curve) if best else "",
    )
    caption = describe_curve(curve, head_label=head_label, base_label=base_label)
    source = series.source if series else ""
    return Figure(name=_file_name(curve), media="image/png", data=paint(picture), caption=caption, source=source)


def _tell_best(best: tuple[float, float], curve: Curve) -> str:
    """Say where the best is, in as many digits as the last values have."""
    ends = [series.y[-1] for series in (curve.head, curve.base) if series]
    return f"best {_tell_apart([best[1], *ends])[0]} at {_digits(best[0], MOST_DIGITS)}"


def _ends(curve: Curve) -> tuple[str, str]:
    """The last values of head and base in digits, with the unit; empty for a missing side."""
    present = [series for series in (curve.head, curve.base) if series]
    numbers = _tell_apart([series.y[-1] for series in present])
    said = iter(f"{text}\u00a0{_one_line(series.unit)}".strip() for text, series in zip(numbers, present, strict=True))
    return next(said) if curve.head else "", next(said) if curve.base else ""


def _on(label: str) -> str:
    return label if label == "before" else f"on {_shorten(label, NAME_LENGTH)}"


def _tell_lengths(curve: Curve, base_label: str) -> str:
    series = curve.head or curve.base
    if series is None:
        return "no values"
    said = _tell_length(series)
    if curve.head and curve.base and len(curve.head.x) != len(curve.base.x):
        return f"{said} ({len(curve.base.x):,} {_on(base_label)})"
    return said


def _tell_length(series: Series) -> str:
    """Say ``50 epochs`` where each one is there, else ``50 points``."""
    count = len(series.x)
    if count == 1:
        return "1 point"
    is_whole = series.x[-1] - series.x[0] == count - 1
    return f"{count:,} {UNITS_OF_X.get(series.x_label.lower(), 'points') if is_whole else 'points'}"


def _tell_apart(values: Sequence[float]) -> list[str]:
    """Write numbers with three digits, or as many more as it takes to tell them apart.

    Example:
        >>> _tell_apart([0.31, 0.35]), _tell_apart([0.98012, 0.98013])
        (['0.31', '0.35'], ['0.98012', '0.98013'])
    """
    different = len({value for value in values if value == value})
    for digits in range(3, MOST_DIGITS + 1):
        texts = [_digits(value, digits) for value in values]
        if len({text for text, value in zip(texts, values, strict=True) if value == value}) == different:
            break
    return texts


def _digits(value: float, digits: int = 3) -> str:
    """Write a number with this many significant digits.

    Example:
        >>> _digits(0.31), _digits(-12345.6), _digits(1.25e-7), _digits(float("nan"))
        ('0.31', '−12,300', '1.25e−07', 'not a number')
    """
    if value != value:
        return "not a number"
    if abs(value) > 1e308:  # so do integers that no float can hold
        return "infinity" if value > 0 else "−infinity"
    rounded = float(f"{value:.{digits}g}")
    is_plain = rounded == 0 or 1e-4 <= abs(rounded) < 1e9
    text = f"{rounded:,.{MOST_DIGITS}g}" if is_plain else f"{rounded:.{digits}g}"
    return text.replace("-", "−")


def _one_line(text: str) -> str:
    """Without line ends, control characters and marks that turn the direction of writing."""
    return "".join(char for char in " ".join(text.split()) if unicodedata.category(char)[0] != "C")


def _shorten(text: str, length: int) -> str:
    """Make it one line, and cut its middle: names begin and end with what tells them apart.

    Example:
        >>> _shorten("abcdefghij", 5)
        'ab…ij'
    """
    line, half = _one_line(text), (length - 1) // 2
    return line if len(line) <= length else f"{line[: length - 1 - half]}…{line[-half:]}"


def _file_name(curve: Curve) -> str:
    """Make a file name of the key that is safe everywhere; two keys may come to the same."""
    slug = re.sub(r"[^a-z0-9]+", "-", str(curve.key).lower()).strip("-")
    return (slug[-NAME_LENGTH:].strip("-") or "curve") + ".png"
