from __future__ import annotations

import json
import math
import re
from array import array
from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.model import Band, Curve, Goal, Key, Report, Series
from cml_bot.page import render_html
from cml_bot.page_curves import lay_out_curves
from cml_bot.page_data import ALIKE, Packed, pack_steps, pack_values
from cml_bot.page_sketch import Ends, find_reach
from cml_bot.render import Drawn
from tests.making import make_report, make_run
from tests.test_golden import CASES, drawn_by_hand


def unpack(packed: Packed) -> list[float]:
    """As `numbers.js` does."""
    if "count" in packed:
        start, step, count = float(packed["start"]), float(packed["step"]), int(packed["count"])
        return [start + at * step for at in range(count)]
    kind, text = ("f", packed["f32"]) if "f32" in packed else ("d", packed["f64"])
    return [float(value) for value in array(kind, b64decode(str(text)))]


def as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def with_curves(*curves: Curve) -> Report:
    return replace(make_report(make_run(loss=0.3), make_run(loss=0.4)), curves=curves)


def make_curve(name: str, *ys: float, base: tuple[float, ...] = (), goal: Goal = Goal.LOWER) -> Curve:
    sides = [Series(name=name, x=tuple(range(len(y))), y=y, x_label="epoch") if y else None for y in (ys, base)]
    return Curve(key=Key("", name), head=sides[0], base=sides[1], goal=goal)


def data_of(page: str) -> list[dict[str, object]]:
    found = re.search('<script type="application/json" id="charts">(.*?)</script>', page)
    assert found
    charts: list[dict[str, object]] = json.loads(found[1])
    return charts


@given(st.lists(st.floats() | st.integers(min_value=-(10**400), max_value=10**400)))
def test_numbers_come_out_as_near_as_can_be_seen(values: list[float]) -> None:
    unpacked = unpack(pack_values(values))
    assert len(unpacked) == len(values)
    held = [as_float(value) for value in values]
    numbers = [value for value in held if abs(value) < 1e150]
    span = max(numbers, default=0) - min(numbers, default=0)
    assert [math.isnan(one) for one in unpacked] == [math.isnan(one) for one in held]
    known = [(one, other) for one, other in zip(unpacked, held, strict=True) if one != other and other == other]
    assert all(abs(one - other) <= min(ALIKE * span, 1e-6 * abs(other)) for one, other in known)


@given(st.lists(st.floats(-1e150, 1e150), unique=True).map(sorted) | st.builds(range, st.integers(0, 99), st.just(100)))
def test_steps_come_out_exactly(steps: list[float]) -> None:
    assert unpack(pack_steps(steps)) == [float(step) for step in steps]


@pytest.mark.parametrize("value", [3834568089, 16_777_217.0, 1e-46, -1e-46, math.inf, -math.inf, 1e200])
def test_what_four_bytes_do_not_hold_is_kept(value: float) -> None:
    assert unpack(pack_values([0.0, 1e9, value])) == [0.0, 1e9, value]


@pytest.mark.parametrize("steps", [[math.inf], [0, math.inf], [-math.inf, 0, 10**400], [10**400]])
def test_steps_without_an_end_are_packed(steps: list[float]) -> None:
    assert unpack(pack_steps(steps)) == [math.inf if step > 1e308 else step for step in steps]


@pytest.mark.parametrize("odd", [math.nan, math.inf, 10**400])
def test_a_band_has_no_place_that_no_axis_holds(odd: float) -> None:
    curve = make_curve("loss", 1.0, 0.5)
    band = Band(x=(0, odd, 1), low=(0.4, 0.0, 0.4), high=(1.1, 9.0, 1.1), count=5, is_history=True)
    [chart] = lay_out_curves(with_curves(replace(curve, base_band=band)))
    assert unpack(chart.data["bands"][0]["x"]) == [0, 1]
    assert len(unpack(chart.data["bands"][0]["low"])) == 2


def test_steps_of_one_distance_take_no_room() -> None:
    assert pack_steps(range(0, 100_000, 25)) == {"start": 0, "step": 25, "count": 4_000}


@pytest.mark.parametrize("case", CASES)
def test_what_runs_is_ours_and_named_by_its_hash(case: str) -> None:
    report = CASES[case]()
    page = render_html(report, drawn_by_hand(report))
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    allowed = dict(part.strip().split(" ", 1) for part in policy[1].split(";"))
    for kind, tag in (("script-src", "script"), ("style-src", "style")):
        pieces = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        hashes = [f"'sha256-{b64encode(sha256(piece.encode()).digest()).decode()}'" for piece in pieces]
        assert pieces
        assert allowed.pop(kind).split() == hashes
    assert allowed.pop("img-src") == "data:"
    assert set(allowed) == {"default-src", "connect-src", "base-uri", "form-action"}
    assert set(allowed.values()) == {"'none'"}


def test_no_curves_need_no_library() -> None:
    assert "uPlot" not in render_html(with_curves(), Drawn(curves={}, pairs=()))
    assert "uPlot" in render_html(with_curves(make_curve("loss", 1.0, 0.5)), Drawn(curves={}, pairs=()))


def test_training_and_validation_are_one_chart_with_what_was_held_out_first() -> None:
    curves = make_curve("train/loss", 1.0, 0.4, base=(1.1, 0.5)), make_curve("val/loss", 1.0, 0.6, base=(1.1, 0.7))
    [chart] = lay_out_curves(with_curves(*curves))
    assert [(key.label, key.end, key.style) for key in chart.legend] == [
        ("val: this branch", "0.6", "solid"),
        ("val: main", "0.7", "solid"),
        ("train: this branch", "0.4", "dashed"),
        ("train: main", "0.5", "dashed"),
    ]
    assert chart.data["best"] == (1.0, 0.6)
    assert "loss, 2 epochs: val ends at 0.6 on this branch and 0.7 on main" in chart.caption


