from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import Watched, open_chromium


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
