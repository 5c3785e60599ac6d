"""Where a number stands on a picture, and which numbers an axis shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from cml_bot.bins import LARGEST
from cml_bot.curve_rules import is_logarithmic
from cml_bot.filters import format_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cml_bot.draw_sheet import Numbers

TINY = 1e-290
"""What is smaller is nothing to an axis: its steps would be no floats any more."""
STEPS = [1, 2, 2.5, 5, 10]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From numbers to units, with the numbers that an axis shows."""

    low: float
    high: float
    start: float
    end: float
    """Units of `low` and `high`."""
    ticks: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    is_log: bool = False

    def place(self, values: Numbers) -> Numbers:
        """Shapes: (n,) to (n,)."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, values = np.log10(low), np.log10(high), np.log10(np.maximum(values, 1 / LARGEST))
        return np.asarray(self.start + (values - low) / (high - low) * (self.end - self.start))


def scale_y(ys: Sequence[Numbers], edges: Sequence[Numbers], bottom: float, top: float) -> Scale:
    """Choose what the axis shows: all lines, and of areas what lies near them.

    Args:
        ys: of the lines.
        edges: of the areas.
        bottom: where the axis begins.
        top: where it ends.

    Shapes: (n,) each, NaN at a gap.
    """
    y = _join(ys)
    if not len(y):
        return Scale(low=0.0, high=1.0, start=bottom, end=top)
    low, high = float(y.min()), float(y.max())
    is_log = is_logarithmic(low, high)
    low, high = (float(np.log10(end)) for end in (low, high)) if is_log else (low, high)
    near, span = _join(edges), high - low
    if len(near) and not is_log:
        lowest, highest = float(near.min()), float(near.max())
        low, high = max(min(low, lowest), low - span / 2), min(max(high, highest), high + span / 2)
    low, high = _widen(low, high, 0.08)
    if is_log:
        low, high = 10.0**low, 10.0**high
    locator = LogLocator(numticks=5) if is_log else MaxNLocator(5, steps=STEPS)
    ticks = _find_ticks(locator, low, high)
    labels = [format_ticks([tick])[0] for tick in ticks] if is_log else format_ticks(ticks)
    return Scale(low=low, high=high, start=bottom, end=top, ticks=tuple(ticks), labels=tuple(labels), is_log=is_log)


def scale_x(xs: Sequence[Numbers], left: float, right: float, measure: Callable[[str], float]) -> Scale:
    """Choose what the axis shows, and end it where its last number still has room; `measure` says how wide one is.

    Shapes: xs (n,) each.
    """
    x = _join(xs)
    if not len(x):
        return Scale(low=0.0, high=1.0, start=left, end=right)
    low, high = _widen(float(x.min()), float(x.max()), 0.02)
    ticks = _find_ticks(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1), low, high)
    labels = format_ticks(ticks)
    # The last number may stand at the very end, and half of it beyond.
    right -= measure(labels[-1]) / 2 if labels else 0
    return Scale(low=low, high=high, start=left, end=right, ticks=tuple(ticks), labels=tuple(labels))


def _widen(low: float, high: float, share: float) -> tuple[float, float]:
    """Leave room at both ends; a range of nothing gets one around it."""
    size = max(abs(low), abs(high))
    if size < TINY:
        low, high = low - 0.5, high + 0.5
    elif high - low <= 1e-12 * size:
        low, high = low - 0.05 * size, high + 0.05 * size
    return low - share * (high - low), high + share * (high - low)


def _find_ticks(locator: LogLocator | MaxNLocator, low: float, high: float) -> list[float]:
    return [float(tick) for tick in locator.tick_values(low, high) if low <= tick <= high]


def _join(parts: Sequence[Numbers]) -> Numbers:
    """Shapes: (n,) each to one (m,), without NaN."""
    joined = np.concatenate([np.empty(0), *parts])
    return np.asarray(joined[~np.isnan(joined)])
