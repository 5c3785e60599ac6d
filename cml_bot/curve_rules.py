"""How a curve is drawn, wherever that is: as a picture or by a page's script. Plain rules, without numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.bins import LARGEST
from cml_bot.charts import is_drawable
from cml_bot.curve_groups import is_on_training
from cml_bot.filters import format_number
from cml_bot.model import Goal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cml_bot.curve_groups import CurveGroup
    from cml_bot.model import Curve

SLAB = 200
"""A noisy line of so many points is a slab of colour that hides the other: then both are shown by their means."""
MEANS = 60
LOOKED_AT = 4_000
DECADES = 100
"""From the lowest to the highest value of one sign, so that equal ratios get equal room."""
SPAN = 0.3
"""Share of the points that each place of a smoothed line is drawn from."""
FEWEST = 5
"""Points that can be smoothed."""


def is_logarithmic(low: float, high: float) -> bool:
    """Whether values from `low` to `high` need a log scale."""
    return low > 1 / LARGEST and high / DECADES > low


def find_window(sides: Iterable[Sequence[float]], *, is_smoothed: bool = False) -> int:
    """How many values to show by their mean: 1 unless a side is a slab that is not smoothed.

    Shapes: (n,) each, NaN at a gap.
    """
    listed = [] if is_smoothed else list(sides)
    longest = max(map(len, listed), default=0)
    return max(1, longest // MEANS) if any(map(_is_slab, listed)) else 1


def _is_slab(side: Sequence[float]) -> bool:
    """Whether half of the steps are large beside the whole; of very many, some at even distances are looked at."""
    last = len(side) - 1
    if last < SLAB - 1:
        return False
    places = range(0, last, 1 + last // LOOKED_AT)
    pairs = [(float(side[at]), float(side[at + 1])) for at in places]
    pairs = [pair for pair in pairs if is_drawable(pair[0]) and is_drawable(pair[1])]
    if len(pairs) < SLAB - 1:
        return False
    steps = sorted(abs(right - left) for left, right in pairs)
    middle = len(steps) // 2
    span = max(map(max, pairs)) - min(map(min, pairs))
    return (steps[middle] + steps[~middle]) / 2 > 0.02 * span


def tell_manner(
    shaded: Iterable[str], *, window: int, is_smoothed: bool, is_thinned: bool, is_logarithmic: bool
) -> list[str]:
    """Say how lines are drawn, for below them.

    Args:
        shaded: what each band is.
        window: how many values are shown by one.
        is_smoothed: whether a smoothed line is over the others.
        is_thinned: whether points are left out, so that their number says nothing.
        is_logarithmic: whether equal ratios get equal room.
    """
    bands = " and ".join(dict.fromkeys(shaded))
    said = [f"shaded: {bands}" if bands else "", f"smoothed, span {SPAN}" if is_smoothed else ""]
    if window > 1:
        said.append("lines are medians" if is_thinned else f"lines are means of {format_number(window)}")
    return [one for one in (*said, "log scale" if is_logarithmic else "") if one]


def find_best(curve: Curve) -> tuple[float, float] | None:
    """The point of the head's best value, the first of equals; None where all are equal or no way is good."""
    if curve.head is None or curve.goal is Goal.NONE:
        return None
    x, y = curve.head.x, curve.head.y
    values = [value for at, value in zip(x, y, strict=True) if is_drawable(value) and is_drawable(at)]
    low, high = min(values, default=0.0), max(values, default=0.0)
    if low == high:
        return None
    best = high if curve.goal is Goal.HIGHER else low
    return next((float(at), float(best)) for at, value in zip(x, y, strict=True) if value == best and is_drawable(at))


def style_lines(group: CurveGroup) -> list[str]:
    """Say how each is drawn: training dashed, what was held out solid; of that a second one dotted."""
    styles: list[str] = []
    for member in group.members:
        is_training = bool(member.part) and is_on_training(member.part)
        styles.append("dashed" if is_training else "dotted" if "solid" in styles else "solid")
    return styles
