"""Reports that pages are looked at with: a whole one, and ones that are large."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from cml_bot.model import Band, Curve, Goal, Key, ParamDelta, Report, Run, Series
from tests.making import make_metric, make_report, make_run
from tests.test_golden import charts


def make_course(name: str, count: int, *, seed: int, noise: float = 0.02, every: int = 1) -> Series:
    """A loss that falls, with noise."""
    chance = random.Random(seed)
    y = tuple(2 * math.exp(-5 * at / count) + 0.3 + noise * chance.gauss(0, 1) for at in range(count))
    return Series(name=name, x=tuple(float(at * every) for at in range(count)), y=y, group="log.csv", x_label="step")


def make_curve(name: str, count: int, *, seed: int, noise: float = 0.02, every: int = 1) -> Curve:
    head = make_course(name, count, seed=seed, noise=noise, every=every)
    base = make_course(name, count, seed=seed + 1, noise=noise, every=every)
    base = replace(base, y=tuple(y + 0.05 for y in base.y))
    return Curve(key=head.key, head=head, base=base, goal=Goal.LOWER)


def whole() -> Report:
    """Something of all that a page has."""
    report = charts()
    rates = [
        Series(name="lr", x=tuple(range(30)), y=tuple(first * 0.7**at for at in range(30)), x_label="step")
        for first in (1e-3, 2e-3)
    ]
    val = make_curve("val/loss", 40, seed=3, noise=0.03, every=25)
    course = make_course("val/loss", 40, seed=4, noise=0, every=25)
    low, high = (tuple(y + way * 0.2 for y in course.y) for way in (-1, 1))
    band = Band(x=course.x, low=low, high=high, count=12, is_history=True)
    f1 = tuple(math.nan if at % 7 == 3 else 1 - y / 3 for at, y in enumerate(course.y))
    gaps = replace(course, name="val/f1", y=f1)
    curves = (
        replace(val, base_band=band),
        make_curve("train/loss", 1000, seed=5, noise=0.15),
        Curve(key=gaps.key, head=gaps, base=None, goal=Goal.HIGHER),
        Curve(key=rates[0].key, head=rates[0], base=rates[1]),
        make_curve("grad_norm", 400, seed=7, noise=0.3),
    )
    return replace(report, curves=curves)


def two_curves() -> Report:
    """Sides of other steps; with a gap."""
    head = Series(name="loss", x=(0, 10, 20, 30), y=(1.0, 0.5, 0.25, 0.125), x_label="step")
    base = Series(name="loss", x=(0, 15, 30), y=(1.0, 0.75, 0.5), x_label="step")
    gaps = replace(head, name="norm", y=(1.0, math.nan, 3.0, 4.0))
    curves = (
        Curve(key=Key("", "loss"), head=head, base=base, goal=Goal.LOWER),
        Curve(key=Key("", "norm"), head=gaps, base=None),
    )
    return replace(make_report(make_run(loss=0.3), make_run(loss=0.4)), curves=curves)


def with_metrics(count: int) -> Report:
    """So many metrics, most of which are the same."""
    heads = tuple(make_metric(f"class_{at:05}/f1", 0.5 + (at % 10 == 0) * at / count / 2) for at in range(count))
    bases = tuple(make_metric(f"class_{at:05}/f1", 0.5) for at in range(count))
    return make_report(Run(metrics=heads), Run(metrics=bases))


def with_curves(count: int, steps: int) -> Report:
    """So many noisy curves, each of so many steps a side."""
    curves = tuple(make_curve(f"layer_{at:03}/loss", steps, seed=2 * at, noise=0.05) for at in range(count))
    return replace(with_metrics(20), curves=curves, params=(ParamDelta(key=Key("p", "lr"), head="1", base="2"),))
