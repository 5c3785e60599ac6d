"""How a curve is drawn, wherever that is."""

from __future__ import annotations

import math
import random

import pytest

from cml_bot.curve_groups import CurveGroup, Member
from cml_bot.curve_rules import find_best, find_window, is_logarithmic, style_lines
from cml_bot.model import Curve, Goal, Key, Series


def noisy(count: int) -> list[float]:
    chance = random.Random(1)
    return [chance.gauss(0, 1) for _ in range(count)]


@pytest.mark.parametrize(
    ("sides", "window"),
    [
        ([], 1),
        ([noisy(199)], 1),
        ([noisy(600)], 10),
        ([noisy(600), [1.0] * 1_200], 20),
        ([[at / 600 for at in range(600)]], 1),
        ([[math.nan] * 600], 1),
        ([noisy(300) + [math.nan] * 300], 10),
    ],
)
def test_only_a_slab_is_shown_by_means(sides: list[list[float]], window: int) -> None:
    assert find_window(sides) == window


def test_a_million_values_are_judged_by_some_of_them() -> None:
    assert find_window([noisy(100_000)]) == 1_666


@pytest.mark.parametrize(
    ("low", "high", "is_log"), [(1e-5, 1e-2, True), (1e-3, 1e-1, False), (0.0, 1e9, False), (-1.0, 1e9, False)]
)
def test_decades_of_one_sign_are_logarithmic(low: float, high: float, is_log: bool) -> None:
    assert is_logarithmic(low, high) is is_log


@pytest.mark.parametrize(
    ("goal", "y", "best"),
    [
        (Goal.LOWER, (3.0, 1.0, 1.0), (1.0, 1.0)),
        (Goal.HIGHER, (3.0, math.inf, 5.0), (2.0, 5.0)),
        (Goal.NONE, (3.0, 1.0, 2.0), None),
        (Goal.LOWER, (2.0, 2.0, math.nan), None),
        (Goal.LOWER, (math.nan, math.nan, math.nan), None),
    ],
)
def test_the_best_is_the_first_of_equals(goal: Goal, y: tuple[float, ...], best: tuple[float, float] | None) -> None:
    side = Series(name="loss", x=(0, 1, 2), y=y)
    assert find_best(Curve(key=side.key, head=side, base=None, goal=goal)) == best
    assert find_best(Curve(key=side.key, head=None, base=side, goal=goal)) is None


def test_what_was_held_out_is_solid_a_second_one_dotted_and_training_dashed() -> None:
    parts = ("test", "val", "train")
    members = (
        Member(key=Key("", part), part=part, curve=Curve(key=Key("", part), head=None, base=None)) for part in parts
    )
    assert style_lines(CurveGroup(name="loss", members=tuple(members))) == ["solid", "dotted", "dashed"]