def test_a_page_reads_without_scripts() -> None:
    page = render_html(with_curves(make_curve("loss", 1.0, 0.5, base=(1.0, 0.625))), Drawn(curves={}, pairs=()))
    assert "loss, 2 epochs: ends at 0.500 on this branch and 0.625 on main" in page
    assert re.findall('<poly[a-z]+ class="([^"]+)"', page) == ["base solid", "head solid", "ring", "ring inner"]
    assert "epoch · ○ best 0.5 at 1" in page


@pytest.mark.parametrize(
    ("ys", "is_log"),
    [((1e-5, 1e-2), True), ((1e-3, 1e-2), False), ((0.0, 1.0), False), ((-1.0, 1e3), False), ((math.nan,), False)],
)
def test_decades_of_one_sign_are_on_a_log_scale(ys: tuple[float, ...], is_log: bool) -> None:
    [chart] = lay_out_curves(with_curves(make_curve("lr", *ys)))
    assert chart.data["is_log"] is is_log
    assert ("log scale" in chart.below) is is_log


def test_a_band_stays_on_the_log_scale() -> None:
    curve = make_curve("lr", 1e-5, 1e-2)
    band = Band(x=(0, 1), low=(-1.0, 1e-3), high=(1e-4, 1.0), count=5)
    [chart] = lay_out_curves(with_curves(replace(curve, head_band=band)))
    assert unpack(chart.data["bands"][0]["low"]) == pytest.approx([1e-5, 1e-3])
    assert "shaded: range of 5 trainings of this branch" in chart.below


@pytest.mark.parametrize("ys", [(math.nan, math.nan), (math.inf, -math.inf), (10**400, 1), (0.5,), (2.0, 2.0)])
def test_odd_numbers_are_no_reason_to_have_no_page(ys: tuple[float, ...]) -> None:
    page = render_html(with_curves(make_curve("odd", *ys, base=ys)), Drawn(curves={}, pairs=()))
    [chart] = data_of(page)
    assert chart["lines"]


def test_steps_that_are_no_numbers_are_left_out() -> None:
    side = Series(name="loss", x=(1.0, 2.0, math.inf), y=(1.0, 2.0, 3.0))
    [chart] = lay_out_curves(with_curves(Curve(key=side.key, head=side, base=None)))
    assert unpack(chart.data["lines"][0]["x"]) == [1.0, 2.0]


def test_more_points_than_can_be_seen_are_thinned() -> None:
    side = Series(name="loss", x=tuple(range(10_000)), y=tuple(map(float, range(10_000))))
    [chart] = lay_out_curves(with_curves(Curve(key=side.key, head=side, base=None)))
    assert len(unpack(chart.data["lines"][0]["x"])) == 4_000


def test_a_drawing_with_a_dark_side_has_both() -> None:
    report = CASES["charts"]()
    drawn = drawn_by_hand(report)
    light = replace(drawn, charts={key: replace(one, width=320, dark=b"") for key, one in drawn.charts.items()})
    dark = replace(drawn, charts={key: replace(one, dark=b"dark") for key, one in drawn.charts.items()})
    count = len(report.charts)
    plain, sided = render_html(report, light), render_html(report, dark)
    assert (plain.count('<img class="for-light"'), plain.count('<img class="for-dark"')) == (0, 0)
    assert plain.count(' width="320"') == count
    assert (sided.count('<img class="for-light"'), sided.count('<img class="for-dark"')) == (count, count)


def test_pictures_stand_beside_what_differs_between_them() -> None:
    report = CASES["plain"]()
    drawn = drawn_by_hand(report)
    [pair] = drawn.pairs
    assert pair.head
    page = render_html(report, replace(drawn, pairs=(replace(pair, difference=pair.head),)))
    said = "0.8\u00a0% of the pixels differ, most in the lower left. Blue: here, orange: main"
    assert re.findall("<figcaption>([^<]+)</figcaption>", page) == ["main", "here", said]


def test_the_same_report_is_the_same_page() -> None:
    report = CASES["charts"]()
    assert render_html(report, drawn_by_hand(report)) == render_html(report, drawn_by_hand(report))


@given(st.floats(-1e150, 1e150), st.floats(-1e150, 1e150))
def test_an_axis_holds_its_values(one: float, other: float) -> None:
    # Next to nothing there is no smaller number to begin an axis with.
    low, high = sorted(0.0 if abs(end) < 1e-300 else end for end in (one, other))
    first, last = find_reach(low, high, is_log=False)
    assert first <= low <= high <= last
    assert first < last
    assert (first >= 0) or low < 0
    if low > 0 and high / 100 > low > 1e-150:
        first, last = find_reach(low, high, is_log=True)
        assert 0 < first <= low < high <= last


def test_a_sketch_stands_on_the_axes_of_the_chart_with_its_band_and_its_best() -> None:
    band = Band(x=(0.0, 1.0, 2.0), low=(0.2, 0.1, math.nan), high=(1.2, 0.9, 0.9), count=9, is_history=True)
    curve = replace(make_curve("loss", 1.0, 0.4, 0.5, base=(1.0, 0.6, 0.6)), base_band=band)
    [chart] = lay_out_curves(with_curves(curve))
    assert chart.data["reach"] == (0.0, 1.3)
    assert chart.ends == Ends(low="0.0", high="1.3", first="0", last="2")
    shapes = {line.kind: line.points.split() for line in chart.sketch}
    assert shapes["base band"] == ["0,8", "150,31", "150,92", "0,85"]
    assert shapes["ring"][0] in shapes["head solid"]
