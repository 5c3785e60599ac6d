from __future__ import annotations

import io
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cml_bot.curve_groups import CurveGroup, group_curves
from cml_bot.draw import describe_curve, draw_group
from cml_bot.draw_axes import SHADE
from cml_bot.draw_sheet import BASE, HEAD
from cml_bot.model import Band, Curve, Figure, Goal, Key, Series

SIZE = (800, 448)
"""Two pixels for each of a phone's."""
DECAY = [0.3 + math.exp(-step / 8) for step in range(50)]
SLOWER = [0.35 + math.exp(-step / 9) for step in range(50)]


def series(y: list[float], *, name: str = "val/loss", x: list[float] | None = None, **rest: Any) -> Series:
    steps = x or [float(step) for step in range(1, len(y) + 1)]
    return Series(name=name, x=tuple(steps), y=tuple(y), **{"x_label": "epoch", **rest})


def curve(head: list[float] | None, base: list[float] | None, *, name: str = "val/loss", **rest: Any) -> Curve:
    head_side, base_side = (series(y, name=name, x=None, **rest) if y else None for y in (head, base))
    return Curve(key=Key("history.csv", name), head=head_side, base=base_side)


def draw(drawn: Curve, goal: Goal = Goal.LOWER, head_label: str = "this branch", base_label: str = "main") -> Figure:
    (group,) = group_curves({drawn.key: replace(drawn, goal=goal)}, {drawn.key: drawn.key.name})
    return draw_group(group, head_label=head_label, base_label=base_label)


def count_pixels(figure: Figure, colour: str) -> int:
    """How many pixels have a colour, or nearly."""
    pixels = np.asarray(Image.open(io.BytesIO(figure.data)).convert("RGB"), dtype=int)
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return int((abs(pixels - wanted).sum(axis=2) < 40).sum())


def test_both_sides_are_drawn_at_the_size_of_a_phone() -> None:
    figure = draw(curve(DECAY, SLOWER))
    assert (figure.media, figure.name) == ("image/png", "val-loss.png")
    assert (Image.open(io.BytesIO(figure.data)).size, figure.width) == (SIZE, 400)
    assert count_pixels(figure, HEAD.line) > 1_000
    assert count_pixels(figure, BASE.line) > 500


@pytest.mark.parametrize(("head", "base"), [(DECAY, None), (None, SLOWER)])
def test_one_side_alone(head: list[float] | None, base: list[float] | None) -> None:
    figure = draw(curve(head, base))
    assert (count_pixels(figure, HEAD.line) > 100) == bool(head)
    assert (count_pixels(figure, BASE.line) > 100) == bool(base)


def test_same_input_gives_same_bytes_without_metadata() -> None:
    first, second = (draw(curve(DECAY, SLOWER)) for _ in range(2))
    assert first == second
    assert not {b"tEXt", b"iTXt", b"tIME"} & {first.data[at : at + 4] for at in range(len(first.data))}


@pytest.mark.parametrize("goal", list(Goal))
def test_best_is_marked_by_its_goal(goal: Goal) -> None:
    bowl = [abs(step - 20) / 20 for step in range(60)]
    marked, plain = draw(curve(bowl, SLOWER), goal), draw(curve(bowl, SLOWER), Goal.NONE)
    assert (marked.data == plain.data) is (goal is Goal.NONE)


@pytest.mark.parametrize("count", [50, 5_000, 60_000])
def test_noise_stays_small_and_both_sides_visible(count: int) -> None:
    noise = random.Random(1)
    head, base = ([level + noise.gauss(0, 0.2) for _ in range(count)] for level in (0.3, 0.6))
    figure = draw(curve(head, base))
    assert len(figure.data) < 60_000
    assert count_pixels(figure, HEAD.line) > 500
    assert count_pixels(figure, BASE.line) > 500


def test_a_single_spike_survives_thinning() -> None:
    flat = [1.0] * 100_000
    spiked = [*flat[:70_000], 5.0, *flat[70_001:]]
    high = np.asarray(Image.open(io.BytesIO(draw(curve(spiked, None), Goal.NONE).data)).convert("L"))
    assert (high[90:150, 300:600] < 120).any()


