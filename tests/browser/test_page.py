"""The page of a report as its readers use it: with the mouse, with keys, on a phone, on paper, without scripts."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from cml_bot.model import Curve, Goal, Key, Report, Series
from cml_bot.page import render_html
from cml_bot.render import Drawn
from tests.browser.chromium import MODULES, Watched
from tests.browser.reports import make_curve, whole, with_curves, with_metrics
from tests.making import make_report, make_run
from tests.test_golden import CASES, NAMES, drawn_by_hand

Open = Callable[..., Watched]
VENDOR = Path(__file__).parent.parent.parent / "templates" / "report" / "vendor"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture
def show(open_page: Open, tmp_path: Path) -> Callable[..., Watched]:
    def open_report(report: Report, **settings: object) -> Watched:
        path = tmp_path / "page.html"
        path.write_text(render_html(report, drawn_by_hand(report)), encoding="utf-8")
        watched = open_page(**{"viewport": DESK, **settings})
        watched.open(path)
        return watched

    return open_report


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


def see_chart(page: Page, number: int = 0) -> None:
    page.locator(f"[data-chart='{number}']").scroll_into_view_if_needed()
    page.wait_for_selector(f"[data-chart='{number}'] canvas")


def wait_until(page: Page, condition: str) -> None:
    """As `wait_for_function`, without the eval that the page's policy forbids."""
    end = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def readout(page: Page, number: int = 0) -> str:
    return page.locator(f"[data-chart='{number}'] .readout").inner_text()


def names(page: Page, table: int = 0) -> list[str]:
    found = page.locator("table.metrics").nth(table).locator("tbody th").all_inner_texts()
    return [name.replace("\u00a0", " ") for name in found]


def test_the_vendored_files_are_the_published_ones() -> None:
    published = MODULES / "uplot"
    for name in ("uPlot.iife.min.js", "uPlot.min.css"):
        assert (VENDOR / name).read_bytes() == (published / "dist" / name).read_bytes()
    assert (VENDOR / "uPlot-LICENSE.txt").read_bytes() == (published / "LICENSE").read_bytes()


@pytest.mark.parametrize("case", ["whole", *CASES])
def test_a_page_asks_for_nothing_and_says_nothing(show: Open, case: str) -> None:
    watched = show(CASES[case]() if case in CASES else whole())
    for chart in range(watched.page.locator("[data-chart]").count()):
        see_chart(watched.page, chart)
    assert (watched.asked, watched.said) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("case", ["whole", *CASES])
def test_axe_finds_nothing(show: Open, case: str, viewport: dict[str, int], scheme: str) -> None:
    page = show(CASES[case]() if case in CASES else whole(), viewport=viewport, color_scheme=scheme).page
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    if page.locator("[data-chart]").count():
        see_chart(page)
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document).then(({violations}) => violations)")
    assert [(one["id"], one["nodes"][0]["html"], one["nodes"][0]["failureSummary"]) for one in found] == []


@pytest.mark.parametrize("case", ["whole", "verdicts", "hostile", "many"])
def test_a_phone_scrolls_one_way(show: Open, case: str) -> None:
    page = show(CASES[case]() if case in CASES else whole(), viewport=PHONE).page
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    if case in ("verdicts", "whole"):
        change = page.locator("table.metrics td.change").first.bounding_box()
        assert change
        assert change["x"] + change["width"] <= PHONE["width"]


def test_the_first_screen_of_a_phone_has_the_outcome_and_rows(show: Open) -> None:
    page = show(CASES["plain"](), viewport=PHONE).page
    for wanted in (page.locator("h1"), page.locator("table.metrics tbody tr").nth(1)):
        box = wanted.bounding_box()
        assert box
        assert box["y"] + box["height"] <= PHONE["height"]


