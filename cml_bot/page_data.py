"""Numbers as they lie in a page: as few bytes as hold all that can be seen or read."""

from __future__ import annotations

import math
import sys
from array import array
from base64 import b64encode
from typing import TYPE_CHECKING

from cml_bot.charts import is_drawable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALIKE = 1e-4
"""Share of what they span by which numbers may be off: less than a pixel, and less than is written out."""
ALIKE_ALONE = 1e-6
"""Share of itself by which a number may be off."""

Packed = dict[str, float | int | str]


def pack_values(values: Sequence[float]) -> Packed:
    """Pack numbers as floats of four bytes, or of eight where those would be seen to be off; NaN is a gap.

    Shapes: (n,); an integer that no float can hold is infinite. Whole numbers stay exact: they are written out in full.

    Example:
        >>> pack_values([1.0, 2.0]), list(pack_values([1e6, 1e6 + 1e-3])), list(pack_values([3834568089]))
        ({'f32': 'AACAPwAAAEA='}, ['f64'], ['f64'])
    """
    exact = array("d", map(_as_float, values))
    short = array("f", exact)
    numbers = as_numbers(exact)
    span = max(numbers) - min(numbers) if numbers else 0.0
    changed = ((one, other) for one, other in zip(exact, short, strict=True) if one == one and one != other)
    if any(one.is_integer() or abs(one - other) > min(ALIKE_ALONE * abs(one), ALIKE * span) for one, other in changed):
        return {"f64": _encode(exact)}
    return {"f32": _encode(short)}


def pack_steps(steps: Sequence[float]) -> Packed:
    """Pack rising numbers: as a start, a step and a count where they are evenly spaced, else exactly.

    Example:
        >>> pack_steps([0, 5, 10]), list(pack_steps([1, 2, 4])), list(pack_steps([0.1, 0.2, 0.7]))
        ({'start': 0, 'step': 5, 'count': 3}, ['f32'], ['f64'])
    """
    exact = array("d", map(_as_float, steps))
    start, step = (exact[0], exact[1] - exact[0]) if len(exact) > 1 else (exact[0] if exact else 0.0, 1.0)
    if math.isfinite(start) and all(x == start + at * step for at, x in enumerate(exact)):
        return {"start": _shorten(start), "step": _shorten(step), "count": len(exact)}
    short = array("f", exact)
    return {"f32": _encode(short)} if list(exact) == list(short) else {"f64": _encode(exact)}


def as_numbers(values: Iterable[float]) -> list[float]:
    """Those that an axis can hold."""
    return [float(value) for value in values if is_drawable(value)]


def _as_float(value: float) -> float:
    """Give the float; infinite for an integer that none can hold."""
    if abs(value) > sys.float_info.max:
        return math.inf if value > 0 else -math.inf
    return float(value)


def _shorten(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _encode(numbers: array[float]) -> str:
    if sys.byteorder == "big":
        numbers.byteswap()
    return b64encode(numbers.tobytes()).decode("ascii")
