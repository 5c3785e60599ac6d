from __future__ import annotations

import io
import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cml_bot.curve_groups import group_curves
from cml_bot.draw import draw_group
from cml_bot.draw_charts import draw_chart
from cml_bot.draw_lines import smooth
from cml_bot.draw_sheet import BASE as BASE_PEN
from cml_bot.draw_sheet import HEAD as HEAD_PEN
from cml_bot.model import Bars, Chart, ChartPair, Curve, Figure, Matrix, Points, Series
from tests.charts import BASE, HEAD, bars, cloud, confusion, histogram, line, matrix, pair
from tests.test_draw import HOSTILE, count_pixels

NAN, INF = math.nan, math.inf
MANY = {f"feature {number}": 100.0 - number for number in range(64)}
PAIRS = {
    "2 classes": pair(confusion(2, 1), confusion(2, 2)),
    "10 classes": pair(confusion(10, 1), confusion(10, 2)),
    "15 classes": pair(confusion(15, 1), confusion(15, 2)),
    "60 classes": pair(confusion(60, 1), confusion(60, 2)),
    "90 classes": pair(confusion(90, 1), confusion(90, 2)),
    "other sizes": pair(confusion(3, 1), confusion(3, 2, each=30)),
    "bars": pair(bars(**MANY), bars(**{name: value / 2 for name, value in MANY.items()})),
    "close bars": pair(bars(a=0.9, b=0.8, c=0.85), bars(a=0.8, b=0.85, c=0.85)),
    "histogram": pair(histogram(1, 5, 9, 4), histogram(2, 7, 6, 4)),
    "histogram of other bins": pair(histogram(1, 5, 9, 4), histogram(2, 7, 6, edges=(0, 0.3, 1, 4))),
    "precision-recall": pair(
        replace(line(1.0, 0.8, 0.4), x_label="recall", y_label="precision"),
        replace(line(1.0, 0.7, 0.4), x_label="recall", y_label="precision"),
    ),
    "calibration": pair(
        replace(line(0.1, 0.4, 1.0), x_label="mean predicted", y_label="fraction of positives", score=0.1),
        replace(line(0.2, 0.5, 1.0), x_label="mean predicted", y_label="fraction of positives", score=0.2),
    ),
    "line": pair(line(0.0, 0.8, 1.0), line(0.0, 0.6, 1.0)),
    "cloud": pair(cloud(300, 1), cloud(300, 2)),
    "jitter": pair(cloud(300, 1, is_jittered=True), cloud(300, 2, is_jittered=True)),
}


def draw(drawn: ChartPair, head_label: str = HEAD, base_label: str = BASE) -> Figure:
    return draw_chart(drawn, head_label=head_label, base_label=base_label)


def size_of(figure: Figure) -> tuple[int, int]:
    return Image.open(io.BytesIO(figure.data)).size


@pytest.mark.parametrize("kind", PAIRS)
def test_every_kind_is_a_small_picture_of_both_sides(kind: str) -> None:
    figure = draw(PAIRS[kind])
    width, height = size_of(figure)
    assert 500 <= width <= 1_375
    assert 250 <= height <= 1_750
    assert len(figure.data) < 50_000
    assert count_pixels(figure, HEAD_PEN.line) > 100
    assert count_pixels(figure, BASE_PEN.line) > 100 or "classes" in kind


@pytest.mark.parametrize("kind", ["10 classes", "bars", "line", "jitter", "histogram", "calibration"])
def test_one_side_alone(kind: str) -> None:
    whole = PAIRS[kind]
    for side in (replace(whole, base=None), replace(whole, head=None)):
        assert draw(side).data != draw(whole).data


@pytest.mark.parametrize("kind", ["10 classes", "bars", "jitter", "histogram"])
def test_same_input_gives_same_bytes_without_metadata(kind: str) -> None:
    first, second = (draw(PAIRS[kind]) for _ in range(2))
    assert first == second
    assert not {b"tEXt", b"iTXt", b"tIME"} & {first.data[at : at + 4] for at in range(len(first.data))}


