"""What the gallery takes for GitHub, GitLab and Bitbucket; and that no name gets anything done there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from cml_bot.render import Drawn
from tests.browser.chromium import Watched
from tests.gallery import bitbucket, github, gitlab
from tests.gallery.cases_curves import sixty_curves
from tests.gallery.cases_odd import hostile
from tests.gallery.places import PLACES, write_pages
from tests.gallery.sanitize import sanitize

Open = Callable[..., Watched]
BLOCK = '```mermaid\nxychart-beta\n  title "{title}"\n  line [1, 2]\n```\n\n'


def show(open_page: Open, folder: Path, html: str) -> Page:
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    page = open_page().open(path)
    if page.query_selector("pre.mermaid, .mermaid-drawn, .mermaid-asked"):
        page.wait_for_selector("html[data-drawn]")
    return page


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>a<br />b</p>", "<p>a<br>b</p>"),
        ("<script>x</script>", "x"),
        ('<img src="a.png" onerror="x" style="y" width="3">', '<img src="a.png" width="3">'),
        ('<a href="javascript:x">y</a>', "<a>y</a>"),
        ('<a href="https://x">y</a>', '<a href="https://x">y</a>'),
        (
            "<picture><source media='(m)' srcset='a.png'></picture>",
            '<picture><source media="(m)" srcset="a.png"></picture>',
        ),
        (
            "<details open><summary>&amp;&#64;</summary></details>",
            '<details open=""><summary>&amp;&#64;</summary></details>',
        ),
        ("<iframe src=x></iframe><form><b>k</b></form>", "<b>k</b>"),
    ],
)
def test_only_what_a_forge_lets_through_is_left(html: str, left: str) -> None:
    assert sanitize(html) == left


@pytest.mark.parametrize("forge", [github.show, gitlab.show])
def test_a_callout_has_its_title_and_text(open_page: Open, tmp_path: Path, forge: Callable[[str], str]) -> None:
    page = show(open_page, tmp_path, forge("> [!WARNING]\n> Not like for like\n\nafter\n"))
    assert page.locator(".markdown-alert-warning").inner_text().split() == ["Warning", "Not", "like", "for", "like"]
    assert page.locator(".markdown-alert", has_text="after").count() == 0


def test_github_draws_every_chart(open_page: Open, tmp_path: Path) -> None:
    page = show(open_page, tmp_path, github.show(BLOCK.format(title="x" * 1500) * 4))
    assert page.locator(".mermaid-drawn svg").count() == 4


def test_gitlab_asks_before_charts_behind_two_thousand_characters_of_a_fold(open_page: Open, tmp_path: Path) -> None:
    blocks = BLOCK.format(title="x" * 900) * 4
    page = show(open_page, tmp_path, gitlab.show(f"{blocks}\n<details>\n\n{BLOCK.format(title='y')}\n</details>\n"))
    assert page.locator(".mermaid-drawn svg").count() == 4
    assert page.locator(".mermaid-asked").count() == 1


@pytest.mark.parametrize("place", ["github-charts", "gitlab-charts"])
def test_every_chart_of_a_report_is_drawn_unasked(open_page: Open, tmp_path: Path, place: str) -> None:
    page = show(open_page, tmp_path, PLACES[place].write(sixty_curves(), Drawn(curves={}, pairs=())))
    assert page.locator(".mermaid-drawn svg").count() >= 2
    assert page.locator(".mermaid-asked").count() == 0


def test_bitbucket_shows_html_as_text(open_page: Open, tmp_path: Path) -> None:
    page = show(open_page, tmp_path, bitbucket.show("<details>x</details>\n\n| a |\n|:--|\n| 1 |\n"))
    assert "<details>x</details>" in page.locator("main").inner_text()
    assert page.locator("td").inner_text() == "1"


def test_names_of_strangers_ask_for_nothing_and_stay_text(open_page: Open, tmp_path: Path) -> None:
    for place in write_pages(tmp_path, "hostile", hostile(), ""):
        watched = open_page()
        page = watched.open(tmp_path / f"{place}.html")
        if "charts" in place:
            page.wait_for_selector("html[data-drawn]")
        assert all(asked.startswith("file:") for asked in watched.asked), place
        assert not [line for line in watched.said if line.startswith("error")], place
        links = page.evaluate("[...document.querySelectorAll('a')].map(one => one.getAttribute('href'))")
        outside = {link for link in links if not link.startswith("#")}
        assert outside <= {"https://github.com/acme/churn/actions/runs/812345"}, place
        # The page has one field of its own, to filter by.
        assert page.locator("input").count() == (1 if place == "page" else 0), place
        assert page.locator("iframe, form, h1 + h1, object, video").count() == 0, place
        if place not in ("bitbucket", "mail"):
            assert page.locator("sub, footer").last.evaluate("one => !one.closest('details')"), place
