"""Numbers as they lie in a page: as few bytes as hold all that can be seen or read."""

from __future__ import annotations

import math
import sys
from array import array
from base64 import b64encode
from typing import TYPE_CHECKING

from cml_bot.charts import LARGEST
from cml_bot.curve_rules import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ALIKE = 1e-4
"""Share of what they span by which numbers may be off: less than a pixel, and less than is written out."""

Packed = dict[str, float | int | str]


def pack_values(values: Sequence[float]) -> Packed:
    """Pack numbers as floats of four bytes, or of eight where those would be seen to be off; NaN is a gap.

    Shapes: (n,); what no axis can hold becomes a gap.

    Example:
        >>> pack_values([1.0, 2.0]), list(pack_values([1e6, 1e6 + 1e-3]))
        ({'f32': 'AACAPwAAAEA='}, ['f64'])
    """
    exact = array("d", (value if abs(value) < LARGEST else math.nan for value in values))
    short = array("f", exact)
    numbers = [value for value in exact if value == value]
    span = max(numbers) - min(numbers) if numbers else 0.0
    is_off = any(abs(one - other) > ALIKE * span for one, other in zip(exact, short, strict=True) if one == one)
    return {"f64": _encode(exact)} if is_off else {"f32": _encode(short)}


def pack_steps(steps: Sequence[float]) -> Packed:
    """Pack rising numbers: as a start, a step and a count where they are evenly spaced, else exactly.

    Example:
        >>> pack_steps([0, 5, 10]), list(pack_steps([1, 2, 4])), list(pack_steps([0.1, 0.2, 0.7]))
        ({'start': 0, 'step': 5, 'count': 3}, ['f32'], ['f64'])
    """
    start, step = (steps[0], steps[1] - steps[0]) if len(steps) > 1 else (steps[0] if steps else 0, 1)
    if all(x == start + at * step for at, x in enumerate(steps)):
        return {"start": _shorten(start), "step": _shorten(step), "count": len(steps)}
    short = array("f", steps)
    if all(one == other for one, other in zip(steps, short, strict=True)):
        return {"f32": _encode(short)}
    return {"f64": _encode(array("d", steps))}


def as_numbers(values: Iterable[float]) -> list[float]:
    """Those that an axis can hold."""
    return [float(value) for value in values if is_number(value)]


def _shorten(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _encode(numbers: array[float]) -> str:
    if sys.byteorder == "big":
        numbers.byteswap()
    return b64encode(numbers.tobytes()).decode("ascii")