def test_a_million_points_take_less_than_a_second() -> None:
    draw(curve(DECAY, SLOWER))  # imports and fonts
    many = series([math.sin(step / 1e5) for step in range(1_000_000)])
    start = time.process_time()
    draw(Curve(key=many.key, head=many, base=many))
    assert time.process_time() - start < 1


NAN, INF = math.nan, math.inf
KINDS: dict[str, Callable[[random.Random], float]] = {
    "noise": lambda dice: dice.gauss(),
    "decades": lambda dice: 10 ** dice.uniform(-9, 9),
    "two values": lambda dice: float(dice.random() < 0.5),
    "gaps": lambda dice: dice.gauss() if dice.random() < 0.6 else NAN,
    "spikes": lambda dice: 1 / (dice.random() + 1e-9),
}


@pytest.mark.slow
@given(st.sampled_from(sorted(KINDS)), st.sampled_from([2, 60, 150, 199, 200, 1_000, 4_000]), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_no_picture_is_large(kind: str, count: int, members: int) -> None:
    dice = random.Random(count)
    curves: dict[Key, Curve] = {}
    for name in ("val/loss", "train/loss", "test/loss")[:members]:
        head, base, low, high = ([KINDS[kind](dice) for _ in range(count)] for _ in range(4))
        one = curve(head, base, name=name)
        assert one.base
        band = Band(x=one.base.x, low=tuple(low), high=tuple(high), count=20)
        curves[one.key] = replace(one, head_band=band, base_band=band, goal=Goal.LOWER)
    (group,) = group_curves(curves, {key: key.name for key in curves})
    figure = draw_group(group, head_label="this branch", base_label="main")
    assert len(figure.data) <= 60_000
    assert figure.width == 400
    assert count_pixels(figure, HEAD.line) > 200


def group_of(*names: str, head_band: Band | None = None, base_band: Band | None = None) -> CurveGroup:
    plain = [curve([y * (1 + at) for y in DECAY], SLOWER, name=name) for at, name in enumerate(names)]
    curves = {one.key: replace(one, head_band=head_band, base_band=base_band) for one in plain}
    (group,) = group_curves(curves, {key: key.name for key in curves})
    return group


def test_training_and_validation_stand_on_one_pair_of_axes() -> None:
    alone, both = (
        draw_group(group_of(*names), head_label="this branch", base_label="main")
        for names in (("val/loss",), ("val/loss", "train/loss"))
    )
    assert (alone.name, both.name) == ("val-loss.png", "loss.png")
    assert count_pixels(both, HEAD.line) > count_pixels(alone, HEAD.line) * 1.2
    assert both.caption == (
        "loss, 50 epochs: val ends at 0.302 on this branch and 0.354 on main; "
        "train ends at 0.60 on this branch and 0.35 on main"
    )


def test_a_band_is_drawn_pale_in_the_colour_of_its_side() -> None:
    x = tuple(map(float, range(1, 51)))
    band = Band(x=x, low=(1.0,) * 50, high=(1.2,) * 25 + (NAN,) * 5 + (1.2,) * 20, count=20, is_history=True)
    groups = (group_of("val/loss"), group_of("val/loss", base_band=band), group_of("val/loss", head_band=band))
    plain, main, here = (draw_group(group, head_label="here", base_label="main") for group in groups)
    for pen, figure in ((BASE, main), (HEAD, here)):
        parts = [255 - SHADE * (255 - int(pen.line[at : at + 2], 16)) for at in (1, 3, 5)]
        colour = "#" + "".join(f"{round(part):02x}" for part in parts)
        assert count_pixels(figure, colour) > count_pixels(plain, colour) + 5_000
    assert main.caption.endswith("on main, where the middle 80 % of 20 runs of main goes from 1.0 to 1.2")


def test_a_picture_for_dark_pages_has_the_same_lines() -> None:
    figure = draw(curve(DECAY, SLOWER))
    light, dark = (
        np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=int) for data in (figure.data, figure.dark)
    )
    assert light[0, 0] == 255
    assert dark[0, 0] < 20
    assert ((light < 250) == (dark > 25)).mean() > 0.99