def test_names_of_files_are_safe() -> None:
    assert draw(PAIRS["10 classes"]).name == "cm-json-cm.png"


def test_more_labels_make_a_higher_picture_up_to_twenty() -> None:
    few, many = draw(pair(bars(a=1.0, b=2.0), None)), draw(PAIRS["bars"])
    assert size_of(few)[1] < size_of(many)[1] == size_of(draw(pair(bars(**dict(list(MANY.items())[:21])), None)))[1]


def test_shares_are_drawn_where_they_are_wanted() -> None:
    counts = PAIRS["10 classes"]
    assert isinstance(counts.head, Matrix)
    shares = replace(counts, head=replace(counts.head, is_shares=True))
    assert draw(shares).data != draw(counts).data


def test_order_is_kept_where_it_counts() -> None:
    rising = bars(a=1.0, b=2.0, c=3.0)
    assert draw(pair(rising, None)).data != draw(pair(replace(rising, is_ordered=True), None)).data


def test_shares_stand_below_the_counts_of_few_classes() -> None:
    """Where all are right, the share says nothing that the colour does not; where some are not, it is other text."""
    counts, shares = (pair(confusion(4, 1), None), pair(replace(confusion(4, 1), is_shares=True), None))
    assert count_pixels(draw(counts), "#ffffff") != count_pixels(draw(shares), "#ffffff")


@pytest.mark.parametrize("classes", [2, 5, 6, 8, 10, 30, 60])
def test_both_panels_of_a_matrix_are_beside_each_other(classes: int) -> None:
    figure = draw(pair(confusion(classes, 1), confusion(classes, 2)))
    width, height = size_of(figure)
    assert height < width
    assert figure.width == round(width / 2) <= 640


def test_the_number_of_a_curve_stands_in_its_legend() -> None:
    known = PAIRS["calibration"]
    assert isinstance(known.head, Points)
    other = replace(known, head=replace(known.head, score=0.3))
    assert draw(known).data != draw(other).data
    unknown = replace(known, head=replace(known.head, score=None))
    assert count_pixels(draw(unknown), HEAD_PEN.line) < count_pixels(draw(known), HEAD_PEN.line)


def test_a_million_points_take_less_than_a_second() -> None:
    draw(PAIRS["cloud"])  # imports and fonts
    xs = tuple(math.sin(number / 7) for number in range(1_000_000))
    many = Points(name="fit", x=xs, y=xs)
    start = time.process_time()
    draw(pair(many, many))
    assert time.process_time() - start < 1


ODD = [(NAN, NAN), (INF, -INF), (1e308, -1e308), (10**400, -(10**400)), (5e-324, 0.0), (0.0, 0.0), (-3.0, -1.0)]


@pytest.mark.parametrize("values", ODD, ids=lambda values: str(values)[:30])
def test_odd_numbers_are_drawn(values: tuple[float, float]) -> None:
    other = (1.0, 2.0)
    for drawn in (
        pair(matrix(values, other), matrix(other, values)),
        pair(bars(a=values[0], b=values[1]), bars(a=1.0)),
        pair(line(*values), line(*other)),
        pair(histogram(*values), histogram(*other)),
        pair(Points(name="p", x=values, y=values, is_jittered=True), Points(name="p", x=values, y=other)),
    ):
        assert size_of(draw(drawn))[0] >= 400


