"""The page of main's history in a real browser: what a reader does with it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from cml_bot.history_cards import write_values
from cml_bot.history_forms import write_csv
from cml_bot.history_page import render_history_page
from cml_bot.history_table import History, make_history
from cml_bot.model import Metric, Param, Run
from tests.browser.axe import find_faults
from tests.browser.chromium import Watched
from tests.making import make_metric
from tests.test_history_page import many
from tests.test_history_table import noisy

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
COMMITS = "https://github.example/ada/net/commit/"
NAMES = Path(__file__).parent.parent / "names.json"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 780}
Open = Callable[..., Watched]


def make_runs() -> list[Run]:
    """Twenty runs: accuracy rises with the eleventh, the fifth has an outlier in the loss, f1 comes late."""
    accuracy = [*noisy(10, seed=5), *noisy(10, level=0.88, seed=6)]
    loss = noisy(20, level=0.35, seed=7)
    loss[4] = 0.9
    runs = []
    for place in range(20):
        values = {"accuracy": accuracy[place], "val/loss": loss[place], "n_test": 1200.0}
        if place > 16:
            values["f1"] = 0.7 + place / 100
        runs.append(
            Run(
                sha=f"{place:07x}" + "0" * 33,
                created=f"2026-11-{place + 1:02}T12:00:00Z",
                metrics=tuple(make_metric(name, value) for name, value in values.items()),
                params=(Param(name="lr", value="1e-3" if place < 10 else "3e-4"),),
                build_url=f"https://ci.example/{place}",
            )
        )
    return runs


def make(runs: list[Run] | None = None, name: str = "report") -> History:
    return make_history(name, runs or make_runs(), with_bookkeeping=True)


@pytest.fixture
def show(open_page: Open, tmp_path: Path) -> Callable[..., Watched]:
    """Open the page of a history."""

    def write(history: History | None = None, **settings: object) -> Watched:
        path = tmp_path / "history.html"
        path.write_text(render_history_page(history or make(), COMMITS, "Churn model", NOW))
        watched = open_page(**{"viewport": WIDE, **settings})
        watched.open(path)
        return watched

    return write


def course(page: Page, name: str) -> Locator:
    return page.locator(f'figure[data-name="{name}"] .plot')


def point_at(page: Page, name: str, place: int, *, runs: int = 20, click: bool = True) -> None:
    """Move to a run in a course, where the page itself has put it."""
    plot = course(page, name)
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (0.02 + 0.96 * place / (runs - 1))
    (page.mouse.click if click else page.mouse.move)(x, box["y"] + 30)


def rows_of(page: Page) -> dict[str, list[str]]:
    rows = page.locator("#compare table[data-sorted] tbody tr").evaluate_all(
        "rows => rows.map(row => Array.from(row.cells, c => c.innerText.trim()))"
    )
    return {row[1]: [row[0], *row[2:]] for row in rows}


def test_the_last_two_runs_are_compared_at_first(show: Callable[..., Watched]) -> None:
    watched = show()
    rows = rows_of(watched.page)
    assert list(rows) == ["accuracy ↑", "val/loss ↓", "f1 ↑", "n_test"]
    assert rows["n_test"] == ["same", "1\u202f200", "1\u202f200", "0", "equal"]
    assert rows["f1 ↑"] == ["🔍 unclear", "0.880", "0.890", "+0.01", "2 more runs until there is a band"]
    assert rows["accuracy ↑"][0] == "same"
    assert rows["accuracy ↑"][4] == "inside the band"
    assert (watched.asked, watched.said) == ([], [])


def test_two_points_are_compared(show: Callable[..., Watched]) -> None:
    page = show().page
    point_at(page, "accuracy ↑", 15)
    assert "click a second run" in page.locator("#picked").inner_text()
    point_at(page, "val/loss ↓", 4)
    assert "0000004 to 000000f: 1 better, 1 unclear, 1 same" in page.locator("#picked").inner_text()
    rows = rows_of(page)
    texts = write_values(make().rows[0])
    assert rows["accuracy ↑"][:3] == ["✅ better", texts[4], texts[15]]
    assert rows["accuracy ↑"][4].startswith("level shifted at 000000a (0.8")
    assert rows["val/loss ↓"][0] == "🔍 unclear"
    assert rows["val/loss ↓"][4] == "0000004 is an outlier"
    assert rows["f1 ↑"][4] == "in neither run"
    assert page.locator("#settings tbody").inner_text().split() == ["lr", "1e-3", "3e-4"]
    assert page.locator(".ring").count() == 6
    page.get_by_role("button", name="Swap").click()
    assert rows_of(page)["accuracy ↑"][0] == "🔻 worse"
    page.locator("#picked button").click()
    assert page.locator(".ring").count() == 0
    assert page.locator("#picked").is_hidden()


def test_two_runs_are_chosen_by_name(show: Callable[..., Watched]) -> None:
    page = show().page
    page.locator("#from").select_option("0")
    page.locator("#to").select_option("17")
    assert page.locator("#compared").inner_text() == "0000000 to 0000011: 1 better, 1 new, 2 same"
    assert rows_of(page)["f1 ↑"] == ["🆕 new", "–", "0.870", "–", ""]


def test_the_pointer_and_the_keys_read_a_course(show: Callable[..., Watched]) -> None:
    page = show().page
    readout = page.locator('figure[data-name="val/loss ↓"] .readout')
    point_at(page, "val/loss ↓", 4, click=False)
    assert readout.inner_text() == "0000004 · 2026-11-05 · 0.9000 · an outlier"
    page.mouse.move(1, 1)
    assert readout.inner_text() == ""
    page.keyboard.press("Tab")
    course(page, "accuracy ↑").focus()
    page.keyboard.press("Home")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert page.locator("#said").inner_text().endswith("the level shifted here")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert page.locator("#compared").inner_text().startswith("000000a to 0000013: ")
    page.keyboard.press("Escape")
    assert page.locator("#picked").is_hidden()


def test_differences_to_a_run(show: Callable[..., Watched]) -> None:
    page = show().page
    page.locator("#against").select_option("0")
    row = page.locator('#all-runs tr[data-run="19"] td')
    history = make()
    first, last = history.rows[0].values[0], history.rows[0].values[19]
    texts = write_values(history.rows[0])
    assert first is not None
    assert last is not None
    assert float(row.nth(0).inner_text().replace("+", "")) == pytest.approx(last - first, rel=0.05)
    assert "good" in (row.nth(0).get_attribute("class") or "")
    own = page.locator('#all-runs tr[data-run="0"]')
    assert "against" in (own.get_attribute("class") or "")
    assert own.locator("td").nth(0).inner_text() == texts[0]
    page.locator("#against").select_option("")
    assert row.nth(0).inner_text() == texts[19]


def test_all_metrics_are_a_button_away(show: Callable[..., Watched]) -> None:
    page = show(many(8, 12)).page
    heads = page.locator("#all-runs thead th")
    assert heads.count() == 2 + 8
    page.get_by_role("button", name="All 12 metrics").click()
    assert heads.count() == 2 + 12
    assert page.locator("#all-runs tbody tr").first.locator("td").nth(11).inner_text() != ""


def test_tables_are_sorted_and_filtered(show: Callable[..., Watched]) -> None:
    page = show().page
    page.locator("#all-runs thead button", has_text="accuracy").click()
    shown = page.locator("#all-runs tbody tr td:nth-child(2)").all_inner_texts()
    assert shown == sorted(shown, reverse=True)
    page.keyboard.press("/")
    page.keyboard.type("loss")
    page.wait_for_timeout(200)
    assert page.locator("figure[data-metric]:visible").count() == 1
    assert list(rows_of(page)) == ["val/loss ↓"]
    assert page.locator("#said").inner_text() == "1 of 4 metrics"
    assert page.locator("#all-runs tbody tr").count() == 20
    page.locator("#filter").fill("n_t")
    page.wait_for_timeout(200)
    assert page.locator("figure[data-metric]:visible").get_attribute("data-name") == "n_test"
    assert page.locator("h2#metrics").is_hidden()
    page.locator("#filter").fill("zzz")
    page.wait_for_timeout(200)
    assert page.locator("#nothing").inner_text() == "Nothing here matches “zzz”."
    assert page.locator("#compare").is_hidden()
    page.locator("#filter").fill("")
    page.wait_for_timeout(200)
    assert page.locator("h2#metrics").is_visible()
    assert not page.locator("#folded").evaluate("part => part.open")


def test_the_csv_is_that_of_the_command(show: Callable[..., Watched], tmp_path: Path) -> None:
    runs = make_runs()
    odd = (float("nan"), float("inf"), 1e-07, 1e22, 7)
    runs = [
        replace(run, metrics=(*run.metrics, Metric(name='=cmd|"x"', values=(odd[place % 5],))))
        for place, run in enumerate(runs)
    ]
    page = show(make(runs, "my model")).page
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download CSV").click()
    coming.value.save_as(tmp_path / "got.csv")
    assert coming.value.suggested_filename == "my-model-history.csv"
    text = (tmp_path / "got.csv").read_text()
    assert text == write_csv(make(runs, "my model"))
    assert next(csv.reader(io.StringIO(text)))[-1].startswith("'=")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nobody_is_left_out(show: Callable[..., Watched], scheme: str, size: dict[str, int]) -> None:
    page = show(viewport=size, color_scheme=scheme).page
    assert find_faults(page) == []
    point_at(page, "accuracy ↑", 3)
    point_at(page, "accuracy ↑", 15)
    page.locator("#against").select_option("0")
    for part in page.locator("details").all():
        part.evaluate("part => { part.open = true }")
    assert find_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_hostile_names_do_nothing(show: Callable[..., Watched]) -> None:
    names = [name for name in json.loads(NAMES.read_text()) if isinstance(name, str)]
    history = many(6, 2)
    runs = [
        replace(
            run,
            created=names[place],
            metrics=tuple(Metric(name=name, values=(place + n / 7,), unit=name) for n, name in enumerate(names)),
            params=tuple(Param(name=name, value=f"{name}{place}") for name in names),
            build_url=f"javascript:alert({place})",
        )
        for place, run in enumerate(history.runs)
    ]
    watched = show(make(runs, "</script><script>console.log(1)</script>"))
    watched.page.locator("#against").select_option("0")
    watched.page.locator("#from").select_option("1")
    assert (watched.asked, watched.said) == ([], [])
    assert watched.page.locator('a[href^="javascript"]').count() == 0
    assert watched.page.locator("#main img, #main script:not([type]), iframe").count() == 0
    assert "NaN" not in " ".join(row[3] for row in rows_of(watched.page).values())


def test_it_reads_without_a_script_and_in_print(show: Callable[..., Watched]) -> None:
    page = show(java_script_enabled=False).page
    assert page.locator("#compare").is_hidden()
    assert page.get_by_role("button").count() == 0
    assert page.locator("svg.course:visible").count() == 3
    assert page.locator("#all-runs tbody tr").count() == 20
    page.emulate_media(media="print")
    assert page.locator("#all-runs").is_visible()


def test_an_empty_history(show: Callable[..., Watched]) -> None:
    watched = show(History(name="report", notes=("no run of main is recorded yet on mlbot/report: do this",)))
    assert "no run of main is recorded yet" in watched.page.inner_text("body")
    assert (watched.said, find_faults(watched.page)) == ([], [])


def test_one_run_and_runs_without_metrics(show: Callable[..., Watched]) -> None:
    for runs in (make_runs()[:1], [replace(run, metrics=()) for run in make_runs()]):
        watched = show(make(runs))
        assert (watched.said, watched.page.locator("#all-runs tbody tr").count()) == ([], len(runs))
        assert find_faults(watched.page) == []


def test_two_hundred_metrics_open_at_once(show: Callable[..., Watched]) -> None:
    page = show(many()).page
    taken = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert taken < 3000, "the aim is a second; a busy machine gets three"
    point_at(page, "group/metric_150", 3, runs=50)
    point_at(page, "group/metric_150", 40, runs=50)
    assert page.locator(".ring").count() == 400


def test_without_runs_the_commands_stand_as_code(show: Callable[..., Watched]) -> None:
    page = show(History(name="train", notes=("nothing is kept: `mlbot report` records every run",))).page
    assert page.locator(".notice").inner_text() == "nothing is kept: mlbot report records every run"
    assert page.locator(".notice code").inner_text() == "mlbot report"