@pytest.mark.parametrize(
    ("head", "base"),
    [
        ([NAN] * 4, [NAN] * 4),
        ([0.5], [0.6]),
        ([0.5], None),
        ([0.5] * 5, [0.5] * 5),
        ([0.0] * 5, [5e-324] * 3),
        ([NAN, 0.4, NAN, 0.3, NAN], [0.5, NAN, NAN, NAN, 0.3]),
        ([1.0, INF, -INF, 2.0], [1e308, -1e308, 1.7e308]),
        ([10**400, 2.0, 3.0], [-(10**400), 2.0, 1e299]),
        ([10.0 ** (3 - step) for step in range(12)], [1.0] * 12),
        ([1e9, 1e9 + 1, 1e9 + 2], [1e-9, 2e-9, 3e-9]),
        ([-1.0, -100.0, -1e6], [1.0, 0.0, 1e6]),
        ([1e-320, 1.0, 1e149], [1e-149, 1.0, 1e-3]),
    ],
    ids=lambda side: str(side)[:40],
)
@pytest.mark.parametrize("goal", [Goal.LOWER, Goal.HIGHER])
def test_odd_numbers_are_drawn(head: list[float], base: list[float] | None, goal: Goal) -> None:
    assert Image.open(io.BytesIO(draw(curve(head, base), goal).data)).size[0] == SIZE[0]


def test_odd_steps_are_drawn() -> None:
    odd = series([1.0, 2.0, 3.0, 1.0], x=[-1e308, 0.5, 1.7e12, INF])
    assert draw(Curve(key=odd.key, head=odd, base=None), Goal.LOWER).data


HOSTILE = [
    "$",
    r"$\frac{$",
    "a\nb\r\n\tc",
    "精度 🚀",
    "\u202ertl\u200b\x00\x1b[31m",
    "\ud800",
    "<b>&amp;",
    "x" * 5_000,
    "",
    "_$^{",
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:20])
def test_hostile_names_are_only_text(name: str) -> None:
    hostile = curve(DECAY, SLOWER, name=name, unit=name[:40], x_label=name)
    figure = draw(hostile, head_label=name, base_label=name)
    assert count_pixels(figure, HEAD.line) > 500
    assert "\n" not in figure.caption
    assert len(figure.caption) < 400
    assert figure.caption.encode()
    assert set(figure.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert len(figure.name) <= 64


@pytest.mark.parametrize(
    ("drawn", "caption"),
    [
        (curve(DECAY, SLOWER), "val/loss, 50 epochs: ends at 0.302 on this branch and 0.354 on main"),
        (
            curve([1, 0.31], [1, 0.35, 0.3]),
            "val/loss, 2 epochs (3 on main): ends at 0.31 on this branch and 0.30 on main",
        ),
        (
            curve([12.5], [12.1], unit="ms"),
            "val/loss, 1 point: ends at 12.5\u00a0ms on this branch and 12.1\u00a0ms on main",
        ),
        (
            curve([0.5, NAN], [0.5, 0.4]),
            "val/loss, 2 epochs: ends at NaN (from epoch 2) on this branch and 0.4 on main",
        ),
        (
            curve([0.5, -INF], None),
            "val/loss, 2 epochs: ends at −∞ (from epoch 2) on this branch, and is not there on main",
        ),
        (curve(None, [0.98012]), "val/loss, 1 point: ends at 0.9801 on main, and is not there on this branch"),
        (curve([0.98013], [0.98012]), "val/loss, 1 point: ends at 0.98013 on this branch and 0.98012 on main"),
        (curve([123456.0], [1.2e-7]), "val/loss, 1 point: ends at 123\u202f456 on this branch and 1.2e-07 on main"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_caption_says_what_is_to_be_seen(drawn: Curve, caption: str) -> None:
    assert describe_curve(drawn, head_label="this branch", base_label="main") == caption
    assert draw(drawn).caption == caption


def test_steps_that_leave_some_out_are_points() -> None:
    sparse = series([0.5, 0.4, 0.3], x=[0, 500, 1000], x_label="step")
    said = describe_curve(Curve(key=sparse.key, head=sparse, base=sparse), head_label="here", base_label="before")
    assert said == "val/loss, 3 points: ends at 0.3 on here and 0.3 before"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"x": [0, 9_000, 999_999], "mean": 0.4}, "up to step 999\u202f999: "),
        ({"x": [0, 9_000, 500_000], "mean": 0.4}, "up to step 999\u202f999 (500\u202f000 on main): "),
        ({"x": [0, 1, 2]}, "up to step 999\u202f999: "),
    ],
    ids=["as long", "shorter", "of few points"],
)
def test_the_number_of_points_is_not_told_where_some_were_left_out(other: dict[str, Any], said: str) -> None:
    long = series([0.5, 0.4, 0.3], x=[0, 500, 999_999], x_label="step", mean=0.4)
    base = series([0.5, 0.4, 0.2], x_label="step", **other)
    found = describe_curve(Curve(key=long.key, head=long, base=base), head_label="here", base_label="main")
    assert found == f"val/loss, {said}ends at 0.3 on here and 0.2 on main"


