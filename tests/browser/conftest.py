from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from cml_bot.model import Report
from cml_bot.page import render_html
from tests.browser.chromium import Watched, open_chromium
from tests.browser.looking import DESK
from tests.test_golden import drawn_by_hand


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Make a page with the settings of a context: `color_scheme`, `viewport`, `java_script_enabled`, `locale` …"""
    contexts = []

    def make(**settings: object) -> Watched:
        contexts.append(browser.new_context(**settings))  # type: ignore[arg-type]
        return Watched(contexts[-1].new_page())

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def show(open_page: Callable[..., Watched], tmp_path: Path) -> Callable[..., Watched]:
    def open_report(report: Report, **settings: object) -> Watched:
        path = tmp_path / "page.html"
        path.write_text(render_html(report, drawn_by_hand(report)), encoding="utf-8")
        watched = open_page(**{"viewport": DESK, **settings})
        watched.open(path)
        return watched

    return open_report
