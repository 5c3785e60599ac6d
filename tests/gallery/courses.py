"""Courses of trainings as they look in earnest: falling fast, then slowly, with noise."""

from __future__ import annotations

import math
import random

from cml_bot.model import Band, Series


def falling(
    name: str,
    *,
    start: float,
    end: float,
    count: int = 50,
    noise: float = 0.01,
    seed: int = 1,
    group: str = "history.csv",
    x_label: str = "epoch",
    unit: str = "",
    rise: float = 0.0,
) -> Series:
    """A course from one level to another; `rise` is how much of the way it comes back at the end: it overfits."""
    dice = random.Random(f"{name}{seed}")
    span = start - end
    ys = [
        end + span * (math.exp(-5 * step / count) + rise * (step / count) ** 3) + abs(span) * noise * dice.gauss()
        for step in range(count)
    ]
    xs = tuple(float(step + 1) for step in range(count))
    return Series(name=name, x=xs, y=tuple(ys), group=group, x_label=x_label, unit=unit, source=group)


def band_of(series: Series, *, spread: float, count: int, is_history: bool = False) -> Band:
    """What so many other trainings of the same lie between."""
    span = max(series.y) - min(series.y)
    return Band(
        x=series.x,
        low=tuple(y - spread * span for y in series.y),
        high=tuple(y + spread * span for y in series.y),
        count=count,
        is_history=is_history,
    )