def test_medians_leave_out_what_is_not_a_number() -> None:
    from cml_bot.draw_lines import medians

    values = np.array([1, NAN, 9, NAN, NAN, NAN, 4, 2, 3, 8])
    assert repr(medians(values, 3).tolist()) == repr([5.0, NAN, 3.0])
    assert medians(values[6:], 3).tolist() == [3.0]


def test_a_thinned_curve_is_shown_by_its_medians() -> None:
    """Its extremes are all kept, and would draw the means to themselves."""
    spikes = [100.0 if step % 4 == 0 else 5.0 * (step % 4) for step in range(400)]
    pictures = [draw(curve(spikes, spikes, mean=mean)).data for mean in (None, 1.01)]
    ink = [np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in pictures]
    rows = [np.flatnonzero((pixels[:, 200:500] == (10, 76, 155)).all(axis=2).any(axis=1)) for pixels in ink]
    assert rows[1].max() > rows[0].max() + 20


SCRIPT = """
import hashlib, sys
from cml_bot.curve_groups import group_curves
from cml_bot.draw import describe_curve, draw_group
from cml_bot.model import Curve, Goal, Key, Series
side = Series(name="loss", x=(1, 2, 3), y=(3.0, 1.0, 2.0))
curve = Curve(key=Key("", "loss"), head=side, base=side, goal=Goal.LOWER)
describe_curve(curve, head_label="here", base_label="main")
assert "matplotlib" not in sys.modules and "numpy" not in sys.modules
(group,) = group_curves({curve.key: curve}, {curve.key: "loss"})
figure = draw_group(group, head_label="here", base_label="main")
assert "matplotlib.pyplot" not in sys.modules
print(hashlib.sha256(figure.data).hexdigest())
"""


def test_no_pyplot_and_no_style_of_the_workspace(tmp_path: Path) -> None:
    plain, styled = tmp_path / "plain", tmp_path / "styled"
    plain.mkdir()
    styled.mkdir()
    (styled / "matplotlibrc").write_text("axes.facecolor: red\nfont.family: serif\ntext.usetex: True\n")
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    results = [
        subprocess.run([sys.executable, "-c", SCRIPT], cwd=cwd, env=path, capture_output=True, text=True, check=True)
        for cwd in (plain, styled)
    ]
    assert results[0].stdout == results[1].stdout != ""


def test_the_step_that_was_kept_is_told() -> None:
    kept = Series(name="mAP", x=(1.0, 2.0, 3.0), y=(0.1, 0.4, 0.3), x_label="epoch", best=2.0)
    said = describe_curve(Curve(key=kept.key, head=kept, base=None), head_label="here", base_label="main")
    assert said.endswith("; what was kept is 0.4 at epoch 2")
    ended = describe_curve(
        Curve(key=kept.key, head=replace(kept, best=3.0), base=None), head_label="here", base_label="main"
    )
    assert "kept" not in ended
