"""The curves of a page: drawn, read and zoomed, and the numbers behind them."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cml_bot.curve_rules import find_window
from cml_bot.draw_lines import means, smooth_numbers
from cml_bot.filters import format_number, format_pair
from cml_bot.model import Curve, Goal, Key, Series
from cml_bot.page import render_html
from cml_bot.render import Drawn
from tests.browser.chromium import MODULES
from tests.browser.looking import DESK, Open, readout, see_chart, wait_until
from tests.browser.reports import make_curve, two_curves, whole, with_curves

VENDOR = Path(__file__).parent.parent.parent / "templates" / "report" / "vendor"


def test_the_mouse_reads_both_sides_at_their_nearest_steps(show: Open) -> None:
    page = show(two_curves()).page
    see_chart(page)
    over = page.locator("[data-chart='0'] .u-over").bounding_box()
    assert over
    page.mouse.move(over["x"] + over["width"] * 2 / 3, over["y"] + 50)
    assert readout(page) == "step 20 · this branch 0.25, main 0.75 (at 15), difference −0.50"
    assert readout(page, 1) == "step 20 · this branch 3"
    page.mouse.move(0, 0)
    assert readout(page) == ""


def test_keys_read_a_chart_and_a_screen_reader_is_told(show: Open) -> None:
    page = show(two_curves()).page
    see_chart(page, 1)
    page.locator("[data-chart='1'] .plot").focus()
    told = []
    for key in ("Home", "ArrowRight", "ArrowRight", "End", "ArrowLeft", "PageDown"):
        page.keyboard.press(key)
        told.append(readout(page, 1).removeprefix("step ").replace(" · this branch", ""))
    assert told == ["0 1", "10 NaN", "20 3", "30 4", "20 3", "30 4"]
    wait_until(page, "document.getElementById('said').textContent !== ''")
    assert page.locator("#said").inner_text() == "step 30 · this branch 4"


def test_dragging_looks_closer_and_escape_shows_all(show: Open) -> None:
    page = show(with_curves(1, 1_000)).page
    see_chart(page)
    over = page.locator("[data-chart='0'] .u-over").bounding_box()
    assert over
    page.mouse.move(over["x"] + over["width"] * 0.25, over["y"] + 50)
    page.mouse.down()
    page.mouse.move(over["x"] + over["width"] * 0.5, over["y"] + 50, steps=4)
    page.mouse.up()
    span = "(({min, max}) => [Math.round(min / 10), Math.round(max / 10)])([...charts.values()][0].plot.scales.x)"
    assert page.evaluate(span) == [25, 50]
    page.locator("[data-chart='0'] .plot").focus()
    page.keyboard.press("End")
    assert 490 <= float(readout(page).split(" ")[1]) <= 510
    page.keyboard.press("Escape")
    wait_until(page, f"{span}[1] === 100")
    assert page.evaluate(span) == [0, 100]


def test_numbers_of_a_chart_are_a_table_on_demand(show: Open) -> None:
    page = show(with_curves(1, 1_000)).page
    see_chart(page)
    page.locator("[data-chart='0'] details.numbers summary").click()
    table = page.locator("[data-chart='0'] details.numbers table")
    table.wait_for()
    assert table.locator("thead th").all_inner_texts() == ["step", "this branch", "main"]
    steps = table.locator("tbody th").all_inner_texts()
    assert (len(steps), steps[0], steps[-1]) == (50, "0", "999")


def test_bands_lines_and_the_best_are_drawn_in_their_colours(show: Open) -> None:
    page = show(whole(), color_scheme="light").page
    see_chart(page)
    page.wait_for_timeout(100)
    count = """(wanted) => {
        const canvas = document.querySelector("[data-chart='0'] canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] > 40 && wanted.every((part, place) => Math.abs(data[at + place] - part) < 6)) found += 1;
        }
        return found;
    }"""
    assert page.evaluate(count, [10, 76, 155]) > 300
    assert page.evaluate(count, [227, 159, 75]) > 800


def test_a_chart_stands_on_the_axes_of_its_sketch(show: Open) -> None:
    page = show(whole()).page
    see_chart(page)
    reach = page.evaluate("specs[0].reach")
    scale = "(({min, max}) => [min, max])([...charts.values()][0].plot.scales.y)"
    assert page.evaluate(scale) == reach
    over = page.locator("[data-chart='0'] .u-over").bounding_box()
    assert over
    page.mouse.move(over["x"] + over["width"] * 0.7, over["y"] + 50)
    page.mouse.down()
    page.mouse.move(over["x"] + over["width"] * 0.9, over["y"] + 50, steps=4)
    page.mouse.up()
    wait_until(page, f"{scale}[1] < {reach[1]}")
    page.locator("[data-chart='0'] .plot").focus()
    page.keyboard.press("Escape")
    wait_until(page, f"{scale}[1] === {reach[1]}")


def test_charts_follow_the_colours_of_the_page(show: Open) -> None:
    page = show(two_curves(), color_scheme="light").page
    see_chart(page)
    light = page.evaluate("[...charts.values()][0].plot.series.at(-1).stroke()")
    button = page.locator("button.theme")
    assert button.inner_text() == "Colours: auto"
    button.click()
    button.click()
    assert button.inner_text() == "Colours: dark"
    assert page.evaluate("[...charts.values()][0].plot.series.at(-1).stroke()") != light
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
    page.reload()
    assert page.locator("button.theme").inner_text() == "Colours: dark"


def test_a_hundred_curves_are_small_soon_there_and_all_drawn(open_page: Open, tmp_path: Path) -> None:
    report = with_curves(100, 1_000)
    path = tmp_path / "page.html"
    path.write_text(render_html(report, Drawn(curves={}, pairs=())), encoding="utf-8")
    assert path.stat().st_size < 1_500_000
    watched = open_page(viewport=DESK)
    start = time.monotonic()
    page = watched.open(path)
    see_chart(page)
    # A second where nothing else runs; the machines of a test have other things to do.
    assert time.monotonic() - start < 5
    assert page.locator("[data-chart] canvas").count() < 30
    for number in range(100):
        see_chart(page, number)
    assert page.locator("[data-chart] canvas").count() == 100
    assert watched.said == []


def test_odd_courses_are_drawn_or_told(show: Open) -> None:
    """Nothing to draw, one point, one value, steps that do not begin at 0, what only a double holds."""
    courses: list[tuple[tuple[float, ...], tuple[float, ...]]] = [
        ((0, 1, 2), (math.nan, math.nan, math.nan)),
        ((5,), (0.5,)),
        ((0, 1, 2), (2.0, 2.0, 2.0)),
        ((0, 1, 2), (0.0, 0.0, 0.0)),
        ((0.001, 0.5, 7.25), (1e140, -1e140, 0.0)),
        ((1e6, 1e6 + 1), (1e-300, 1e-299)),
        ((0, 1, 2, 3), (math.nan, 1e9, math.nan, 1e9 + 1e-3)),
        ((math.inf,), (1.0,)),
    ]
    curves = tuple(
        Curve(key=Key("", f"odd_{at}"), head=Series(name=f"odd_{at}", x=x, y=y), base=None, goal=Goal.LOWER)
        for at, (x, y) in enumerate(courses)
    )
    watched = show(replace(two_curves(), curves=curves))
    page = watched.page
    assert page.locator(".plot", has_text="no number to draw").count() == 2
    for number in range(1, len(courses) - 1):
        see_chart(page, number)
        page.locator(f"[data-chart='{number}'] .plot").focus()
        page.keyboard.press("End")
    told = [readout(page, at).removeprefix("step ") for at in (1, 6)]
    assert told == ["5 · this branch 0.5", "3 · this branch 1\u202f000\u202f000\u202f000"]
    assert watched.said == []


def test_numbers_in_the_page_are_those_of_the_report(show: Open) -> None:
    curve = make_curve("loss", 300, seed=1)
    page = show(replace(two_curves(), curves=(curve,))).page
    see_chart(page)
    assert curve.head
    read = page.evaluate(
        "[...charts.values()][0].layers.find(({kind, side}) => kind === 'line' && side === 'head').raw.y"
    )
    assert read == pytest.approx(curve.head.y, rel=1e-6)


PAIRS = [
    (0.8912, 0.9034),
    (12345.0, 12399.0),
    (2e-7, 1e-7),
    (1.0, 1.0),
    (-0.5, 0.25),
    (0.0, 1e-9),
    (1e15, 1.2e15),
    (1e-5, 3.0),
    (100.0, 1.4999),
    (0.99996, 1.00004),
    (3834568089.0, 3834568090.0),
    (1.0, math.inf),
    (math.inf, math.inf),
    (math.nan, 1.0),
]


def test_numbers_are_written_as_the_report_writes_them(show: Open) -> None:
    page = show(two_curves()).page
    for base, head in PAIRS:
        pair = format_pair(base, head)
        assert page.evaluate("([base, head]) => formatPair(base, head)", [base, head]) == {
            "base": pair.base,
            "head": pair.head,
            "change": pair.change,
        }
    alone = [0.99996, 1e15, 1e-46, 0.12300001, 0.123, 131500.0, 1e150, 0.0, -2.5, -1e-9, math.inf, -math.inf, math.nan]
    assert page.evaluate("(values) => values.map(formatNumber)", alone) == [format_number(value) for value in alone]
    short = [float(np.float32(value)) for value in (0.123, 0.99996, 9.1, 1.5e-7)]
    assert page.evaluate("(values) => values.map(formatNumber)", short) == ["0.123", "1.000", "9.1", "1.5e-07"]


def test_numbers_of_sides_with_other_steps_are_all_in_the_table(show: Open) -> None:
    page = show(two_curves()).page
    see_chart(page)
    page.locator("[data-chart='0'] details.numbers summary").click()
    rows = page.locator("[data-chart='0'] details.numbers tbody tr").all_inner_texts()
    assert [row.split("\t") for row in rows] == [
        ["0", "1", "1"],
        ["10", "0.5", "0.75 (at 15)"],
        ["15", "0.5 (at 10)", "0.75"],
        ["20", "0.25", "0.75 (at 15)"],
        ["30", "0.125", "0.5"],
    ]


def test_what_no_axis_holds_is_read_all_the_same(show: Open) -> None:
    ys = (1.0, math.inf, -math.inf, math.nan, 1e200, 0.5)
    curve = Curve(key=Key("", "loss"), head=Series(name="loss", x=tuple(range(6)), y=ys, x_label="step"), base=None)
    page = show(replace(two_curves(), curves=(curve,))).page
    see_chart(page)
    page.locator("[data-chart='0'] details.numbers summary").click()
    told = page.locator("[data-chart='0'] details.numbers tbody td").all_inner_texts()
    assert told == ["1", "∞", "−∞", "NaN", "1e+200", "0.5"]
    page.locator("[data-chart='0'] .plot").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert readout(page) == "step 1 · this branch ∞"


def test_the_filter_chooses_curves_too(show: Open) -> None:
    page = show(with_curves(2, 20)).page
    page.locator("#filter").fill("layer_001")
    wait_until(page, "document.querySelector(\"[data-name='layer_000/loss']\").hidden")
    assert page.locator("[data-name='layer_001/loss']").is_visible()


def test_a_slab_is_drawn_by_the_means_that_pictures_have(show: Open) -> None:
    curve = make_curve("loss", 1_000, seed=1, noise=0.3)
    page = show(replace(two_curves(), curves=(curve,))).page
    see_chart(page)
    assert curve.head
    drawn = page.evaluate("[...charts.values()][0].layers.find(({kind, side}) => kind === 'line' && side === 'head').y")
    y = np.array(curve.head.y)
    assert drawn == pytest.approx(means(y, find_window([curve.head.y])).tolist(), rel=1e-5)
    assert 50 <= len(drawn) <= 70


def test_a_smoothed_line_is_that_of_pictures(show: Open) -> None:
    curve = make_curve("loss", 200, seed=1)
    assert curve.head
    smoothed = replace(curve, head=replace(curve.head, is_smoothed=True))
    page = show(replace(two_curves(), curves=(smoothed,))).page
    see_chart(page)
    layer = "[...charts.values()][0].layers.find(({kind, side}) => kind === 'line' && side === 'head')"
    x, y = smooth_numbers(curve.head.x, curve.head.y)
    assert page.evaluate(f"{layer}.x") == pytest.approx(x)
    assert page.evaluate(f"{layer}.y") == pytest.approx(y, rel=1e-5)
    assert "smoothed, span 0.3" in page.locator(".below").first.inner_text()


def test_the_vendored_files_are_the_published_ones() -> None:
    published = MODULES / "uplot"
    for name in ("uPlot.iife.min.js", "uPlot.min.css"):
        assert (VENDOR / name).read_bytes() == (published / "dist" / name).read_bytes()
    assert (VENDOR / "uPlot-LICENSE.txt").read_bytes() == (published / "LICENSE").read_bytes()
