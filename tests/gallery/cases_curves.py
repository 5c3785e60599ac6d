"""Reports whose point is a curve."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace

from cml_bot.model import Curve, Goal, Report, Run, Series
from tests.gallery.courses import band_of, falling
from tests.gallery.reports import make, sources
from tests.making import make_metric


def _two(head: tuple[Series, ...], base: tuple[Series, ...], **metrics: tuple[float, float]) -> Report:
    """A report of curves on both sides, and of metrics as (head, base)."""
    here = _run(head, {name: pair[0] for name, pair in metrics.items()})
    there = _run(base, {name: pair[1] for name, pair in metrics.items()})
    report = make(here, there)
    return replace(report, curves=tuple(replace(curve, goal=_goal(curve)) for curve in report.curves))


def _run(series: tuple[Series, ...], metrics: Mapping[str, float]) -> Run:
    named = tuple(make_metric(name, value) for name, value in metrics.items())
    return Run(metrics=named, series=series, sources=sources("metrics.json", "history.csv"))


def _goal(curve: Curve) -> Goal:
    return Goal.LOWER if "loss" in curve.key.name else Goal.HIGHER if "acc" in curve.key.name else Goal.NONE


def train_and_val() -> Report:
    """Loss and accuracy of training and validation, with the band of twenty runs of main."""
    head = (
        falling("train/loss", start=1.2, end=0.18, seed=2),
        falling("val/loss", start=1.15, end=0.31, seed=2, noise=0.02),
        falling("train/accuracy", start=0.5, end=0.962, seed=2),
        falling("val/accuracy", start=0.52, end=0.9034, seed=2, noise=0.02),
    )
    base = (
        falling("train/loss", start=1.2, end=0.2),
        falling("val/loss", start=1.15, end=0.352, noise=0.02),
        falling("train/accuracy", start=0.5, end=0.951),
        falling("val/accuracy", start=0.52, end=0.8912, noise=0.02),
    )
    report = _two(head, base, accuracy=(0.9034, 0.8912), val_loss=(0.31, 0.352))
    curves = (
        replace(curve, base_band=band_of(curve.base, spread=0.03, count=20, is_history=True)) if curve.base else curve
        for curve in report.curves
    )
    return replace(report, curves=tuple(curves))


def early_stopping() -> Report:
    """Validation turns upwards, and the best step was kept; main trained longer."""
    head = falling("val/loss", start=1.1, end=0.3, count=34, rise=0.16, seed=2, noise=0.008)
    base = falling("val/loss", start=1.1, end=0.33, count=48, rise=0.2, noise=0.008)
    train = falling("train/loss", start=1.2, end=0.12, count=34, seed=2)
    best = head.x[head.y.index(min(head.y))]
    kept = (replace(head, best=best, goal=Goal.LOWER), train)
    low = (min(head.y), min(base.y))
    return _two(kept, (base, falling("train/loss", start=1.2, end=0.1, count=48)), val_loss=low)


def log_and_smooth() -> Report:
    """A loss over three powers of ten, a noisy one that asks for smoothing, and a warm-up of the rate."""

    def series(name: str, ys: list[float]) -> Series:
        xs = tuple(10.0 * step for step in range(len(ys)))
        return Series(
            name=name, x=xs, y=tuple(ys), group="log.jsonl", source="log.jsonl", is_smoothed=name == "train/loss"
        )

    def side(seed: int, factor: float) -> tuple[Series, ...]:
        dice = random.Random(seed)
        powers = [factor * 80 * math.exp(-7 * step / 400) * math.exp(0.15 * dice.gauss()) for step in range(400)]
        noisy = [2.2 - 0.4 * factor * math.log1p(step / 30) + 0.25 * dice.gauss() for step in range(400)]
        rate = [3e-4 * factor * min(1, step / 40) * (0.5 + 0.5 * math.cos(math.pi * step / 400)) for step in range(400)]
        named = (("train/mse_loss", powers), ("train/loss", noisy), ("lr", rate))
        return tuple(series(name, ys) for name, ys in named)

    return _two(side(2, 0.9), side(1, 1.0), val_loss=(0.31, 0.34))


def sixty_curves() -> Report:
    """More curves than anybody looks at: of each of sixty layers one."""

    def side(seed: int, end: float) -> tuple[Series, ...]:
        return tuple(
            falling(f"layer_{number:02}/grad_norm", start=2.0, end=end + number / 100, count=60, noise=0.05, seed=seed)
            for number in range(60)
        )

    return _two(side(2, 0.3), side(1, 0.32), accuracy=(0.9034, 0.8912))


def broken_courses() -> Report:
    """A loss that becomes NaN, one with gaps, one of two points, and one that only main has."""
    whole = falling("train/loss", start=1.2, end=0.2)
    head = (
        replace(whole, y=(*whole.y[:21], *(math.nan for _ in whole.y[21:]))),
        replace(whole, name="val/loss", y=tuple(y if n % 5 == 0 else math.nan for n, y in enumerate(whole.y))),
        Series(name="warmup", x=(0.0, 1.0), y=(0.1, 0.2), group="history.csv", x_label="epoch"),
    )
    base = (
        falling("train/loss", start=1.2, end=0.21, seed=3),
        falling("val/loss", start=1.2, end=0.3, seed=3),
        falling("ema/loss", start=1.2, end=0.25, seed=3),
    )
    return _two(head, base, val_loss=(math.nan, 0.3))


def tiny_and_huge() -> Report:
    """Curves of 1e-9 and of 1e12, with units, negative rewards, and steps in the millions."""

    def stretched(series: Series, factor: float, steps: float, unit: str = "") -> Series:
        return replace(
            series,
            x=tuple(x * steps for x in series.x),
            y=tuple(y * factor for y in series.y),
            x_label="step",
            unit=unit,
        )

    def side(seed: int, end: float) -> tuple[Series, ...]:
        return (
            stretched(falling("val/mse", start=3, end=end, seed=seed), 1e-9, 2e4, unit="m²"),
            stretched(falling("tokens_seen_total", start=0.1, end=7, seed=seed), 1e12, 2e4, unit="tokens"),
            stretched(falling("episode_reward", start=-200, end=-20 * end, seed=seed, noise=0.06), 1.0, 2e4),
        )

    head, base = side(2, 1.0), side(1, 1.15)
    return _two(head, base, episode_reward=(-20.4, -23.1), val_mse=(1.02e-9, 1.17e-9))
