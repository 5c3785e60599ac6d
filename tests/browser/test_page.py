"""The page of a report as its readers use it: with the mouse, with keys, on a phone, on paper, without scripts."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from cml_bot.model import Curve, Key, Series
from cml_bot.page import render_html
from cml_bot.render import Drawn
from tests.browser.chromium import MODULES
from tests.browser.looking import DESK, PHONE, Open, see_chart, wait_until
from tests.browser.reports import whole, with_metrics
from tests.making import make_report, make_run
from tests.test_golden import CASES, NAMES


def names(page: Page, table: int = 0) -> list[str]:
    found = page.locator("table.metrics").nth(table).locator("tbody th").all_inner_texts()
    return [name.replace("\u00a0", " ") for name in found]


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


@pytest.mark.parametrize("case", ["whole", "verdicts", "hostile", "many", "long"])
def test_a_phone_scrolls_one_way(show: Open, case: str) -> None:
    report = CASES[case]() if case in CASES else whole()
    if case == "long":
        label = "release/2026-11-candidate-of-the-recommendation-team"
        report = replace(report, base=replace(report.base, label=label))
    page = show(report, viewport=PHONE).page
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


def test_the_jobs_own_pictures_are_never_turned_dark(show: Open) -> None:
    page = show(CASES["charts"](), color_scheme="dark").page
    filters = "(selector) => getComputedStyle(document.querySelector(selector)).filter"
    assert page.evaluate(filters, ".pair img") == "none"
    assert page.locator(".card > .for-dark").first.is_visible()
    assert page.locator(".card > .for-light").first.is_hidden()


def test_pictures_of_both_sides_are_laid_over_each_other(show: Open) -> None:
    page = show(CASES["plain"]()).page
    page.get_by_role("button", name="Lay over each other").click()
    assert page.locator(".pair .sides").is_hidden()
    page.locator(".laid input").fill("20")
    assert page.evaluate("getComputedStyle(document.querySelector('.laid .over')).clipPath") == "inset(0px 0px 0px 20%)"
    assert page.locator(".laid-sides").inner_text().split("\n") == ["← main", "here →"]
    assert page.get_by_label("Move the line between them").is_visible()
    stack = page.locator(".laid .stack").bounding_box()
    assert stack
    line = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.laid .stack'), '::after').marginLeft)")
    assert line == pytest.approx(stack["width"] * 0.2 - 1, abs=1)


@pytest.mark.parametrize("typed", ["task/1", "zzz"])
def test_what_the_filter_leaves_empty_is_hidden_and_told(show: Open, typed: str) -> None:
    page = show(replace(CASES["verdicts"](), curves=whole().curves, figures=CASES["plain"]().figures)).page
    assert page.locator("#curves h2").is_visible()
    page.locator("#filter").fill(typed)
    wait_until(page, "document.getElementById('nothing').textContent !== ''")
    assert page.locator("#nothing").inner_text() == f"Nothing here matches “{typed}”."
    assert page.locator("#found").inner_text().startswith("0 of 13 rows, 0 of ")
    for part in ("#metrics", "#curves", "#same", "nav a[href='#curves']"):
        assert page.locator(part).is_hidden(), part
    page.locator("#filter").fill("grad")
    wait_until(page, "document.getElementById('nothing').textContent === ''")
    assert page.locator("#curves h2").is_visible()
    assert page.locator("#metrics").is_hidden()
    page.locator("#filter").fill("")
    wait_until(page, "document.getElementById('found').textContent === ''")
    assert all(page.locator(part).is_visible() for part in ("#metrics", "#curves", "#same"))


def test_chips_count_as_the_first_line_does(show: Open) -> None:
    metrics = {"accuracy": 0.5, "steps": 7, **{f"task_{at}/accuracy": 0.5 for at in range(12)}, "train/accuracy": 0.9}
    page = show(make_report(make_run(**metrics, f1=0.5), make_run(**metrics, f1=0.4))).page
    told = re.search(r"(\d+) same", page.locator("h1").inner_text())
    assert told
    chip = page.locator(".chips button", has_text="same")
    counts = [int(text) for text in re.findall(r"\d+", chip.inner_text())]
    assert counts[0] == int(told[1])
    assert len(counts) == 2
    chip.click()
    assert page.locator("#found").inner_text().startswith(f"{sum(counts)} of ")


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
    page = show(CASES["verdicts"]()).page
    page.get_by_role("link", name="How compared").click()
    assert page.locator("#how").get_attribute("open") is not None


def test_few_rows_need_no_filter_and_no_contents(show: Open) -> None:
    page = show(CASES["plain"]()).page
    assert [page.locator(control).count() for control in (".bar", "#filter", ".chips")] == [0, 0, 0]
    long = show(CASES["verdicts"]()).page
    assert "The same" in long.locator(".bar nav").inner_text()


def test_the_skip_link_comes_first(show: Open) -> None:
    page = show(CASES["plain"]()).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_without_scripts_everything_can_be_read(show: Open) -> None:
    page = show(whole(), java_script_enabled=False).page
    for control in ("#filter", "button.theme", ".chips", "[data-chart] details.numbers"):
        assert page.locator(control).first.is_hidden(), control
    assert page.locator("[data-chart] .thumb polyline:not(.ring)").count() == 9
    told = page.locator(".below", has_text="○ best").count()
    assert page.locator("[data-chart] .thumb .ring.inner").count() == told > 0
    assert all(page.locator(f"[data-chart] .sketch .{end}").first.inner_text() for end in ("low", "first", "last"))
    assert page.locator("[data-chart] .legend li").first.inner_text() == "val: this branch 0.3311"
    assert page.locator("table.metrics tbody tr").first.is_visible()


def test_without_scripts_the_band_and_the_best_are_sketched(show: Open) -> None:
    page = show(replace(whole(), curves=whole().curves[:1]), java_script_enabled=False).page
    assert "○ best" in page.locator(".below").inner_text()
    assert page.locator(".thumb polygon.base.band").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.thumb .band')).stroke") == "none"
    assert page.locator(".thumb .ring").count() == 2


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


def test_an_address_written_wrong_opens_nothing_and_says_nothing(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(render_html(CASES["plain"](), Drawn(curves={}, pairs=())), encoding="utf-8")
    watched = open_page()
    opened = watched.open(path)
    opened.evaluate("location.hash = '#%'")
    opened.wait_for_timeout(50)
    assert watched.said == []
