"""What tests of pages do with them."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.chromium import Watched

Open = Callable[..., Watched]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


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