def test_columns_sort_by_value_and_back_to_the_report(show: Open) -> None:
    page = show(CASES["verdicts"]()).page
    told = names(page)
    column = page.locator("table.metrics").first.locator("th.is-head")
    order = []
    for way in ("descending", "ascending", None):
        column.locator("button").click()
        assert column.get_attribute("aria-sort") == way
        cells = page.locator("table.metrics").first.locator("tbody td.is-head")
        order.append([cells.nth(at).get_attribute("data-value") for at in range(cells.count())])
    numbers = [[float(value) for value in values if value] for values in order]
    assert numbers[0] == sorted(numbers[0], reverse=True)
    assert numbers[1] == sorted(numbers[1])
    assert order[0][-1] == order[1][-1] == ""
    assert names(page) == told


def test_names_sort_by_the_keyboard_as_people_count(show: Open) -> None:
    page = show(make_report(make_run(a10=1.0, a9=2.0, b=3.0), make_run(a10=2.0, a9=1.0, b=1.0))).page
    page.locator("table.metrics th.name button").first.focus()
    page.keyboard.press("Enter")
    assert names(page) == ["a9", "a10", "b"]


def test_the_filter_finds_names_and_what_happened_and_opens_folds(show: Open) -> None:
    page = show(CASES["verdicts"]()).page
    assert not page.locator("#same").get_attribute("open")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter"
    page.keyboard.type("BRIER")
    wait_until(page, "document.getElementById('found').textContent === '1 of 13 rows'")
    assert page.locator("#same").get_attribute("open") is not None
    assert page.locator("#same tbody th").all_inner_texts() == ["brier\u00a0↓"]
    page.locator("#filter").fill("worse")
    wait_until(page, "document.querySelectorAll('#metrics tbody tr').length === 2")
    page.locator("#filter").fill("")
    wait_until(page, "document.getElementById('found').textContent === ''")
    assert page.locator("#same").get_attribute("open") is None
    assert len(names(page)) == 10


def test_a_chip_leaves_one_trend(show: Open) -> None:
    page = show(CASES["verdicts"]()).page
    chip = page.get_by_role("button", name="better 2")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"
    assert names(page) == ["accuracy ↑", "hellaswag/acc ↑"]
    chip.click()
    assert len(names(page)) == 10


def test_the_filter_chooses_curves_too(show: Open) -> None:
    page = show(two_curves()).page
    page.locator("#filter").fill("norm")
    wait_until(page, "document.querySelector(\"[data-name='loss']\").hidden")
    assert page.locator("[data-name='norm']").is_visible()


def test_twenty_thousand_rows_do_not_freeze(show: Open) -> None:
    page = show(with_metrics(20_000)).page
    part = page.locator("details.part[id='same']")
    start = time.monotonic()
    part.locator("summary").click()
    page.wait_for_selector("#same tbody tr")
    assert page.locator("#same tbody tr").count() == 500
    page.locator("#same th.name button").click()
    page.locator("#same button.more-rows").click()
    assert page.locator("#same tbody tr").count() == 1_000
    page.locator("#filter").fill("class_19999")
    wait_until(page, "document.getElementById('found').textContent.startsWith('1 of')")
    assert time.monotonic() - start < 10


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
    assert page.evaluate(count, [227, 159, 75]) > 1_000


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


def test_the_jobs_own_pictures_are_never_turned_dark(show: Open) -> None:
    page = show(CASES["charts"](), color_scheme="dark").page
    filters = "(selector) => getComputedStyle(document.querySelector(selector)).filter"
    assert page.evaluate(filters, ".pair img") == "none"
    assert page.evaluate(filters, ".card > img") != "none"


def test_pictures_of_both_sides_are_laid_over_each_other(show: Open) -> None:
    page = show(CASES["plain"]()).page
    page.get_by_role("button", name="Lay over each other").click()
    assert page.locator(".pair .sides").is_hidden()
    page.locator(".laid input").fill("20")
    assert page.evaluate("getComputedStyle(document.querySelector('.laid .over')).clipPath") == "inset(0px 0px 0px 20%)"