@pytest.mark.parametrize(
    "chart",
    [
        Matrix(name="m", rows=("only",), columns=("only",), values=((3.0,),)),
        Matrix(name="m", rows=tuple("abc"), columns=("x",), values=((1.0,), (2.0,), (-3.5,))),
        Matrix(name="m", rows=("x",), columns=tuple(map(str, range(80))), values=((1.5,) * 80,)),
        Bars(name="b", labels=("only",), values=(0.0,)),
        Points(name="p", x=(1.0,), y=(2.0,), is_line=True),
        Points(name="p", x=(0.5,), y=(0.5,), x_label="recall", y_label="precision", is_line=True),
        histogram(3.0),
        histogram(0.0, 0.0, edges=(-1e140, 0, 1e-140)),
    ],
    ids=["one cell", "tall", "wide", "one bar", "one point", "one cut", "one bin", "odd bins"],
)
def test_odd_shapes_are_drawn(chart: Chart) -> None:
    assert size_of(draw(pair(chart, None)))[1] < 1_000


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:20])
def test_hostile_names_are_only_text(name: str) -> None:
    labels = (name, f"{name} too")
    hostile = (
        Matrix(name=name, rows=labels, columns=labels, values=((1.0, 2.0), (3.0, 4.0))),
        Bars(name=name, labels=labels, values=(1.0, 2.0), unit=name[:40]),
        Points(name=name, x=(0.0, 1.0), y=(1.0, 0.0), x_label=name, y_label=name, is_line=True),
        replace(histogram(1.0, 2.0), name=name, x_label=name),
    )
    for chart in hostile:
        figure = draw(pair(chart, None), head_label=name, base_label=name)
        assert "\n" not in figure.caption
        assert len(figure.caption) < 600
        assert figure.caption.encode()
        assert set(figure.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
        assert size_of(figure)[0] <= 1_100


class TestSmooth:
    def test_a_straight_line_stays_one(self) -> None:
        x = np.arange(50.0)
        places, drawn = smooth(x, 2 * x + 1)
        assert np.allclose(drawn, 2 * places + 1)

    def test_noise_goes_and_the_course_stays(self) -> None:
        x = np.linspace(0, 6, 400)
        noise = np.where(np.arange(400) % 2, 0.3, -0.3)
        places, drawn = smooth(x, np.sin(x) + noise)
        assert float(np.abs(drawn - np.sin(places)).max()) < 0.15

    def test_gaps_and_equal_places_do_no_harm(self) -> None:
        x = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 2.0])
        _, drawn = smooth(x, np.array([1.0, 2.0, NAN, 3.0, 3.0, 4.0]))
        assert np.isfinite(drawn).all()

    def test_both_are_drawn(self) -> None:
        ys = tuple(math.sin(step / 9) + (0.2 if step % 2 else -0.2) for step in range(120))
        raw = Series(name="loss", x=tuple(map(float, range(120))), y=ys, x_label="step")
        curves = (Curve(key=side.key, head=side, base=None) for side in (raw, replace(raw, is_smoothed=True)))
        plain, smoothed = (
            draw_group(group, head_label=HEAD, base_label=BASE)
            for curve in curves
            for group in group_curves({curve.key: curve}, {curve.key: curve.key.name})
        )
        assert count_pixels(smoothed, HEAD_PEN.faint) > count_pixels(plain, HEAD_PEN.faint)
        assert count_pixels(smoothed, HEAD_PEN.line) > 300


SCRIPT = """
import hashlib, sys
from cml_bot.chart_words import describe_chart
from cml_bot.draw_charts import draw_chart
from cml_bot.model import Bars, ChartPair, Key
side = Bars(name="b", labels=("a", "b"), values=(1.0, 2.0))
pair = ChartPair(key=Key("", "b"), head=side, base=None)
describe_chart(pair, head_label="here", base_label="main")
assert "matplotlib" not in sys.modules and "numpy" not in sys.modules
figure = draw_chart(pair, head_label="here", base_label="main")
assert "matplotlib.pyplot" not in sys.modules
print(hashlib.sha256(figure.data).hexdigest())
"""


def test_no_pyplot_and_no_style_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("axes.facecolor: red\nfont.family: serif\ntext.usetex: True\n")
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    results = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=cwd, env=path, capture_output=True, text=True, check=True
        ).stdout
        for cwd in (tmp_path, tmp_path.parent)
    }
    assert len(results) == 1
