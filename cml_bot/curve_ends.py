"""The last and the best values of a curve, as they are written in its picture and told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.charts import is_drawable
from cml_bot.escape import clean
from cml_bot.filters import MINUS, NO_BREAK, format_number, format_pair

if TYPE_CHECKING:
    from cml_bot.model import Curve, Series

LONGEST_NUMBER = 10
"""Characters of a number in a picture; one of more is written by a power of ten."""
LONGEST_WORD = 22
"""Characters of a unit, and of what the steps are called."""


def find_ends(curve: Curve) -> tuple[str, str]:
    """The last values of head and base in digits that tell them apart, with the unit; empty for a missing side."""
    unit = unit_of(curve.head or curve.base)
    head, base = (side.y[-1] if side else None for side in (curve.head, curve.base))
    pair = format_pair(base, head, unit)
    return pair.head if curve.head else "", pair.base if curve.base else ""


def short_ends(curve: Curve) -> tuple[str, str]:
    """The last values of head and base for a picture, whose title has the unit."""
    head, base = (side.y[-1] if side else None for side in (curve.head, curve.base))
    texts = _shorten(base, head, unit_of(curve.head or curve.base))
    return texts[1] if curve.head else "", texts[0] if curve.base else ""


def _drop_unit(text: str, unit: str) -> str:
    """Leave the number alone, but where it is in another unit than that of the title."""
    number, _, own = text.partition(NO_BREAK)
    return number if own.split() == unit.split() else text


def tell_end(side: Series | None, end: str, form: str) -> str:
    """Say from where on there is no number at the end, beside what is there; the form has a place for it."""
    if side is None or is_drawable(side.y[-1]):
        return end
    last = max((at for at, y in enumerate(side.y) if is_drawable(y)), default=None)
    if last is None:
        return end
    where = f"from {clean(side.x_label, LONGEST_WORD).strip() or 'x'} {format_number(side.x[last + 1])}"
    return end + form.format(where)


def tell_best(best: tuple[float, float], curve: Curve) -> str:
    """Say where the best is, in as many digits as tell it from the last value."""
    if curve.head is None:
        return ""
    x, y = best
    said = short_ends(curve)[0] if y == curve.head.y[-1] else _shorten(curve.head.y[-1], y, unit_of(curve.head))[1]
    # Between the steps of a training there are none: a mean stands at the nearest.
    is_whole = all(float(step).is_integer() for step in curve.head.x)
    return f"best {said} at {format_number(round(x) if is_whole else x)}"


def _shorten(base: float | None, head: float | None, unit: str) -> tuple[str, str]:
    """Write two numbers without the unit, and long ones by a power, as far as they can still be told apart."""
    pair = format_pair(base, head, unit)
    texts = tuple(_drop_unit(text, unit) for text in (pair.base, pair.head))
    if max(map(len, texts)) > LONGEST_NUMBER:
        numbers = [value if value is not None and is_drawable(value) else None for value in (base, head)]
        short = [text if value is None else f"{value:.3e}" for value, text in zip(numbers, texts, strict=True)]
        if base == head or short[0] != short[1]:
            texts = tuple(MINUS + text[1:] if text.startswith("-") else text for text in short)
    return texts[0], texts[1]


def unit_of(series: Series | None) -> str:
    """Give the unit of a curve, short enough to stand beside a number; empty where it has none."""
    """Give the unit of a curve, short enough to stand beside a number; empty where it has none."""
    return clean(series.unit, LONGEST_WORD) if series and series.unit.strip() else ""