def test_print_opens_everything_and_has_no_dark_side(show: Open) -> None:
    watched = show(whole(), color_scheme="dark")
    page = watched.page
    assert len(page.pdf()) > 20_000
    assert page.locator("[data-chart] canvas").count() == page.locator("[data-chart]").count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details.part:not([open])").count() == 0
    assert page.locator(".bar").is_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.part[open]").count() == 0
    assert watched.said == []


def test_a_link_to_a_folded_part_opens_it(show: Open) -> None:
    page = show(CASES["plain"]()).page
    page.get_by_role("link", name="How compared").click()
    assert page.locator("#how").get_attribute("open") is not None


def test_the_skip_link_comes_first(show: Open) -> None:
    page = show(CASES["plain"]()).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_without_scripts_everything_can_be_read(show: Open) -> None:
    page = show(whole(), java_script_enabled=False).page
    for control in ("#filter", "button.theme", ".chips", ".hint", "[data-chart] details.numbers"):
        assert page.locator(control).first.is_hidden(), control
    assert page.locator("[data-chart] .thumb polyline").count() == 9
    assert page.locator("[data-chart] .legend li").first.inner_text() == "val: this branch 0.3311"
    assert page.locator("table.metrics tbody tr").first.is_visible()


def test_hostile_names_run_nothing_and_add_nothing(show: Open) -> None:
    curves = tuple(
        Curve(key=Key("h", name), head=Series(name=name, x=(0, 1), y=(1.0, 2.0), x_label=name, unit=name), base=None)
        for name in NAMES
    )
    watched = show(replace(CASES["hostile"](), curves=curves))
    page = watched.page
    elements = "[...new Set([...document.querySelectorAll('*')].map(({localName}) => localName))]"
    before = set(page.evaluate(elements))
    assert {"b", "iframe", "link", "object", "marquee", "style"} & before <= {"b", "style"}
    for number in range(page.locator("[data-chart]").count()):
        see_chart(page, number)
        page.locator(f"[data-chart='{number}'] details.numbers summary").click()
        page.locator(f"[data-chart='{number}'] .plot").focus()
        page.keyboard.press("End")
    assert set(page.evaluate(elements)) - before <= {"canvas", "div"}
    assert page.evaluate("document.scripts.length") == 8
    assert (watched.asked, watched.said) == ([], [])


def test_what_breaks_out_of_the_markup_is_stopped_by_the_policy(open_page: Open, tmp_path: Path) -> None:
    page = render_html(CASES["plain"](), Drawn(curves={}, pairs=()))
    evil = (
        "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'><base href='https://example.org/'>"
        "<style>body { display: none }</style><script>fetch('http://127.0.0.1:9/')</script>"
    )
    path = tmp_path / "page.html"
    path.write_text(page.replace("</main>", f"{evil}</main>"), encoding="utf-8")
    watched = open_page()
    opened = watched.open(path)
    assert opened.evaluate("window.ran") is None
    assert opened.locator("h1").is_visible()
    assert opened.evaluate("document.baseURI").startswith("file:")
    assert [address for address in watched.asked if not address.startswith("file:")] == []


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
        "[...charts.values()][0].layers.find(({kind, side}) => kind === 'line' && side === 'head').raw"
    )
    assert read == pytest.approx(curve.head.y, rel=1e-6)


@pytest.mark.parametrize(
    ("base", "head", "told"),
    [
        (0.8912, 0.9034, {"base": "0.891", "head": "0.903", "change": "+0.012"}),
        (12345.0, 12399.0, {"base": "12\u202f345", "head": "12\u202f399", "change": "+54"}),
        (2e-7, 1e-7, {"base": "2.0e-07", "head": "1.0e-07", "change": "−1.0e-07"}),
        (1.0, 1.0, {"base": "1", "head": "1", "change": "0"}),
        (-0.5, 0.25, {"base": "−0.50", "head": "0.25", "change": "+0.75"}),
    ],
)
def test_numbers_are_written_as_the_report_writes_them(
    show: Open, base: float, head: float, told: dict[str, str]
) -> None:
    page = show(two_curves()).page
    assert page.evaluate(f"formatPair({json.dumps(base)}, {json.dumps(head)})") == told
